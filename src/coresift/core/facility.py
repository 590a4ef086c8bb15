"""The exact objective of one class (Eq. 5): facility location on distances between rows.

``gain(j) = sum_i max(0, cover_i - d_ij)``, where ``cover_i`` is the distance of row i to the
nearest chosen row. Distances are whole numbers (see `_kernels.facility`), so that gains are exact.
Three stores of distances share this surface:

* `Recomputed`  computes distances when they are asked for, in blocks that cannot gain not at all;
* `Dense`       holds all of them;
* `Neighbours`  holds those from each row to its nearest rows, and takes others for infinite.

The first two give the same numbers, and so the same picks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from coresift._kernels import facility as kernels
from coresift._kernels.facility import STEP, WIDTH
from coresift._threads import run_blocks
from coresift._typing import Float32, Float64, Indices, Rows

Whole = NDArray[np.int32]
_TOP = 2**30  # whole distances stay below
_FINEST = 2.0**60  # its square is a normal float32


class Facility(Protocol):
    """A class of rows, each a candidate; numbered as given. What the greedy sees of an objective.

    Gains fall as candidates are chosen, to the last bit.
    """

    n_rows: int
    has_cheap_upper: bool

    def gains(self, which: Indices, n_threads: int | None = 1) -> Indices | Float64:
        """Return the gain of each candidate in ``which``, shape (len(which),)."""

    def upper(self, which: Indices, n_threads: int | None = 1) -> Indices | Float64:
        """Return what no gain is above, where that is cheaper, shape (len(which),)."""

    def absorb(self, candidate: int) -> None:
        """Choose a candidate: changes the state, which the facility owns."""

    def score(self) -> float:
        """Return the value of what is chosen so far; lower is better."""


@dataclass(frozen=True, eq=False)
class Grid:
    """How rows become whole distances.

    Parameters
    ----------
    features : ndarray of int64
        The features that are not constant, in falling order of variance: sums grow fast, and
        skips come early.
    scale : float
        A power of two.
    worst : int
        A whole distance that none is above.
    """

    features: Indices
    scale: float
    worst: int

    @classmethod
    def of(cls, rows: Rows) -> Grid:
        """Fit the grid to rows of shape (n_rows, n_features), float32."""
        variance = rows.var(axis=0, dtype=np.float64)
        features = np.argsort(-variance, kind="stable")
        spread = rows.max(axis=0).astype(np.float64) - rows.min(axis=0)
        # The diagonal of the box around all rows, and more than the rounding of a distance.
        diagonal = math.sqrt(float((spread**2).sum())) * (1 + (len(spread) + 8) * 2.0**-23)
        features = features[spread[features] > 0]
        if diagonal == 0:
            return cls(features, 1.0, 0)
        scale = min(2.0 ** math.floor(math.log2(_TOP / diagonal)), _FINEST)
        return cls(features, scale, int(diagonal * scale))

    def arranged(self, rows: Rows) -> Rows:
        """Return rows with their features in order, zeros up to a multiple of STEP behind.

        What constant features and zeros add to a distance is exactly zero.
        """
        width = max(1, -(-len(self.features) // STEP)) * STEP
        arranged = np.zeros((len(rows), width), dtype=np.float32)
        arranged[:, : len(self.features)] = rows[:, self.features]
        return arranged


def _tiled(rows: Float32) -> Float32:
    """Return rows of shape (n_rows, n_features) as (n_tiles, n_features, WIDTH).

    Unused places repeat the last row: the distance to zeros, which may lie far outside the box of
    the rows, would not fit the whole numbers.
    """
    n_rows, n_features = rows.shape
    n_tiles = -(-n_rows // WIDTH)
    padded = np.empty((n_tiles * WIDTH, n_features), dtype=np.float32)
    padded[:n_rows] = rows
    padded[n_rows:] = rows[-1]
    return np.ascontiguousarray(padded.reshape(n_tiles, WIDTH, n_features).transpose(0, 2, 1))


def _boxes(low: Float32, high: Float32) -> tuple[Float32, Float32]:
    """Return the smallest and largest values of each run of WIDTH boxes."""
    starts = np.arange(0, len(low), WIDTH)
    return np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)


@dataclass(frozen=True, eq=False)
class Blocks:
    """Rows in blocks of neighbours, with boxes; see `_kernels.facility`.

    Parameters
    ----------
    grid : Grid
    order : ndarray of shape (n_rows,), int64
        The given number of the row in each place.
    place : ndarray of shape (n_rows,), int64
        The other way round.
    rows : ndarray of shape (n_rows, n_features), float32
        By place.
    tiles, block_box, group_box
        As the kernels take them.
    """

    grid: Grid
    order: Indices
    place: Indices
    rows: Rows
    tiles: Float32
    block_box: Float32
    group_box: Float32

    @classmethod
    def of(cls, rows: Rows) -> Blocks:
        """Arrange rows of shape (n_rows, n_features), float32."""
        grid = Grid.of(rows)
        # Not `block_order`: with boxes at three levels and sums that stop early, cuts by range skip
        # more (300 of 30,000 rows of CovType: 11.6 s against 16.2 s).
        order = np.asarray(cKDTree(rows, leafsize=WIDTH).indices, dtype=np.int64)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        arranged = grid.arranged(rows[order])
        blocks = _boxes(arranged, arranged)
        groups = _boxes(*blocks)
        return cls(
            grid,
            order,
            place,
            arranged,
            _tiled(arranged),
            np.stack([_tiled(side) for side in blocks]),
            np.stack([_tiled(side) for side in groups]),
        )

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return len(self.tiles)


class Recomputed:
    """Distances computed when they are asked for.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    """

    def __init__(self, rows: Rows) -> None:
        self._blocks = blocks = Blocks.of(rows)
        self.has_cheap_upper = True
        self.n_rows, n_features = rows.shape
        self.scale = blocks.grid.scale
        worst = blocks.grid.worst
        self._cover = np.zeros(blocks.n_blocks * WIDTH, dtype=np.int32)
        self._cover[: self.n_rows] = worst
        n_groups, n_tops = blocks.block_box.shape[1], blocks.group_box.shape[1]
        self._block_reach = np.zeros(n_groups * WIDTH, dtype=np.float32)
        self._group_reach = np.zeros(n_tops * WIDTH, dtype=np.float32)
        reach = kernels.reach_of(worst, self.scale)
        self._block_reach[: blocks.n_blocks] = reach
        self._group_reach[:n_groups] = reach
        starts = np.arange(0, self.n_rows, WIDTH)
        self._counts = np.diff(np.append(starts, self.n_rows))
        means = np.add.reduceat(blocks.rows, starts, axis=0, dtype=np.float64)
        means /= self._counts[:, None]
        self._means = _tiled(means.astype(np.float32))
        # More than the rounding of two distances and of the mean, in whole numbers.
        self._margin = int(worst * (n_features + 8) * 2.0**-22) + 4
        self._radius = np.zeros_like(self._cover)
        self._radius[: self.n_rows] = self._radii(means, starts)

    def _radii(self, means: NDArray[np.float64], starts: Indices) -> Whole:
        """Return the distance of each row to the mean of its block, by place."""
        radii = np.empty(self.n_rows, dtype=np.int32)
        for start in range(0, len(starts), 1024):
            part = slice(start * WIDTH, min((start + 1024) * WIDTH, self.n_rows))
            mean = np.repeat(
                means[start : start + 1024], self._counts[start : start + 1024], axis=0
            )
            apart = np.sqrt(((self._blocks.rows[part] - mean) ** 2).sum(axis=1))
            radii[part] = np.ceil(apart * self.scale)
        return radii

    def gains(self, which: Indices, n_threads: int | None = 1) -> Indices:
        """Return the gain of each candidate in ``which``, shape (len(which),), int64."""
        places, gains = self._blocks.place[which], np.empty(len(which), dtype=np.int64)
        blocks = self._blocks

        def fill(part: slice) -> None:
            kernels.fill_gains(
                places[part],
                blocks.rows,
                blocks.tiles,
                blocks.block_box,
                blocks.group_box,
                self.scale,
                self._cover,
                self._block_reach,
                self._group_reach,
                gains[part],
            )

        run_blocks(fill, len(which), n_threads, minimum=8)
        return gains

    def upper(self, which: Indices, n_threads: int | None = 1) -> Indices:
        """Return what no gain is above, cheaper, shape (len(which),), int64."""
        places, upper = self._blocks.place[which], np.empty(len(which), dtype=np.int64)
        blocks, summary = self._blocks, self._block_summary()

        def fill(part: slice) -> None:
            kernels.fill_upper(
                places[part],
                blocks.rows,
                blocks.block_box,
                blocks.group_box,
                self.scale,
                self._cover,
                self._block_reach,
                self._group_reach,
                self._means,
                self._radius,
                self._margin,
                summary,
                upper[part],
            )

        run_blocks(fill, len(which), n_threads, minimum=64)
        return upper

    def _block_summary(self) -> Indices:
        """Return rows, sum and minimum of the cover, and largest radius, shape (4, n_blocks)."""
        cover = self._cover.astype(np.int64)
        starts = np.arange(0, self.n_rows, WIDTH)
        return np.stack(
            [
                self._counts,
                np.add.reduceat(cover, starts),
                np.minimum.reduceat(cover[: self.n_rows], starts),
                np.maximum.reduceat(self._radius, starts).astype(np.int64),
            ]
        )

    def absorb(self, candidate: int) -> None:
        """Choose a candidate: changes the cover."""
        blocks = self._blocks
        kernels.absorb(
            blocks.rows[blocks.place[candidate]],
            blocks.tiles,
            blocks.block_box,
            blocks.group_box,
            self.scale,
            self._cover,
            self._block_reach,
            self._group_reach,
        )

    def score(self) -> int:
        """Return the sum of the cover, in whole distances."""
        return int(self._cover.sum(dtype=np.int64))


class _Listed:
    """Distances that are stored, candidate by candidate."""

    def __init__(self, grid: Grid, starts: Indices, rows: Whole, distances: Whole) -> None:
        self.n_rows = len(starts) - 1
        self.has_cheap_upper = False
        self.scale = grid.scale
        self._starts, self._rows, self._distances = starts, rows, distances
        self._cover = np.full(self.n_rows, grid.worst, dtype=np.int32)

    def gains(self, which: Indices, n_threads: int | None = 1) -> Indices:
        """Return the gain of each candidate in ``which``, shape (len(which),), int64."""
        gains = np.empty(len(which), dtype=np.int64)

        def fill(part: slice) -> None:
            kernels.fill_listed_gains(
                which[part], self._starts, self._rows, self._distances, self._cover, gains[part]
            )

        run_blocks(fill, len(which), n_threads, minimum=64)
        return gains

    def upper(self, which: Indices, n_threads: int | None = 1) -> Indices:
        """Return the gains: nothing is cheaper."""
        return self.gains(which, n_threads)

    def absorb(self, candidate: int) -> None:
        """Choose a candidate: changes the cover."""
        kernels.absorb_listed(candidate, self._starts, self._rows, self._distances, self._cover)

    def score(self) -> int:
        """Return the sum of the cover, in whole distances."""
        return int(self._cover.sum(dtype=np.int64))


class Dense(_Listed):
    """All distances: ``4 * n_rows**2`` bytes.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    n_threads : int or None
    """

    def __init__(self, rows: Rows, n_threads: int | None = 1) -> None:
        n_rows, grid = len(rows), Grid.of(rows)
        tiles = _tiled(grid.arranged(rows))
        width = len(tiles) * WIDTH
        distances = np.empty((width, width), dtype=np.int32)
        # The first tiles have most to do: first, last, second, last but one, and so on.
        turns = np.arange(len(tiles))
        turns = np.stack([turns, turns[::-1]], axis=1).reshape(-1)[: len(tiles)]

        def fill(part: slice) -> None:
            kernels.fill_distances(turns[part], tiles, grid.scale, distances)

        run_blocks(fill, len(tiles), n_threads, minimum=2)
        starts = np.arange(n_rows + 1, dtype=np.int64) * width
        super().__init__(grid, starts, np.empty(0, dtype=np.int32), distances.reshape(-1))
        # Unused places have a cover of zero: they gain nothing.
        self._cover = np.zeros(width, dtype=np.int32)
        self._cover[:n_rows] = grid.worst


class Neighbours(_Listed):
    """Distances from each row to its nearest rows: ``24 * n_rows * n_neighbours`` bytes.

    A row that has none of them chosen counts as far as two rows can be apart.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    n_neighbours : int
        The row itself among them; at most n_rows.
    n_threads : int or None
    """

    def __init__(self, rows: Rows, n_neighbours: int, n_threads: int | None = 1) -> None:
        blocks, n_rows = Blocks.of(rows), len(rows)
        shape = n_rows, min(n_neighbours, n_rows)
        near, distances = np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.int32)
        everything = np.arange(n_rows)

        def fill(part: slice) -> None:
            kernels.fill_neighbours(
                everything[part],
                blocks.rows,
                blocks.tiles,
                blocks.block_box,
                blocks.group_box,
                blocks.grid.scale,
                near[part],
                distances[part],
            )

        run_blocks(fill, n_rows, n_threads, minimum=64)
        candidates = blocks.order[near.reshape(-1)]
        by_candidate = np.argsort(candidates, kind="stable")
        starts = np.searchsorted(candidates[by_candidate], np.arange(n_rows + 1))
        demand = blocks.order[by_candidate // shape[1]].astype(np.int32)
        super().__init__(blocks.grid, starts, demand, distances.reshape(-1)[by_candidate])
