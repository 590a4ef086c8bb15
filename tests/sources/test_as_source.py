"""The one way in, arrays and labels, and rows of the user's own object."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse

from coresift import _errors
from coresift.sources import ArraySource, SparseSource, as_source, take_like


def first_rows(X: Any) -> np.ndarray:
    return next(iter(as_source(X).chunks())).rows


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (np.bool_, np.float64),
        (np.uint8, np.float64),
        (np.int64, np.float64),
        (np.float16, np.float32),
        (np.float32, np.float32),
        (">f8", np.float64),
        (np.longdouble, np.float64),
        (object, np.float64),
    ],
)
def test_types_of_arrays(dtype: Any, expected: Any) -> None:
    rows = first_rows(np.array([[0, 1], [1, 0]]).astype(dtype))
    assert rows.dtype == np.dtype(expected)
    assert rows.tolist() == [[0, 1], [1, 0]]


def test_chunks_of_an_array_are_views() -> None:
    X = np.ones((10, 3), dtype=np.float32)
    assert all(np.shares_memory(chunk.rows, X) for chunk in ArraySource(X, chunk_rows=4).chunks())


def test_sparse_types_and_entries_stored_twice() -> None:
    X = scipy.sparse.coo_array((np.array([100, 100], np.int8), ([0, 0], [1, 1])), shape=(2, 2))
    assert isinstance(as_source(X), SparseSource)
    assert first_rows(X).tolist() == [[0, 200], [0, 0]]


def test_a_source_is_returned_as_it_is() -> None:
    source = ArraySource([[1]])
    assert as_source(source) is source
    with pytest.raises(_errors.ParameterError, match="together with a Source"):
        as_source(source, [1])


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([1, 2], r"shape \(2,\), 1 dimension.*reshape\(-1, 1\)"),
        (np.ones((2, 2, 2)), r"shape \(2, 2, 2\), 3 dimensions.*reshape\(len\(X\), -1\)"),
        (np.ones((0, 3)), r"0 rows \(shape=\(0, 3\)\) while a minimum of 1"),
        (np.ones((3, 0)), r"0 feature\(s\) \(shape=\(3, 0\)\) while a minimum of 1"),
        (scipy.sparse.csr_array((0, 3)), r"0 rows \(shape=\(0, 3\)\)"),
        ([["a", "b"]], "array of <U1.*one-hot"),
        (np.array([["1.5", 2]], dtype=object), r"objects such as '1\.5'"),
        (np.array([[pd.NA]], dtype=object), "objects .*encode them"),
        (np.ones((2, 2), dtype=complex), "Complex data not supported.*complex128"),
        (scipy.sparse.csr_array(np.ones((2, 2), dtype=complex)), "complex128"),
        (np.array([["2020"]], dtype="M8[Y]"), "datetime64"),
        ([[1, 2], [3]], "rows of equal length"),
        (np.ma.masked_equal([[1, 2]], 2), r"masked array.*filled"),
    ],
)
def test_data_that_cannot_be_used(X: Any, message: str) -> None:
    with pytest.raises(_errors.DataError, match=message):
        as_source(X)


def test_none_among_numbers_is_missing() -> None:
    assert np.isnan(first_rows(np.array([[1, None]], dtype=object))).tolist() == [[False, True]]


@pytest.mark.parametrize(
    "y",
    [
        [1, 0],
        (1, 0),
        np.array([[1], [0]]),
        pd.Series([1, 0], index=[7, 5]),
        pd.DataFrame({"y": [1, 0]}),
        pl.Series([1, 0]),
        pa.array([1, 0]),
        pa.chunked_array([[1], [0]]),
    ],
)
@pytest.mark.parametrize("X", [np.eye(2), scipy.sparse.eye_array(2), pd.DataFrame(np.eye(2))])
def test_labels_of_every_type(X: Any, y: Any) -> None:
    labels = [chunk.labels for chunk in as_source(X, y, chunk_rows=1).chunks()]
    assert [label.tolist() for label in labels if label is not None] == [[1], [0]]


def test_labels_keep_missing_values() -> None:
    for y in (["a", None], ["a", float("nan")], np.ma.masked_equal([1, 2], 2)):
        labels = next(as_source(np.eye(2), y).chunks()).labels
        assert labels is not None
        assert labels[1] is None or labels[1] != labels[1]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1], "1 labels for 2 rows"),
        ([[1, 2], [3, 4]], r"shape \(2, 2\).*choose one output"),
        (1, "are 1, one int: pass one item per row"),
        ({0: 1, 1: 0}, "are a dict, whose values have names"),
        (iter([1, 0]), "read only once"),
        ({1, 0}, "a set, which has no order"),
        ([True, 2], "mix booleans and numbers"),
        (np.array([True, 2], dtype=object), "mix booleans and numbers"),
        (np.array([(1, 2)], dtype="i4,i4"), "have fields"),
        ([[1], [2, 3]], "do not form an array"),
    ],
)
def test_labels_that_cannot_be_used(y: Any, message: str) -> None:
    for X in (np.eye(2), scipy.sparse.eye_array(2), pd.DataFrame(np.eye(2))):
        with pytest.raises(_errors.LabelError, match=message):
            as_source(X, y)


def test_options_that_do_not_fit_the_data() -> None:
    with pytest.raises(_errors.ParameterError, match="label is given together with an array"):
        as_source(np.eye(2), label="y")
    with pytest.raises(_errors.ParameterError, match=r"y is given together with a path.*label="):
        as_source("rows.csv", [1])
    with pytest.raises(_errors.ParameterError, match="chunk_rows=0 is below the limit 1"):
        as_source(np.eye(2), chunk_rows=0)


@pytest.mark.parametrize(
    "X",
    [
        np.arange(8).reshape(4, 2),
        np.arange(4),
        pd.DataFrame({"a": [0, 1, 2, 3]}, index=list("wxyz")),
        pd.Series([0, 1, 2, 3]),
        pl.DataFrame({"a": [0, 1, 2, 3]}),
        pl.Series([0, 1, 2, 3]),
        pa.table({"a": [0, 1, 2, 3]}),
        pa.array([0, 1, 2, 3]),
        [0, 1, 2, 3],
        (0, 1, 2, 3),
    ],
)
def test_take_like_returns_the_same_type(X: Any) -> None:
    taken = take_like(X, np.array([3, 1]))
    assert type(taken) is type(X)
    assert len(taken) == 2
    back = X[::-1] if isinstance(X, list | tuple) else take_like(X, np.arange(4)[::-1])
    twice = take_like(back, np.array([0, 2]))
    assert str(twice) == str(taken)
    with pytest.raises(_errors.DataError, match="row 4 is outside the input of 4 rows"):
        take_like(X, np.array([4]))


def test_take_like_of_special_types() -> None:
    taken = take_like(scipy.sparse.coo_array(np.eye(3)), np.array([2]))
    assert taken.format == "coo"
    assert taken.toarray().tolist() == [[0, 0, 1]]
    frame = pd.DataFrame({"a": [1, 2]}, index=["u", "v"])
    assert take_like(frame, np.array([1])).index.tolist() == ["v"]
    with pytest.raises(_errors.DataError, match="take_table"):
        take_like(Path("rows.csv"), np.array([0]))
    for nothing in (3, None, iter([1]), {"a": [1]}, np.array(1)):
        with pytest.raises(_errors.DataError, match=r"has no rows|pass one item per row"):
            take_like(nothing, np.array([0]))


@pytest.mark.parametrize(
    ("package", "call", "extra"),
    [
        ("narwhals", "as_source(Frame())", "frames"),
        ("pyarrow", "as_source('a.csv')", "parquet"),
        ("pyarrow", "sources.write_table", "parquet"),
    ],
)
def test_missing_packages_name_the_extra(package: str, call: str, extra: str) -> None:
    # a package that is None in sys.modules cannot be imported: were it needed to import
    # coresift.sources itself, the code would fail there. scikit-learn is imported
    # before, because some of its versions need narwhals.
    code = f"""
import sys
import sklearn.base
sys.modules[{package!r}] = None
from coresift import sources
from coresift.sources import as_source
class Frame:
    __arrow_c_stream__ = None
try:
    {call}
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert f"needs {package}" in done.stdout
    assert f'pip install "coresift[{extra}]"' in done.stdout


def test_unknown_names_of_the_module() -> None:
    from coresift import sources

    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = sources.nothing
