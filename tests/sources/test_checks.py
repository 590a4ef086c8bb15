"""Counting what is not finite or missing, and the one error about it."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coresift import FastCore, _errors, compare
from coresift.sources import (
    Source,
    as_source,
    count_missing_labels,
    count_nonfinite,
    raise_unusable,
)


@given(rows=st.sampled_from([np.float32, np.float64]).flatmap(lambda t: arrays(t, (4, 3))))
def test_counts_are_exact(rows: np.ndarray) -> None:
    nan_counts, inf_counts = count_nonfinite(rows)
    assert nan_counts.dtype == inf_counts.dtype == np.int64
    assert nan_counts.tolist() == [sum(map(math.isnan, column)) for column in rows.T]
    assert inf_counts.tolist() == [sum(abs(v) == np.inf for v in column) for column in rows.T]


def test_sums_that_overflow_are_finite_values() -> None:
    for rows in (np.full((4, 2), 1e308), np.full((4, 2), 3e38, dtype=np.float32)):
        assert not np.concatenate(count_nonfinite(rows)).any()


def check(source: Source, n_missing: int = 0) -> None:
    """Do what a plan does: count in all chunks, raise once."""
    counts = [count_nonfinite(chunk.rows) for chunk in source.chunks()]
    nan_counts, inf_counts = (np.sum(part, axis=0) for part in zip(*counts, strict=True))
    raise_unusable(nan_counts, inf_counts, n_missing, source)


def test_the_error_counts_over_all_chunks() -> None:
    frame = pd.DataFrame({"ok": [1.0] * 5, "age": [1.0, None, None, np.inf, None]})
    with pytest.raises(_errors.DataError) as caught:
        check(as_source(frame, chunk_rows=2))
    assert str(caught.value) == (
        "column 'age' has 3 NaN and 1 infinite values; coresift needs finite numbers: replace "
        "infinite values, or leave the column out"
    )


def test_a_missing_category_is_counted_once_under_the_name_of_its_column() -> None:
    table = pa.table({"a": [1, 2, None], "mpaa": ["PG", None, "R"], "b": [None, None, 0]})
    with pytest.raises(_errors.DataError, match=r"'mpaa' has 1 NaN and 0 infinite values;"):
        check(as_source(table.select(["mpaa"]), chunk_rows=1))
    with pytest.raises(
        _errors.DataError, match=r"3 columns .*'a' .*'mpaa' .*'b' has 2 NaN .*impute"
    ):
        check(as_source(table))
    check(as_source(table.slice(0, 1).select(["a", "mpaa"])))


@pytest.mark.parametrize(
    ("labels", "count"),
    [
        (np.array([1, 2]), 0),
        (np.array([True]), 0),
        (np.array(["a", "nan"]), 0),
        (np.array([1.0, np.nan], dtype=np.float32), 1),
        (np.array(["2020", "NaT"], dtype="M8[D]"), 1),
        (np.array(["a", None, np.nan, pd.NA, pd.NaT, np.float32("nan"), 1], dtype=object), 5),
        (np.array([Decimal("NaN"), Decimal(1)], dtype=object), 1),
        (np.array([], dtype=object), 0),
    ],
)
def test_missing_labels_are_counted(labels: Any, count: int) -> None:
    assert count_missing_labels(labels) == count


def test_missing_labels_raise_once() -> None:
    source = as_source(np.zeros((5, 1)))
    check(source)
    with pytest.raises(_errors.LabelError, match=r"2 of 5 labels are missing.*missing='drop'"):
        check(source, 2)


def test_missing_labels_and_missing_values_are_one_error() -> None:
    X = np.array([[1.0, np.nan], [2.0, 3.0], [4.0, 5.0]])
    labels = [0.0, 1.0, np.nan]
    frame = pd.DataFrame(X, columns=["a", "b"]).assign(y=labels)
    both = r"'(b|x1)' has 1 NaN.*the label is missing in 1 row\).*missing='impute'"
    for fit in (
        lambda: FastCore(2).fit(X, labels),
        lambda: FastCore(2).fit(frame, "y"),
        lambda: compare(X, labels, budget=2, isolate=False),
    ):
        with pytest.raises(_errors.DataError, match=both) as caught:
            fit()
        assert len(caught.value.obstacles) == 2
