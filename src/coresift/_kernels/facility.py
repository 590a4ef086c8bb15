"""Facility location on exact distances (Section 2.3), in whole numbers.

A distance is the root of a float32 sum, times a power of two, cut to a whole number below 2**30.
The sum is that of squared differences: first those of the *flags*, features of two values that are
equally far apart, as their number times the square of that; then the others, in feature order.
Flags are bits of words, so that 32 of them take one exclusive or and one count of ones.
Gains are sums of whole numbers: exact in any order, so that blocks, threads and skipped blocks
cannot change a bit, and ties are ties.

Rows stand in blocks of `WIDTH` neighbours, blocks in groups of `WIDTH`, groups in tops. Blocks and
groups have a box, the smallest and largest value of each feature, and a *reach*: a squared
distance from which on no row inside can gain. Rounding is monotone, so the squared distance to a
box, summed in the same order, is at most that to every row inside, and a sum over the first
features is at most the whole sum: what is not below the reach is skipped.

State that the kernels share, changed by `absorb` alone:

``cover``              (n_blocks * WIDTH,) int32, smallest distance to a chosen row; 0 if unused
``block_reach``        (n_groups * WIDTH,) float32
``group_reach``        (n_tops * WIDTH,) float32
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from coresift._kernels._jit import kernel
from coresift._kernels._popcount import popcount
from coresift._typing import Bits, Float32, Indices, Rows, Words

WIDTH = 32
STEP = 8  # features summed between two looks at the sums
TURN = 64  # candidates
PAIR = 2  # the number of features is a multiple
_ANY = np.float32(np.inf)  # a reach
_ABOVE = 1 + 2.0**-20  # more than the rounding of a square


class Tiles(NamedTuple):
    """Rows by place, one by one and side by side."""

    rows: Rows  # (n_rows, n_features)
    row_flags: Words  # (n_rows, n_words)
    values: Float32  # (n_blocks, n_features, WIDTH)
    flags: Words  # (n_blocks, n_words, WIDTH)
    unit: np.float32  # the squared difference of a flag
    scale: float  # a power of two


class Boxes(NamedTuple):
    """Boxes of blocks or groups, WIDTH side by side: low, then high."""

    values: Float32  # (2, n_tiles, n_features, WIDTH)
    flags: Words  # (2, n_tiles, n_words, WIDTH)


@kernel
def reach_of(peak: int, scale: float) -> float:
    """Return a squared distance that is, once whole, above ``peak``; zero for a peak of zero."""
    if peak == 0:
        return 0.0
    root = (peak + 1) / scale
    return root * root * _ABOVE


# For speed: loops run to `shape[1]` and not to WIDTH, since short loops of a known length are
# unrolled rather than vectorised, and no named tuple is passed on for a single tile.


@kernel
def _box_flags(flags: Words, low: Words, high: Words, unit: np.float32, total: Float32) -> None:
    """Fill ``total`` with what the flags outside the boxes of one tile add."""
    for i in range(low.shape[1]):
        total[i] = np.float32(0)
    for w in range(flags.shape[0]):
        own = flags[w]
        for i in range(low.shape[1]):
            below, above = low[w, i] & (own ^ low[w, i]), own & (own ^ high[w, i])
            total[i] += np.float32(popcount(np.uint32(below | above)))
    for i in range(low.shape[1]):
        total[i] *= unit


@kernel
def _box_squares(row: Float32, low: Float32, high: Float32, total: Float32) -> None:
    """Add to ``total`` the squared distances to the boxes of one tile."""
    zero = np.float32(0)
    for j in range(row.shape[0]):
        value = row[j]
        for i in range(low.shape[1]):
            outside = max(low[j, i] - value, value - high[j, i])
            gap = max(outside, zero)
            total[i] += gap * gap


@kernel
def _to_boxes(tiles: Tiles, place: int, boxes: Boxes, tile: int, total: Float32) -> None:
    """Fill ``total`` with squared distances of the row in a place to the boxes of one tile."""
    low, high = boxes.flags[0, tile], boxes.flags[1, tile]
    _box_flags(tiles.row_flags[place], low, high, tiles.unit, total)
    _box_squares(tiles.rows[place], boxes.values[0, tile], boxes.values[1, tile], total)


@kernel
def _row_flags(flags: Words, tile: Words, unit: np.float32, total: Float32) -> None:
    """Fill ``total`` with what the flags that differ add."""
    for i in range(tile.shape[1]):
        total[i] = np.float32(0)
    for w in range(flags.shape[0]):
        own = flags[w]
        for i in range(tile.shape[1]):
            total[i] += np.float32(popcount(np.uint32(own ^ tile[w, i])))
    for i in range(tile.shape[1]):
        total[i] *= unit


@kernel
def _row_squares(row: Float32, tile: Float32, reach: np.float32, total: Float32) -> bool:
    """Add squared distances to ``total``; return False once none can be below the reach."""
    n_features, width = tile.shape
    j = 0
    while j + STEP <= n_features:
        v0, v1, v2, v3 = row[j], row[j + 1], row[j + 2], row[j + 3]
        v4, v5, v6, v7 = row[j + 4], row[j + 5], row[j + 6], row[j + 7]
        for i in range(width):
            d0, d1 = v0 - tile[j, i], v1 - tile[j + 1, i]
            d2, d3 = v2 - tile[j + 2, i], v3 - tile[j + 3, i]
            d4, d5 = v4 - tile[j + 4, i], v5 - tile[j + 5, i]
            d6, d7 = v6 - tile[j + 6, i], v7 - tile[j + 7, i]
            first = (((total[i] + d0 * d0) + d1 * d1) + d2 * d2) + d3 * d3
            total[i] = (((first + d4 * d4) + d5 * d5) + d6 * d6) + d7 * d7
        j += STEP
        n_near = 0
        for i in range(width):
            n_near += total[i] < reach
        if n_near == 0:
            return False
    while j + PAIR <= n_features:
        v0, v1 = row[j], row[j + 1]
        for i in range(width):
            d0, d1 = v0 - tile[j, i], v1 - tile[j + 1, i]
            total[i] = (total[i] + d0 * d0) + d1 * d1
        j += PAIR
    return True


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
    _to_boxes(tiles, place, block_box, group, blocks)
    row, own, values, flags = tiles.rows[place], tiles.row_flags[place], tiles.values, tiles.flags
    factor = np.float32(tiles.scale)
    gain = np.int64(0)
    for k in range(group * WIDTH, min((group + 1) * WIDTH, values.shape[0])):
        reach = block_reach[k]
        if blocks[k - group * WIDTH] >= reach:
            continue
        _row_flags(own, flags[k], tiles.unit, total)
        if _row_squares(row, values[k], reach, total):
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
    groups, blocks = np.empty((TURN, WIDTH), np.float32), np.empty(WIDTH, np.float32)
    total = np.empty(WIDTH, np.float32)
    n_groups = block_box.values.shape[1]
    gains[:] = 0
    for start in range(0, which.shape[0], TURN):
        stop = min(start + TURN, which.shape[0])
        for top in range(group_box.values.shape[1]):
            for c in range(start, stop):
                _to_boxes(tiles, which[c], group_box, top, groups[c - start])
            for g in range(top * WIDTH, min((top + 1) * WIDTH, n_groups)):
                for c in range(start, stop):
                    if groups[c - start, g - top * WIDTH] < group_reach[g]:
                        gains[c] += _group_gain(
                            tiles, which[c], block_box, g, cover, block_reach, blocks, total
                        )


@kernel
def absorb(
    place: int,
    tiles: Tiles,
    block_box: Boxes,
    group_box: Boxes,
    cover: Bits,
    block_reach: Float32,
    group_reach: Float32,
) -> None:
    """Lower ``cover`` and the reaches by a chosen row of shape (n_features,), float32."""
    groups, blocks = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
    total = np.empty(WIDTH, np.float32)
    factor = np.float32(tiles.scale)
    for top in range(group_box.values.shape[1]):
        _to_boxes(tiles, place, group_box, top, groups)
        for g in range(top * WIDTH, min((top + 1) * WIDTH, block_box.values.shape[1])):
            if groups[g - top * WIDTH] >= group_reach[g]:
                continue
            _to_boxes(tiles, place, block_box, g, blocks)
            farthest = np.float32(0)
            for k in range(g * WIDTH, min((g + 1) * WIDTH, tiles.values.shape[0])):
                reach = block_reach[k]
                if blocks[k - g * WIDTH] < reach:
                    _row_flags(tiles.row_flags[place], tiles.flags[k], tiles.unit, total)
                if blocks[k - g * WIDTH] < reach and _row_squares(
                    tiles.rows[place], tiles.values[k], reach, total
                ):
                    covered = cover[k * WIDTH : (k + 1) * WIDTH]
                    peak = np.int32(0)
                    for i in range(WIDTH):
                        distance = np.int32(math.sqrt(total[i]) * factor)
                        covered[i] = min(covered[i], distance)
                        peak = max(peak, covered[i])
                    block_reach[k] = reach_of(int(peak), tiles.scale)
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
    Otherwise each distance is at least D less the row's distance to m.

    Parameters
    ----------
    means : ndarray of shape (n_groups, n_features, WIDTH), float32
        Of the rows of each block.
    radius : ndarray of shape (n_blocks * WIDTH,), int32
        Distance of each row to the mean of its block.
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
            _to_boxes(tiles, place, group_box, top, groups)
            for g in range(top * WIDTH, min((top + 1) * WIDTH, block_box.values.shape[1])):
                if groups[g - top * WIDTH] >= group_reach[g]:
                    continue
                low, high = block_box.flags[0, g], block_box.flags[1, g]
                _box_flags(tiles.row_flags[place], low, high, tiles.unit, blocks)
                middle[:] = blocks
                row = tiles.rows[place]
                _box_squares(row, block_box.values[0, g], block_box.values[1, g], blocks)
                _box_squares(row, means[g], means[g], middle)
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


@kernel
def fill_distances(which: Indices, tiles: Tiles, distances: Bits) -> None:
    """Fill the distances between the rows of some tiles and those of the same and later tiles.

    Parameters
    ----------
    which : ndarray of shape (n_which,), int64
        Tiles. Each pair of rows is filled by the first of their tiles, both ways round.
    distances : ndarray of shape (n_tiles * WIDTH, n_tiles * WIDTH), int32
        Filled. Places that are not used repeat the last row.
    """
    total = np.empty(WIDTH, np.float32)
    factor = np.float32(tiles.scale)
    pairs = np.empty((WIDTH, WIDTH), np.int32)
    values, flags, last = tiles.values, tiles.flags, tiles.rows.shape[0] - 1
    for a in which:
        for b in range(a, values.shape[0]):
            for i in range(WIDTH):
                place = min(a * WIDTH + i, last)
                _row_flags(tiles.row_flags[place], flags[b], tiles.unit, total)
                _row_squares(tiles.rows[place], values[b], _ANY, total)
                for j in range(WIDTH):
                    pairs[i, j] = np.int32(math.sqrt(total[j]) * factor)
            for i in range(WIDTH):
                for j in range(WIDTH):
                    distances[a * WIDTH + i, b * WIDTH + j] = pairs[i, j]
                    distances[b * WIDTH + i, a * WIDTH + j] = pairs[j, i]


@kernel
def fill_listed_gains(
    which: Indices, starts: Indices, rows: Bits, distances: Bits, cover: Bits, gains: Indices
) -> None:
    """Fill ``gains`` from the distances that are stored.

    Parameters
    ----------
    which : ndarray of shape (n_which,), int64
    starts : ndarray of shape (n_rows + 1,), int64
        The distances of candidate j are ``distances[starts[j]:starts[j + 1]]``.
    rows : ndarray of shape (n_stored,), int32
        To which row; of length 0 where each candidate has all rows in order.
    distances : ndarray of shape (n_stored,), int32
    cover : ndarray of shape (n_rows,), int32
    gains : ndarray of shape (n_which,), int64
        Filled.
    """
    for c in range(which.shape[0]):
        first, last = starts[which[c]], starts[which[c] + 1]
        gain = np.int64(0)
        if rows.shape[0] == 0:
            stored = distances[first:last]
            for i in range(last - first):
                gain += max(cover[i] - stored[i], 0)
        else:
            for entry in range(first, last):
                gain += max(cover[rows[entry]] - distances[entry], 0)
        gains[c] = gain


@kernel
def absorb_listed(
    candidate: int, starts: Indices, rows: Bits, distances: Bits, cover: Bits
) -> None:
    """Lower ``cover`` by a chosen candidate; arrays as in `fill_listed_gains`."""
    first = starts[candidate]
    for entry in range(first, starts[candidate + 1]):
        i = entry - first if rows.shape[0] == 0 else np.int64(rows[entry])
        cover[i] = min(cover[i], distances[entry])


@kernel
def fill_neighbours(
    which: Indices,
    tiles: Tiles,
    block_box: Boxes,
    group_box: Boxes,
    neighbours: Bits,
    distances: Bits,
) -> None:
    """Fill the nearest rows of each row in ``which``, itself among them, nearest first.

    Parameters
    ----------
    which : ndarray of shape (n_which,), int64
        Positions in ``rows``, of shape (n_rows, n_features), float32.
    neighbours, distances : ndarray of shape (n_which, n_neighbours), int32
        Filled with positions in ``rows`` and distances; of equal distances those of the row's own
        group of blocks go first, then the lowest positions.
    """
    n_rows, n_neighbours = tiles.rows.shape[0], neighbours.shape[1]
    groups, blocks = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
    total = np.empty(WIDTH, np.float32)
    factor = np.float32(tiles.scale)
    n_groups, n_tops = block_box.values.shape[1], group_box.values.shape[1]
    for c in range(which.shape[0]):
        place, found, near = which[c], distances[c], neighbours[c]
        found[:] = np.int32(2147483647)
        own = which[c] // (WIDTH * WIDTH)
        reach = _ANY
        for top in range(-1, n_tops):
            first, last = own, own + 1
            if top >= 0:
                _to_boxes(tiles, place, group_box, top, groups)
                first, last = top * WIDTH, min((top + 1) * WIDTH, n_groups)
            for g in range(first, last):
                if top >= 0 and (g == own or groups[g - first] >= reach):
                    continue
                _to_boxes(tiles, place, block_box, g, blocks)
                for k in range(g * WIDTH, min((g + 1) * WIDTH, tiles.values.shape[0])):
                    if blocks[k - g * WIDTH] >= reach:
                        continue
                    _row_flags(tiles.row_flags[place], tiles.flags[k], tiles.unit, total)
                    if not _row_squares(tiles.rows[place], tiles.values[k], reach, total):
                        continue
                    for i in range(min(WIDTH, n_rows - k * WIDTH)):
                        distance = np.int32(math.sqrt(total[i]) * factor)
                        if distance >= found[n_neighbours - 1]:
                            continue
                        slot = n_neighbours - 1
                        while slot > 0 and found[slot - 1] > distance:
                            found[slot] = found[slot - 1]
                            near[slot] = near[slot - 1]
                            slot -= 1
                        found[slot] = distance
                        near[slot] = k * WIDTH + i
                    if found[n_neighbours - 1] < 2147483647:
                        reach = np.float32(reach_of(found[n_neighbours - 1], tiles.scale))
