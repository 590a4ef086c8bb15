"""What one pass tells about the data before anything is encoded."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coresift._rng import row_hash
from coresift._typing import Counts, Indices, Labels, RawRows
from coresift.core.classes import count_labels
from coresift.core.merge import BottomK
from coresift.core.scaler import Moments


@dataclass(frozen=True, eq=False)
class Profile:
    """Counts, moments and a sample of rows; merges exactly.

    Parameters
    ----------
    label_counts : dict
        How often each label occurs; empty where there are no labels.
    n_missing_labels : int
    nan_counts, inf_counts : ndarray of shape (n_features,), int64
    moments : Moments
        Of the rows without NaN or infinity.
    sample : BottomK
        The rows of smallest hash, in the order of their hashes; they carry their features, and
        their labels where there are any.
    """

    label_counts: dict[Hashable, int]
    n_missing_labels: int
    nan_counts: Counts
    inf_counts: Counts
    moments: Moments
    sample: BottomK

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
    ) -> Profile:
        """Profile a chunk of rows of shape (n_rows, n_features).

        Labels of a chunk in which some are missing are not counted.
        """
        nan_counts, inf_counts = count_nonfinite(rows)
        n_missing = 0 if labels is None else count_missing_labels(labels)
        if nan_counts.any() or inf_counts.any():
            finite = np.isfinite(rows).all(axis=1)
            rows, row_ids = rows[finite], row_ids[finite]
            labels = None if labels is None else labels[finite]
        return cls(
            {} if labels is None or n_missing else count_labels(labels),
            n_missing,
            nan_counts,
            inf_counts,
            Moments.of(rows, scale),
            sample_rows(rows, row_ids, sample_size, seed, labels),
        )

    @classmethod
    def empty(cls, n_features: int, scale: str | None, sample_size: int, seed: int) -> Profile:
        """Return the profile of no rows."""
        nothing = np.zeros((0, n_features)), np.zeros(0, dtype=np.int64), None
        return cls.of(*nothing, scale=scale, sample_size=sample_size, seed=seed)

    def merge(self, other: Profile) -> Profile:
        """Return the profile of both sets of rows."""
        labels = dict(self.label_counts)
        for label, count in other.label_counts.items():
            labels[label] = labels.get(label, 0) + count
        return Profile(
            labels,
            self.n_missing_labels + other.n_missing_labels,
            self.nan_counts + other.nan_counts,
            self.inf_counts + other.inf_counts,
            self.moments.merge(other.moments),
            _merged(self.sample, other.sample),
        )


def sample_rows(
    rows: RawRows, row_ids: Indices, size: int, seed: int, labels: Labels | None = None
) -> BottomK:
    """Sample rows of shape (n_rows, n_features) with distinct ids: those of smallest hash."""
    one_group = np.zeros(len(row_ids), dtype=np.int64)
    carried = (rows,) if labels is None else (rows, labels)
    return BottomK.of(one_group, (row_hash(row_ids, seed),), row_ids, np.array([size]), carried)


def _merged(left: BottomK, right: BottomK) -> BottomK:
    """Merge samples; one without rows may not know whether there are labels."""
    if not len(left.row_ids) or not len(right.row_ids):
        return max(left, right, key=lambda sample: (len(sample.row_ids), len(sample.payload)))
    return left.merge(right)


def count_nonfinite(rows: RawRows) -> tuple[Counts, Counts]:
    """Count NaN and infinite values per feature.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32 or float64
        Rows of one chunk.

    Returns
    -------
    nan_counts, inf_counts : ndarray of shape (n_features,), int64
        Add them up over the chunks and hand the sums to `raise_nonfinite`.

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
        Add it up over the chunks and hand the sum to `raise_missing_labels`.

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
