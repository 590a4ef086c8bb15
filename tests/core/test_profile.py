from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from coresift.core.profile import Profile
from coresift.core.scaler import SCALES, Moments
from naive import identical
from strategies import Dataset, datasets


def profile_of(rows: Dataset, scale: str | None) -> Profile:
    return Profile.of(rows.rows, rows.row_ids, rows.class_ids, scale=scale, sample_size=5, seed=1)


@pytest.mark.parametrize("scale", SCALES)
@given(rows=datasets())
def test_a_profile_counts_labels_and_samples_rows(scale: str | None, rows: Dataset) -> None:
    whole = profile_of(rows, scale)
    assert whole.label_counts == {c: n for c, n in enumerate(np.bincount(rows.class_ids)) if n}
    assert len(whole.sample.row_ids) == min(5, len(rows))


def test_rows_that_are_not_finite_are_counted_and_left_out() -> None:
    rows = np.array([[1, 2], [np.nan, 3], [4, np.inf], [5, 6]], dtype=np.float32)
    found = profile_of(Dataset(rows, np.zeros(4, dtype=np.int64), np.arange(4)), "standard")
    assert found.nan_counts.tolist() == [1, 0]
    assert found.inf_counts.tolist() == [0, 1]
    assert identical(found.moments, Moments.of(rows[[0, 3]], "standard"))
    assert sorted(found.sample.row_ids.tolist()) == [0, 3]


def test_labels_are_counted_only_where_none_is_missing() -> None:
    rows, ids = np.zeros((2, 1)), np.arange(2)

    def count(labels: np.ndarray | None) -> Profile:
        return Profile.of(rows, ids, labels, scale=None, sample_size=1, seed=0)

    assert count(np.array(["a", "b"])).label_counts == {"a": 1, "b": 1}
    assert count(None).label_counts == {}
    damaged = count(np.array(["a", None], dtype=object))
    assert damaged.label_counts == {}
    assert damaged.n_missing_labels == 1
    assert damaged.merge(damaged).n_missing_labels == 2
