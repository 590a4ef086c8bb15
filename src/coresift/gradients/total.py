"""The gradient of all rows: a sum of whole numbers, so that it merges exactly.

Errors and rows are rounded to steps of a power of two, each row by itself; from there on nothing
rounds. The rounding of a row is 2**-30 of the largest error and 2**-24 of the largest value of a
feature (a float32 has as many digits), and its sign is as good as random.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from coresift._kernels.gradients import add_outer
from coresift._typing import Counts, Float64, Indices, Rows

ERROR_BITS, ROW_BITS = 30, 24
_BLOCK = 2 ** (62 - ERROR_BITS - ROW_BITS)  # rows whose products fit one word


def _exponent(value: float) -> int:
    """Return the power of two that is at least ``value``; 0 for nothing."""
    return math.frexp(value)[1] if value > 0 else 0


@dataclass(frozen=True, eq=False)
class Steps:
    """How fine errors and rows are rounded.

    Parameters
    ----------
    error_bits : int
        Errors count in steps of ``2**-error_bits``.
    row_bits : ndarray of shape (n_features + 1,), int64
        Each feature in steps of its own; the last is the constant 1, which is exact.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import Steps
    >>> steps = Steps.of(1.0, np.zeros(2), np.array([0.9, 500.0]))
    >>> steps.error_bits, steps.row_bits.tolist()
    (29, [24, 15, 0])
    """

    error_bits: int
    row_bits: Indices

    @classmethod
    def of(cls, largest_error: float, low: Float64, high: Float64, weight: float = 1.0) -> Steps:
        """Choose steps for errors and scaled rows that stay within bounds.

        Parameters
        ----------
        largest_error : float
            As `Pilot.largest_error` has it.
        low, high : ndarray of shape (n_features,)
            Smallest and largest value of each feature.
        weight : float
            Largest prior weight of a row.
        """
        extent = np.maximum(np.abs(low), np.abs(high)).astype(np.float64)
        bits = [ROW_BITS - _exponent(float(value)) for value in extent]
        return cls(
            ERROR_BITS - _exponent(largest_error * weight), np.array([*bits, 0], dtype=np.int64)
        )


@dataclass(frozen=True, eq=False)
class GradientSum:
    """The sum over rows of ``error (x) [row, 1]``, in steps.

    Parameters
    ----------
    high, low : ndarray of shape (n_outputs, n_features + 1), int64
        The sum is ``high * 2**32 + low`` with ``0 <= low < 2**32``.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import GradientSum, Steps
    >>> steps = Steps.of(1.0, np.zeros(1), np.ones(1))
    >>> rows, errors = np.array([[0.5], [1.0]], dtype=np.float32), np.array([[0.25], [-1.0]])
    >>> GradientSum.of(errors, rows, steps).value(steps).tolist()
    [[-0.875, -0.75]]
    """

    high: Counts
    low: Counts

    @classmethod
    def of(
        cls, errors: Float64, rows: Rows, steps: Steps, weights: Float64 | None = None
    ) -> GradientSum:
        """Sum over rows.

        Parameters
        ----------
        errors : ndarray of shape (n_rows, n_outputs), float64
        rows : ndarray of shape (n_rows, n_features), float32
            Scaled.
        steps : Steps
            Values beyond their bounds count as the bounds.
        weights : ndarray of shape (n_rows,) or None
            Prior weights: a row of weight 2 counts as two rows, exactly.
        """
        left = np.rint(errors * 2.0**steps.error_bits)
        if weights is not None:
            left = np.rint(left * weights[:, None])
        limit = 2.0**ERROR_BITS
        whole = np.clip(left, -limit, limit).astype(np.int64)
        extent = np.ldexp(np.ones(rows.shape[1]), ROW_BITS - steps.row_bits[:-1])
        rows = np.clip(rows, -extent, extent).astype(np.float32, order="C")
        total = cls.empty(errors.shape[1], rows.shape[1])
        factors = np.ldexp(np.ones(rows.shape[1]), steps.row_bits[:-1])
        add_outer(whole, rows, factors, _BLOCK, total.high, total.low)
        return total

    @classmethod
    def empty(cls, n_outputs: int, n_features: int) -> GradientSum:
        """Return the sum of no rows."""
        shape = (n_outputs, n_features + 1)
        return cls(np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64))

    def merge(self, other: GradientSum) -> GradientSum:
        """Return the sum over both sets of rows."""
        low = self.low + other.low
        return GradientSum(self.high + other.high + (low >> 32), low & 0xFFFFFFFF)

    def value(self, steps: Steps) -> Float64:
        """Return the sum, shape (n_outputs, n_features + 1), float64."""
        bits = -(steps.error_bits + steps.row_bits)
        return np.asarray(
            np.ldexp(self.high.astype(np.float64), bits + 32)
            + np.ldexp(self.low.astype(np.float64), bits)
        )
