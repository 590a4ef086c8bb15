"""Facility location on exact distances (Section 2.3), in whole numbers.

A distance is the root of a squared distance of `_kernels.tiles`, times a power of two, cut to a
whole number below 2**30. Gains are sums of such numbers: exact in any order, so that blocks,
threads and skipped blocks cannot change a bit, and ties are ties.

Blocks and groups have a *reach*: a squared distance from which on no row inside can gain. Where
the squared distance to the box is not below the reach, all rows are skipped.

State that the kernels share, changed by `absorb` alone:

``cover``              (n_blocks * WIDTH,) int32, smallest distance to a chosen row; 0 if unused
``block_reach``        (n_groups * WIDTH,) float32
``group_reach``        (n_tops * WIDTH,) float32
"""

from __future__ import annotations

import math

import numpy as np

from coresift._kernels._jit import kernel
from coresift._kernels.tiles import (
    WIDTH,
    Boxes,
    Tiles,
    box_flags,
    box_squares,
    reach_of,
    row_flags,
    row_squares,
    to_boxes,
)
from coresift._typing import Bits, Float32, Indices

_TURN = 64  # candidates at a time


@kernel
def _group_gain(
    tiles: Tiles,
    place: int,
    block_box: Boxes,
    group: int,
    cover: Bits,
    block_reach: Float32,
    blocks: Float32,
    total: Float32,
) -> np.int64:
    """Return what a candidate gains from the rows of one group; the last two are overwritten."""
    to_boxes(tiles, place, block_box, group, blocks)
    row, own, values, flags = tiles.rows[place], tiles.row_flags[place], tiles.values, tiles.flags
    factor = np.float32(tiles.scale)
    gain = np.int64(0)
    for k in range(group * WIDTH, min((group + 1) * WIDTH, values.shape[0])):
        reach = block_reach[k]
        if blocks[k - group * WIDTH] >= reach:
            continue
        row_flags(own, flags[k], tiles.unit, total)
        if row_squares(row, values[k], reach, total):
            covered = cover[k * WIDTH : (k + 1) * WIDTH]
            for i in range(WIDTH):
                distance = np.int32(math.sqrt(total[i]) * factor)
                gain += max(covered[i] - distance, 0)
    return gain


@kernel
def fill_gains(
    which: Indices,
    tiles: Tiles,
    block_box: Boxes,
    group_box: Boxes,
    cover: Bits,
    block_reach: Float32,
    group_reach: Float32,
    gains: Indices,
) -> None:
    """Fill ``gains`` with ``sum_i max(0, cover_i - d_ij)`` of each candidate j in ``which``.

    Parameters
    ----------
    which : ndarray of shape (n_which,), int64
        Places.
    gains : ndarray of shape (n_which,), int64
        Filled. Some candidates at a time take their turn at a group, which stays at hand.
    """
    groups, blocks = np.empty((_TURN, WIDTH), np.float32), np.empty(WIDTH, np.float32)
    total = np.empty(WIDTH, np.float32)
    n_groups = block_box.values.shape[1]
    gains[:] = 0
    for start in range(0, which.shape[0], _TURN):
        stop = min(start + _TURN, which.shape[0])
        for top in range(group_box.values.shape[1]):
            for c in range(start, stop):
                to_boxes(tiles, which[c], group_box, top, groups[c - start])
            for g in range(top * WIDTH, min((top + 1) * WIDTH, n_groups)):
                for c in range(start, stop):
                    if groups[c - start, g - top * WIDTH] < group_reach[g]:
                        gains[c] += _group_gain(
                            tiles, which[c], block_box, g, cover, block_reach, blocks, total
                        )


@kernel
def _lower(covered: Bits, squared: Float32, factor: np.float32) -> tuple[np.int32, np.int64]:
    """Lower the cover of one tile to the distances; return the largest left, and the gain."""
    peak, gain = np.int32(0), np.int64(0)
    for i in range(WIDTH):
        lower = min(covered[i], np.int32(math.sqrt(squared[i]) * factor))
        gain += np.int64(covered[i]) - lower
        covered[i] = lower
        peak = max(peak, lower)
    return peak, gain


@kernel
def absorb(
    place: int,
    tiles: Tiles,
    block_box: Boxes,
    group_box: Boxes,
    cover: Bits,
    block_reach: Float32,
    group_reach: Float32,
    block_sums: Indices,
    group_sums: Indices,
) -> None:
    """Lower ``cover`` and the reaches by the row in a place, which is chosen.

    Parameters
    ----------
    block_sums, group_sums : ndarray of shape (n_blocks,), (n_groups,), int64
        Sums of the cover, lowered too; of shape (0,) where nobody asks for them.
    """
    groups, blocks = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
    total = np.empty(WIDTH, np.float32)
    factor = np.float32(tiles.scale)
    for top in range(group_box.values.shape[1]):
        to_boxes(tiles, place, group_box, top, groups)
        for g in range(top * WIDTH, min((top + 1) * WIDTH, block_box.values.shape[1])):
            if groups[g - top * WIDTH] >= group_reach[g]:
                continue
            to_boxes(tiles, place, block_box, g, blocks)
            farthest = np.float32(0)
            for k in range(g * WIDTH, min((g + 1) * WIDTH, tiles.values.shape[0])):
                reach = block_reach[k]
                if blocks[k - g * WIDTH] < reach:
                    row_flags(tiles.row_flags[place], tiles.flags[k], tiles.unit, total)
                    if row_squares(tiles.rows[place], tiles.values[k], reach, total):
                        peak, gain = _lower(cover[k * WIDTH : (k + 1) * WIDTH], total, factor)
                        block_reach[k] = reach_of(int(peak), tiles.scale)
                        if block_sums.shape[0]:
                            block_sums[k] -= gain
                            group_sums[g] -= gain
                farthest = max(farthest, block_reach[k])
            group_reach[g] = farthest


@kernel
def fill_upper(
    which: Indices,
    tiles: Tiles,
    block_box: Boxes,
    group_box: Boxes,
    cover: Bits,
    block_reach: Float32,
    group_reach: Float32,
    means: Float32,
    radius: Bits,
    margin: int,
    summary: Indices,
    upper: Indices,
) -> None:
    """Fill ``upper`` with a cheap value that is at least the gain, block by block.

    Let m be the mean of a block and D the distance to it. If all rows of the block are closer to
    the candidate than their cover, their distances sum to at least D for each (a norm is convex).
    Otherwise each distance is at least D less the row's distance to m. Flags have no mean: their
    part of D is that to the box, which is at most that to every row, so that both hold for what is
    at most the distances.

    Parameters
    ----------
    means : ndarray of shape (n_groups, n_features, WIDTH), float32
        Of the rows of each block, without flags.
    radius : ndarray of shape (n_blocks * WIDTH,), int32
        Distance of each row to the mean of its block, without flags.
    margin : int
        More than the rounding of a distance.
    summary : ndarray of shape (4, n_blocks), int64
        Per block: rows, sum of the cover, smallest cover, largest radius.
    upper : ndarray of shape (n_which,), int64
        Filled. The other arrays are as for `fill_gains`.
    """
    groups, blocks = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
    middle = np.empty(WIDTH, np.float32)
    factor = np.float32(tiles.scale)
    n_blocks = summary.shape[1]
    for c in range(which.shape[0]):
        place = which[c]
        gain = np.int64(0)
        for top in range(group_box.values.shape[1]):
            to_boxes(tiles, place, group_box, top, groups)
            for g in range(top * WIDTH, min((top + 1) * WIDTH, block_box.values.shape[1])):
                if groups[g - top * WIDTH] >= group_reach[g]:
                    continue
                low, high = block_box.flags[0, g], block_box.flags[1, g]
                box_flags(tiles.row_flags[place], low, high, tiles.unit, blocks)
                middle[:] = blocks
                row = tiles.rows[place]
                box_squares(row, block_box.values[0, g], block_box.values[1, g], blocks)
                box_squares(row, means[g], means[g], middle)
                for k in range(g * WIDTH, min((g + 1) * WIDTH, n_blocks)):
                    if blocks[k - g * WIDTH] >= block_reach[k]:
                        continue
                    distance = np.int64(math.sqrt(middle[k - g * WIDTH]) * factor) - margin
                    if distance + 2 * margin + summary[3, k] <= summary[2, k]:
                        gain += summary[1, k] - summary[0, k] * max(distance, 0)
                        continue
                    near = np.int32(distance - margin) if distance > margin else np.int32(0)
                    covered, radii = cover[k * WIDTH :][:WIDTH], radius[k * WIDTH :][:WIDTH]
                    for i in range(covered.shape[0]):
                        away = max(np.int32(near - radii[i]), np.int32(0))
                        gain += max(np.int32(covered[i] - away), np.int32(0))
        upper[c] = gain
