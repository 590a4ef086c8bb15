"""What coresift says that it sees in a table."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
import scipy.sparse

from coresift import _errors
from coresift.sources import Description, describe

N = 60
NAN = float("nan")
COLUMNS: dict[str, Any] = {
    "": range(N),
    "obs": range(1, N + 1),
    "id": [f"bird {row * 7919 % 997}" for row in range(N)],
    "key": [row * 7919 % 997 for row in range(N)],
    "mass": [None, NAN, *[1.5, 2.5] * (N // 2 - 1)],
    "speed": [float("inf"), *[1.5] * (N - 1)],
    "price": [f"${row},000" for row in range(N)],
    "zip": ["04123", "04124"] * (N // 2),
    "born": [datetime.date(2020, 1, 1 + row % 3) for row in range(N)],
    "on": [f"2012/01/{1 + row % 28}" for row in range(N)],
    "one": [3] * N,
    "none": pa.nulls(N),
    "colour": ["red", "blue", "green"] * (N // 3),
    "embedding": [[1.0, row] for row in range(N)],
    "odd": [{"u": 1}] * N,
    "y": [None, *["u", "v", "u"] * (N // 3 - 1), "u", "v"],
}
TABLE = pa.table(COLUMNS)


def by_name(seen: Description) -> dict[str, Any]:
    return {column.name: column for column in seen.columns}


def check(seen: Description) -> None:
    columns = by_name(seen)
    assert seen.n_rows == N
    assert seen.classes == (("u", 39), ("v", 20))
    roles = {name: column.role for name, column in columns.items()}
    assert roles.pop("", "left out") == "left out"  # polars names it otherwise
    assert roles["y"] == "in the way"  # a label is missing
    usable = {"obs", "id", "key", "zip", "one", "colour", "embedding"}
    assert {name for name, role in roles.items() if role == "feature"} == usable
    becomes = {name: column.becomes for name, column in columns.items()}
    assert becomes["colour"] == "3 levels: blue, green, red"
    assert becomes["embedding"] == "2 numbers"
    assert becomes["price"].startswith("is text that holds numbers")
    assert becomes["born"].startswith("holds dates or times")
    assert becomes["y"] == "2 classes"
    remarks = {name: "; ".join(column.remarks) for name, column in columns.items()}
    assert "counts the rows" in remarks["obs"]
    assert "another value in every row" in remarks["id"]
    assert "another value in every row" in remarks["key"]
    assert remarks["one"] == "has the same value in every row"
    assert remarks["none"] == "has no value at all"
    assert "text that holds numbers" in remarks["zip"]
    assert (columns["mass"].missing, columns["speed"].infinite) == (2, 1)
    named = {one.column: one.option for one in seen.obstacles}
    assert named == {
        "mass": ("missing", "impute"),
        "speed": None,
        "price": ("numbers", "parse"),
        "born": ("dates", "parts"),
        "on": ("dates", "parts"),
        "none": ("missing", "impute"),
        "odd": None,
        "y": ("missing", "impute"),
    }
    assert seen.n_complete == 0
    assert json.loads(json.dumps(seen.as_dict()))["classes"][0] == {"label": "u", "rows": 39}


def test_what_is_seen_in_tables_and_files(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(TABLE, tmp_path / "t.parquet", row_group_size=25)
    for data in (
        TABLE,
        tmp_path / "t.parquet",
        pl.DataFrame(pl.from_arrow(TABLE.drop_columns([""]))),
    ):
        check(describe(data, label="y"))


def test_what_is_seen_in_csv(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a;code;y\n1,5;007;1\n2,5;7;0\n;7;0\n")
    seen = describe(tmp_path / "t.csv", label="y", written={"delimiter": ";"})
    columns = by_name(seen)
    assert columns["a"].type == "double"
    assert columns["code"].becomes == "2 levels: 007, 7"
    assert seen.notes == ("column 'code' has numbers with leading zeros: it is read as text",)
    assert (seen.n_rows, seen.n_complete, seen.n_features) == (3, 2, 3)


@pytest.mark.parametrize("make", [np.asarray, scipy.sparse.csr_array, pd.DataFrame, list])
def test_what_is_seen_in_arrays(make: Any, tmp_path: Path) -> None:
    rows = [[1.0, 5.0], [2.0, 5.0], [NAN, 5.0]]
    seen = describe(make(rows), ["a", "b", None])
    assert seen.n_rows == 3
    assert [column.missing for column in seen.columns] == [1, 0]
    assert seen.columns[1].remarks == ("has the same value in every row",)


def test_npy_files_and_options(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.eye(3))
    assert describe(tmp_path / "x.npy").n_features == 3
    seen = describe(TABLE, label="y", drop=["odd"], dates="parts", numbers="parse", max_levels=2)
    columns = by_name(seen)
    assert columns["odd"].role == "left out"
    assert columns["born"].becomes == "year, month, day, weekday"
    assert columns["on"].n_features == 5
    assert columns["price"].becomes == "a number, read from text"
    assert columns["colour"].becomes == "has 3 levels, the limit is 2"


def test_labels_that_are_numbers_to_predict() -> None:
    frame = pd.DataFrame({"a": np.arange(40) % 7, "y": np.linspace(0, 1, 40)})
    (label,) = [column for column in describe(frame, label="y").columns if column.role == "label"]
    assert "almost as many classes as rows" in label.remarks[0]
    one = describe(pd.DataFrame({"a": [1, 2], "y": ["u", "u"]}), label="y")
    assert by_name(one)["y"].remarks == ("has one class",)
    assert by_name(one)["y"].becomes == "1 class"


def test_what_cannot_be_described() -> None:
    with pytest.raises(_errors.ColumnError, match="no column 'z' for the label"):
        describe(TABLE, label="z")
    with pytest.raises(_errors.ColumnError, match="no column 'z' to drop"):
        describe(TABLE, drop=["z"])
    with pytest.raises(_errors.ParameterError, match="both y and label"):
        describe(TABLE, [1], label="y")
    with pytest.raises(_errors.ParameterError, match="name the column"):
        describe("t.csv", [1])
    with pytest.raises(_errors.LabelError, match="2 labels for 60 rows"):
        describe(TABLE, [1, 2])
    with pytest.raises(_errors.DataError, match="0 rows"):
        describe(TABLE.slice(0, 0))
    with pytest.raises(_errors.DataError):
        describe(None)
