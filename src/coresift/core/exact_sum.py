"""Exact sums: Python integers that merge by addition."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from coresift._kernels.exact import (
    BIAS,
    N_LIMBS,
    add_exactly,
    add_exactly_weighted,
    add_groups_exactly,
    add_groups_exactly_weighted,
)
from coresift._typing import Counts, Float32, Float64, Indices, Rows


@dataclass(frozen=True)
class ExactSum:
    """Sums of the columns of float32 rows, free of rounding.

    Parameters
    ----------
    totals : tuple of int
        One integer a column, in units of ``2**-298``.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.exact_sum import ExactSum
    >>> rows = np.array([[1e30], [1.0], [-1e30]], dtype=np.float32)
    >>> ExactSum.of(rows).value().tolist()
    [1.0]
    """

    totals: tuple[int, ...]

    @classmethod
    def of(cls, rows: Rows, power: int = 1, steps: Counts | None = None) -> ExactSum:
        """Sum the columns of rows of shape (n_rows, n_columns), or their squares.

        With ``steps``, shape (n_rows,), int64 from 0 to 2**53, a row counts so many times.
        """
        limbs = np.zeros((rows.shape[1], N_LIMBS), dtype=np.int64)
        rows = np.ascontiguousarray(rows, dtype=np.float32)
        if steps is None:
            add_exactly(rows, power, limbs)
        else:
            add_exactly_weighted(rows, power, steps, limbs)
        return cls(_totals(limbs))

    @classmethod
    def of_groups(
        cls,
        values: Float32,
        groups: Indices,
        n_groups: int,
        steps: Counts | None = None,
        power: int = 1,
    ) -> ExactSum:
        """Sum values of shape (n_values,) group by group, each group as a column.

        With ``steps``, a value counts so many times; without, ``power`` 2 sums squares.
        """
        limbs = np.zeros((n_groups, N_LIMBS), dtype=np.int64)
        values = np.ascontiguousarray(values, dtype=np.float32)
        if steps is None:
            add_groups_exactly(values, groups, power, limbs)
        else:
            add_groups_exactly_weighted(values, groups, steps, limbs)
        return cls(_totals(limbs))

    @classmethod
    def empty(cls, n_columns: int) -> ExactSum:
        """Return the sum of no rows."""
        return cls((0,) * n_columns)

    def merge(self, other: ExactSum) -> ExactSum:
        """Return the sum of both."""
        return ExactSum(tuple(a + b for a, b in zip(self.totals, other.totals, strict=True)))

    def total(self) -> Fraction:
        """Return the sum over all columns."""
        return Fraction(sum(self.totals), 1 << BIAS)

    def fractions(self) -> list[Fraction]:
        """Return the sums as exact fractions."""
        return [Fraction(total, 1 << BIAS) for total in self.totals]

    def value(self) -> Float64:
        """Return the sums rounded once, shape (n_columns,), float64."""
        return np.array([float(total) for total in self.fractions()], dtype=np.float64)


def _totals(limbs: Counts) -> tuple[int, ...]:
    """Put limbs of shape (n, N_LIMBS) together, one integer for each row."""
    used = np.flatnonzero(limbs.any(axis=0)).tolist()  # a few: values of one size share theirs
    totals = [0] * len(limbs)
    for b in used:
        totals = [t + (v << (32 * b)) for t, v in zip(totals, limbs[:, b].tolist(), strict=True)]
    return tuple(totals)


def standard_deviation(total: Fraction, squares: Fraction, n_rows: int) -> float:
    """Return the population standard deviation from exact sums; never negative or NaN."""
    variance = (squares - total * total / n_rows) / n_rows
    return math.sqrt(float(variance))
