"""Better medoids: what one more look at the cells of the chosen rows tells about their members.

The *cell* of a chosen row holds the rows that are assigned to it (Eq. 5's phi). Sums over a
cell are sums of integers, so that they merge exactly: values count in steps of a power of two
(`FixedPoint`), fine enough to lose nothing that a float32 holds for the largest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresift._kernels.members import add_to_cells, fill_cell_distances, keep_smallest
from coresift._threads import run_blocks
from coresift._typing import Counts, Float32, Float64, Indices, Rows
from coresift.core.merge import counted


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """Values as whole numbers of steps of ``2**-bits``.

    Parameters
    ----------
    bits : int
    low : ndarray of shape (n_features,), float32
        Smallest value of each feature: rows are counted from here.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.medoids import FixedPoint
    >>> low, high = np.float32([0.0, -1.0]), np.float32([1.0, 1.0])
    >>> units = FixedPoint.of(low, high, n_rows=1000)
    >>> int(units.steps(np.float32([0.5]))[0]) == 2 ** (units.bits - 1)
    True
    """

    bits: int
    low: Float32

    @classmethod
    def of(cls, low: Float32, high: Float32, n_rows: int) -> FixedPoint:
        """Choose steps so fine that the sum over all rows of any distance just fits 62 bits.

        Of weighted rows, ``n_rows`` is at least the sum of their weights in steps.
        """
        extent = float(np.linalg.norm(high.astype(np.float64) - low))
        _, exponent = math.frexp(max(extent, 1e-38) * n_rows)
        return cls(61 - exponent, low)

    def steps(self, values: Float32 | Float64) -> Counts:
        """Return values of any shape as int64 numbers of steps."""
        return np.rint(np.ldexp(values.astype(np.float64), self.bits)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class CellSums:
    """Sizes of the cells and sums of their rows.

    Parameters
    ----------
    sizes : ndarray of shape (n_cells,), int64
        Rows; of weighted rows, their weights in steps.
    totals : ndarray of shape (n_cells, n_features), int64
        In steps of the fixed point, from its low.
    """

    sizes: Counts
    totals: Counts

    @classmethod
    def of(
        cls,
        rows: Rows,
        cells: Indices,
        n_cells: int,
        units: FixedPoint,
        steps: Counts | None = None,
    ) -> CellSums:
        """Sum rows of shape (n_rows, n_features); with ``steps``, a row counts so many times."""
        totals = np.zeros((n_cells, rows.shape[1]), dtype=np.int64)
        own = np.zeros(0, dtype=np.int64) if steps is None else steps
        add_to_cells(rows, cells, own, units.low, math.ldexp(1.0, units.bits), totals)
        return cls(counted(cells, n_cells, steps), totals)

    @classmethod
    def empty(cls, n_cells: int, n_features: int) -> CellSums:
        """Return the sums of no rows."""
        zeros = np.zeros((n_cells, n_features), dtype=np.int64)
        return cls(np.zeros(n_cells, dtype=np.int64), zeros)

    def merge(self, other: CellSums) -> CellSums:
        """Return the sums of both sets of rows."""
        return CellSums(self.sizes + other.sizes, self.totals + other.totals)

    def means(self, units: FixedPoint) -> Rows:
        """Return the mean row of each cell, shape (n_cells, n_features), float32."""
        means = np.ldexp(self.totals / np.maximum(self.sizes, 1)[:, None], -units.bits) + units.low
        return means.astype(np.float32)


def moved(points: Rows, sums: CellSums, units: FixedPoint) -> Rows:
    """Return the means of the cells, float32; points without rows stay where they are."""
    return np.where(sums.sizes[:, None] > 0, sums.means(units), points)


def among_smallest(values: Float32, cells: Indices, n_cells: int, number: int) -> NDArray[np.bool_]:
    """Tell which values are among the smallest of their cell, so many or as large as those.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.medoids import among_smallest
    >>> values, cells = np.array([3, 1, 2, 9], dtype=np.float32), np.array([0, 0, 0, 1])
    >>> among_smallest(values, cells, n_cells=2, number=2).tolist()
    [False, True, True, True]
    """
    smallest = np.full((n_cells, number), np.inf, dtype=np.float32)
    keep_smallest(values, cells, smallest)
    near: NDArray[np.bool_] = values <= smallest[cells, -1]
    return near


@dataclass(frozen=True, eq=False)
class Membership:
    """The cell of each row, in the pieces in which rows were read.

    Parameters
    ----------
    pieces : tuple of (row_ids, cells), ndarrays of int64 and int32
    """

    pieces: tuple[tuple[Indices, NDArray[np.int32]], ...] = ()

    def merge(self, other: Membership) -> Membership:
        """Return the cells of both sets of rows."""
        return Membership(self.pieces + other.pieces)

    def by_row(self, n_rows: int) -> NDArray[np.int32]:
        """Return the cell of every row, shape (n_rows,), int32."""
        cells = np.empty(n_rows, dtype=np.int32)
        for row_ids, piece in self.pieces:
            cells[row_ids] = piece
        return cells


def cell_distances(rows: Rows, cells: Indices, points: Float32) -> Float32:
    """Return the squared distance of each row to the points of its cell.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    cells : ndarray of shape (n_rows,), int64
    points : ndarray of shape (n_cells, n_points, n_features), float32

    Returns
    -------
    ndarray of shape (n_rows, n_points), float32
    """
    columns = np.ascontiguousarray(points.transpose(0, 2, 1))
    squared = np.empty((len(rows), points.shape[1]), dtype=np.float32)

    def fill(part: slice) -> None:
        fill_cell_distances(rows[part], cells[part], columns, squared[part])

    run_blocks(fill, len(rows))
    return squared


def cell_costs(
    squared: Float32,
    cells: Indices,
    n_cells: int,
    units: FixedPoint,
    steps: Counts | None = None,
) -> Counts:
    """Return the summed distances of the rows of each cell to its points.

    With ``steps``, shape (n_rows,), a row counts so many times.

    Returns
    -------
    ndarray of shape (n_cells, n_points), int64
        In steps of the fixed point; adds up over chunks.
    """
    costs = np.zeros((n_cells, squared.shape[1]), dtype=np.int64)
    own = np.zeros(0, dtype=np.int64) if steps is None else steps
    zero = np.zeros(squared.shape[1], dtype=np.float32)
    add_to_cells(np.sqrt(squared), cells, own, zero, math.ldexp(1.0, units.bits), costs)
    return costs
