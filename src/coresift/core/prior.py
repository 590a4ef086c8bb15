"""Prior weights of rows: added up without rounding, then counted in whole steps.

A row of weight 2 is the row twice, a row of weight 0 is absent. Everything that merges is made of
whole numbers, so weights are whole numbers of *steps* from the second pass on: of 1 where all
weights are whole, of the weight itself where all are equal, else of a power of two so small that
rounding a weight to it does not matter.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from coresift._errors import DataError
from coresift._typing import Counts, Float64, Indices

_BITS = 1074  # exact sums count in 2**-1074, the smallest float64
_MOST_STEPS_BITS = 40  # of all rows: the rest of 62 bits is for the distances they are times of
_FINEST, _LARGEST_BITS = 1000, 1000


@dataclass(frozen=True, eq=False)
class PriorSum:
    """Prior weights added up; merges exactly.

    Parameters
    ----------
    total : int
        Of the weights above 0, in units of ``2**-1074``.
    by_label : dict of label to int
        The same for each label; empty where there are no labels.
    n_rows : int
        Rows of weight above 0.
    n_negative, n_nonfinite : int
        Weights that cannot be.
    lightest, heaviest : float
        Of the weights above 0; infinity and 0 where there are none.
    whole : bool
        Whether all are whole numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.prior import PriorSum
    >>> found = PriorSum.of(np.array([0.5, 0.0, 2.0]))
    >>> found.n_rows, found.total / 2**1074
    (2, 2.5)
    """

    total: int = 0
    by_label: Mapping[Hashable, int] = field(default_factory=dict)
    n_rows: int = 0
    n_negative: int = 0
    n_nonfinite: int = 0
    lightest: float = np.inf
    heaviest: float = 0.0
    whole: bool = True

    @classmethod
    def of(
        cls,
        weights: Float64,
        numbers: Indices | None = None,
        labels: tuple[Hashable, ...] = (),
    ) -> PriorSum:
        """Add up weights of shape (n_rows,).

        Parameters
        ----------
        weights : ndarray of shape (n_rows,), float64
        numbers : ndarray of shape (n_rows,), int64, or None
            Which of the labels each row has.
        labels : tuple
        """
        present = present_rows(weights)
        some = weights[present]
        if not len(some):
            return cls(n_negative=_negative(weights), n_nonfinite=_nonfinite(weights))
        totals = exact_totals(some, None if numbers is None else numbers[present], len(labels))
        return cls(
            sum(totals),
            {label: total for label, total in zip(labels, totals, strict=False) if total},
            len(some),
            _negative(weights),
            _nonfinite(weights),
            float(some.min()),
            float(some.max()),
            bool((some == np.floor(some)).all()),
        )

    def counting(self, weights: Float64) -> PriorSum:
        """Return the same with the weights that cannot be, of all weights of the chunk."""
        negative, nonfinite = _negative(weights), _nonfinite(weights)
        return replace(self, n_negative=negative, n_nonfinite=nonfinite)

    def merge(self, other: PriorSum) -> PriorSum:
        """Return the sums of both sets of rows."""
        labels = dict(self.by_label)
        for label, total in other.by_label.items():
            labels[label] = labels.get(label, 0) + total
        return PriorSum(
            self.total + other.total,
            labels,
            self.n_rows + other.n_rows,
            self.n_negative + other.n_negative,
            self.n_nonfinite + other.n_nonfinite,
            min(self.lightest, other.lightest),
            max(self.heaviest, other.heaviest),
            self.whole and other.whole,
        )

    def check(self, n_rows: int) -> None:
        """Refuse weights that cannot be, once all of so many rows are seen.

        Raises
        ------
        DataError
        """
        if self.n_nonfinite or self.n_negative:
            raise DataError(
                f"sample_weight has {self.n_nonfinite} NaN or infinite values and "
                f"{self.n_negative} below 0 in {n_rows} rows: give each row a finite weight of at "
                "least 0"
            )
        if not self.total:
            raise DataError(
                f"sample_weight is zero for all {n_rows} rows, and such rows are absent: give "
                "some row a weight above 0, or leave sample_weight out"
            )
        if self.total.bit_length() - _BITS > _LARGEST_BITS:
            raise DataError(
                "sample_weight adds up to more than 1e301, which float64 does not hold safely: "
                "divide the weights"
            )


def present_rows(weights: Float64) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which rows count: those of a weight above 0, shape (n_rows,), bool."""
    return np.asarray((weights > 0) & (weights < np.inf))


def _negative(weights: Float64) -> int:
    return int(np.count_nonzero(weights < 0))


def _nonfinite(weights: Float64) -> int:
    return int(np.count_nonzero(np.isnan(weights) | (weights == np.inf)))


def exact_totals(weights: Float64, numbers: Indices | None, n_numbers: int) -> list[int]:
    """Return the exact sum of the weights of each number, in units of ``2**-1074``.

    Parameters
    ----------
    weights : ndarray of shape (n_rows,), float64
        Finite and above 0.
    numbers : ndarray of shape (n_rows,), int64, or None
        None is 0 for all.
    n_numbers : int
        At least one total is returned.
    """
    if numbers is None:
        numbers = np.zeros(len(weights), dtype=np.int64)
    fractions, exponents = np.frexp(weights)
    mantissas = np.ldexp(fractions, 53).astype(np.int64)  # the weight is times 2**(exponent - 53)
    places = numbers * 4096 + (exponents.astype(np.int64) + 2048)
    used, place = np.unique(places, return_inverse=True)
    high, low = np.zeros(len(used), dtype=np.int64), np.zeros(len(used), dtype=np.int64)
    np.add.at(high, place, mantissas >> 27)  # in halves, so that 2**36 rows do not overflow
    np.add.at(low, place, mantissas & (2**27 - 1))
    totals = [0] * max(1, n_numbers)
    for at, upper, lower in zip(used.tolist(), high.tolist(), low.tolist(), strict=True):
        number, exponent = divmod(at, 4096)
        shift, total = exponent - 2048 - 53 + _BITS, (upper << 27) + lower
        totals[number] += total << shift if shift >= 0 else total >> -shift
    return totals


@dataclass(frozen=True)
class Steps:
    """Weights as whole numbers of steps.

    Parameters
    ----------
    unit : float
        The weight of one step.
    bits : int or None
        Steps are ``2**-bits``; None where all weights are equal, each a step.
    total : int
        No fewer than the steps of all rows.
    exact : bool
        Whether no weight is rounded.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.prior import PriorSum, Steps
    >>> weights = np.array([2.0, 0.0, 5.0])
    >>> steps = Steps.of(PriorSum.of(weights))
    >>> steps.unit, steps.count(weights[weights > 0]).tolist()
    (1.0, [2, 5])
    """

    unit: float
    bits: int | None
    total: int
    exact: bool

    @classmethod
    def of(cls, seen: PriorSum) -> Steps:
        """Choose the steps of the weights of all rows."""
        if seen.lightest == seen.heaviest:
            return cls(seen.heaviest, None, seen.n_rows, True)
        size = (seen.total - 1).bit_length() - _BITS  # the total is at most 2**size
        if seen.whole and size <= _MOST_STEPS_BITS:
            return cls(1.0, 0, seen.total >> _BITS, True)
        bits = min(_MOST_STEPS_BITS - size, _FINEST)
        total = (seen.total >> (_BITS - bits)) + 1 + seen.n_rows
        return cls(float(np.ldexp(1.0, -bits)), bits, total, False)

    def count(self, weights: Float64) -> Counts | None:
        """Return weights above 0 as int64 numbers of steps, at least 1; None if each is one."""
        if self.bits is None:
            return None
        steps = np.rint(np.ldexp(weights, self.bits)).astype(np.int64)
        return np.maximum(steps, 1)

    def value(self, total: int) -> float:
        """Return an exact total as a number of steps."""
        return _quotient(total, self.unit)


def weight_of(total: int) -> float:
    """Return an exact total as a weight, rounded once."""
    return _quotient(total, 1.0)


def _quotient(total: int, unit: float) -> float:
    """Return an exact total over a float, rounded once."""
    over, under = unit.as_integer_ratio()
    return (total * under) / (over << _BITS)


def level(own: Counts | Float64, mass: float) -> Float64:
    """Share a mass among rows: alike, but no row gets less than its own.

    Parameters
    ----------
    own : ndarray of shape (k,)
        At least one row; what they have on their own is at most the mass.
    mass : float

    Returns
    -------
    ndarray of shape (k,), float64
        ``max(own, t)`` with the t that makes them sum to the mass.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.prior import level
    >>> level(np.array([1, 1, 10]), 16.0).tolist()
    [3.0, 3.0, 10.0]
    """
    ascending = np.sort(np.asarray(own, dtype=np.float64))
    # With the n smallest raised to t, the others keep their own.
    kept = np.append(np.cumsum(ascending[::-1])[::-1][1:], 0.0)
    shares = (mass - kept) / np.arange(1, len(ascending) + 1)
    fits = np.flatnonzero(shares >= ascending)
    share = shares[fits[-1]] if len(fits) else 0.0
    return np.maximum(own, share)
