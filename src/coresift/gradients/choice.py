"""Choose one candidate of each cell, so that the weighted gradients balance."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from coresift._kernels.balance import balance_sweeps
from coresift._typing import Float32, Float64, Indices
from coresift.gradients.calibration import Calibration, calibrate
from coresift.gradients.metric import Metric
from coresift.gradients.rows import RowGradients


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
    def of(cls, starts: Indices, errors: Float64, rows: Float32) -> CellGradients:
        """Arrange candidates that are sorted by cell."""
        columns = np.empty(rows.size, dtype=np.float32)
        width = rows.shape[1]
        for first, stop in pairwise(starts.tolist()):
            columns[first * width : stop * width] = rows[first:stop].T.ravel()
        lengths = np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
        squares = (errors * errors).sum(axis=1) * lengths
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

    def sweep(
        self,
        chosen: Indices,
        shares: Float64,
        target: Float64,
        rng: np.random.Generator,
        n_sweeps: int,
    ) -> None:
        """Exchange the chosen candidates, in place, for those that balance better."""
        balance_sweeps(
            np.ascontiguousarray(self.errors.T),
            self.columns,
            self.squares,
            self.starts,
            shares,
            np.stack([rng.permutation(self.n_cells) for _ in range(n_sweeps)]),
            self.sum(chosen, shares) - target,
            chosen,
            np.zeros(n_sweeps, dtype=np.int64),
        )


def gradient_error(
    gradients: RowGradients, weights: Float64, target: Float64, metric: Metric
) -> float:
    """Return the squared length of the error of a weighted mean gradient, in a metric.

    Half of it is about the loss that it costs, where rows abound.

    Parameters
    ----------
    gradients : RowGradients
        Of the chosen rows.
    weights : ndarray of shape (k,), float64
    target : ndarray of shape (n_outputs, n_features + 1), float64
        The mean gradient of all rows.
    metric : Metric
    """
    residual = metric.gradient(gradients.sum(weights / weights.sum()) - target)
    return float((residual * residual).sum())


@dataclass(frozen=True)
class Search:
    """How long and how the balance is looked for.

    Parameters
    ----------
    loops : int
        Choices of members, each followed by a calibration.
    sweeps : int
        Visits of each cell in a loop, at most.
    calibration : Calibration or None
        None keeps the sizes of the cells as weights.
    sharpen : bool
        Whether the chosen members sharpen the metric for the next loop.
    enough : float
        Squared length of an error, in the metric, that is not worth another loop.
    """

    loops: int = 3
    sweeps: int = 4
    calibration: Calibration | None = field(default_factory=Calibration)
    sharpen: bool = True
    enough: float = 0.0


@dataclass(frozen=True, eq=False)
class Balanced:
    """One candidate of each cell.

    Parameters
    ----------
    chosen : ndarray of shape (n_cells,), int64
        Candidates.
    weights : ndarray of shape (n_cells,), float64
    errors : tuple of float
        Squared length of the error of the mean gradient, in the metric that was given: of
        members at random, then after each loop.
    """

    chosen: Indices
    weights: Float64
    errors: tuple[float, ...]


def balance(
    cells: Indices,
    gradients: RowGradients,
    sizes: Float64,
    target: Float64,
    metric: Metric,
    rng: np.random.Generator,
    search: Search = Search(),
    groups: Indices | None = None,
) -> Balanced:
    """Choose a candidate of each cell, and weigh it, so that the gradients add up to a target.

    Parameters
    ----------
    cells : ndarray of shape (n_candidates,), int64
        Cell of each candidate, ascending; each cell from 0 on has a candidate. Ties in a cell go
        to the first.
    gradients : RowGradients
        Of the candidates.
    sizes : ndarray of shape (n_cells,), float64
        Prior weight of each cell.
    target : ndarray of shape (n_outputs, n_features + 1), float64
        The mean gradient of all rows.
    metric : Metric
    rng : numpy.random.Generator
        Draws the first members and the orders of the cells.
    search : Search
    groups : ndarray of shape (n_cells,), int64, or None
        Strata of the cells, whose sums of weights are to stay.

    Returns
    -------
    Balanced

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import RowGradients, WholeMetric, balance
    >>> rows = np.float32([[0.1], [0.9], [0.2], [0.8]])  # two cells of two rows
    >>> gradients = RowGradients.given(rows, np.ones((4, 1)))
    >>> metric = WholeMetric.of(gradients, np.full(4, 0.25))
    >>> target = np.array([[0.55, 1.0]])
    >>> found = balance(
    ...     np.array([0, 0, 1, 1]),
    ...     gradients,
    ...     np.array([2.0, 2.0]),
    ...     target,
    ...     metric,
    ...     np.random.default_rng(0),
    ... )
    >>> rows[found.chosen].ravel().astype(float).round(
    ...     1
    ... ).tolist()  # 0.9 and 0.2 have a mean of 0.55
    [0.9, 0.2]
    """
    base = np.asarray(sizes, dtype=np.float64)
    weights, found = base, list[float]()
    starts = np.searchsorted(cells, np.arange(len(base) + 1))
    chosen = starts[:-1] + (rng.random(len(base)) * np.diff(starts)).astype(np.int64)
    packed, wanted = CellGradients.of(starts, *metric.factors(gradients)), metric.gradient(target)
    found.append(gradient_error(gradients.take(chosen), weights, target, metric))
    if wanted.size == 0:  # no row has an error: hinges of separable classes
        return Balanced(chosen, weights, tuple(found))
    for loop in range(search.loops):
        if loop and search.sharpen:
            sharp = metric.sharpened(gradients.take(chosen), weights / weights.sum())
            del packed  # before there are two of them
            packed = CellGradients.of(starts, *sharp.factors(gradients))
            wanted = sharp.gradient(target)
        packed.sweep(chosen, weights / weights.sum(), wanted, rng, search.sweeps)
        if search.calibration is not None:
            factors = packed.errors[chosen].astype(np.float64), packed.rows(chosen)
            kept = groups if packed.errors.shape[1] == 1 else None
            weights = calibrate(*factors, base, wanted, search.calibration, kept)
        found.append(gradient_error(gradients.take(chosen), weights, target, metric))
        if found[-1] <= search.enough:
            break
    return Balanced(chosen, weights, tuple(found))
