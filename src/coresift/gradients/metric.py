"""The metric in which errors of a gradient are measured: about the loss that they cost.

A model trained on the coreset is off by ``inverse(H) R``, for the error R of the gradient at the
pilot and the curvature H of the *coreset's* loss: few rows say little about some directions, and
there a small error does much. So the metric starts as that of all rows, and is sharpened by the
rows that have been chosen so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from scipy.linalg import eigh, inv

from coresift._threads import one_blas_thread
from coresift._typing import Float32, Float64
from coresift.gradients.rows import RowGradients, with_one

_BLOCK = 2048
_SMALLEST = 1e-9  # of the largest eigenvalue: less is nothing
_ERROR_RIDGE = 1e-6  # of the mean eigenvalue
_WHOLE_RIDGE = 1e-2
WHOLE_LIMIT = 900  # free parameters of the metric that is no Kronecker product
WHOLE_NUMBERS = 2**24  # and numbers of all candidates in it: 64 MiB
BLEND = 0.2  # share of the curvature of all rows in that of the chosen ones


class Metric(Protocol):
    """Maps gradients so that half the squared length is about a loss."""

    @property
    def shape(self) -> tuple[int, int]:
        """Of a gradient in this metric; their product is the number of free parameters."""

    def factors(self, gradients: RowGradients) -> tuple[Float64, Float32]:
        """Return the gradients of rows in the metric: errors, and rows in float32."""

    def gradient(self, gradient: Float64) -> Float64:
        """Return a gradient of shape (n_outputs, n_features + 1) in the metric."""

    def sharpened(self, chosen: RowGradients, shares: Float64) -> Self:
        """Return the metric with the curvature of weighted rows blended in."""


@dataclass(frozen=True, eq=False)
class KroneckerMetric:
    """The curvature as a product of a part of the outputs and a part of the rows.

    Parameters
    ----------
    error_axes : ndarray of shape (n_errors, n_outputs), float64
    row_axes : ndarray of shape (n_values, n_features + 1), float64
    mean_trace : float
        Of the curvature of a row.
    """

    error_axes: Float64
    row_axes: Float64
    mean_trace: float

    @classmethod
    def of(cls, sample: RowGradients, shares: Float64, ridge: float) -> KroneckerMetric:
        """Measure it on a sample.

        Parameters
        ----------
        sample : RowGradients
        shares : ndarray of shape (n_rows,), float64
            Weights that sum to 1.
        ridge : float
            Added to the moments of rows, in units of their mean eigenvalue (`ridge_for`).
        """
        traces = sample.curvatures.traces()
        mean_trace = float(shares @ traces)
        with one_blas_thread():
            moments = _row_moments(sample, shares * traces / max(mean_trace, 1e-300))
            return cls(
                _inverse_root(sample.curvatures.mean(shares), _ERROR_RIDGE),
                _inverse_root(moments, ridge),
                mean_trace,
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Of a gradient in this metric."""
        return len(self.error_axes), len(self.row_axes)

    def factors(self, gradients: RowGradients) -> tuple[Float64, Float32]:
        """Return errors and rows in the metric."""
        rows = np.empty((len(gradients), len(self.row_axes)), dtype=np.float32)
        with one_blas_thread():
            for first in range(0, len(rows), _BLOCK):
                part = slice(first, first + _BLOCK)
                rows[part] = with_one(gradients.rows[part]) @ self.row_axes.T
            return gradients.errors @ self.error_axes.T, rows

    def gradient(self, gradient: Float64) -> Float64:
        """Return a gradient in the metric."""
        with one_blas_thread():
            return np.asarray(self.error_axes @ gradient @ self.row_axes.T)

    def sharpened(self, chosen: RowGradients, shares: Float64) -> KroneckerMetric:
        """Return the metric with the curvature of weighted rows blended in."""
        weights = shares * chosen.curvatures.traces() / max(self.mean_trace, 1e-300)
        with one_blas_thread():
            rows = _blended(self.row_axes, _row_moments(chosen, weights))
            errors = _blended(self.error_axes, chosen.curvatures.mean(shares))
        return KroneckerMetric(errors, rows, self.mean_trace)


@dataclass(frozen=True, eq=False)
class WholeMetric:
    """The curvature as it is, for few parameters.

    Parameters
    ----------
    axes : ndarray of shape (n_values, n_outputs * (n_features + 1)), float64
    ridge : float
        What was added to the curvature.
    """

    axes: Float64
    ridge: float

    @classmethod
    def of(cls, sample: RowGradients, shares: Float64) -> WholeMetric:
        """Measure it on a sample with weights that sum to 1."""
        with one_blas_thread():
            moments = _whole_moments(sample, shares)
            ridge = _WHOLE_RIDGE * float(np.trace(moments)) / len(moments)
            values, axes = _directions(moments)
            return cls((axes / np.sqrt(values + ridge)).T, ridge)

    @property
    def shape(self) -> tuple[int, int]:
        """Of a gradient in this metric: one error, which is 1."""
        return 1, len(self.axes)

    def factors(self, gradients: RowGradients) -> tuple[Float64, Float32]:
        """Return ones and whole gradients in the metric."""
        values = np.empty((len(gradients), len(self.axes)), dtype=np.float32)
        with one_blas_thread():
            for first in range(0, len(values), _BLOCK):
                part = slice(first, first + _BLOCK)
                rows = with_one(gradients.rows[part])
                whole = gradients.errors[part][:, :, None] * rows[:, None, :]
                values[part] = whole.reshape(len(rows), -1) @ self.axes.T
        return np.ones((len(values), 1)), values

    def gradient(self, gradient: Float64) -> Float64:
        """Return a gradient in the metric."""
        with one_blas_thread():
            return np.asarray((self.axes @ gradient.ravel())[None])

    def sharpened(self, chosen: RowGradients, shares: Float64) -> WholeMetric:
        """Return the metric with the curvature of weighted rows blended in."""
        with one_blas_thread():
            moments = _whole_moments(chosen, shares)
            moments[np.diag_indices(len(moments))] += self.ridge
            return WholeMetric(_blended(self.axes, moments), self.ridge)


def ridge_for(n_free: int, n_chosen: int) -> float:
    """Return the ridge of the metric: the fewer rows for the parameters, the flatter.

    Examples
    --------
    >>> from coresift.gradients import ridge_for
    >>> ridge_for(330, 4358), ridge_for(7065, 600)
    (0.00757..., 1.1775)
    """
    return float(np.clip(0.1 * n_free / n_chosen, 1e-3, 10.0))


def metric_for(
    sample: RowGradients, weights: Float64, n_free: int, n_chosen: int, n_candidates: int
) -> Metric:
    """Return the metric of a choice of ``n_chosen`` rows among candidates.

    Parameters
    ----------
    sample : RowGradients
    weights : ndarray of shape (n_rows,), float64
    n_free, n_chosen, n_candidates : int
        Free parameters, cells, and candidates of all cells.
    """
    shares = weights / weights.sum()
    if n_free <= WHOLE_LIMIT and n_free * n_candidates <= WHOLE_NUMBERS:
        return WholeMetric.of(sample, shares)
    return KroneckerMetric.of(sample, shares, ridge_for(n_free, n_chosen))


def _row_moments(gradients: RowGradients, weights: Float64) -> Float64:
    """Return the weighted sum of ``[row, 1] (x) [row, 1]``."""
    moments = np.zeros((gradients.rows.shape[1] + 1,) * 2)
    for first in range(0, len(gradients), _BLOCK):
        part = slice(first, first + _BLOCK)
        block = with_one(gradients.rows[part])
        moments += (block * weights[part, None]).T @ block
    return moments


def _whole_moments(gradients: RowGradients, shares: Float64) -> Float64:
    """Return the weighted sum of the curvatures by all coefficients."""
    n_outputs, width = gradients.errors.shape[1], gradients.rows.shape[1] + 1
    moments = np.zeros((n_outputs, width, n_outputs, width))
    for a in range(n_outputs):
        for b in range(a, n_outputs):
            pair = gradients.curvatures.pair(a, b)
            moments[a, :, b] = moments[b, :, a] = _row_moments(gradients, shares * pair)
    return moments.reshape(n_outputs * width, -1)


def _directions(moments: Float64) -> tuple[Float64, Float64]:
    """Return eigenvalues above nothing, and their axes as columns."""
    values, axes = eigh(moments)
    there = values > max(_SMALLEST * values[-1], np.finfo(np.float64).tiny)
    return values[there], axes[:, there]


def _inverse_root(moments: Float64, ridge: float) -> Float64:
    """Return the inverse root in the directions that are there, one a row."""
    values, axes = _directions(moments)
    mean = values.mean() if len(values) else 0.0
    return np.asarray((axes / np.sqrt(values + ridge * mean)).T)


def _blended(axes: Float64, moments: Float64) -> Float64:
    """Return axes that undo the curvature of moments where those fall short of the whole's."""
    own = axes @ moments @ axes.T
    own[np.diag_indices(len(own))] += BLEND
    return np.asarray(inv(own / (1 + BLEND)) @ axes)
