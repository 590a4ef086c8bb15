"""Choose one candidate of each cell, so that the weighted gradients balance."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from coresift._kernels.balance import balance_sweeps
from coresift._typing import Float32, Float64, Indices
from coresift.gradients.calibration import Calibration, calibrate

LOOPS, SWEEPS = 3, 4


@dataclass(frozen=True, eq=False)
class CellGradients:
    """Gradients of the candidates, in the metric, cell by cell.

    Parameters
    ----------
    starts : ndarray of shape (n_cells + 1,), int64
        The candidates of cell j are ``starts[j]`` to ``starts[j + 1]``; none is empty.
    errors : ndarray of shape (n_candidates, n_errors), float32
    columns : ndarray of shape (n_candidates * n_values,), float32
        For each cell a table of shape (n_values, members).
    squares : ndarray of shape (n_candidates,), float64
    """

    starts: Indices
    errors: Float32
    columns: Float32
    squares: Float64

    @classmethod
    def of(cls, cells: Indices, errors: Float64, rows: Float64) -> CellGradients:
        """Arrange candidates that are sorted by cell; each cell from 0 on has one at least."""
        starts = np.searchsorted(cells, np.arange(cells[-1] + 2))
        small = rows.astype(np.float32)
        columns = np.empty(small.size, dtype=np.float32)
        width = rows.shape[1]
        for first, stop in pairwise(starts.tolist()):
            columns[first * width : stop * width] = small[first:stop].T.ravel()
        squares = (errors * errors).sum(axis=1) * (rows * rows).sum(axis=1)
        return cls(starts, errors.astype(np.float32), columns, squares)

    @property
    def n_cells(self) -> int:
        """Cells, each with at least one candidate."""
        return len(self.starts) - 1

    def rows(self, chosen: Indices) -> Float64:
        """Return the rows of one candidate of each cell, shape (n_cells, n_values), float64."""
        width = len(self.columns) // len(self.errors)
        first, size = self.starts[:-1], np.diff(self.starts)
        places = first * width + (chosen - first)
        wanted = places[:, None] + size[:, None] * np.arange(width)
        return np.asarray(self.columns[wanted], dtype=np.float64)

    def sum(self, chosen: Indices, shares: Float64) -> Float64:
        """Return the weighted sum of the gradients of the chosen candidates."""
        weighted = self.errors[chosen].astype(np.float64) * shares[:, None]
        return np.asarray(np.einsum("kc,kv->cv", weighted, self.rows(chosen)))


def balance(
    cells: CellGradients,
    sizes: Float64,
    target: Float64,
    rng: np.random.Generator,
    limits: Calibration | None,
) -> tuple[Indices, Float64, list[float]]:
    """Choose a candidate of each cell, and weigh it.

    Parameters
    ----------
    cells : CellGradients
    sizes : ndarray of shape (n_cells,)
        Prior weight of each cell.
    target : ndarray of shape (n_errors, n_values), float64
        The mean gradient of all rows, in the metric.
    rng : numpy.random.Generator
        Draws the first members and the orders of the cells.
    limits : Calibration or None
        None keeps the sizes as weights.

    Returns
    -------
    chosen : ndarray of shape (n_cells,), int64
        Candidates.
    weights : ndarray of shape (n_cells,), float64
    errors : list of float
        Squared length of the error of the gradient: of the first members, then after each loop.
    """
    members = np.diff(cells.starts)
    chosen = cells.starts[:-1] + (rng.random(cells.n_cells) * members).astype(np.int64)
    base = np.asarray(sizes, dtype=np.float64)
    weights = base
    found: list[float] = []
    lines = np.ascontiguousarray(cells.errors.T)
    for _ in range(LOOPS if limits is not None else 1):
        shares = weights / weights.sum()
        residual = cells.sum(chosen, shares) - target
        found = found or [float((residual * residual).sum())]
        orders = np.stack([rng.permutation(cells.n_cells) for _ in range(SWEEPS)])
        balance_sweeps(
            lines,
            cells.columns,
            cells.squares,
            cells.starts,
            shares,
            orders,
            residual,
            chosen,
            np.zeros(SWEEPS, dtype=np.int64),
        )
        if limits is not None:
            errors = cells.errors[chosen].astype(np.float64)
            weights = calibrate(errors, cells.rows(chosen), base, target, limits)
        residual = cells.sum(chosen, weights / weights.sum()) - target
        found.append(float((residual * residual).sum()))
    return chosen, weights, found
