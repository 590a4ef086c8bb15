"""What a column of labels is: classes, or numbers to predict; and strata of those."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from coresift._errors import LabelError
from coresift._rng import draw_keys
from coresift._typing import Float64, Indices, Labels
from coresift.core.classes import Classes
from coresift.core.merge import BottomK

TARGETS = ("auto", "classes", "regression")
FEW_VALUES = (
    20  # a float column of no more different values holds classes, unless it is said not to
)
MOST_VALUES = 2**16  # different numbers that are counted; beyond, a sample tells where strata end
SAMPLE_ROWS = 2**13
MOST_STRATA, ROWS_PER_STRATUM = 32, 8


@dataclass(frozen=True, eq=False)
class TargetFacts:
    """What is seen of labels that are numbers; merges exactly.

    Parameters
    ----------
    fractional : bool
        Whether one is not a whole number.
    n_infinite : int
    many : bool
        Whether there are more than `MOST_VALUES` different ones.
    sample : BottomK
        Of smallest key; carries the numbers.
    low, high : float
        The smallest and the largest number; infinity and minus infinity of none.
    """

    fractional: bool
    n_infinite: int
    many: bool
    sample: BottomK
    low: float = np.inf
    high: float = -np.inf

    @classmethod
    def of(
        cls, values: Float64, n_distinct: int, row_ids: Indices, seed: int, weights: Float64 | None
    ) -> TargetFacts:
        """Look at the numbers of a chunk, shape (n_rows,), none of them NaN."""
        finite = np.isfinite(values)
        groups, limits = np.zeros(len(values), dtype=np.int64), np.array([SAMPLE_ROWS])
        keys = draw_keys(row_ids, seed, weights)
        return cls(
            bool((values[finite] != np.floor(values[finite])).any()),
            int(np.count_nonzero(~finite)),
            n_distinct > MOST_VALUES,
            BottomK.of(groups, keys, row_ids, limits, (values,)),
            float(values.min(initial=np.inf)),
            float(values.max(initial=-np.inf)),
        )

    def merge(self, other: TargetFacts) -> TargetFacts:
        """Return what is seen of both; whether there are many, the merged counts tell as well."""
        return TargetFacts(
            self.fractional or other.fractional,
            self.n_infinite + other.n_infinite,
            self.many or other.many,
            self.sample.merge(other.sample),
            min(self.low, other.low),
            max(self.high, other.high),
        )


def is_counted_as_numbers(labels: Labels, target: str) -> bool:
    """Tell whether the labels of a chunk may be numbers to predict."""
    return target == "regression" or (target == "auto" and labels.dtype.kind == "f")


def as_numbers(labels: Labels) -> Float64:
    """Return labels as float64.

    Raises
    ------
    LabelError
        Where they are not numbers.
    """
    text = labels.dtype.kind == "O" and any(isinstance(one, str | bytes) for one in labels.tolist())
    if labels.dtype.kind not in "biufO" or text:
        raise LabelError(
            f"target='regression' needs numbers, the labels are {labels.dtype} such as "
            f"{labels[0]!r}: convert them, or use target='classes'"
        )
    try:
        return labels.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise LabelError(
            f"target='regression' needs numbers ({error}): convert the labels, or use "
            "target='classes'"
        ) from error


def is_regression(
    target: str, facts: TargetFacts | None, label_counts: Mapping[Hashable, int]
) -> bool:
    """Decide what the labels of all rows are.

    With ``target="auto"``, numbers to predict are floats of which one is not a whole number (which
    scikit-learn calls continuous) and more than `FEW_VALUES` are different.

    Raises
    ------
    LabelError
        For infinite numbers to predict, and more whole numbers than can be classes.
    """
    if facts is None:
        return False
    many_values = facts.many or len(label_counts) > FEW_VALUES
    regression = target == "regression" or (facts.fractional and many_values)
    if regression and facts.n_infinite:
        raise LabelError(
            f"{facts.n_infinite} of the numbers to predict are infinite; coresift needs finite "
            "ones: drop these rows"
        )
    if facts.many and not regression:
        raise LabelError(
            f"the labels are more than {MOST_VALUES:,} different whole numbers: use "
            "target='regression' if they are to be predicted as numbers, else target='classes'"
        )
    return regression


@dataclass(frozen=True, eq=False)
class Strata(Classes):
    """Intervals of the numbers to predict, in the place of classes.

    Parameters
    ----------
    labels : tuple of str
        The intervals.
    sizes : ndarray of shape (n_strata,), int64
    edges : ndarray of shape (n_strata - 1,), float64
        Ascending; a number that equals an edge is in the stratum that begins there.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.target import Strata
    >>> strata = Strata.of(np.array([2.0]), np.array([3, 4]))
    >>> strata.labels, strata.ids(np.array([1.5, 2.0, 9.0]), 3).tolist()
    (('below 2', '2 and above'), [0, 1, 1])
    """

    edges: Float64

    @classmethod
    def of(cls, edges: Float64, sizes: Indices) -> Strata:  # type: ignore[override]
        """Name the intervals between edges."""
        names = [f"{edge:.6g}" for edge in edges.tolist()]
        inner = [f"{low} to {high}" for low, high in pairwise(names)]
        labels = [f"below {names[0]}", *inner, f"{names[-1]} and above"] if names else ["all"]
        return cls(tuple(labels), sizes, edges)

    def ids(self, labels: Labels | None, n_rows: int) -> Indices:
        """Return the stratum of each row, shape (n_rows,), int64."""
        assert labels is not None  # strata are made of them
        return strata_ids(self.edges, as_numbers(labels))

    def targets(self, labels: Labels | None) -> Float64 | None:
        """Return the numbers to predict, shape (n_rows,)."""
        return None if labels is None else as_numbers(labels)


def strata_ids(edges: Float64, values: Float64) -> Indices:
    """Return the interval of each number, shape (n_rows,), int64."""
    return np.searchsorted(edges, values, side="right").astype(np.int64)


def n_strata(n_chosen: int) -> int:
    """Return how many strata a budget of so many rows is split over: 8 rows each, at most 32."""
    return min(MOST_STRATA, max(1, n_chosen // ROWS_PER_STRATUM))


def quantile_edges(values: Float64, masses: Sequence[int], n_intervals: int) -> Float64:
    """Cut numbers into intervals of about equal mass, none of them empty.

    Parameters
    ----------
    values : ndarray of shape (n,), float64
        Ascending.
    masses : sequence of int, of length n
        Above 0, of any size.
    n_intervals : int
        There are fewer where single values have more mass than an interval should. A value with
        the mass of two is an interval of its own.

    Returns
    -------
    ndarray of shape (at most n_intervals - 1,), float64

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.target import quantile_edges
    >>> quantile_edges(np.arange(8.0), [1] * 8, 4).tolist()
    [2.0, 4.0, 6.0]
    >>> quantile_edges(np.arange(8.0), [40, 1, 1, 1, 1, 1, 1, 1], 4).tolist()
    [1.0]
    """
    totals = list(accumulate(masses))
    # In whole numbers: masses that are all twice as large cut at the same places.
    hits = Counter(
        bisect_right(totals, part * totals[-1] // n_intervals) for part in range(1, n_intervals)
    )
    places = {*hits, *(place + 1 for place, times in hits.items() if times > 1)}
    edges = values[sorted(place for place in places if place < len(values))]
    return np.asarray(np.unique(edges[edges > values[0]]), dtype=np.float64)
