"""Distances as whole numbers, so that gains are exact sums."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from coresift._kernels.tiles import PAIR, WIDTH, Tiles
from coresift._typing import Indices, Rows, Words

Number = TypeVar("Number", np.float32, np.uint32)
_TOP = 2**30  # whole distances stay below
_FINEST = 2.0**60  # its square is a normal float32
_FEWEST_FLAGS = 6  # so many cost less as bits


@dataclass(frozen=True, eq=False)
class Grid:
    """How rows become whole distances.

    Parameters
    ----------
    features : ndarray of int64
        The features that are neither constant nor flags, in falling order of variance: sums grow
        fast, and skips come early.
    flags : ndarray of int64
        The most features of two values that are equally far apart, in falling order of variance;
        none where they are few.
    unit : float32
        The squared difference of a flag.
    scale : float
        A power of two.
    worst : int
        A whole distance that none is above.
    """

    features: Indices
    flags: Indices
    unit: np.float32
    scale: float
    worst: int

    @classmethod
    def of(cls, rows: Rows) -> Grid:
        """Fit the grid to rows of shape (n_rows, n_features), float32."""
        features = np.argsort(-rows.var(axis=0, dtype=np.float64), kind="stable")
        low, high = rows.min(axis=0), rows.max(axis=0)
        spread = high.astype(np.float64) - low
        # The diagonal of the box around all rows, and more than the rounding of a distance.
        diagonal = math.sqrt(float((spread**2).sum())) * (1 + (len(spread) + 8) * 2.0**-23)
        scale = min(2.0 ** math.floor(math.log2(_TOP / diagonal)), _FINEST) if diagonal else 1.0
        flags = _flags(rows)
        unit = np.square(high[flags] - low[flags]).max(initial=np.float32(0))
        features = features[(spread[features] > 0) & ~np.isin(features, flags)]
        return cls(features, flags, unit, scale, int(diagonal * scale))

    def tiles(self, rows: Rows) -> Tiles:
        """Return rows of shape (n_rows, n_features), float32, as the kernels take them.

        What constant features and zeros add to a distance is exactly zero.
        """
        width = -(-len(self.features) // PAIR) * PAIR
        values = np.zeros((len(rows), width), dtype=np.float32)
        values[:, : len(self.features)] = rows[:, self.features]
        words = bits_of(rows, self.flags)
        return Tiles(values, words, tiled(values), tiled(words), self.unit, self.scale)


def two_valued(rows: Rows) -> Indices:
    """Return the features of two values, in falling order of variance."""
    low, high = rows.min(axis=0), rows.max(axis=0)
    order = np.argsort(-rows.var(axis=0, dtype=np.float64), kind="stable")
    two = [
        j
        for j in order.tolist()
        if low[j] < high[j] and ((rows[:, j] == low[j]) | (rows[:, j] == high[j])).all()
    ]
    return np.array(two, dtype=np.int64)


def _flags(rows: Rows) -> Indices:
    """Return the most features of two values that are equally far apart, unless these are few."""
    two = two_valued(rows)
    spread = (rows.max(axis=0) - rows.min(axis=0))[two]
    _, group, sizes = np.unique(spread, return_inverse=True, return_counts=True)
    if sizes.max(initial=0) < _FEWEST_FLAGS:
        return two[:0]
    most: Indices = two[group == np.argmax(sizes)]
    return most


def bits_of(rows: Rows, features: Indices) -> Words:
    """Return features of two values as bits, shape (n_rows, n_words), the first the highest."""
    words = np.zeros((len(rows), -(-len(features) // 32)), dtype=np.uint32)
    for number, feature in enumerate(features.tolist()):
        column = rows[:, feature]
        bit = (column != column.min()).astype(np.uint32)
        words[:, number // 32] |= bit << np.uint32(31 - number % 32)
    return words


def tiled(rows: NDArray[Number]) -> NDArray[Number]:
    """Return rows of shape (n_rows, n_features) as (n_tiles, n_features, WIDTH).

    Unused places repeat the last row: the distance to zeros, which may lie far outside the box of
    the rows, would not fit the whole numbers.
    """
    n_rows, n_features = rows.shape
    n_tiles = -(-n_rows // WIDTH)
    padded = np.empty((n_tiles * WIDTH, n_features), dtype=rows.dtype)
    padded[:n_rows] = rows
    padded[n_rows:] = rows[-1]
    return np.ascontiguousarray(padded.reshape(n_tiles, WIDTH, n_features).transpose(0, 2, 1))
