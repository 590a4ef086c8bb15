"""Squared distances between rows in blocks, and from rows to boxes, for facility location.

The float32 sum of squared differences: first those of the *flags*, features of two values that are
equally far apart, as their number times the square of that; then the others, in feature order.
Flags are bits of words, so that 32 of them take one exclusive or and one count of ones.

Rows stand in blocks of `WIDTH` neighbours, blocks in groups of `WIDTH`, groups in tops. Blocks and
groups have a box, the smallest and largest value of each feature. Rounding is monotone, so the
squared distance to a box, summed in the same order, is at most that to every row inside, and a sum
over the first features is at most the whole sum.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coresift._kernels._jit import kernel
from coresift._kernels._popcount import popcount
from coresift._typing import Float32, Rows, Words

WIDTH = 32
STEP = 8  # features summed between two looks at the sums
PAIR = 2  # the number of features is a multiple
ANY = np.float32(np.inf)  # a reach
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
def box_flags(flags: Words, low: Words, high: Words, unit: np.float32, total: Float32) -> None:
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
def box_squares(row: Float32, low: Float32, high: Float32, total: Float32) -> None:
    """Add to ``total`` the squared distances to the boxes of one tile."""
    zero = np.float32(0)
    for j in range(row.shape[0]):
        value = row[j]
        for i in range(low.shape[1]):
            outside = max(low[j, i] - value, value - high[j, i])
            gap = max(outside, zero)
            total[i] += gap * gap


@kernel
def to_boxes(tiles: Tiles, place: int, boxes: Boxes, tile: int, total: Float32) -> None:
    """Fill ``total`` with squared distances of the row in a place to the boxes of one tile."""
    low, high = boxes.flags[0, tile], boxes.flags[1, tile]
    box_flags(tiles.row_flags[place], low, high, tiles.unit, total)
    box_squares(tiles.rows[place], boxes.values[0, tile], boxes.values[1, tile], total)


@kernel
def row_flags(flags: Words, tile: Words, unit: np.float32, total: Float32) -> None:
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
def row_squares(row: Float32, tile: Float32, reach: np.float32, total: Float32) -> bool:
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
