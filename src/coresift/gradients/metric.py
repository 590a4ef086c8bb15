"""The metric in which errors of a gradient are measured: about the loss that they cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh
from threadpoolctl import threadpool_limits

from coresift._typing import Float64, Rows

_BLOCK = 2048
_SMALLEST = 1e-9  # of the largest eigenvalue: less is nothing
_ERROR_RIDGE = 1e-6  # of the mean eigenvalue


@dataclass(frozen=True, eq=False)
class Metric:
    """Kronecker factors of the inverse root of the Fisher matrix at a pilot.

    Half the squared length of a mean gradient, in this metric, is about the loss that a step of
    Newton would gain.

    Parameters
    ----------
    error_axes : ndarray of shape (n_free, n_outputs), float64
    row_axes : ndarray of shape (n_values, n_features + 1), float64
    """

    error_axes: Float64
    row_axes: Float64

    @classmethod
    def of(
        cls, errors: Float64, curvatures: Float64, rows: Rows, weights: Float64, ridge: float
    ) -> Metric:
        """Measure it on a sample.

        Parameters
        ----------
        errors : ndarray of shape (n_rows, n_outputs), float64
        curvatures : ndarray of shape (n_rows,), float64
            How much the loss of each row curves, up to a factor.
        rows : ndarray of shape (n_rows, n_features), float32
        weights : ndarray of shape (n_rows,), float64
        ridge : float
            Added to the moments of rows, as a share of their mean eigenvalue (`ridge_for`).
        """
        shares = weights / weights.sum()
        with threadpool_limits(1):
            error_moments = (errors * shares[:, None]).T @ errors
            row_moments = np.zeros((rows.shape[1] + 1,) * 2)
            for first in range(0, len(rows), _BLOCK):
                part = slice(first, first + _BLOCK)
                block = _with_one(rows[part])
                factors = curvatures[part] * shares[part]
                row_moments += (block * factors[:, None]).T @ block
            return cls(
                _inverse_root(error_moments, _ERROR_RIDGE), _inverse_root(row_moments, ridge)
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Of a gradient in this metric; their product is the number of free parameters."""
        return len(self.error_axes), len(self.row_axes)

    def errors(self, errors: Float64) -> Float64:
        """Return errors of shape (n_rows, n_outputs) in the metric, (n_rows, n_free)."""
        with threadpool_limits(1):
            return np.asarray(errors @ self.error_axes.T)

    def rows(self, rows: Rows) -> Float64:
        """Return ``[row, 1]`` of rows of shape (n_rows, n_features) in the metric."""
        result = np.empty((len(rows), len(self.row_axes)))
        with threadpool_limits(1):
            for first in range(0, len(rows), _BLOCK):
                part = slice(first, first + _BLOCK)
                result[part] = _with_one(rows[part]) @ self.row_axes.T
        return result

    def gradient(self, gradient: Float64) -> Float64:
        """Return a gradient of shape (n_outputs, n_features + 1) in the metric."""
        with threadpool_limits(1):
            return np.asarray(self.error_axes @ gradient @ self.row_axes.T)


def ridge_for(n_free: int, n_chosen: int) -> float:
    """Return the ridge of the metric: the fewer rows for the parameters, the flatter.

    Examples
    --------
    >>> from coresift.gradients import ridge_for
    >>> ridge_for(330, 4358), ridge_for(7065, 600)
    (0.00757..., 1.1775)
    """
    return float(np.clip(0.1 * n_free / n_chosen, 1e-3, 10.0))


def _with_one(rows: Rows) -> Float64:
    """Return rows in float64 with a column of ones."""
    return np.hstack([rows, np.ones((len(rows), 1))]).astype(np.float64)


def _inverse_root(moments: Float64, ridge: float) -> Float64:
    """Return the inverse root in the directions that are there, one a row."""
    values, axes = eigh(moments)
    there = values > max(_SMALLEST * values[-1], np.finfo(np.float64).tiny)
    values, axes = values[there], axes[:, there]
    return np.asarray((axes / np.sqrt(values + ridge * values.mean())).T) if there.any() else axes.T
