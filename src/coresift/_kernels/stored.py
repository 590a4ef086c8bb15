"""Distances that are stored: all of them, or those to the nearest rows; see `_kernels.facility`."""

from __future__ import annotations

import math

import numpy as np

from coresift._kernels._jit import kernel
from coresift._kernels.tiles import (
    ANY,
    WIDTH,
    Boxes,
    Tiles,
    reach_of,
    row_flags,
    row_squares,
    to_boxes,
)
from coresift._typing import Bits, Indices


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
                row_flags(tiles.row_flags[place], flags[b], tiles.unit, total)
                row_squares(tiles.rows[place], values[b], ANY, total)
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
        Places.
    neighbours, distances : ndarray of shape (n_which, n_neighbours), int32
        Filled with places and distances; of equal distances those of the row's own
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
        reach = ANY
        for top in range(-1, n_tops):
            first, last = own, own + 1
            if top >= 0:
                to_boxes(tiles, place, group_box, top, groups)
                first, last = top * WIDTH, min((top + 1) * WIDTH, n_groups)
            for g in range(first, last):
                if top >= 0 and (g == own or groups[g - first] >= reach):
                    continue
                to_boxes(tiles, place, block_box, g, blocks)
                for k in range(g * WIDTH, min((g + 1) * WIDTH, tiles.values.shape[0])):
                    if blocks[k - g * WIDTH] >= reach:
                        continue
                    row_flags(tiles.row_flags[place], tiles.flags[k], tiles.unit, total)
                    if not row_squares(tiles.rows[place], tiles.values[k], reach, total):
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
