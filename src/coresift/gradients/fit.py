"""Fit a pilot on a sample of rows: scipy's L-BFGS on a smooth convex loss with an L2 penalty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import minimize

from coresift._errors import DataError, ParameterError
from coresift._threads import one_blas_thread
from coresift._typing import Float64, Indices, Rows
from coresift.gradients.losses import Loss
from coresift.gradients.pilot import Pilot

BLOCK = 512  # rows in float64 at a time: they stay in the cache
WIDEST = 2000  # features beyond which the second moments are taken for diagonal
ITERATIONS = 1000
TOLERANCE = 1e-4  # of the gradient where the loss curves by about 1: an excess of 1e-8 a parameter


@dataclass(frozen=True, eq=False)
class _Problem:
    """The mean weighted loss with its penalty, and coordinates in which it is round.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    targets : ndarray of shape (n_rows,)
    shares : ndarray of shape (n_rows,), float64
        Weights that sum to 1.
    tilt : ndarray of shape (n_features + 1, n_outputs), float64
        Gradient of a linear term that is added.
    axes : ndarray of shape (n_features + 1, n_features + 1), float64
    steps : ndarray of shape (n_features + 1, n_outputs), float64
        Coefficients are ``axes @ (steps * coordinates)``.
    """

    rows: Rows
    targets: Indices | Float64
    shares: Float64
    loss: Loss
    l2: float
    tilt: Float64
    axes: Float64
    steps: Float64

    def coef(self, coordinates: Float64) -> Float64:
        """Return the coefficients at coordinates of any shape of that size."""
        return np.asarray(self.axes @ (self.steps * coordinates.reshape(self.steps.shape)))

    def coordinates(self, coef: Float64) -> Float64:
        """Return the coordinates of coefficients (the axes are orthogonal)."""
        return np.asarray((self.axes.T @ coef) / self.steps).ravel()

    def value(self, coordinates: Float64) -> tuple[float, Float64]:
        """Return the objective and its gradient."""
        coef = self.coef(coordinates)
        inner = coef[:-1]
        gradient = self.tilt.copy()
        gradient[:-1] += self.l2 * inner
        value = float((self.tilt * coef).sum() + 0.5 * self.l2 * (inner * inner).sum())
        for first in range(0, len(self.rows), BLOCK):
            part = slice(first, first + BLOCK)
            rows, targets = self.rows[part].astype(np.float64), self.targets[part]
            outputs = rows @ inner + coef[-1]
            values, errors = self.loss.both(outputs, targets)
            value += float(self.shares[part] @ values)
            errors *= self.shares[part, None]
            gradient[:-1] += rows.T @ errors
            gradient[-1] += errors.sum(axis=0)
        return value, (self.steps * (self.axes.T @ gradient)).ravel()


def _second_moments(rows: Rows, shares: Float64) -> Float64:
    """Return the weighted mean of ``[row, 1] (x) [row, 1]``, or its diagonal if that is large."""
    wide = rows.shape[1] > WIDEST
    moments = np.zeros((rows.shape[1] + 1,) * (1 if wide else 2))
    for first in range(0, len(rows), BLOCK):
        part = slice(first, first + BLOCK)
        block = np.hstack([rows[part], np.ones((len(rows[part]), 1))]).astype(np.float64)
        weighted = block * shares[part, None]
        moments += (weighted * block).sum(axis=0) if wide else weighted.T @ block
    return moments


def _curvatures(loss: Loss, targets: Indices | Float64, shares: Float64, n: int) -> Float64:
    """Return how much the loss curves by each of ``n`` outputs, about, where nothing is known."""
    if not loss.classifies:
        return np.ones(n)
    frequency = np.bincount(np.asarray(targets, dtype=np.int64), shares, minlength=max(n, 2))
    frequency = np.maximum(frequency[-n:], 1.0 / (10 * len(shares)))
    return np.asarray(frequency * np.maximum(1 - frequency, 0.01))


def _problem(
    rows: Rows,
    targets: Indices | Float64,
    shares: Float64,
    loss: Loss,
    l2: float,
    tilt: Float64,
) -> _Problem:
    moments = _second_moments(rows, shares)
    if moments.ndim == 2:
        values, axes = eigh(moments)
    else:
        values, axes = moments, np.eye(len(moments))
    curves = _curvatures(loss, targets, shares, tilt.shape[1])
    small = max(l2, 1e-10)
    steps = 1 / np.sqrt(np.maximum(values, 0)[:, None] * curves + small)
    return _Problem(rows, targets, shares, loss, l2, tilt, axes, steps)


def _checked(rows: Rows, weights: Float64 | None, l2: float) -> Float64:
    """Return weights that sum to 1, after checks."""
    if not (np.isfinite(l2) and l2 > 0):
        raise ParameterError(f"l2={l2!r} does not bound the pilot: use a number above 0, as 1e-4")
    if len(rows) == 0:
        raise DataError("0 rows are too few for a pilot: give it at least one row")
    shares = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not np.isfinite(shares).all() or (shares < 0).any() or not shares.any():
        raise DataError(
            "weights of the pilot's rows must be finite, not negative and not all 0: "
            f"they go from {shares.min():.3g} to {shares.max():.3g}"
        )
    return np.asarray(shares / shares.sum())


def fit_pilot(
    rows: Rows,
    targets: Indices | Float64,
    loss: Loss,
    n_classes: int = 0,
    *,
    weights: Float64 | None = None,
    l2: float = 1e-4,
    tilt: Float64 | None = None,
    start: Pilot | None = None,
) -> Pilot:
    """Minimise the mean loss of weighted rows plus ``l2 / 2`` times the squared coefficients.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
        Scaled. Give a sample in the order of its row ids: sums of floats keep to the order.
    targets : ndarray of shape (n_rows,)
        Class numbers (int64) or values (float64).
    loss : Loss
    n_classes : int
        Classes of the data, absent ones included; 0 for regression.
    weights : ndarray of shape (n_rows,) or None
    l2 : float
        Above 0. The intercept is not penalised.
    tilt : ndarray of shape (n_features + 1, n_outputs) or None
        Gradient of a linear term that is added, as `one_step` does.
    start : Pilot or None
        Where to start; the optimum is the same.

    Returns
    -------
    Pilot
        The same for any number of threads.

    Raises
    ------
    DataError, ParameterError
        For no rows, weights that cannot be used, or no penalty.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import Logistic, fit_pilot
    >>> rows = np.array([[0.0], [1.0], [2.0], [3.0]], dtype=np.float32)
    >>> pilot = fit_pilot(rows, np.array([0, 1, 0, 1]), Logistic(), n_classes=2, l2=0.1)
    >>> pilot.coef.round(1).ravel().tolist()
    [0.6, -1.0]
    >>> pilot.runaway
    False
    """
    shares = _checked(rows, weights, l2)
    n_outputs = loss.n_outputs(n_classes)
    shape = (rows.shape[1] + 1, n_outputs)
    with one_blas_thread():
        problem = _problem(
            rows, targets, shares, loss, l2, np.zeros(shape) if tilt is None else tilt
        )
        origin = np.zeros(shape) if start is None else start.coef
        found = minimize(
            problem.value,
            problem.coordinates(origin),
            jac=True,
            method="L-BFGS-B",
            options={
                "maxiter": ITERATIONS,
                "maxfun": 2 * ITERATIONS,
                "gtol": TOLERANCE,
                "ftol": 1e-15,
                "maxcor": 20,
            },
        )
        coef = problem.coef(found.x)
    fitted = Pilot(coef, loss, n_classes)
    return Pilot(coef, loss, n_classes, _separates(fitted, rows, targets))


def _separates(pilot: Pilot, rows: Rows, targets: Indices | Float64) -> bool:
    """Return whether the outputs name the class of every row: only the penalty holds them."""
    if not pilot.loss.classifies or pilot.n_classes < 2:
        return False
    outputs = pilot.outputs(rows)
    named = outputs[:, 0] > 0 if outputs.shape[1] == 1 else outputs.argmax(axis=1)
    return bool((named == targets).all())


def one_step(
    pilot: Pilot,
    rows: Rows,
    targets: Indices | Float64,
    gradient: Float64,
    *,
    weights: Float64 | None = None,
    l2: float = 1e-4,
) -> tuple[Pilot, Float64]:
    """Move a pilot close to the model of all rows, by their gradient at the pilot.

    The loss of the sample, tilted so that its gradient at the pilot is that of all rows, stands in
    for the loss of all rows (Jordan, Lee and Yang 2019, "communication-efficient surrogate
    likelihood"). No row is read again.

    Parameters
    ----------
    pilot : Pilot
        Fitted on these rows with this penalty.
    rows, targets, weights
        The sample.
    gradient : ndarray of shape (n_outputs, n_features + 1), float64
        The mean gradient of all rows at the pilot.
    l2 : float

    Returns
    -------
    pilot : Pilot
        The one that was given where the sample is too small for this step.
    gradient : ndarray of shape (n_outputs, n_features + 1), float64
        The mean gradient of all rows there, as far as is known.

    Notes
    -----
    Measured, excess test log-loss over the model of all rows: movies 0.0013 to 0.00001, CovType
    0.0021 to -0.0001, MNIST 0.029 to 0.010.
    """
    shares = _checked(rows, weights, l2)
    if pilot.runaway or len(rows) < pilot.n_free:
        return pilot, gradient
    tilt = gradient - pilot.look(rows, targets).sum(shares)
    moved = fit_pilot(
        rows,
        targets,
        pilot.loss,
        pilot.n_classes,
        weights=weights,
        l2=l2,
        tilt=np.ascontiguousarray(tilt.T),
        start=pilot,
    )
    worse = float(shares @ (moved.values(rows, targets) - pilot.values(rows, targets)))
    # The optimum of the sample is about n_free / (2 n_rows) below the truth there, no more.
    if not worse <= moved.n_free / len(rows):
        return pilot, gradient
    return moved, tilt + moved.look(rows, targets).sum(shares)
