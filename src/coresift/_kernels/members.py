"""Rows to a few points of the cell that each belongs to."""

from __future__ import annotations

import numpy as np

from coresift._kernels._jit import kernel
from coresift._kernels.distance import squared_distances
from coresift._typing import Counts, Float32, Indices, Rows


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


@kernel
def add_to_cells(
    rows: Rows, cells: Indices, steps: Counts, low: Float32, factor: float, totals: Counts
) -> None:
    """Add rows, in whole numbers, to the totals of their cells.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    cells : ndarray of shape (n_rows,), int64
    steps : ndarray of shape (n_rows,), int64, or of shape (0,)
        How many times each row counts; once, where there are none.
    low : ndarray of shape (n_features,), float32
        Where values are counted from.
    factor : float
        A power of two, by which they are multiplied before they are rounded.
    totals : ndarray of shape (n_cells, n_features), int64
        Added to.
    """
    for i in range(rows.shape[0]):
        own = totals[cells[i]]
        times = steps[i] if steps.shape[0] > 0 else np.int64(1)
        for j in range(rows.shape[1]):
            value = (np.float64(rows[i, j]) - low[j]) * factor
            own[j] += np.int64(np.rint(value)) * times


@kernel
def keep_smallest(values: Float32, cells: Indices, smallest: Float32) -> None:
    """Keep the smallest values of each cell, ascending.

    Parameters
    ----------
    values : ndarray of shape (n_rows,), float32
    cells : ndarray of shape (n_rows,), int64
    smallest : ndarray of shape (n_cells, number), float32
        Ascending in each row; changed.
    """
    for i in range(values.shape[0]):
        own, value = smallest[cells[i]], values[i]
        place = own.shape[0] - 1
        if value >= own[place]:
            continue
        while place > 0 and own[place - 1] > value:
            own[place] = own[place - 1]
            place -= 1
        own[place] = value
