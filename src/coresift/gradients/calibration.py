"""Weights that make weighted gradients add up, as close as can be to given weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from coresift._threads import one_blas_thread
from coresift._typing import Float64, Indices

NEWTON_LIMIT = 900  # free parameters; beyond, the matrix of Newton's method costs too much
GROUP_PRICE = 10.0  # of a change of the sum of a group, beside that of a gradient
_TINY = 1e-10


@dataclass(frozen=True)
class Calibration:
    """How far weights may go.

    Parameters
    ----------
    tau : float
        Price of the squared change of the weights, above 0. It makes any target feasible.
    floor, cap : float
        Smallest and largest weight, as multiples of the given one. The floor keeps weights
        positive: a row of weight 0 would be a row less than was asked for.
    """

    tau: float = 0.1
    floor: float = 1e-3
    cap: float = 10.0

    def factors(self, slopes: Float64) -> Float64:
        """Return the factor of each weight."""
        return np.clip(1 + slopes, self.floor, self.cap)

    def integrals(self, slopes: Float64) -> Float64:
        """Return the integral of `factors` from 0."""
        inner = np.clip(slopes, self.floor - 1, self.cap - 1)
        beyond = slopes - inner
        edge = np.where(beyond < 0, self.floor, self.cap)
        return np.asarray(inner + 0.5 * inner * inner + edge * beyond)


@dataclass(frozen=True, eq=False)
class _Dual:
    """``sum u0 phi(A x) - b x + tau/2 |x|^2``, smooth and convex.

    Parameters
    ----------
    forward, backward : functions
        ``A x`` and ``A' y``.
    shares : ndarray of shape (k,), float64
    target : ndarray of shape (p,), float64
    """

    forward: Callable[[Float64], Float64]
    backward: Callable[[Float64], Float64]
    shares: Float64
    target: Float64
    limits: Calibration

    def value(self, x: Float64) -> tuple[float, Float64]:
        """Return the dual and its gradient."""
        slopes = self.forward(x)
        tau = self.limits.tau
        value = self.shares @ self.limits.integrals(slopes) - self.target @ x + 0.5 * tau * (x @ x)
        weighted = self.shares * self.limits.factors(slopes)
        return float(value), self.backward(weighted) - self.target + tau * x


def calibrate(
    errors: Float64,
    rows: Float64,
    weights: Float64,
    target: Float64,
    limits: Calibration = Calibration(),
    groups: Indices | None = None,
) -> Float64:
    """Change weights a little, so that weighted gradients come close to a target.

    With ``u0 = weights / sum(weights)`` and gradients ``a_i = errors_i (x) rows_i``: minimise
    ``1/2 |sum u_i a_i - target|^2 + tau/2 sum (u_i - u0_i)^2 / u0_i`` for u between ``floor`` and
    ``cap`` times u0.

    Parameters
    ----------
    errors : ndarray of shape (k, n_errors), float64
        In the metric.
    rows : ndarray of shape (k, n_values), float64
        In the metric.
    weights : ndarray of shape (k,), float64
        Above 0.
    target : ndarray of shape (n_errors, n_values), float64
        The mean gradient of all rows, in the metric.
    limits : Calibration
    groups : ndarray of shape (k,), int64, or None
        Groups whose sums of weights are to stay, where gradients have one error.

    Returns
    -------
    ndarray of shape (k,), float64
        Above 0 and finite, feasible or not. The same for any number of threads.

    Notes
    -----
    Solved by its dual, which has as many variables as there are free parameters: semismooth
    Newton up to 900 of them, L-BFGS beyond, without forming the gradients.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import calibrate
    >>> ones = np.ones((2, 1))
    >>> weights = calibrate(np.array([[1.0], [-1.0]]), ones, np.ones(2), np.array([[0.55]]))
    >>> weights.round(2).tolist()  # the sum would want 1.55 and 0.45; the price holds it back
    [1.5, 0.5]
    """
    shares = weights / weights.sum()
    if groups is not None:
        errors, rows, target = _with_groups(errors, rows, shares, target, groups)
    with one_blas_thread():
        solve = _newton if target.size <= NEWTON_LIMIT else _lbfgs
        return np.asarray(weights * limits.factors(solve(errors, rows, shares, target, limits)))


def _with_groups(
    errors: Float64, rows: Float64, shares: Float64, target: Float64, groups: Indices
) -> tuple[Float64, Float64, Float64]:
    """Return gradients of one error as whole ones, with a column for each group."""
    member = GROUP_PRICE * (groups[:, None] == np.arange(groups.max() + 1))
    whole = np.hstack([errors * rows, member])
    return np.ones((len(whole), 1)), whole, np.hstack([target, (shares @ member)[None]])


def _newton(
    errors: Float64, rows: Float64, shares: Float64, target: Float64, limits: Calibration
) -> Float64:
    """Return the slopes at the optimum: semismooth Newton with halved steps."""
    matrix = (errors[:, :, None] * rows[:, None, :]).reshape(len(shares), -1)
    dual = _Dual(matrix.__matmul__, matrix.T.__matmul__, shares, target.ravel(), limits)
    x = np.zeros(target.size)
    value, gradient = dual.value(x)
    for _ in range(200):
        raised = 1 + matrix @ x
        active = (raised > limits.floor) & (raised < limits.cap)
        part = matrix[active] * np.sqrt(shares[active])[:, None]
        hessian = part.T @ part
        hessian[np.diag_indices(len(x))] += limits.tau + _TINY
        step = -cho_solve(cho_factor(hessian), gradient)
        decrement = -float(gradient @ step)
        if decrement < 1e-13:
            break
        length = 1.0
        ahead = dual.value(x + step)
        while ahead[0] > value - 1e-4 * length * decrement and length > 1e-8:
            length /= 2
            ahead = dual.value(x + length * step)
        x = x + length * step
        value, gradient = ahead
    return np.asarray(matrix @ x)


def _lbfgs(
    errors: Float64, rows: Float64, shares: Float64, target: Float64, limits: Calibration
) -> Float64:
    """Return the slopes at the optimum: L-BFGS, gradients in factors."""

    def forward(x: Float64) -> Float64:
        return np.asarray(((rows @ x.reshape(target.shape).T) * errors).sum(axis=1))

    def backward(weighted: Float64) -> Float64:
        return np.asarray(((errors * weighted[:, None]).T @ rows).ravel())

    dual = _Dual(forward, backward, shares, target.ravel(), limits)
    found = minimize(
        dual.value,
        np.zeros(target.size),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 600, "maxfun": 1200, "gtol": 1e-7, "ftol": 1e-14, "maxcor": 30},
    )
    return forward(found.x)


def to_class_sizes(weights: Float64, class_ids: Indices, sizes: Float64) -> Float64:
    """Scale the weights of each class so that they sum to its size.

    Parameters
    ----------
    weights : ndarray of shape (k,), float64
    class_ids : ndarray of shape (k,), int64
    sizes : ndarray of shape (n_classes,)
        Prior weight of each class.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import to_class_sizes
    >>> weights = to_class_sizes(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1]), np.array([8, 2]))
    >>> weights.tolist()
    [2.0, 6.0, 2.0]
    """
    totals = np.bincount(class_ids, weights, minlength=len(sizes))
    factors = np.divide(sizes, totals, out=np.zeros(len(sizes)), where=totals > 0)
    return np.asarray(weights * factors[class_ids])
