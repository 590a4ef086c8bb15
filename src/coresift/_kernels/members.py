"""Rows to a few points of the cell that each belongs to."""

from __future__ import annotations

import numpy as np

from coresift._kernels._jit import kernel
from coresift._kernels.distance import squared_distances
from coresift._typing import Float32, Indices, Rows


@kernel
def fill_cell_distances(rows: Rows, cells: Indices, points: Float32, squared: Float32) -> None:
    """Fill ``squared`` with the squared distances of each row to the points of its cell.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    cells : ndarray of shape (n_rows,), int64
    points : ndarray of shape (n_cells, n_features, n_points), float32
    squared : ndarray of shape (n_rows, n_points), float32
        Filled.
    """
    total = np.empty(points.shape[2], np.float32)
    for i in range(rows.shape[0]):
        squared_distances(rows[i], points[cells[i]], total)
        squared[i] = total
