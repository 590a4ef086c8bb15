"""What one pass tells about the data before anything is encoded."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from coresift._typing import Counts, Indices, Labels, RawRows
from coresift.core.classes import count_labels
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

    @classmethod
    def empty(cls, n_features: int, scale: str | None, sample_size: int, seed: int) -> Profile:
        """Return the profile of no rows."""
        nothing = np.zeros((0, n_features)), np.zeros(0, dtype=np.int64)
        zeros = np.zeros(n_features, dtype=np.int64)
        return profile(
            *nothing, None, (zeros, zeros), 0, scale=scale, sample_size=sample_size, seed=seed
        )

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


def profile(
    rows: RawRows,
    row_ids: Indices,
    labels: Labels | None,
    nonfinite: tuple[Counts, Counts],
    n_missing: int,
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
    n_missing : int
        How many labels are missing; labels of such a chunk are not counted.
    """
    nan_counts, inf_counts = nonfinite
    if nan_counts.any() or inf_counts.any():
        finite = np.isfinite(rows).all(axis=1)
        rows, row_ids = rows[finite], row_ids[finite]
    return Profile(
        {} if labels is None or n_missing else count_labels(labels),
        n_missing,
        nan_counts,
        inf_counts,
        Moments.of(rows, scale),
        RowSample.of(rows, row_ids, sample_size, seed),
    )
