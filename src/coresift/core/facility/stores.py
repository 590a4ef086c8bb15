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

import numpy as np
from numpy.typing import NDArray

from coresift._kernels import facility as kernels
from coresift._kernels import stored
from coresift._kernels.tiles import WIDTH
from coresift._threads import run_blocks
from coresift._typing import Counts, Indices, Rows
from coresift.core.facility.blocks import Blocks
from coresift.core.facility.whole import Grid, tiled

Whole = NDArray[np.int32]
_NO_SUMS = np.zeros(0, np.int64), np.zeros(0, np.int64)  # of the cover: no one draws by it


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
        self._cover, self._block_reach, self._group_reach = blocks.uncovered(worst)
        starts = np.arange(0, self.n_rows, WIDTH)
        self._counts = np.diff(np.append(starts, self.n_rows))
        means = np.add.reduceat(blocks.tiles.rows, starts, axis=0, dtype=np.float64)
        means /= self._counts[:, None]
        self._means = tiled(means.astype(np.float32))
        # More than the rounding of two distances and of the mean, in whole numbers.
        self._margin = int(worst * (n_features + 8) * 2.0**-22) + 4
        self._radius = np.zeros_like(self._cover)
        self._radius[: self.n_rows] = self._radii(means, starts)

    @property
    def counts(self) -> Counts:
        """One row behind each candidate."""
        return np.ones(self.n_rows, dtype=np.int64)

    def _radii(self, means: NDArray[np.float64], starts: Indices) -> Whole:
        """Return the distance of each row to the mean of its block, by place."""
        radii = np.empty(self.n_rows, dtype=np.int32)
        for start in range(0, len(starts), 1024):
            part = slice(start * WIDTH, min((start + 1024) * WIDTH, self.n_rows))
            mean = np.repeat(
                means[start : start + 1024], self._counts[start : start + 1024], axis=0
            )
            apart = np.sqrt(((self._blocks.tiles.rows[part] - mean) ** 2).sum(axis=1))
            radii[part] = np.ceil(apart * self.scale)
        return radii

    def gains(self, which: Indices) -> Indices:
        """Return the gain of each candidate in ``which``, shape (len(which),), int64."""
        places, gains = self._blocks.place[which], np.empty(len(which), dtype=np.int64)
        blocks = self._blocks

        def fill(part: slice) -> None:
            kernels.fill_gains(
                places[part],
                blocks.tiles,
                blocks.block_box,
                blocks.group_box,
                self._cover,
                self._block_reach,
                self._group_reach,
                gains[part],
            )

        run_blocks(fill, len(which), minimum=8)
        return gains

    def upper(self, which: Indices) -> Indices:
        """Return what no gain is above, cheaper, shape (len(which),), int64."""
        places, upper = self._blocks.place[which], np.empty(len(which), dtype=np.int64)
        blocks, summary = self._blocks, self._block_summary()

        def fill(part: slice) -> None:
            kernels.fill_upper(
                places[part],
                blocks.tiles,
                blocks.block_box,
                blocks.group_box,
                self._cover,
                self._block_reach,
                self._group_reach,
                self._means,
                self._radius,
                self._margin,
                summary,
                upper[part],
            )

        run_blocks(fill, len(which), minimum=64)
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
            blocks.place[candidate],
            blocks.tiles,
            blocks.block_box,
            blocks.group_box,
            self._cover,
            self._block_reach,
            self._group_reach,
            *_NO_SUMS,
        )

    def score(self) -> int:
        """Return the sum of the cover, in whole distances."""
        return int(self._cover.sum(dtype=np.int64))


class _Stored:
    """Distances that are stored, candidate by candidate."""

    def __init__(self, grid: Grid, starts: Indices, rows: Whole, distances: Whole) -> None:
        self.n_rows = len(starts) - 1
        self.has_cheap_upper = False
        self.scale = grid.scale
        self._starts, self._rows, self._distances = starts, rows, distances
        self._cover = np.full(self.n_rows, grid.worst, dtype=np.int32)

    @property
    def counts(self) -> Counts:
        """One row behind each candidate."""
        return np.ones(self.n_rows, dtype=np.int64)

    def gains(self, which: Indices) -> Indices:
        """Return the gain of each candidate in ``which``, shape (len(which),), int64."""
        gains = np.empty(len(which), dtype=np.int64)

        def fill(part: slice) -> None:
            stored.fill_listed_gains(
                which[part], self._starts, self._rows, self._distances, self._cover, gains[part]
            )

        run_blocks(fill, len(which), minimum=64)
        return gains

    def upper(self, which: Indices) -> Indices:
        """Return the gains: nothing is cheaper."""
        return self.gains(which)

    def absorb(self, candidate: int) -> None:
        """Choose a candidate: changes the cover."""
        stored.absorb_listed(candidate, self._starts, self._rows, self._distances, self._cover)

    def score(self) -> int:
        """Return the sum of the cover, in whole distances."""
        return int(self._cover.sum(dtype=np.int64))


class Dense(_Stored):
    """All distances: ``4 * n_rows**2`` bytes.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    """

    def __init__(self, rows: Rows) -> None:
        n_rows, grid = len(rows), Grid.of(rows)
        tiles = grid.tiles(rows)
        n_tiles = len(tiles.values)
        width = n_tiles * WIDTH
        distances = np.empty((width, width), dtype=np.int32)
        # The first tiles have most to do: first, last, second, last but one, and so on.
        turns = np.arange(n_tiles)
        turns = np.stack([turns, turns[::-1]], axis=1).reshape(-1)[:n_tiles]

        def fill(part: slice) -> None:
            stored.fill_distances(turns[part], tiles, distances)

        run_blocks(fill, n_tiles, minimum=2)
        starts = np.arange(n_rows + 1, dtype=np.int64) * width
        super().__init__(grid, starts, np.empty(0, dtype=np.int32), distances.reshape(-1))
        # Unused places have a cover of zero: they gain nothing.
        self._cover = np.zeros(width, dtype=np.int32)
        self._cover[:n_rows] = grid.worst


class Neighbours(_Stored):
    """Distances from each row to its nearest rows: ``24 * n_rows * n_neighbours`` bytes.

    A row that has none of them chosen counts as far as two rows can be apart.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    n_neighbours : int
        The row itself among them; at most n_rows.
    """

    def __init__(self, rows: Rows, n_neighbours: int) -> None:
        blocks, n_rows = Blocks.of(rows), len(rows)
        shape = n_rows, min(n_neighbours, n_rows)
        near, distances = np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.int32)
        everything = np.arange(n_rows)

        def fill(part: slice) -> None:
            stored.fill_neighbours(
                everything[part],
                blocks.tiles,
                blocks.block_box,
                blocks.group_box,
                near[part],
                distances[part],
            )

        run_blocks(fill, n_rows, minimum=64)
        candidates = blocks.order[near.reshape(-1)]
        by_candidate = np.argsort(candidates, kind="stable")
        starts = np.searchsorted(candidates[by_candidate], np.arange(n_rows + 1))
        demand = blocks.order[by_candidate // shape[1]].astype(np.int32)
        super().__init__(blocks.grid, starts, demand, distances.reshape(-1)[by_candidate])
