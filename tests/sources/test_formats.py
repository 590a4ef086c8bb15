"""Many files, folders, patterns, addresses, and the formats that they are in."""

from __future__ import annotations

import bz2
import gzip
import logging
import os
import pickle
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather
import pyarrow.parquet
import pytest

from coresift import FastCore
from coresift._errors import (
    ColumnError,
    DataError,
    FormatError,
    InputChangedError,
    MissingDependencyError,
    ParameterError,
)
from coresift.sources import FileSource, NpySource, Source, as_source
from coresift.sources._schema import common_type

TABLE = pa.table({"a": [1.5, 2.0, 4.0], "b": ["u", "v", "u"], "y": [0, 1, 0]})
ROWS = [[1.5, 1, 0], [2, 0, 1], [4, 1, 0]]


def rows_of(source: Source) -> list[list[float]]:
    return np.concatenate([chunk.rows for chunk in source.chunks()]).tolist()


def labels_of(source: Source) -> list[Any]:
    return [
        label for chunk in source.chunks() if chunk.labels is not None for label in chunk.labels
    ]


def parquet(path: Path, columns: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pa.table(columns), path)
    return path


def text(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode(encoding))
    return path


# Formats


def write_stream(path: Path) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=2)


def write_arrow(path: Path) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=2)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("t.feather", lambda path: pyarrow.feather.write_feather(TABLE, path)),
        ("t.FEATHER", lambda path: pyarrow.feather.write_feather(TABLE, path, chunksize=2)),
        ("t.arrow", write_arrow),
        ("t.ipc", write_arrow),
        ("stream.arrow", write_stream),
    ],
)
@pytest.mark.parametrize("chunk_rows", [1, 2, None])
def test_arrow_files(
    name: str, write: Callable[[Path], None], chunk_rows: int | None, tmp_path: Path
) -> None:
    write(tmp_path / name)
    source = FileSource(tmp_path / name, label="y", chunk_rows=chunk_rows)
    assert rows_of(source) == ROWS
    assert labels_of(source) == [0, 1, 0]
    assert source.take(np.array([2, 0])).tolist() == [ROWS[2], ROWS[0]]
    assert source.take_table(np.array([1])).to_pylist() == TABLE.slice(1, 1).to_pylist()
    for part in source.parts():
        sent = pickle.loads(pickle.dumps(part))
        assert [c.rows.tolist() for c in sent.chunks()] == [c.rows.tolist() for c in part.chunks()]


def test_first_feather(tmp_path: Path) -> None:
    text(tmp_path / "t.feather", "FEA1 and more")
    with pytest.raises(FormatError, match="Feather file of version 1"):
        FileSource(tmp_path / "t.feather")


@pytest.mark.parametrize("notes", [b"{", b"[]", b'{"index_columns": 3}', b"\xff"])
def test_notes_of_pandas_that_are_none(notes: bytes, tmp_path: Path) -> None:
    table = TABLE.replace_schema_metadata({b"pandas": notes})
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    assert rows_of(FileSource(tmp_path / "t.parquet", label="y")) == ROWS


def test_codes_outside_their_dictionary_are_refused(tmp_path: Path) -> None:
    codes = pa.DictionaryArray.from_arrays(pa.array([0, 9, 1], pa.int8()), ["u", "v"], safe=False)
    table = pa.table({"a": codes})
    with (
        pa.OSFile(str(tmp_path / "t.arrow"), "wb") as file,
        pa.ipc.new_file(file, table.schema) as writer,
    ):
        writer.write_table(table)
    with pytest.raises(FormatError, match=r"t\.arrow' cannot be read .*out of bounds"):
        FileSource(tmp_path / "t.arrow")


def test_a_file_of_other_rows_than_it_says_is_refused(tmp_path: Path) -> None:
    file = FileSource(parquet(tmp_path / "t.parquet", {"a": [1.0, 2.0]}))._files[0]
    with pytest.raises(FormatError, match="holds 2 rows where it says that there are 3"):
        list(replace(file, sections=(3,)).tables(file.schema, 10, range(1)))


def test_an_arrow_file_that_changes(tmp_path: Path) -> None:
    write_arrow(tmp_path / "t.arrow")
    source = FileSource(tmp_path / "t.arrow")
    write_stream(tmp_path / "t.arrow")
    with pytest.raises(InputChangedError):
        rows_of(source)


CSV = b"a,b,y\n1.5,u,0\n2,v,1\n4,u,0\n"


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("t.csv.gz", gzip.compress),
        ("t.csv.bz2", bz2.compress),
        ("t.csv.zst", lambda data: pa.compress(data, "zstd", asbytes=True)),
        ("t.tsv.gz", lambda data: gzip.compress(data.replace(b",", b"\t"))),
        ("t.tsv", lambda data: data.replace(b",", b"\t")),
    ],
)
def test_packed_tables(name: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(pack(CSV))
    source = FileSource(tmp_path / name, label="y")
    assert rows_of(source) == ROWS
    assert labels_of(source) == [0, 1, 0]


@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_files(order: Any, tmp_path: Path) -> None:
    X = np.asarray(np.arange(40.0).reshape(20, 2), dtype=np.float32, order=order)
    y = np.arange(20) % 2
    np.save(tmp_path / "X.npy", X)
    source = as_source(tmp_path / "X.npy", y, chunk_rows=3)
    assert isinstance(source, NpySource)
    assert rows_of(source) == X.tolist()
    assert labels_of(source) == y.tolist()
    assert source.take(np.array([7, 3])).tolist() == X[[7, 3]].tolist()
    sent = [pickle.loads(pickle.dumps(part)) for part in source.parts()]
    assert [c.rows.tolist() for part in sent for c in part.chunks()] == [
        c.rows.tolist() for c in source.chunks()
    ]
    fitted = [
        FastCore(budget=4, random_state=0).fit(data, y) for data in (str(tmp_path / "X.npy"), X)
    ]
    assert fitted[0].sample_indices_.tolist() == fitted[1].sample_indices_.tolist()


def test_npy_files_that_change_or_are_none(tmp_path: Path) -> None:
    path = tmp_path / "X.npy"
    np.save(path, np.ones((20, 2)))
    source, chunks = NpySource(path), NpySource(path, chunk_rows=2).chunks()
    next(chunks)
    np.save(path, np.ones((2, 2)))  # what is mapped is no longer in the file
    for read in (lambda: list(chunks), lambda: rows_of(source), lambda: source.take(np.array([9]))):
        with pytest.raises(InputChangedError, match=r"X\.npy' has changed"):
            read()
    for content in (b"", b"\x93NUMPY\x01", b"text", path.read_bytes()[:-8]):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=r"X\.npy' cannot be read"):
            NpySource(path)
    np.save(path, np.array([{}, []], dtype=object))
    with pytest.raises(FormatError, match="of numbers"):
        NpySource(path)
    np.save(path, np.ones((0, 3)))
    with pytest.raises(DataError, match=r"\(0, 3\)"):
        NpySource(path)
    with pytest.raises(ParameterError, match="label"):
        as_source(path, label="y")


# Many files


def test_lists_patterns_and_nested_folders(tmp_path: Path) -> None:
    for number, name in enumerate(["b/1.parquet", "a/2.parquet", "a/10.parquet", "c.parquet"]):
        parquet(tmp_path / "d" / name, {"a": [float(number)]})
    parquet(tmp_path / "d" / "_spark" / "x.parquet", {"other": [1]})
    parquet(tmp_path / "d" / ".hidden.parquet", {"other": [1]})
    text(tmp_path / "d" / "notes.txt", "none")
    d = tmp_path / "d"

    def read(path: Any) -> list[float]:
        return [row[0] for row in rows_of(as_source(path))]

    assert read(d) == [2, 1, 0, 3]  # sorted, folder by folder
    assert read(f"{d}/") == [2, 1, 0, 3]
    assert read(f"{d}/a/*.parquet") == [2, 1]
    assert read(f"{d}/[ab]") == [2, 1, 0]
    assert read(f"{d}/**/1*.parquet") == [2, 0]
    assert read(f"{d}/**") == [2, 1, 0, 3]
    assert read([d / "c.parquet", str(d / "a")]) == [3, 2, 1]  # as given
    with pytest.raises(FormatError, match=r"c\.parquet' is named twice"):
        read([d, d / "c.parquet"])
    with pytest.raises(FormatError, match=r"matches '.*x\*'; check the pattern"):
        read(f"{d}/x*")
    with pytest.raises(FormatError, match="no file or folder"):
        read([d / "c.parquet", d / "none.parquet"])


def test_positions_count_file_by_file(tmp_path: Path) -> None:
    for name, first in (("2.parquet", 10), ("1.parquet", 0)):
        table = pa.table({"a": np.arange(first, first + 10.0)})
        pyarrow.parquet.write_table(table, tmp_path / name, row_group_size=3)
    source = FileSource(tmp_path, chunk_rows=4)
    assert [row[0] for row in rows_of(source)] == list(range(20))
    assert source.take(np.array([0, 9, 10, 13, 19]))[:, 0].tolist() == [0, 9, 10, 13, 19]


def test_links_to_folders_are_read_once(tmp_path: Path) -> None:
    parquet(tmp_path / "d" / "a" / "0.parquet", {"a": [1.0]})
    parquet(tmp_path / "other" / "1.parquet", {"a": [2.0]})
    (tmp_path / "d" / "a" / "up").symlink_to("..")
    (tmp_path / "d" / "b").symlink_to(tmp_path / "other")
    (tmp_path / "d" / "c").symlink_to(tmp_path / "other")
    assert rows_of(FileSource(tmp_path / "d")) == [[1.0], [2.0]]
    (tmp_path / "d" / "gone.parquet").symlink_to("nothing")
    with pytest.raises(FormatError, match=r"gone\.parquet' cannot be read .*No such file"):
        FileSource(tmp_path / "d")


def test_a_name_with_brackets_is_a_name(tmp_path: Path) -> None:
    parquet(tmp_path / "a[1].parquet", {"a": [1.0]})
    assert rows_of(as_source(tmp_path / "a[1].parquet")) == [[1.0]]


def test_hive_folders(tmp_path: Path) -> None:
    parquet(tmp_path / "colour=red" / "month=1" / "0.parquet", {"a": [1.0, 2.0], "y": [0, 1]})
    parquet(tmp_path / "colour=sea%20blue" / "month=12" / "0.parquet", {"a": [3.0], "y": [1]})
    for path in (tmp_path, f"{tmp_path}/colour=*", f"{tmp_path}/*/*/*.parquet"):
        source = FileSource(path, label="y")
        assert source.feature_names == ("a", "colour=red", "colour=sea blue", "month")
        assert rows_of(source) == [[1, 1, 0, 1], [2, 1, 0, 1], [3, 0, 1, 12]]
    copied = source.take_table(np.array([2]))
    assert copied.to_pylist() == [{"a": 3.0, "y": 1, "colour": "sea blue", "month": 12}]
    by_folder = FileSource(tmp_path, label="colour")
    assert labels_of(by_folder) == ["red", "red", "sea blue"]


def test_hive_folders_keep_what_is_written_and_what_is_missing(tmp_path: Path) -> None:
    parquet(tmp_path / "code=01" / "0.parquet", {"a": [1.0]})
    parquet(tmp_path / "code=1" / "0.parquet", {"a": [2.0]})
    assert FileSource(tmp_path).feature_names == ("a", "code=01", "code=1")
    parquet(tmp_path / "code=__HIVE_DEFAULT_PARTITION__" / "0.parquet", {"a": [3.0]})
    assert np.isnan(rows_of(FileSource(tmp_path))[-1][1:]).all()
    parquet(tmp_path / "0.parquet", {"a": [3.0]})
    with pytest.raises(FormatError, match=r"no column 'code'"):
        FileSource(tmp_path)


def test_a_column_of_the_file_goes_before_its_folder(tmp_path: Path) -> None:
    parquet(tmp_path / "a=7" / "0.parquet", {"a": [1.0], "b": [2.0]})
    assert rows_of(FileSource(tmp_path)) == [[1.0, 2.0]]


DICTIONARY = pa.dictionary(pa.int8(), pa.string())
DIFFERENCES: dict[str, tuple[Any, Any, list[list[float]]]] = {
    "width": (pa.array([1], pa.int8()), pa.array([300], pa.int64()), [[1], [300]]),
    "sign": (pa.array([-1], pa.int8()), pa.array([2**32 - 1], pa.uint32()), [[-1], [2**32 - 1]]),
    "float width": (pa.array([0.5], pa.float32()), pa.array([0.1]), [[0.5], [0.1]]),
    "whole and float": (pa.array([1]), pa.array([0.1]), [[1], [0.1]]),
    "dictionary": (pa.array(["u"]), pa.array(["v"]).dictionary_encode(), [[1, 0], [0, 1]]),
    "dictionaries": (
        pa.array(["u"]).cast(DICTIONARY),
        pa.array(["v"]).dictionary_encode(),
        [[1, 0], [0, 1]],
    ),
    "text": (pa.array(["u"]), pa.array(["v"], pa.large_string()), [[1, 0], [0, 1]]),
    "no value": (pa.nulls(1), pa.array(["v"]), [[np.nan], [1]]),
    "no value after": (pa.array([7]), pa.nulls(1), [[7], [np.nan]]),
    "no value of a dictionary": (
        pa.nulls(1),
        pa.array(["v"]).dictionary_encode(),
        [[np.nan], [1]],
    ),
    "lists": (
        pa.array([[1, 2]], pa.list_(pa.int8(), 2)),
        pa.array([[0.5, 2]], pa.list_(pa.float64(), 2)),
        [[1, 2], [0.5, 2]],
    ),
    "decimals": (
        pa.array([1.5], pa.float64()).cast(pa.decimal128(3, 1)),
        pa.array([2.25], pa.float64()).cast(pa.decimal128(5, 2)),
        [[1.5], [2.25]],
    ),
}


@pytest.mark.parametrize("case", DIFFERENCES)
def test_files_that_differ_in_what_does_not_matter(case: str, tmp_path: Path) -> None:
    first, second, rows = DIFFERENCES[case]
    parquet(tmp_path / "0.parquet", {"c": first, "y": [0]})
    parquet(tmp_path / "1.parquet", {"y": [1], "c": second})  # in another order too
    source = FileSource(tmp_path, label="y")
    np.testing.assert_array_equal(rows_of(source), rows)
    assert labels_of(source) == [0, 1]
    np.testing.assert_array_equal(source.take(np.array([1])), rows[1:])
    copied = source.take_table(np.array([0, 1]))
    assert copied["c"].to_pylist() == first.to_pylist() + second.to_pylist()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pa.array(["u"]), pa.array([1])),
        (pa.array([True]), pa.array([1])),
        (pa.array([1], pa.int64()), pa.array([1], pa.uint64())),
        (pa.array([[1]], pa.list_(pa.int8(), 1)), pa.array([[1, 2]], pa.list_(pa.int8(), 2))),
    ],
)
def test_files_that_differ_in_what_matters(first: Any, second: Any, tmp_path: Path) -> None:
    parquet(tmp_path / "0.parquet", {"c": first})
    parquet(tmp_path / "1.parquet", {"c": second})
    kinds = [pyarrow.parquet.read_schema(tmp_path / f"{n}.parquet").field("c").type for n in (0, 1)]
    with pytest.raises(FormatError) as caught:
        FileSource(tmp_path)
    assert f"column 'c' is {kinds[1]} in '{tmp_path / '1.parquet'}'" in str(caught.value)
    assert f"and {kinds[0]} in '{tmp_path / '0.parquet'}'" in str(caught.value)


KINDS = [
    pa.null(), pa.bool_(), pa.int8(), pa.uint8(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64(),
    pa.float16(), pa.float32(), pa.float64(), pa.string(), pa.large_string(), pa.binary(),
    pa.decimal128(5, 2), pa.decimal128(38, 0), pa.timestamp("s"), pa.timestamp("us", "UTC"),
    pa.timestamp("ns"), pa.date32(), pa.list_(pa.int8()), pa.large_list(pa.float32()),
    pa.list_(pa.int8(), 2), pa.list_(pa.float64(), 2), pa.list_(pa.int8(), 3),
    pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.int32(), pa.int64()),
    pa.struct([("a", pa.int8())]),
]  # fmt: skip


@pytest.mark.parametrize("left", KINDS, ids=str)
def test_the_common_type_is_that_of_all_orders(left: pa.DataType) -> None:
    assert common_type(left, left) == common_type(left, pa.null()) == left
    for right in KINDS:
        both = common_type(left, right)
        assert both == common_type(right, left)
        for third in KINDS:  # the order of the files gives no other type
            ends = [
                None if first is None else common_type(first, last)
                for first, last in (
                    (both, third),
                    (common_type(right, third), left),
                    (common_type(left, third), right),
                )
            ]
            assert len({end for end in ends if end is not None}) <= 1, (left, right, third)


def test_a_whole_number_that_no_float_holds_is_refused(tmp_path: Path) -> None:
    parquet(tmp_path / "0.parquet", {"c": [2**53 + 1]})
    parquet(tmp_path / "1.parquet", {"c": [0.5]})
    with pytest.raises(FormatError, match=r"column 'c' of '.*0\.parquet' is int64 and .* double"):
        rows_of(FileSource(tmp_path))


def test_files_without_rows_are_left_out(tmp_path: Path) -> None:
    parquet(tmp_path / "0.parquet", {"a": pa.nulls(0)})
    parquet(tmp_path / "1.parquet", {"a": [1.0]})
    text(tmp_path / "2.parquet", "")
    assert rows_of(FileSource(tmp_path)) == [[1.0]]
    for name, content in (("0", "a,b\n"), ("1", "a,b\n1,u\n"), ("2", ""), ("3", "b,a\nv,2\n")):
        text(tmp_path / "csv" / f"{name}.csv", content)
    assert rows_of(FileSource(tmp_path / "csv")) == [[1, 1, 0], [2, 0, 1]]
    text(tmp_path / "none" / "0.csv", "")
    with pytest.raises(DataError, match="is empty, 0 bytes"):
        FileSource(tmp_path / "none")


def test_types_of_csv_files_fit_all_of_them(tmp_path: Path) -> None:
    text(tmp_path / "0.csv", "a,b,y\n1,,0\n")
    text(tmp_path / "1.csv", "b,y,a\nu,1,0.5\n")
    source = FileSource(tmp_path, label="y")
    assert source.feature_names == ("a", "b=u")
    np.testing.assert_array_equal(rows_of(source), [[1, np.nan], [0.5, 1]])


# Datasets of pyarrow


def test_datasets(tmp_path: Path) -> None:
    parquet(tmp_path / "colour=red" / "0.parquet", {"a": [1.0], "y": [0]})
    parquet(tmp_path / "colour=blue" / "0.parquet", {"a": [2.0], "y": [1]})
    data = pyarrow.dataset.dataset(tmp_path, partitioning="hive")
    source = as_source(data, label="y")
    assert source.feature_names == ("a", "colour=blue", "colour=red")
    assert rows_of(source) == [[2, 1, 0], [1, 0, 1]]
    for part in source.parts():
        assert len(list(pickle.loads(pickle.dumps(part)).chunks())) == 1
    both = pyarrow.dataset.dataset([data, pyarrow.dataset.dataset(tmp_path / "colour=red")])
    with pytest.raises(FormatError, match="named twice"):
        as_source(both)
    with pytest.raises(FormatError, match="filtered"):
        as_source(data.filter(pyarrow.dataset.field("a") > 1))
    with pytest.raises(FormatError, match="InMemoryDataset, which has no files"):
        as_source(pyarrow.dataset.dataset(TABLE))


def test_datasets_of_csv_files_keep_their_separator(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "a:y\n1:0\n")
    parse = pyarrow.csv.ParseOptions(delimiter=":")
    form = pyarrow.dataset.CsvFileFormat(parse_options=parse)
    assert as_source(pyarrow.dataset.dataset(path, format=form), label="y").n_features == 1


# CSV


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_are_found(
    separator: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = text(tmp_path / "t.csv", CSV.decode().replace(",", separator))
    with caplog.at_level(logging.INFO, "coresift"):
        source = FileSource(path, label="y")
    assert rows_of(source) == ROWS
    assert labels_of(source) == [0, 1, 0]
    assert (f"separator {separator!r}" in caplog.text) == (separator != ",")


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ('"a,b";c\n1;2\n', ("a,b", "c")),
        ("a;b\n1,5;2\n", ("a", "b")),
        ("first, second;b;c\n1;2;3\n", ("first, second", "b", "c")),
        ("\ufeffa;b\r\n1;2\r\n", ("a", "b")),
        ('a\tb\n"u\t"\t2\n', ("a=u\t", "b")),
        ("a\n1\n", ("a",)),
    ],
)
def test_separators_in_odd_headers(content: str, names: tuple[str, ...], tmp_path: Path) -> None:
    assert FileSource(text(tmp_path / "t.csv", content)).feature_names == names


def test_a_separator_of_ones_own(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "a:b\n1:2\n")
    assert rows_of(as_source(path, delimiter=":")) == [[1, 2]]
    with pytest.raises(ColumnError, match="mean 'a:b'"):
        as_source(path, label="b")
    for wrong in ("", "::", '"', "\n"):
        with pytest.raises(ParameterError, match="delimiter="):
            as_source(path, delimiter=wrong)
    with pytest.raises(ParameterError, match="delimiter is given together with data"):
        as_source([[1, 2]], delimiter=";")
    text(tmp_path / "t.csv", "a,b\n1;2;3,4,5\n")
    with pytest.raises(
        FormatError, match=r"Expected 2 columns.*with the separator ','.*delimiter="
    ):
        as_source(path)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("a;b\n1,5;2\n-0,25;3\n", [[1.5, 2], [-0.25, 3]]),
        ("a;b\n1,234;2\n", [[1.234, 2]]),  # with semicolons, a comma is no thousand
        ("a\tb\n1,5\t2\n", [[1.5, 2]]),
        ("a|b\n0,125|2\n", [[0.125, 2]]),
        ("a;b\n1.5;2\n", [[1.5, 2]]),
    ],
)
def test_decimal_commas(content: str, rows: list[list[float]], tmp_path: Path) -> None:
    assert rows_of(FileSource(text(tmp_path / "t.csv", content))) == rows


def test_decimal_commas_are_told_and_may_be_thousands(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = text(tmp_path / "t.csv", "a;b\n1,5;2\n")
    with caplog.at_level(logging.INFO, "coresift"):
        FileSource(path)
    assert "the decimal point ','" in caplog.text
    assert FileSource(path, decimal=".").feature_names == ("a=1,5", "b")
    path = text(tmp_path / "t.csv", "a\tb\n1,234\t2\n")
    assert FileSource(path).feature_names == ("a=1,234", "b")
    assert rows_of(FileSource(path, decimal=",")) == [[1.234, 2]]
    with pytest.raises(ParameterError, match="decimal="):
        FileSource(path, decimal=",", delimiter=",")


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coresift.sources._dialect._BLOCK_BYTES", 64)


@pytest.mark.usefixtures("small_blocks")
def test_what_is_far_down_is_found_too(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "a;b\n" + "1;2\n" * 90 + "0,5;2\n")
    assert rows_of(FileSource(path))[-1] == [0.5, 2]
    path = text(tmp_path / "t.csv", "a,b\n" + "1,2\n" * 90 + '"",2\n')
    assert np.isnan(rows_of(FileSource(path))[-1][0])
    path = text(tmp_path / "t.csv", "a;b\n" + "1.5;2\n" * 90 + "1.5;0,5\n")
    assert FileSource(path).feature_names == ("a", "b=0,5", "b=2")  # one or the other


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ('a,c\n1,"NA"\n2,EU\n', ("a", "c=EU", "c=NA")),
        ('a,c\n1,"null"\n2,"EU"\n', ("a", "c=EU", "c=null")),
        ("a,c\n1,NA\n2,EU\n", ("a", "c=EU")),
        # all is quoted, missing numbers too: quotes say nothing
        ('a,c\n"1","NA"\n"","EU"\n', ("a", "c=EU")),
    ],
)
def test_quoted_text_that_says_na(content: str, names: tuple[str, ...], tmp_path: Path) -> None:
    assert FileSource(text(tmp_path / "t.csv", content)).feature_names == names


def test_what_is_missing_can_be_said(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "a,c\n1,NA\n?,EU\n")
    source = FileSource(path, null_values=["?"])
    assert source.feature_names == ("a", "c=EU", "c=NA")
    np.testing.assert_array_equal(rows_of(source), [[1, 0, 1], [np.nan, 1, 0]])
    path = text(tmp_path / "t.csv", "a,c\n1,NA\n,EU\n")
    assert FileSource(path, null_values=[""]).feature_names == ("a", "c=EU", "c=NA")


@pytest.mark.parametrize(
    ("content", "encoding", "given"),
    [
        ("caf\u00e9,y\n1,\u00e4\n2,b\n", "latin-1", "latin-1"),
        ("caf\u00e9,y\n1,\u00e4\n2,b\n", "cp1252", "windows-1252"),
        ("caf\u00e9;y\n1,5;\u00e4\n", "utf-16", "utf-16"),
        ("caf\u00e9,y\n1,\u00e4\n", "utf-8-sig", "utf-8"),
    ],
)
def test_encodings(content: str, encoding: str, given: str, tmp_path: Path) -> None:
    source = as_source(text(tmp_path / "t.csv", content, encoding), label="y", encoding=given)
    assert source.feature_names == ("caf\u00e9",)
    assert labels_of(source)[0] == "\u00e4"


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    ("content", "encoding", "remedy"),
    [
        ("caf\u00e9,y\n1,2\n", "latin-1", "encoding='latin-1'"),
        ("a,y\n1,\u00e9\n", "latin-1", "encoding='latin-1'"),
        ("a,y\n" + "1,u\n" * 90 + "1,\u00e9\n", "latin-1", "encoding='latin-1'"),
        ("a,y\n1,2\n", "utf-16", "encoding='utf-16'"),
    ],
)
def test_other_encodings_are_named(
    content: str, encoding: str, remedy: str, tmp_path: Path
) -> None:
    path = text(tmp_path / "t.csv", content, encoding)
    with pytest.raises(FormatError, match=rf"t\.csv' .*{remedy}") as caught:
        rows_of(FileSource(path))
    assert "\n" not in str(caught.value)
    with pytest.raises(FormatError, match="cannot be read"):
        FileSource(path, encoding="ascii")
    with pytest.raises(ParameterError, match="encoding='nope'"):
        FileSource(path, encoding="nope")


def test_spaces_after_separators(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = text(tmp_path / "t.csv", "a, b, y\n1, u, 0\n 2, v, 1\nNA, NA, 1\n")
    with caplog.at_level(logging.INFO, "coresift"):
        source = FileSource(path, label="y", drop=[])
    assert source.feature_names == ("a", "b=u", "b=v")
    nan = np.nan
    np.testing.assert_array_equal(rows_of(source), [[1, 1, 0], [2, 0, 1], [nan, nan, nan]])
    assert labels_of(source) == [0, 1, 1]
    assert "no spaces" in caplog.text
    assert source.take_table(np.array([1])).to_pylist() == [{"a": 2, "b": "v", "y": 1}]


def test_a_folder_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Any, *args: Any, **kwargs: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    path = parquet(tmp_path / "t.parquet", {"a": [1]})
    monkeypatch.setattr(os, "stat", refuse)
    with pytest.raises(FormatError, match=r"t\.parquet' cannot be read .*Permission denied"):
        as_source(path)


# Other file systems


@pytest.fixture
def memory() -> Any:
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


def test_addresses(memory: Any) -> None:
    with memory.open("/d/colour=red/0.parquet", "wb") as file:
        pyarrow.parquet.write_table(pa.table({"a": [1.0, 2.0], "y": [0, 1]}), file)
    with memory.open("/d/colour=blue/0.parquet", "wb") as file:
        pyarrow.parquet.write_table(pa.table({"y": [1], "a": [3.0]}), file)
    for path in ("memory://d", "memory://d/*/*.parquet"):
        source = as_source(path, label="y")
        assert source.feature_names == ("a", "colour=blue", "colour=red")
        assert rows_of(source) == [[3, 1, 0], [1, 0, 1], [2, 0, 1]]
        assert source.take(np.array([2])).tolist() == [[2, 0, 1]]
    one = as_source(Path("memory://d/colour=red/0.parquet"), label="y")  # pathlib drops a slash
    assert rows_of(one) == [[1], [2]]
    with memory.open("/t.csv.gz", "wb") as file:
        file.write(gzip.compress(CSV))
    assert rows_of(as_source("memory://t.csv.gz", label="y")) == ROWS
    with pytest.raises(FormatError, match=r"no file or folder 'memory://none\.csv'"):
        as_source("memory://none.csv")


def test_a_file_behind_an_address_that_changes(memory: Any) -> None:
    with memory.open("/t.csv", "wb") as file:
        file.write(CSV)
    source = as_source("memory://t.csv")
    with memory.open("/t.csv", "wb") as file:
        file.write(CSV.replace(b"1.5", b"2.5"))
    with pytest.raises(InputChangedError, match=r"'memory://t\.csv' has changed"):
        rows_of(source)


def test_addresses_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = parquet(tmp_path / "t.parquet", {"a": [1.0]})
    assert rows_of(as_source(path.as_uri())) == [[1.0]]
    with pytest.raises((FormatError, MissingDependencyError), match="nosuch://x/y"):
        as_source("nosuch://x/y.parquet")
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingDependencyError, match=r"coresift\[remote\]"):
        as_source("memory://t.csv")
