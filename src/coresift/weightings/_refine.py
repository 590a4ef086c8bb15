"""Better medoids: passes over the cells of the chosen rows, once a method has chosen.

Each row belongs to the *cell* of its nearest chosen row of its class (Eq. 5's phi).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from coresift._runtime import Runtime
from coresift._typing import Float32, Indices
from coresift.core.centers import Assignment, Centers
from coresift.core.medoids import (
    CellSums,
    FixedPoint,
    Membership,
    cell_costs,
    cell_distances,
)
from coresift.core.merge import BottomK, Count, Together
from coresift.table import Block, Table

TRIED_MEDOIDS = 4


@dataclass(frozen=True, eq=False)
class SumCells:
    """Count the rows of each cell, add them up, and note which cell each row is in."""

    centers: Centers
    units: FixedPoint

    def __call__(self, block: Block) -> Together:
        """Look at a block."""
        owners, distances = self.centers.owners(*block)
        return Together(
            (
                Assignment.of(block.class_ids, owners, distances, self.centers),
                CellSums.of(block.rows, owners, len(self.centers.row_ids), self.units),
                Membership(((block.row_ids, owners.astype(np.int32)),)),
            )
        )


@dataclass(frozen=True, eq=False)
class CellsOfRows:
    """The cell of each row of a run of rows.

    Parameters
    ----------
    first : int
        Position of the first row.
    cells : ndarray of shape (n_rows,), int32
    """

    first: int
    cells: NDArray[np.int32]

    def at(self, row_ids: Indices) -> Indices:
        """Return the cells of rows, shape (len(row_ids),), int64."""
        return self.cells[row_ids - self.first].astype(np.int64)

    def of_rows(self, start: int, n_rows: int) -> CellsOfRows:
        """Return those of a part of the rows: what a worker needs of them."""
        begin = start - self.first
        return CellsOfRows(start, self.cells[begin : begin + n_rows])


@dataclass(frozen=True, eq=False)
class NearestToMean:
    """Find the members of each cell that are closest to its mean."""

    cells: CellsOfRows
    means: Float32  # (n_cells, 1, n_features)

    def __call__(self, block: Block) -> BottomK:
        """Look at a block."""
        own = self.cells.at(block.row_ids)
        squared = cell_distances(block.rows, own, self.means)[:, 0]
        limits = np.full(len(self.means), TRIED_MEDOIDS)
        return BottomK.of(own, (squared,), block.row_ids, limits)

    def of_rows(self, start: int, n_rows: int) -> NearestToMean:
        """Return the task for a part of the rows."""
        return replace(self, cells=self.cells.of_rows(start, n_rows))


@dataclass(frozen=True, eq=False)
class CompareMedoids:
    """Add up the distances of the rows of each cell to the points that are tried."""

    cells: CellsOfRows
    points: Float32  # (n_cells, n_tried, n_features)
    units: FixedPoint

    def __call__(self, block: Block) -> Count:
        """Look at a block."""
        own = self.cells.at(block.row_ids)
        squared = cell_distances(block.rows, own, self.points)
        return Count(cell_costs(squared, own, len(self.points), self.units))

    def of_rows(self, start: int, n_rows: int) -> CompareMedoids:
        """Return the task for a part of the rows."""
        return replace(self, cells=self.cells.of_rows(start, n_rows))


def centers_of(table: Table, row_ids: Indices, class_ids: Indices) -> Centers:
    """Fetch chosen rows at ascending positions and arrange them."""
    return Centers.of(row_ids, table.take(row_ids), class_ids, len(table.classes))


def better_medoids(
    table: Table, centers: Centers, units: FixedPoint, run: Runtime
) -> tuple[Centers, float]:
    """Replace each chosen row by a member of its cell where that lowers the cell's distances.

    Tried are the `TRIED_MEDOIDS` members that are closest to the mean of the cell.

    Returns
    -------
    Centers
        Their score (Eq. 5) is never larger.
    score : float
        Of the centers that came in.

    Notes
    -----
    Three passes. Memory: 4 bytes a row for its cell, and `TRIED_MEDOIDS` float32 rows a cell.
    """
    assignment, sums, membership = table.fold(SumCells(centers, units), run).parts
    cells = CellsOfRows(0, membership.by_row(table.n_rows))
    means = sums.means(units)[:, None]
    tried = table.fold(NearestToMean(cells, means), run).table(centers.row_ids)
    needed, place = np.unique(tried, return_inverse=True)
    points = table.take(needed)[place.reshape(tried.shape)]
    costs = table.fold(CompareMedoids(cells, points, units), run).counts
    best = costs.argmin(axis=1)  # the first of equals: the row that was chosen before
    row_ids, rows = (array[np.arange(len(best)), best] for array in (tried, points))
    order = np.argsort(row_ids)
    classes = centers.class_ids[order]
    better = Centers.of(row_ids[order], rows[order], classes, len(table.classes))
    return better, assignment.score(table.n_rows)
