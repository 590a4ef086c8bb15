"""What one pass tells about the data before anything is encoded."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coresift._rng import draw_keys
from coresift._typing import Counts, Float64, Indices, Labels, RawRows
from coresift.core.classes import count_labels, number_labels
from coresift.core.merge import BottomK
from coresift.core.prior import PriorSum, present_rows
from coresift.core.scaler import Moments
from coresift.core.target import (
    MOST_VALUES,
    TargetFacts,
    as_numbers,
    is_counted_as_numbers,
)


@dataclass(frozen=True, eq=False)
class Profile:
    """Counts, moments and a sample of rows; merges exactly.

    Rows of weight 0 count nowhere.

    Parameters
    ----------
    label_counts : dict
        How often each label occurs; empty where there are no labels, and where they are more
        different numbers than are counted (`TargetFacts.many`).
    n_missing_labels : int
    nan_counts, inf_counts : ndarray of shape (n_features,), int64
    moments : Moments
        Of the rows without NaN or infinity; of weighted rows without sums.
    sample : BottomK
        The rows of smallest key (`draw_keys`), in the order of their keys; they carry their
        features, and their labels where there are any.
    prior : PriorSum or None
        Of weighted rows.
    targets : TargetFacts or None
        Where the labels may be numbers to predict.
    """

    label_counts: dict[Hashable, int]
    n_missing_labels: int
    nan_counts: Counts
    inf_counts: Counts
    moments: Moments
    sample: BottomK
    prior: PriorSum | None = None
    targets: TargetFacts | None = None

    @classmethod
    def of(
        cls,
        rows: RawRows,
        row_ids: Indices,
        labels: Labels | None,
        *,
        scale: str | None,
        sample_size: int,
        seed: int,
        weights: Float64 | None = None,
        target: str = "classes",
    ) -> Profile:
        """Profile a chunk of rows of shape (n_rows, n_features).

        Labels of a chunk in which some are missing are not counted.
        """
        given = weights
        if weights is not None:
            rows, row_ids, labels, weights = _present(rows, row_ids, labels, weights)
        seen = _Labels.of(labels, row_ids, target, seed, weights)
        nan_counts, inf_counts = count_nonfinite(rows)
        if nan_counts.any() or inf_counts.any():
            finite = np.isfinite(rows).all(axis=1)
            rows, row_ids = rows[finite], row_ids[finite]
            labels = None if labels is None else labels[finite]
            weights = None if weights is None else weights[finite]
        return cls(
            seen.counts,
            seen.n_missing,
            nan_counts,
            inf_counts,
            Moments.of(rows, scale if given is None else None),
            sample_rows(rows, row_ids, sample_size, seed, labels, weights),
            None if given is None else seen.prior.counting(given),
            seen.targets,
        )

    @classmethod
    def empty(
        cls,
        n_features: int,
        scale: str | None,
        sample_size: int,
        seed: int,
        weighted: bool = False,
    ) -> Profile:
        """Return the profile of no rows."""
        nothing = np.zeros((0, n_features)), np.zeros(0, dtype=np.int64), None
        weights = np.zeros(0) if weighted else None
        return cls.of(*nothing, scale=scale, sample_size=sample_size, seed=seed, weights=weights)

    def merge(self, other: Profile) -> Profile:
        """Return the profile of both sets of rows."""
        labels = dict(self.label_counts)
        for label, count in other.label_counts.items():
            labels[label] = labels.get(label, 0) + count
        prior, targets = _merged(self.prior, other.prior), _merged(self.targets, other.targets)
        if targets is not None and (targets.many or len(labels) > MOST_VALUES):
            labels, targets = {}, replace(targets, many=True)
            prior = None if prior is None else replace(prior, by_label={})
        return Profile(
            labels,
            self.n_missing_labels + other.n_missing_labels,
            self.nan_counts + other.nan_counts,
            self.inf_counts + other.inf_counts,
            self.moments.merge(other.moments),
            _merged_samples(self.sample, other.sample),
            prior,
            targets,
        )


@dataclass(frozen=True, eq=False)
class _Labels:
    """What the labels of a chunk tell."""

    counts: dict[Hashable, int]
    n_missing: int
    prior: PriorSum
    targets: TargetFacts | None

    @classmethod
    def of(
        cls,
        labels: Labels | None,
        row_ids: Indices,
        target: str,
        seed: int,
        weights: Float64 | None,
    ) -> _Labels:
        """Count the labels of rows that all count, weights above 0."""
        n_missing = 0 if labels is None else count_missing_labels(labels)
        if labels is None or n_missing:
            unlabelled = PriorSum() if weights is None else PriorSum.of(weights)
            return cls({}, n_missing, unlabelled, None)
        if is_counted_as_numbers(labels, target):
            labels = as_numbers(labels)
            counts = count_labels(labels)
            targets = TargetFacts.of(labels, len(counts), row_ids, seed, weights)
        else:
            counts, targets = count_labels(labels), None
        many = targets is not None and targets.many
        if weights is None:
            prior = PriorSum()
        elif many:
            prior = PriorSum.of(weights)
        else:
            distinct, numbers = number_labels(labels)
            prior = PriorSum.of(weights, numbers, distinct)
        return cls({} if many else counts, 0, prior, targets)


def _present(
    rows: RawRows, row_ids: Indices, labels: Labels | None, weights: Float64
) -> tuple[RawRows, Indices, Labels | None, Float64]:
    """Leave out the rows of weight 0, and those whose weight cannot be."""
    kept = present_rows(weights)
    if kept.all():
        return rows, row_ids, labels, weights
    labels = None if labels is None else labels[kept]
    return rows[kept], row_ids[kept], labels, weights[kept]


def _merged(left: Any, right: Any) -> Any:
    """Merge two results of which either may be missing."""
    if left is None or right is None:
        return left if right is None else right
    return left.merge(right)


def _merged_samples(left: BottomK, right: BottomK) -> BottomK:
    """Merge samples; one without rows may not know whether there are labels."""
    if not len(left.row_ids) or not len(right.row_ids):
        return max(left, right, key=lambda sample: (len(sample.row_ids), len(sample.payload)))
    return left.merge(right)


def sample_rows(
    rows: RawRows,
    row_ids: Indices,
    size: int,
    seed: int,
    labels: Labels | None = None,
    weights: Float64 | None = None,
) -> BottomK:
    """Sample rows of shape (n_rows, n_features) with distinct ids: those of smallest key."""
    one_group = np.zeros(len(row_ids), dtype=np.int64)
    carried = (rows,) if labels is None else (rows, labels)
    keys = draw_keys(row_ids, seed, weights)
    return BottomK.of(one_group, keys, row_ids, np.array([size]), carried)


def count_nonfinite(rows: RawRows) -> tuple[Counts, Counts]:
    """Count NaN and infinite values per feature.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32 or float64
        Rows of one chunk.

    Returns
    -------
    nan_counts, inf_counts : ndarray of shape (n_features,), int64
        Add them up over the chunks and hand the sums to `raise_unusable`.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.profile import count_nonfinite
    >>> count_nonfinite(np.array([[1.0, np.nan], [np.inf, np.nan]]))
    (array([0, 2]), array([1, 0]))
    """
    # One NaN or infinity makes the sum one too. The reverse fails (1e308 + 1e308), hence the
    # exact count below, which is paid only then.
    with np.errstate(over="ignore", invalid="ignore"):
        total = rows.sum()
    if np.isfinite(total):
        zeros = np.zeros(rows.shape[1], dtype=np.int64)
        return zeros, zeros.copy()
    nan_counts = np.isnan(rows).sum(axis=0, dtype=np.int64)
    return nan_counts, np.isinf(rows).sum(axis=0, dtype=np.int64)


def count_missing_labels(labels: Labels) -> int:
    """Count the labels that are missing: NaN, None, ``pandas.NA`` or NaT.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
        Labels of one chunk.

    Returns
    -------
    int
        Add it up over the chunks and hand the sum to `raise_unusable`.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.profile import count_missing_labels
    >>> count_missing_labels(np.array(["a", None, float("nan")], dtype=object))
    2
    """
    return int(np.count_nonzero(is_missing_label(labels)))


def is_missing_label(labels: Labels) -> NDArray[np.bool_]:
    """Tell which labels are missing, shape (n_rows,)."""
    if labels.dtype.kind == "O":
        return np.fromiter(map(_is_missing, labels), np.bool_, len(labels))
    if labels.dtype.kind in "fc":
        return np.asarray(np.isnan(labels))
    if labels.dtype.kind in "mM":
        return np.asarray(np.isnat(labels))
    return np.zeros(len(labels), dtype=np.bool_)


def _is_missing(label: Any) -> bool:
    # pandas.NA refuses to be compared, and pandas may not be installed: known by its type's name.
    # NaN and NaT are the values that differ from themselves.
    return label is None or type(label).__name__ == "NAType" or bool(label != label)  # noqa: PLR0124
