"""What columns become that are not plain numbers: dates, text, lists, an index, coresift's own."""

from __future__ import annotations

import datetime
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift import FastCore, _errors
from coresift.sources import FrameSource, as_source, command_line_message
from coresift.sources._dates import date_parts, encode_dates
from coresift.sources._text_numbers import decimal_mark, parse_numbers, share_of_numbers

NAN = float("nan")


def rows_of(source: Any) -> np.ndarray:
    return np.concatenate([chunk.rows for chunk in source.chunks()])


# --- the index of an exported table, and what coresift writes ---


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "Unnamed: 12", "__index_level_0__"])
def test_an_exported_index_is_left_out_and_told(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pd.DataFrame({name: ["x", "y", "z"], "a": [4, 5, 7]}).to_csv(tmp_path / "t.csv", index=False)
    for data in (tmp_path / "t.csv", pl.DataFrame({name: [1, 2, 3], "a": [4, 5, 7]})):
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="coresift"):
            source = as_source(data)
        assert source.feature_names == ("a",)
        assert source.notes == (
            f"column {name!r} is the index of an exported table: it is left out",
        )
        assert caplog.messages == list(source.notes)
        assert as_source(data, drop=(name,)).notes == ()


def test_the_index_of_to_csv_and_of_r(tmp_path: Path) -> None:
    pd.DataFrame({"a": [4, 5, 7], "y": [0, 1, 0]}).to_csv(tmp_path / "t.csv")
    assert as_source(tmp_path / "t.csv", label="y").feature_names == ("a",)
    (tmp_path / "r.csv").write_text('"","mpg"\n"Mazda RX4",21\n"Datsun 710",22.8\n')
    assert as_source(tmp_path / "r.csv").feature_names == ("mpg",)
    assert as_source(tmp_path / "r.csv", label="").feature_names == ("mpg",)


def test_a_column_that_counts_the_rows_is_told() -> None:
    frame = pd.DataFrame({"obs": [1, 2, 3, 4], "a": [2, 3, 4, 5], "b": [0, 1, 3, 2]})
    source = as_source(frame)
    assert source.feature_names == ("obs", "a", "b")
    assert source.notes == ("column 'obs' counts the rows: drop it if it is an index",)


def test_what_coresift_wrote_is_no_feature() -> None:
    frame = pd.DataFrame({"a": [4, 5], "row": [7, 9], "sample_weight": [1.0, 2.0]})
    source = as_source(frame)
    assert source.feature_names == ("a",)
    assert [note.partition(" was")[0] for note in source.notes] == [
        "column 'row'",
        "column 'sample_weight'",
    ]
    assert as_source(frame.drop(columns="sample_weight")).feature_names == ("a", "row")
    assert as_source(frame, label="row").feature_names == ("a",)


def test_names_of_any_kind_can_be_dropped() -> None:
    frame = pd.DataFrame([[1, 2, 3, 4]], columns=["a,b", " pad ", "", "z"])
    assert as_source(frame, drop=("a,b", " pad ", "")).feature_names == ("z",)
    with pytest.raises(_errors.ColumnError, match="no column 'q' to drop"):
        as_source(frame, drop=["q"])
    with pytest.raises(_errors.ColumnError, match="label column 'z' is to be dropped too"):
        as_source(frame, label="z", drop=["z"])
    with pytest.raises(_errors.ParameterError, match=r"pass a list, \['z'\]"):
        as_source(frame, drop="z")
    for levels in (0, -5, 1.5):
        with pytest.raises(_errors.ParameterError, match="max_levels"):
            as_source(frame, max_levels=levels)  # type: ignore[arg-type]


# --- text that is numbers ---

PLAIN = [f"{1000 + place * 37:,}" for place in range(20)]


@pytest.mark.parametrize(
    "texts",
    [
        PLAIN,
        [*map(str, range(19)), "?"],
        [f"{place}%" for place in range(20)],
        [f"${place}.50" for place in range(20)],
        [f"{place} €" for place in range(20)],
        [f"{place},5" for place in range(20)],
        [f"0{place}" for place in range(20)],
        [f"1.{place:03}.000,5" for place in range(20)],
        [f"{place / 7:.3e}" for place in range(19)] + ["n/a"],
        [f"({place})" for place in range(20)],
        [*map(str, range(17)), "?", "-", "unknown"],
    ],
)
def test_text_that_is_numbers_is_refused_with_remedies(texts: list[str]) -> None:
    table = pa.table({"a": range(5, 25), "b": texts})
    with pytest.raises(_errors.ColumnError) as caught:
        as_source(table)
    message = str(caught.value)
    assert "column 'b' is text that holds numbers, such as" in message
    marks = {"?", "n/a", "-", "unknown"} & set(texts)
    filled = ", missing='impute'" if marks else ""
    assert f"pass as_source(..., numbers='parse'{filled}), or drop=['b']" in message
    assert as_source(table, numbers="levels").n_features == 21
    source = as_source(table, numbers="parse")
    assert source.feature_names == ("a", "b")
    assert np.isnan(rows_of(source)[:, 1]).mean() < 0.2
    assert as_source(table, drop=["b"]).n_features == 1


def test_few_levels_and_categories_are_told() -> None:
    few = as_source(pa.table({"a": [5.5, 2], "b": ["04123", "99"]}))
    assert few.feature_names == ("a", "b=04123", "b=99")
    assert "column 'b' is text that holds numbers, such as '04123', '99'" in few.notes[0]
    category = pa.array(PLAIN).dictionary_encode()
    assert as_source(pa.table({"b": category})).n_features == 20
    assert as_source(pa.table({"b": ["red", "blue", "7"]})).notes == ()


@pytest.mark.parametrize(
    ("texts", "mark", "values"),
    [
        (["1,234", "1,234,567.5", "12", "?"], ".", [1234, 1234567.5, 12, NAN]),
        (["1.234", "1.234.567,5", "12,5"], ",", [1234, 1234567.5, 12.5]),
        (["1,5", "2,75", "-0,1"], ",", [1.5, 2.75, -0.1]),
        (["12%", "-3.5 %", "1e3"], ".", [0.12, -0.035, 1000]),
        (["$5", "-$5.5", "$-5", "5 EUR", "€1,000"], ".", [5, -5.5, -5, 5, 1000]),
        (["(3)", "+4", " 5 ", ".5", "5."], ".", [-3, 4, 5, 0.5, 5]),
        (["1 234", "1\u00a0234", "1'234", "1_234"], ".", [1234] * 4),
        (["1.5", "2.5", "3,5"], ".", [1.5, 2.5, NAN]),
        (["n/a", "-", "", "none", "7"], ".", [NAN, NAN, NAN, NAN, 7]),
        (["1.000", "2.000"], ".", [1, 2]),
    ],
)
def test_numbers_in_text_are_parsed(texts: list[str], mark: str, values: list[float]) -> None:
    assert decimal_mark(pa.array(texts)) == mark
    parsed = parse_numbers(pa.array(texts), mark).to_numpy(zero_copy_only=False)
    np.testing.assert_allclose(parsed, values, rtol=1e-15)


@given(values=st.lists(st.floats(-1e12, 1e12).map(lambda value: round(value, 3)), min_size=1))
def test_numbers_survive_their_formats(values: list[float]) -> None:
    for form, scale in (("{:,.3f}", 1), ("${:,.3f}", 1), ("{:.3f}%", 100), ("{!r}", 1)):
        texts = pa.array([form.format(value) for value in values])
        assert share_of_numbers(texts) == 1
        parsed = parse_numbers(texts, ".").to_numpy(zero_copy_only=False)
        np.testing.assert_allclose(parsed, np.array(values) / scale, rtol=1e-12)


@given(texts=st.lists(st.text(max_size=6)))
def test_any_text_is_a_number_or_missing(texts: list[str]) -> None:
    for mark in ".,":
        assert len(parse_numbers(pa.array(texts, pa.string()), mark)) == len(texts)
    assert 0 <= share_of_numbers(pa.array(texts, pa.string())) <= 1


# --- dates ---

MOMENTS = [datetime.datetime(2020, 1, 5, 7, 30), datetime.datetime(1969, 12, 31, 23, 0)]


@pytest.mark.parametrize(
    "values",
    [
        pa.array(MOMENTS, pa.timestamp("s")),
        pa.array(MOMENTS, pa.timestamp("ns")),
        pa.array(MOMENTS, pa.timestamp("us")).dictionary_encode(),
        pa.array(["2020-01-05 07:30", "1969/12/31T23:00:00"]),
    ],
)
def test_dates_are_refused_or_read_as_asked(values: pa.Array) -> None:
    table = pa.table({"t": values})
    if not pa.types.is_string(values.type):
        with pytest.raises(_errors.ColumnError, match=r"'t' holds dates.*dates='parts'.*drop="):
            as_source(table)
    source = as_source(table, dates="parts")
    assert source.feature_names == ("t_year", "t_month", "t_day", "t_weekday", "t_hour")
    assert set(source.column_names) == {"t"}
    assert rows_of(source).tolist() == [[2020, 1, 5, 6, 7], [1969, 12, 31, 2, 23]]
    seconds = as_source(table, dates="number")
    assert seconds.feature_names == ("t",)
    assert rows_of(seconds).tolist() == [[1578209400.0], [-3600.0]]


def test_days_clocks_and_spans() -> None:
    table = pa.table(
        {
            "day": pa.array([datetime.date(2020, 1, 5), None]),
            "clock": pa.array([datetime.time(7, 30), None]),
            "span": pa.array([datetime.timedelta(hours=1), None]),
        }
    )
    parts = as_source(table, dates="parts")
    assert parts.feature_names == (
        *(f"day_{part}" for part in ("year", "month", "day", "weekday")),
        *("clock_hour", "clock_minute", "span"),
    )
    expected = [[2020, 1, 5, 6, 7, 30, 3600], [NAN] * 7]
    np.testing.assert_array_equal(rows_of(parts), expected)
    numbers = as_source(table, dates="number")
    np.testing.assert_array_equal(rows_of(numbers), [[1578182400, 27000, 3600], [NAN] * 3])


@given(moment=st.datetimes(datetime.datetime(1600, 1, 1), datetime.datetime(2400, 1, 1)))
def test_text_and_timestamps_agree(moment: datetime.datetime) -> None:
    stamp = pa.array([moment], pa.timestamp("us"))
    for text in (moment.isoformat(), moment.isoformat(" ").replace("-", "/")):
        for parts in (date_parts(stamp.type, "parts"), ()):
            np.testing.assert_allclose(
                encode_dates(pa.array([text]), parts), encode_dates(stamp, parts), rtol=1e-15
            )


def test_text_of_dates_is_told() -> None:
    days = [f"2012/01/{day}" for day in range(1, 29)]
    with pytest.raises(_errors.ColumnError, match=r"text that holds dates, .*'2012/01/1'.*parts"):
        as_source(pa.table({"date": days}))
    other = [f"{day}.01.2012" for day in range(1, 29)]
    with pytest.raises(_errors.ColumnError, match=r"text that holds dates.*\(..., drop="):
        as_source(pa.table({"date": other}), dates="parts")
    few = as_source(pa.table({"date": days[:3]}))
    assert "text that holds dates, such as '2012/01/1'" in few.notes[0]
    assert np.isnan(encode_dates(pa.array(["2012-02-30", "x", None]), ["year"])).all()


# --- lists ---

E = np.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize(
    "column",
    [
        pa.array(E.tolist()),
        pa.array(E.tolist(), pa.large_list(pa.float32())),
        pa.array(E.tolist(), pa.list_(pa.float64(), 3)),
        pa.FixedShapeTensorArray.from_numpy_ndarray(E),
        pa.array([[row.tolist()] for row in E], pa.list_(pa.list_(pa.float64(), 3))),
    ],
)
def test_lists_of_one_length_are_features(column: pa.Array, tmp_path: Path) -> None:
    table = pa.table({"e": column, "y": [0, 1, 0, 1]})
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet", row_group_size=2)
    for data in (table, tmp_path / "t.parquet"):
        source = as_source(data, label="y", chunk_rows=3)
        assert source.feature_names == source.column_names == ("e_0", "e_1", "e_2")
        np.testing.assert_array_equal(rows_of(source), E)
        np.testing.assert_array_equal(source.take(np.array([1, 3])), E[[1, 3]])


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_lists_of_frames(make: Any) -> None:
    source = as_source(make({"e": list(E)}))
    np.testing.assert_array_equal(rows_of(source), E)


def test_lists_that_are_missing_or_of_other_lengths() -> None:
    lists = [None, [1.0, 2], [3.0, None], None, [5.0, 6]]
    expected = [[NAN, NAN], [1, 2], [3, NAN], [NAN, NAN], [5, 6]]
    source = as_source(pa.table({"e": lists}), chunk_rows=2)
    np.testing.assert_array_equal(rows_of(source), expected)
    np.testing.assert_array_equal(source.take(np.array([0, 4])), [[NAN, NAN], [5, 6]])
    odd = as_source(pa.table({"e": [*lists, [1.0]]}), chunk_rows=4)
    with pytest.raises(_errors.DataError, match=r"'e' has 1 items in row 5 and 2 in the rows"):
        rows_of(odd)
    assert np.isnan(
        rows_of(as_source(pa.table({"e": pa.array([None], pa.list_(pa.int8()))})))
    ).all()


# --- pandas ---


def test_sparse_frames_are_read_as_numbers() -> None:
    dense = pd.DataFrame({"a": [0.0, 1, 0], "b": [1.0, 0, 2]})
    frame = dense.astype(pd.SparseDtype(float, 0))
    np.testing.assert_array_equal(rows_of(as_source(frame)), dense.to_numpy())
    dummies = pd.get_dummies(pd.Series(["u", "v", "u"]), sparse=True)
    assert rows_of(as_source(dummies)).tolist() == [[1, 0], [0, 1], [1, 0]]
    assert FastCore(2, random_state=0).fit(frame).sample_weight_.sum() == 3


def test_intervals_and_periods_are_labels() -> None:
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4], "p": pd.period_range("2020", periods=4, freq="M")})
    frame["y"] = pd.qcut(frame["a"], 2)
    labels = next(as_source(frame, label="y", drop=["p"]).chunks()).labels
    assert labels is not None
    assert labels.tolist() == frame["y"].tolist()
    assert FastCore(2, random_state=0).fit(frame.drop(columns="p"), "y").report_["n_chosen"] == 2
    assert next(as_source(frame, label="p", drop=["y"]).chunks()).labels is not None
    binned = as_source(frame, drop=["p"])
    assert binned.n_features == 3
    with pytest.raises(_errors.ColumnError, match=r"'p' has type extension<pandas\.period"):
        as_source(frame)


def test_an_index_stays_an_index() -> None:
    frame = pd.DataFrame({"a": [1.0, 2]}, index=pd.Index([7, 9], name="id"))
    assert as_source(frame).feature_names == ("a",)


# --- names of features, and errors ---


def test_features_have_names_of_their_own() -> None:
    table = pa.table({"a=x": [1, 5], "a": ["x", "y"], "e_0": [1, 9], "e": [[1, 2], [3, 4]]})
    names = as_source(table).feature_names
    assert names == ("a=x", "a=x'", "a=y", "e_0", "e_0'", "e_1")


def test_one_error_has_every_column(tmp_path: Path) -> None:
    table = pa.table(
        {
            "ok": [0.5] * 150,
            "when": [datetime.date(2020, 1, 1)] * 150,
            "name": [f"n{row}" for row in range(150)],
            "price": [f"{row},000" for row in range(150)],
            "odd": [{"u": 1}] * 150,
            "a b": [None, *[1.5] * 149],
            "nan": [NAN, *[1.5] * 149],
            "y": [None, *["u"] * 149],
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    for data in (table, tmp_path / "t.parquet"):
        with pytest.raises(_errors.ColumnError) as caught:
            as_source(data, label="y")
        named = [one.column for one in caught.value.obstacles]
        assert named == ["when", "name", "price", "odd", "a b", "nan", "y"]
        message = str(caught.value)
        assert message.startswith("7 columns are in the way (column 'when' holds dates")
        assert "the label column 'y' has 1 missing values" in message
        assert message.endswith(
            "pass as_source(..., dates='parts', max_levels=150, numbers='parse', "
            "missing='impute', drop=['odd']), or missing='drop', drop=['when', 'name', 'price', "
            "'odd', 'a b', 'nan']"
        )
        assert command_line_message(caught.value.obstacles).endswith(
            "use --dates parts --max-levels 150 --numbers parse --missing impute --drop odd, or "
            "--missing drop --drop when --drop name --drop price --drop odd --drop 'a b' --drop nan"
        )
    assert FrameSource(table, label="y", drop=named[:-1]).n_features == 1
