"""What each type of column becomes, and which types are refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from coresift import _errors
from coresift.sources import FrameSource, as_source


def rows_of(frame: Any, **options: Any) -> np.ndarray:
    return np.concatenate([chunk.rows for chunk in as_source(frame, **options).chunks()])


def test_fixed_size_list_is_expanded_in_every_slice() -> None:
    lists = pa.array([[1, 2], None, [3, None], [5, 6]], pa.list_(pa.uint8(), 2))
    source = FrameSource(pa.table({"image": lists}), chunk_rows=3)
    assert source.feature_names == source.column_names == ("image_0", "image_1")
    expected = np.array([[1, 2], [np.nan, np.nan], [3, np.nan], [5, 6]])
    np.testing.assert_array_equal(np.concatenate([c.rows for c in source.chunks()]), expected)
    np.testing.assert_array_equal(source.take(np.array([0, 3])), expected[[0, 3]])


def test_nested_array_of_polars_is_flattened_row_by_row() -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    frame = pl.DataFrame({"image": pl.Series(values, dtype=pl.Array(pl.Float32, (2, 2)))})
    rows = rows_of(frame, chunk_rows=2)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, values.reshape(3, 4))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([Decimal("1.25"), None], pa.decimal128(5, 2)), [1.25, np.nan]),
        (pa.array([2**63, 1], pa.uint64()), [2.0**63, 1]),
        (pa.array([2**53 + 1, None], pa.int64()), [2.0**53, np.nan]),
        (pa.array([None, None], pa.null()), [np.nan, np.nan]),
        (pa.array([None, None], pa.string()), [np.nan, np.nan]),
        (pa.array([True, None]), [1, np.nan]),
        (pa.array(np.array([0.5, 2], np.float16)), [0.5, 2]),
    ],
)
def test_numbers_of_every_kind(values: pa.Array, expected: list[float]) -> None:
    np.testing.assert_array_equal(rows_of(pa.table({"a": values}))[:, 0], expected)


def test_float32_only_if_all_numbers_are() -> None:
    half = pa.array(np.array([1, 2], np.float16))
    single = pa.array([1, 2], pa.float32())
    text = pa.array(["u", "v"])
    assert rows_of(pa.table({"a": half, "b": single, "c": text})).dtype == np.float32
    assert rows_of(pa.table({"a": single, "b": [1, 2]})).dtype == np.float64
    assert rows_of(pa.table({"a": text})).dtype == np.float64


def test_levels_are_sorted_by_value_and_categories_may_be_numbers() -> None:
    frame = pd.DataFrame({"size": pd.Categorical([10, 9, 10]), "b": ["é", "z", "Z"]})
    source = as_source(frame)
    assert source.feature_names == ("size=9", "size=10", "b=Z", "b=z", "b=é")


def test_names_of_pandas_columns_may_be_numbers() -> None:
    assert as_source(pd.DataFrame(np.ones((2, 2)))).feature_names == ("0", "1")


def test_the_label_is_no_feature_and_categories_are_decoded() -> None:
    frame = pd.DataFrame({"a": [1, 2], "y": pd.Categorical(["u", "v"])})
    source = as_source(frame, label="y")
    assert source.feature_names == ("a",)
    labels = next(source.chunks()).labels
    assert labels is not None
    assert labels.tolist() == ["u", "v"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array([{"u": 1}]), "struct"),
        (pa.array([b"u"]), "binary"),
        (pa.array([[["a"]]]), "list<"),
        (pa.array([["u"]], pa.list_(pa.string(), 1)), "fixed_size_list"),
        (pa.array([[[1]]]), "list<"),
    ],
)
def test_types_without_meaning_are_refused(values: pa.Array, kind: str) -> None:
    with pytest.raises(_errors.ColumnError) as caught:
        FrameSource(pa.table({"ok": [1], "odd": values}))
    message = str(caught.value)
    assert f"column 'odd' has type {kind}" in message
    assert "drop=['odd']" in message
    assert FrameSource(pa.table({"ok": [1], "odd": values}), drop=["odd"]).n_features == 1


def test_too_many_levels() -> None:
    table = pa.table({"title": [f"film {row}" for row in range(7)]})
    with pytest.raises(_errors.ColumnError) as caught:
        as_source(table, max_levels=6)
    assert str(caught.value) == (
        "column 'title' has 7 levels, the limit is 6: pass as_source(..., max_levels=7), or "
        "drop=['title']"
    )
    assert as_source(table, max_levels=7).n_features == 7


def test_missing_label_lists_close_names() -> None:
    table = pa.table({"rating": [1], "votes": [2]})
    with pytest.raises(_errors.ColumnError, match=r"no column 'Rating'.*did you mean 'rating'"):
        as_source(table, label="Rating")
    with pytest.raises(_errors.ColumnError, match="it has 'rating', 'votes'"):
        as_source(table, label="zzz")


def test_columns_that_occur_twice() -> None:
    frame = pd.DataFrame(np.ones((2, 2)), columns=["a", "a"])
    with pytest.raises(_errors.ColumnError, match=r"(?s)'a'.*rename or drop"):
        as_source(frame)
    table = pa.Table.from_arrays([pa.array([1]), pa.array([1])], names=["a", "a"])
    with pytest.raises(_errors.ColumnError, match="'a' occurs more than once"):
        as_source(table)
    with pytest.raises(_errors.ColumnError, match="'1' occurs more than once"):
        as_source(pd.DataFrame([[1, 2]], columns=pd.Index([1, "1"], dtype=object)))


def test_objects_of_several_types_are_refused() -> None:
    frame = pd.DataFrame({"odd": [1, "u", 2.5], "complex": [1j, 2, 3], "a": [1, 2, 3]})
    with pytest.raises(_errors.ColumnError, match=r"'odd'.* several types .*'complex'.*drop="):
        as_source(frame)
    assert as_source(frame, drop=["odd", "complex"]).feature_names == ("a",)
    with pytest.raises(_errors.LabelError, match="mix booleans and numbers"):
        as_source(pd.DataFrame({"a": [1, 2], "y": [True, 2]}), label="y")


def test_lazy_series_and_empty_frames_are_refused() -> None:
    with pytest.raises(_errors.DataError, match=r"lazy frame.*frame\.collect\(\)"):
        as_source(pl.LazyFrame({"a": [1]}))
    for series in (pl.Series([1, 2]), pd.Series([1, 2]), pa.chunked_array([[1, 2]])):
        with pytest.raises(_errors.DataError):
            as_source(series)
    with pytest.raises(_errors.DataError, match="0 rows"):
        as_source(pd.DataFrame({"a": []}))
    with pytest.raises(_errors.DataError, match="no feature columns"):
        as_source(pa.table({"y": [1]}), label="y")


def test_label_columns_that_are_no_labels() -> None:
    with pytest.raises(_errors.LabelError, match="'y' has type list"):
        as_source(pa.table({"a": [1], "y": [[1]]}), label="y")


def test_both_y_and_label() -> None:
    with pytest.raises(_errors.ParameterError, match="both y and label='y'"):
        as_source(pa.table({"a": [1], "y": [1]}), [1], label="y")


def test_categories_that_are_half_floats() -> None:
    codes = pa.DictionaryArray.from_arrays([0, 1, 0], pa.array([2.5, 0.5], pa.float16()))
    source = as_source(pa.table({"a": codes}))
    assert source.feature_names == ("a=0.5", "a=2.5")
