"""CSV: labels and codes keep what was written, and rows are copied as they are."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coresift import FastCore, _errors
from coresift.sources import FileSource, as_source, copy_rows
from coresift.sources._csv_types import has_leading_zeros


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "labels",
    [
        ["18446744073709551610", "18446744073709551611", "18446744073709551612"],
        ["9007199254740993", "9007199254740992", "9007199254740994"],
        ["007", "7", "0007"],
        ["007", "008", "009"],
        ["-07", "-7", "+7"],
        ["0x1f", "31", "32"],
        ["1", "1.0", "1.00"],
        ["1e5", "100000", "1e6"],
        ["0.1", "0.1000000000000000001", "0.10000000000000000555"],
        ["0.30000000000000004", "0.3", "0.30000000000000010"],
        ["a", '"a "', '" a"'],
        ["1", '" 1"', '"1 "'],
        ["true", "TRUE", "1"],
        ["true", "false", "True"],
        ["2020-01-01", "2020-01-02", "2020-01-03"],
    ],
)
def test_labels_that_are_written_differently_stay_apart(labels: list[str], tmp_path: Path) -> None:
    lines = ["a,y", *(f"{row}.5,{labels[row % 3]}" for row in range(60))]
    path = write(tmp_path / "rows.csv", lines)
    facts = FastCore(6, random_state=0).fit(path, "y").report_["classes"]
    assert [fact["rows"] for fact in facts] == [20] * 3


def test_labels_keep_their_text_and_the_source_says_why(tmp_path: Path) -> None:
    lines = ["zip,a,y", *(f"0{row % 7}123,{row},{'007' if row % 2 else '7'}" for row in range(20))]
    source = as_source(write(tmp_path / "rows.csv", lines), label="y")
    assert source.feature_names == (*(f"zip=0{digit}123" for digit in range(7)), "a")
    labels = next(source.chunks()).labels
    assert labels is not None
    assert set(labels) == {"7", "007"}


def test_leading_zeros_are_seen_in_any_file_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "0.csv", ["a,b,y", "1,1,1", "2,2,2"])
    write(tmp_path / "1.csv", ["a,b,y", "3,01,3", "4,3,03"])
    source = as_source(tmp_path, label="y")
    assert source.feature_names == ("a", "b=01", "b=1", "b=2", "b=3")
    labels = [chunk.labels for chunk in source.chunks()]
    assert np.concatenate([part for part in labels if part is not None]).tolist() == [
        "1",
        "2",
        "3",
        "03",
    ]


@given(texts=st.lists(st.from_regex(r"[-+ ]?[0-9x.]{0,4}", fullmatch=True) | st.none()))
def test_leading_zeros_are_what_the_words_say(texts: list[str | None]) -> None:
    def padded(text: str | None) -> bool:
        digits = (text or "").lstrip().removeprefix("-" if "-" in (text or "") else "+")
        return digits[:1] == "0" and digits[1:2] not in {"", "."}

    expected = any(map(padded, texts))
    assert has_leading_zeros(pa.array(texts, pa.string())) is expected
    sliced = pa.array(["00", *texts, "00"], pa.string()).slice(1, len(texts))
    assert has_leading_zeros(sliced) is expected


ROWS = [
    'id,"a,b",c,d,e,y',
    "007,1.50,NA,+1,x,0",
    '7,1e5,"NA", 2,"say ""x""",1',
    ',0x1f,"",null,"u\nv",1',
    "18446744073709551615,-0,n/a,,é,0",
]
COPIED = [
    'id,"a,b",c,d,e,y,w',
    "007,1.50,NA,+1,x,0,0.5",
    '7,1e5,"NA", 2,"say ""x""",1,1.5',
    ',0x1f,"",null,"u\nv",1,2.5',
    "18446744073709551615,-0,n/a,,é,0,3.5",
]


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_rows_are_copied_as_they_are(suffix: str, tmp_path: Path) -> None:
    source = as_source(write(tmp_path / "in.csv", ROWS), label="y")
    out = tmp_path / f"out{suffix}"
    copy_rows(source, np.arange(4), out, {"w": [0.5, 1.5, 2.5, 3.5]})
    written = gzip.decompress(out.read_bytes()) if suffix == ".csv.gz" else out.read_bytes()
    assert written.decode() == "\n".join(COPIED) + "\n"
    copy_rows(source, np.array([3, 0]), out)
    again = as_source(out, label="y", drop=["id", "c", "d", "e"])
    assert again.take(np.array([0, 1])).tolist() == [[0], [1.5]]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=4)
CELLS = TEXT | st.sampled_from(["NA", "007", "1.50", "1e5", "null", "", '"', ",", "x\ny"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
def test_copies_read_back_the_same(rows: list[tuple[str, str]], tmp_path: Path) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([("a", "b", "z"), *((*r, 1) for r in rows)])
    (tmp_path / "in.csv").write_text(buffer.getvalue(), encoding="utf-8", newline="")
    source = FileSource(tmp_path / "in.csv", drop=["a", "b"])
    copy_rows(source, np.arange(len(rows)), tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["a", "b", "z"], *([*row, "1"] for row in rows)]


def test_copies_to_parquet_have_types(tmp_path: Path) -> None:
    source = as_source(write(tmp_path / "in.csv", ["a,b", "1.50,007", "2,7"]))
    copy_rows(source, [1], tmp_path / "out.parquet", {"row": np.array([1])})
    table = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert table.to_pylist() == [{"a": 2.0, "b": "7", "row": 1}]


def test_names_that_are_taken_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    source = as_source(write(tmp_path / "in.csv", ["a,row", "1,2"]))
    with pytest.raises(_errors.ColumnError, match="'row', which is written too"):
        copy_rows(source, [0], tmp_path / "out.csv", {"row": [0]})
    with pytest.raises(_errors.DataError, match="ArraySource has no columns to copy"):
        copy_rows(as_source([[1.0]]), [0], tmp_path / "out.csv")
    with pytest.raises(_errors.FormatError, match="cannot be written"):
        copy_rows(source, [0], tmp_path / "nothing" / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_parquet_rows_are_copied_to_csv(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1.5, 2.5], "b": ["007", "7"]}).to_parquet(tmp_path / "in.parquet")
    copy_rows(as_source(tmp_path / "in.parquet"), [0], tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == '"a","b"\n1.5,"007"\n'


@pytest.mark.parametrize("ending", ["tsv", "csv.bz2", "tsv.zst"])
def test_other_endings_hold_the_same_cells(ending: str, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text('a,b,c\n007,"x\ty",1.50\n7,"u,v",2\n')
    copy_rows(as_source(path), np.array([0, 1]), tmp_path / f"out.{ending}")
    back = as_source(tmp_path / f"out.{ending}").take_table(np.array([0, 1]))
    assert back.to_pylist() == as_source(path).take_table(np.array([0, 1])).to_pylist()
    assert back["a"].to_pylist() == ["007", "7"]


def test_decimal_commas_are_written_as_numbers(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("code;a\n007;1,50\n7;2\n")
    copy_rows(as_source(path), np.array([0]), tmp_path / "out.csv", {"weight": [0.5]})
    assert (tmp_path / "out.csv").read_text() == '"code","a","weight"\n"007",1.5,0.5\n'
