"""Facility location on exact distances (Section 2.3), in whole numbers.

A distance is the root of the float32 sum of squared differences in feature order, times a power
of two, cut to a whole number below 2**30. Gains are sums of such numbers: exact in any order, so
that blocks, threads and skipped blocks cannot change a bit, and ties are ties.

Rows stand in blocks of `WIDTH` neighbours, blocks in groups of `WIDTH`, groups in tops. Blocks and
groups have a box, the smallest and largest value of each feature, and a *reach*: a squared
distance from which on no row inside can gain. Rounding is monotone, so the squared distance to a
box, summed in the same order, is at most that to every row inside, and a sum over the first
features is at most the whole sum: what is not below the reach is skipped.

Arrays that the kernels share, the last two changed by `absorb` alone:

``tiles``              (n_blocks, n_features, WIDTH) float32, the rows
``block_box``          (2, n_groups, n_features, WIDTH) float32, low and high
``group_box``          (2, n_tops, n_features, WIDTH) float32
``cover``              (n_blocks * WIDTH,) int32, smallest distance to a chosen row; 0 if unused
``block_reach``        (n_groups * WIDTH,) float32
``group_reach``        (n_tops * WIDTH,) float32
"""

from __future__ import annotations

import math

import numpy as np

from coresift._kernels._jit import kernel
from coresift._typing import Bits, Float32, Indices, Rows

WIDTH = 32
STEP = 8  # features summed between two looks at the sums
_ABOVE = 1 + 2.0**-20  # more than the rounding of a square


@kernel
def reach_of(peak: int, scale: float) -> float:
    """Return a squared distance that is, once whole, above ``peak``; zero for a peak of zero."""
    if peak == 0:
        return 0.0
    root = (peak + 1) / scale
    return root * root * _ABOVE


@kernel
def _box_squares(row: Float32, low: Float32, high: Float32, total: Float32) -> None:
    """Fill ``total`` with squared distances to the boxes of one tile."""
    zero = np.float32(0)
    for i in range(WIDTH):
        total[i] = zero
    for j in range(row.shape[0]):
        value = row[j]
        for i in range(WIDTH):
            outside = max(low[j, i] - value, value - high[j, i])
            gap = max(outside, zero)
            total[i] += gap * gap


@kernel
def _row_squares(row: Float32, tile: Float32, reach: float, total: Float32, bits: Bits) -> bool:
    """Fill ``total`` with squared distances; return False once none can be below the reach."""
    n_features = row.shape[0]
    for i in range(WIDTH):
        total[i] = np.float32(0)
    j = 0
    while j + STEP <= n_features:
        v0, v1, v2, v3 = row[j], row[j + 1], row[j + 2], row[j + 3]
        v4, v5, v6, v7 = row[j + 4], row[j + 5], row[j + 6], row[j + 7]
        for i in range(WIDTH):
            d0, d1 = v0 - tile[j, i], v1 - tile[j + 1, i]
            d2, d3 = v2 - tile[j + 2, i], v3 - tile[j + 3, i]
            d4, d5 = v4 - tile[j + 4, i], v5 - tile[j + 5, i]
            d6, d7 = v6 - tile[j + 6, i], v7 - tile[j + 7, i]
            first = (((total[i] + d0 * d0) + d1 * d1) + d2 * d2) + d3 * d3
            total[i] = (((first + d4 * d4) + d5 * d5) + d6 * d6) + d7 * d7
        j += STEP
        nearest = bits[0]  # non-negative floats sort like their bits
        for i in range(1, WIDTH):
            nearest = min(nearest, bits[i])
        bits[WIDTH] = nearest
        if total[WIDTH] >= reach:
            return False
    while j < n_features:
        for i in range(WIDTH):
            difference = row[j] - tile[j, i]
            total[i] += difference * difference
        j += 1
    return True


@kernel
def fill_gains(
    which: Indices,
    rows: Rows,
    tiles: Float32,
    block_box: Float32,
    group_box: Float32,
    scale: float,
    cover: Bits,
    block_reach: Float32,
    group_reach: Float32,
    gains: Indices,
) -> None:
    """Fill ``gains`` with ``sum_i max(0, cover_i - d_ij)`` of each candidate j in ``which``.

    Parameters
    ----------
    which : ndarray of shape (n_which,), int64
        Positions in ``rows``, of shape (n_rows, n_features), float32.
    scale : float
        A power of two.
    gains : ndarray of shape (n_which,), int64
        Filled.
    """
    groups, blocks = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
    total = np.empty(WIDTH + 1, np.float32)
    bits = total.view(np.int32)
    factor = np.float32(scale)
    for c in range(which.shape[0]):
        row = rows[which[c]]
        gain = np.int64(0)
        for top in range(group_box.shape[1]):
            _box_squares(row, group_box[0, top], group_box[1, top], groups)
            for g in range(top * WIDTH, min((top + 1) * WIDTH, block_box.shape[1])):
                if groups[g - top * WIDTH] >= group_reach[g]:
                    continue
                _box_squares(row, block_box[0, g], block_box[1, g], blocks)
                for k in range(g * WIDTH, min((g + 1) * WIDTH, tiles.shape[0])):
                    reach = block_reach[k]
                    if blocks[k - g * WIDTH] >= reach:
                        continue
                    if _row_squares(row, tiles[k], reach, total, bits):
                        covered = cover[k * WIDTH : (k + 1) * WIDTH]
                        for i in range(WIDTH):
                            distance = np.int32(math.sqrt(total[i]) * factor)
                            gain += max(covered[i] - distance, 0)
        gains[c] = gain


@kernel
def absorb(
    row: Float32,
    tiles: Float32,
    block_box: Float32,
    group_box: Float32,
    scale: float,
    cover: Bits,
    block_reach: Float32,
    group_reach: Float32,
) -> None:
    """Lower ``cover`` and the reaches by a chosen row of shape (n_features,), float32."""
    groups, blocks = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
    total = np.empty(WIDTH + 1, np.float32)
    bits = total.view(np.int32)
    factor = np.float32(scale)
    for top in range(group_box.shape[1]):
        _box_squares(row, group_box[0, top], group_box[1, top], groups)
        for g in range(top * WIDTH, min((top + 1) * WIDTH, block_box.shape[1])):
            if groups[g - top * WIDTH] >= group_reach[g]:
                continue
            _box_squares(row, block_box[0, g], block_box[1, g], blocks)
            farthest = np.float32(0)
            for k in range(g * WIDTH, min((g + 1) * WIDTH, tiles.shape[0])):
                reach = block_reach[k]
                if blocks[k - g * WIDTH] < reach and _row_squares(
                    row, tiles[k], reach, total, bits
                ):
                    covered = cover[k * WIDTH : (k + 1) * WIDTH]
                    peak = np.int32(0)
                    for i in range(WIDTH):
                        distance = np.int32(math.sqrt(total[i]) * factor)
                        covered[i] = min(covered[i], distance)
                        peak = max(peak, covered[i])
                    block_reach[k] = reach_of(int(peak), scale)
                farthest = max(farthest, block_reach[k])
            group_reach[g] = farthest


@kernel
def fill_upper(
    which: Indices,
    rows: Rows,
    block_box: Float32,
    group_box: Float32,
    scale: float,
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
    factor = np.float32(scale)
    n_blocks = summary.shape[1]
    for c in range(which.shape[0]):
        row = rows[which[c]]
        gain = np.int64(0)
        for top in range(group_box.shape[1]):
            _box_squares(row, group_box[0, top], group_box[1, top], groups)
            for g in range(top * WIDTH, min((top + 1) * WIDTH, block_box.shape[1])):
                if groups[g - top * WIDTH] >= group_reach[g]:
                    continue
                _box_squares(row, block_box[0, g], block_box[1, g], blocks)
                _box_squares(row, means[g], means[g], middle)
                for k in range(g * WIDTH, min((g + 1) * WIDTH, n_blocks)):
                    if blocks[k - g * WIDTH] >= block_reach[k]:
                        continue
                    distance = np.int64(math.sqrt(middle[k - g * WIDTH]) * factor) - margin
                    if distance + 2 * margin + summary[3, k] <= summary[2, k]:
                        gain += summary[1, k] - summary[0, k] * max(distance, 0)
                        continue
                    start = k * WIDTH
                    near = np.int32(distance) if distance > 0 else np.int32(0)
                    for i in range(start, start + WIDTH):
                        gain += max(cover[i] - max(near - radius[i] - margin, 0), 0)
        upper[c] = gain


@kernel
def fill_distances(which: Indices, tiles: Float32, scale: float, distances: Bits) -> None:
    """Fill the distances between the rows of some tiles and those of the same and later tiles.

    Parameters
    ----------
    which : ndarray of shape (n_which,), int64
        Tiles. Each pair of rows is filled by the first of their tiles, both ways round.
    tiles : ndarray of shape (n_tiles, n_features, WIDTH), float32
    scale : float
        A power of two.
    distances : ndarray of shape (n_tiles * WIDTH, n_tiles * WIDTH), int32
        Filled.
    """
    total = np.empty(WIDTH + 1, np.float32)
    bits = total.view(np.int32)
    factor = np.float32(scale)
    pairs = np.empty((WIDTH, WIDTH), np.int32)
    for a in which:
        rows = np.ascontiguousarray(tiles[a].T)
        for b in range(a, tiles.shape[0]):
            for i in range(WIDTH):
                _row_squares(rows[i], tiles[b], np.inf, total, bits)
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
    rows: Rows,
    tiles: Float32,
    block_box: Float32,
    group_box: Float32,
    scale: float,
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
    n_rows, n_neighbours = rows.shape[0], neighbours.shape[1]
    groups, blocks = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
    total = np.empty(WIDTH + 1, np.float32)
    bits = total.view(np.int32)
    factor = np.float32(scale)
    n_groups, n_tops = block_box.shape[1], group_box.shape[1]
    for c in range(which.shape[0]):
        row, found, near = rows[which[c]], distances[c], neighbours[c]
        found[:] = np.int32(2147483647)
        own = which[c] // (WIDTH * WIDTH)
        reach = np.inf
        for top in range(-1, n_tops):
            first, last = own, own + 1
            if top >= 0:
                _box_squares(row, group_box[0, top], group_box[1, top], groups)
                first, last = top * WIDTH, min((top + 1) * WIDTH, n_groups)
            for g in range(first, last):
                if top >= 0 and (g == own or groups[g - first] >= reach):
                    continue
                _box_squares(row, block_box[0, g], block_box[1, g], blocks)
                for k in range(g * WIDTH, min((g + 1) * WIDTH, tiles.shape[0])):
                    if blocks[k - g * WIDTH] >= reach or not _row_squares(
                        row, tiles[k], reach, total, bits
                    ):
                        continue
                    for i in range(min(WIDTH, n_rows - k * WIDTH)):
                        distance = np.int32(math.sqrt(total[i]) * factor)
                        if distance >= found[n_neighbours - 1]:
                            continue
                        place = n_neighbours - 1
                        while place > 0 and found[place - 1] > distance:
                            found[place] = found[place - 1]
                            near[place] = near[place - 1]
                            place -= 1
                        found[place] = distance
                        near[place] = k * WIDTH + i
                    if found[n_neighbours - 1] < 2147483647:
                        reach = reach_of(found[n_neighbours - 1], scale)
