"""Missing values: refused in one message, left out, or filled; the same from every source."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coresift import FastCore, Uniform, _errors
from coresift.sources import Source, _missing, as_source, command_line_message, copy_rows
from coresift.sources._complete import KeptRows

NAN = float("nan")


def rows_of(source: Source) -> np.ndarray:
    return np.concatenate([chunk.rows for chunk in source.chunks()])


def labels_of(source: Source) -> list[Any]:
    return [label for chunk in source.chunks() for label in chunk.labels.tolist()]


TABLE = pa.table(
    {
        "age": pa.array([20.0, None, 40.0, 90.0, None, 30.0]),
        "sex": ["f", "m", None, "m", "f", "m"],
        "fare": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        "y": ["no", "yes", "no", None, "yes", "no"],
    }
)


def parquet(folder: Path) -> Path:
    pyarrow.parquet.write_table(TABLE, folder / "t.parquet", row_group_size=2)
    return folder / "t.parquet"


def csv(folder: Path) -> Path:
    TABLE.to_pandas().to_csv(folder / "t.csv", index=False)
    return folder / "t.csv"


FORMS = [
    lambda _: TABLE,
    lambda _: TABLE.to_pandas(),
    lambda _: pl.DataFrame(pl.from_arrow(TABLE)),
    parquet,
    csv,
]


@pytest.mark.parametrize("chunk_rows", [1, 4, None])
@pytest.mark.parametrize("make", FORMS)
def test_rows_are_left_out(make: Any, chunk_rows: int | None, tmp_path: Path) -> None:
    source = as_source(make(tmp_path), label="y", missing="drop", chunk_rows=chunk_rows)
    assert (source.n_rows, source.n_input_rows) == (2, 6)
    assert rows_of(source).tolist() == [[20, 1, 0, 1], [30, 0, 1, 6]]
    assert labels_of(source) == ["no", "no"]
    assert source.original(np.array([0, 1])).tolist() == [0, 5]
    assert source.take(np.array([1])).tolist() == [[30, 0, 1, 6]]
    assert source.notes == (
        "4 of 6 rows are left out, because values are missing: 'age' 2, 'sex' 1, labels 1",
    )
    assert next(source.chunks()).start == 0
    with pytest.raises(_errors.DataError, match="row 2 is outside the input of 2 rows"):
        source.take(np.array([2]))


@pytest.mark.parametrize("chunk_rows", [1, 4, None])
@pytest.mark.parametrize("make", FORMS)
def test_gaps_are_filled(make: Any, chunk_rows: int | None, tmp_path: Path) -> None:
    source = as_source(make(tmp_path), label="y", missing="impute", chunk_rows=chunk_rows)
    names = ("age", "sex=f", "sex=m", "fare", "age_missing", "sex=missing")
    assert source.feature_names == names
    assert source.column_names == ("age", "sex", "sex", "fare", "age", "sex")
    assert (source.n_rows, source.n_input_rows) == (5, 6)
    assert rows_of(source).tolist() == [
        [20, 1, 0, 1, 0, 0],
        [30, 0, 1, 2, 1, 0],
        [40, 0, 0, 3, 0, 1],
        [30, 1, 0, 5, 1, 0],
        [30, 0, 1, 6, 0, 0],
    ]
    assert source.original(np.array([3, 4])).tolist() == [4, 5]
    assert source.take(np.array([2])).tolist() == [[40, 0, 0, 3, 0, 1]]
    assert source.notes == (
        "1 of 6 rows is left out, because values are missing: labels 1",
        "missing values are filled: 'age' 2, 'sex' 1",
    )


def test_one_error_has_all_that_is_missing() -> None:
    with pytest.raises(_errors.DataError) as caught:
        FastCore(2).fit(TABLE, "y")
    message = str(caught.value)
    assert "'age' has 2 NaN" in message
    assert "'sex' has 1 NaN" in message
    assert "missing='impute'" in message
    told = command_line_message(caught.value.obstacles)
    assert "use --missing impute, or --drop age --drop sex" in told


@pytest.mark.parametrize("missing", ["drop", "impute"])
@pytest.mark.parametrize("make", [np.asarray, scipy.sparse.csr_array, pd.DataFrame, pl.DataFrame])
def test_every_kind_of_source(make: Any, missing: Any) -> None:
    rows = np.array([[1.0, 0], [NAN, 2], [3, 5], [5, 7]])
    source = as_source(make(rows), [0, 1, None, 1], missing=missing)
    assert labels_of(source) == ([0, 1] if missing == "drop" else [0, 1, 1])
    expected = [[1, 0], [5, 7]] if missing == "drop" else [[1, 0, 0], [3, 2, 1], [5, 7, 0]]
    assert rows_of(source).tolist() == expected


def test_nothing_missing_changes_nothing() -> None:
    X = np.eye(3)
    source = as_source(X, missing="drop")
    assert source.notes == ()
    assert rows_of(source).tolist() == X.tolist()
    imputed = as_source(X, missing="impute")
    assert imputed.feature_names == ("x0", "x1", "x2")
    assert rows_of(as_source(as_source(X), missing="impute")).tolist() == X.tolist()


def test_no_row_is_left() -> None:
    with pytest.raises(_errors.DataError, match=r"no row of 2 is left .*'x0' 1, 'x1' 1"):
        as_source([[1.0, NAN], [NAN, 1.0]], missing="drop")
    with pytest.raises(_errors.DataError, match=r"no row of 2 is left .*labels 2"):
        as_source([[1.0], [2.0]], [None, None], missing="impute")
    with pytest.raises(_errors.ParameterError, match="missing='mean' is not known"):
        as_source([[1.0]], missing="mean")  # type: ignore[arg-type]


def test_infinite_values_are_not_missing() -> None:
    source = as_source([[np.inf, 1.0], [1.0, 2.0]], missing="drop")
    assert source.n_rows == 2
    with pytest.raises(_errors.DataError, match="'x0' has 0 NaN and 1 infinite"):
        FastCore(1).fit(source)


def test_columns_that_are_always_missing() -> None:
    table = pa.table({"a": [1.0, 2], "n": pa.nulls(2), "t": pa.nulls(2, pa.string())})
    source = as_source(table, missing="impute")
    assert source.feature_names == ("a", "n", "t", "n_missing", "t=missing")
    assert rows_of(source).tolist() == [[1, 0, 0, 1, 1], [2, 0, 0, 1, 1]]


def test_lists_dates_and_names_that_are_taken() -> None:
    table = pa.table(
        {
            "e": [[1.0, 2], None, [3.0, 6]],
            "d": pa.array([0, None, 86_400], pa.timestamp("s")),
            "a": [1.0, None, 2.0],
            "a_missing": [5.0, 6, 7],
        }
    )
    source = as_source(table, missing="impute", dates="number")
    added = ("e_missing", "d_missing", "a_missing'")
    assert source.feature_names == ("e_0", "e_1", "d", "a", "a_missing", *added)
    assert rows_of(source)[1].tolist() == [2, 4, 43_200, 1.5, 6, 1, 1, 1]


def test_the_median_is_that_of_a_sample_where_there_are_many_rows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(_missing, "SAMPLE_ROWS", 64)
    monkeypatch.setattr(_missing, "_LEAST_ROWS", 64)
    values = np.random.default_rng(0).normal(size=(1000, 2))
    values[::7, 0] = NAN
    values[:, 1] = NAN
    values[500, 1] = 3.0  # hardly ever present, and perhaps not in the sample
    frame = pd.DataFrame(values, columns=["x0", "x1"])
    frame.to_parquet(tmp_path / "t.parquet", row_group_size=99)
    sources = [
        as_source(data, missing="impute", chunk_rows=chunk_rows)
        for data in (values, frame, tmp_path / "t.parquet")
        for chunk_rows in (17, None)
    ]
    filled = [rows_of(source) for source in sources]
    assert all(rows.tobytes() == filled[0].tobytes() for rows in filled)
    assert abs(filled[0][0, 0] - np.nanmedian(values[:, 0])) < 0.5
    assert filled[0][0, 1] == 3.0


@given(
    X=st.tuples(st.integers(1, 30), st.integers(1, 4)).flatmap(
        lambda shape: arrays(np.float64, shape, elements=st.sampled_from([NAN, 0.0, 1.0, 5.0]))
    ),
    chunk_rows=st.sampled_from([1, 7, None]),
)
def test_laws_of_missing_values(X: np.ndarray, chunk_rows: int | None) -> None:
    complete = ~np.isnan(X).any(axis=1)
    if complete.any():
        dropped = as_source(X, np.arange(len(X)), missing="drop", chunk_rows=chunk_rows)
        assert rows_of(dropped).tolist() == X[complete].tolist()
        assert labels_of(dropped) == np.flatnonzero(complete).tolist()
        every = np.arange(dropped.n_rows)
        assert dropped.original(every).tolist() == np.flatnonzero(complete).tolist()
        assert sum(part.n_rows for part in dropped.parts()) == dropped.n_rows
        again = [pickle.loads(pickle.dumps(part)) for part in dropped.parts()]
        sent = np.concatenate([chunk.rows for part in again for chunk in part.chunks()])
        assert sent.tolist() == X[complete].tolist()
    filled = rows_of(as_source(X, missing="impute", chunk_rows=chunk_rows))
    n_features = X.shape[1]
    assert np.isfinite(filled).all()
    np.testing.assert_array_equal(np.where(np.isnan(X), NAN, filled[:, :n_features]), X)
    for feature in range(n_features):
        if not np.isnan(X[:, feature]).all():
            gaps = np.isnan(X[:, feature])
            assert (filled[gaps, feature] == np.nanmedian(X[:, feature])).all()
    gaps_by_column = np.isnan(X)[:, np.isnan(X).any(axis=0)]
    assert filled[:, n_features:].tolist() == gaps_by_column.tolist()


@given(mask=st.lists(st.booleans(), min_size=1, max_size=70), start=st.integers(0, 69))
def test_kept_rows(mask: list[bool], start: int) -> None:
    kept = KeptRows.of([np.array(mask[:3], bool), np.array(mask[3:], bool)])
    assert len(kept) == sum(mask)
    assert kept.mask(min(start, len(mask)), len(mask)).tolist() == mask[start:]
    assert kept.positions(np.arange(sum(mask))).tolist() == np.flatnonzero(mask).tolist()


def test_kept_rows_of_many_blocks() -> None:
    mask = np.random.default_rng(0).random(300_000) < 0.3
    kept = KeptRows.of([mask])
    assert kept.positions(np.arange(len(kept))).tolist() == np.flatnonzero(mask).tolist()


def test_rows_of_the_input_are_copied(tmp_path: Path) -> None:
    source = as_source(csv(tmp_path), label="y", missing="drop")
    copy_rows(source, source.original(np.array([1])), tmp_path / "out.csv", {"row": [5]})
    assert (tmp_path / "out.csv").read_text() == "age,sex,fare,y,row\n30.0,m,6.0,no,5\n"
    assert source.take_table(np.array([5])).num_rows == 1
    with pytest.raises(AttributeError, match="no attribute 'take_table'"):
        _ = as_source([[1.0], [NAN]], missing="drop").take_table


# --- rows like others ---


def test_test_rows_get_the_features_of_the_training_rows(tmp_path: Path) -> None:
    train = as_source(
        pd.DataFrame({"a": [1.0, 2], "c": ["red", "blue"], "z": [0, 1], "y": [0, 1]}),
        label="y",
        drop=["z"],
    )
    test = pd.DataFrame({"y": [1, 0, 1], "c": ["green", "red", None], "a": [7, 8, 9], "d": "x"})
    test.to_csv(tmp_path / "t.csv", index=False)
    for data in (test, tmp_path / "t.csv"):
        source = as_source(data, label="y", like=train)
        assert source.feature_names == train.feature_names == ("a", "c=blue", "c=red")
        np.testing.assert_array_equal(rows_of(source), [[7, 0, 0], [8, 0, 1], [9, NAN, NAN]])
        assert labels_of(source) == [1, 0, 1]
        assert source.notes == (
            "column 'c' has levels that the other rows lack ('green'): all its features are 0 "
            "there",
            "column 'd': not among the columns of the other rows, so ignored",
        )


def test_what_test_rows_must_have() -> None:
    train = as_source(pd.DataFrame({"a": [1.0, 2], "c": ["u", "v"], "n": [1, 2]}))
    with pytest.raises(_errors.ColumnError, match="no column 'c', 'n', which"):
        as_source(pd.DataFrame({"a": [1.0]}), like=train)
    with pytest.raises(_errors.ColumnError, match=r"'a' has type large_string.*have number"):
        as_source(pd.DataFrame({"a": ["x"], "c": ["u"], "n": [1]}), like=train)
    with pytest.raises(_errors.DataError, match=r"2 features.* have 4"):
        as_source(np.eye(2), like=train)
    assert rows_of(as_source([[1.0, 2, 3, 4]], like=train)).tolist() == [[1, 2, 3, 4]]


def test_levels_of_other_types_are_compared_as_text() -> None:
    train = as_source(pd.DataFrame({"c": ["7", "8", "x"], "k": pd.Categorical([1, 2, 2])}))
    assert train.feature_names == ("c=7", "c=8", "c=x", "k=1", "k=2")
    source = as_source(pd.DataFrame({"c": [7, 9], "k": ["2", "u"]}), like=train)
    assert rows_of(source).tolist() == [[1, 0, 0, 0, 1], [0, 0, 0, 0, 0]]
    assert len(source.notes) == 2


def test_dates_and_gaps_like_those_of_the_training_rows() -> None:
    days = pd.DataFrame({"t": pa.array([0, 1], pa.date32()).to_pandas(), "a": [1.0, NAN]})
    days["b"] = [3.0, 5.0]
    train = as_source(days, dates="parts", missing="impute")
    test = pd.DataFrame({"t": pd.to_datetime(["2020-01-05 07:00", None]), "b": [NAN, 1], "a": 2.0})
    source = as_source(test, like=train)
    assert source.feature_names == train.feature_names
    assert rows_of(source).tolist() == [[2020, 1, 5, 6, 2, 4, 0], [1970, 1, 1.5, 3.5, 2, 1, 0]]
    assert source.notes == ("missing values are filled: 't' 1, 'b' 1",)
    dropped = as_source(days, dates="number", missing="drop")
    assert as_source(test.fillna({"b": 7.0}), like=dropped).original(np.array([0])).tolist() == [0]


def test_the_report_tells_what_was_left_out_or_filled() -> None:
    frame = pd.DataFrame({"a": [1.0, np.nan, *range(38)], "y": ["u", "v"] * 19 + [None, "u"]})
    for missing in ("drop", "impute"):
        source = as_source(frame, label="y", missing=missing)
        assert source.notes
        for method in (FastCore, Uniform):
            assert method(5, random_state=0).fit(source).report_["notes"] == list(source.notes)
    assert "notes" not in FastCore(5).fit(frame[2:38], "y").report_
