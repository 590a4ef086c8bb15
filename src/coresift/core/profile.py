"""What one pass tells about the data before anything is encoded."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from coresift._typing import Counts, Indices, Labels, RawRows
from coresift.core.sample import RowSample
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
    sample : RowSample
    """

    label_counts: dict[Hashable, int]
    n_missing_labels: int
    nan_counts: Counts
    inf_counts: Counts
    moments: Moments
    sample: RowSample

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
            self.sample.merge(other.sample),
        )


def count_labels(labels: Labels) -> dict[Hashable, int]:
    """Count distinct labels, as Python scalars."""
    values, counts = np.unique(labels, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def profile(
    rows: RawRows,
    row_ids: Indices,
    labels: Labels | None,
    nonfinite: tuple[Counts, Counts],
    missing: np.ndarray | None,
    *,
    scale: str | None,
    sample_size: int,
    seed: int,
) -> Profile:
    """Profile a chunk of rows of shape (n_rows, n_features).

    Parameters
    ----------
    nonfinite : pair of ndarray of shape (n_features,), int64
        How many NaN and infinities each column holds.
    missing : ndarray of shape (n_rows,), bool, or None
        Which labels are missing.
    """
    nan_counts, inf_counts = nonfinite
    if nan_counts.any() or inf_counts.any():
        finite = np.isfinite(rows).all(axis=1)
        rows, row_ids = rows[finite], row_ids[finite]
    known = labels if labels is None or missing is None else labels[~missing]
    return Profile(
        {} if known is None else count_labels(known),
        0 if missing is None else int(missing.sum()),
        nan_counts,
        inf_counts,
        Moments.of(rows, scale),
        RowSample.of(rows, row_ids, sample_size, seed),
    )
