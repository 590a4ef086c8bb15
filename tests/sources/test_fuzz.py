"""Readers of files given anything: an error of coresift, or rows."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coresift import CoresiftError
from coresift.sources import as_source

TABLE = pa.table(
    {
        "a": np.arange(40.0),
        "b": ["u", "v", "w", None] * 10,
        "d": pa.array(["u", "v"] * 20).dictionary_encode(),
        "e": pa.array([[1.0, 2.0]] * 40, pa.list_(pa.float32(), 2)),
        "y": [0, 1] * 20,
    }
)


def whole(suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"t{suffix}")
        plain = TABLE.drop_columns(["d", "e"])
        if suffix == ".parquet":
            pyarrow.parquet.write_table(TABLE, path, row_group_size=15)
        elif suffix == ".feather":
            pyarrow.feather.write_feather(TABLE, path, chunksize=15)
        elif suffix == ".arrow":
            with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, TABLE.schema) as out:
                out.write_table(TABLE, 15)
        elif suffix == ".npy":
            np.save(path, np.ones((40, 3)))
        else:
            pyarrow.csv.write_csv(plain, path)
            if suffix == ".csv.gz":
                path.write_bytes(gzip.compress(path.read_bytes()))
        return path.read_bytes()


SUFFIXES = [".parquet", ".feather", ".arrow", ".csv", ".csv.gz", ".tsv", ".npy"]
WHOLE = {suffix: whole(suffix) for suffix in SUFFIXES}


def read(suffix: str, content: bytes) -> None:
    """Read a file in every way; whatever is wrong with it is an error of coresift, on one line."""
    told: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"t{suffix}")
        path.write_bytes(content)
        for label in ["y", None] if suffix != ".npy" else [None]:
            try:
                source = as_source(path, label=label)
                n_rows = sum(len(chunk.rows) for chunk in source.chunks())
                source.take(np.array([0, n_rows - 1]))
                if hasattr(source, "take_cells"):
                    source.take_cells(np.array([0]))
            except CoresiftError as error:
                told.append(str(error))
            else:
                assert n_rows == source.n_rows
    assert not any("\n" in line for line in told)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=300))
def test_random_bytes(suffix: str, content: bytes) -> None:
    read(suffix, content)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_files_that_are_cut_off_or_damaged(suffix: str, data: st.DataObject) -> None:
    content = bytearray(WHOLE[suffix])
    kind = data.draw(st.sampled_from(["cut", "bytes", "start", "middle"]))
    place = data.draw(st.integers(0, len(content) - 1))
    if kind == "cut":
        del content[place:]
    elif kind == "start":
        del content[:place]
    elif kind == "middle":
        del content[place : place + data.draw(st.integers(1, 100))]
    else:
        for _ in range(data.draw(st.integers(1, 8))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    read(suffix, bytes(content))


CELLS = st.text(st.characters(codec="utf-8"), max_size=5) | st.sampled_from(
    ["", "NA", '"NA"', '""', "1", "1.5", "1,5", '"1,5"', "007", "true", "2020-01-01", "1e999", " 1"]
)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=6),
    separator=st.sampled_from([",", ";", "\t", "|", ", "]),
    encoding=st.sampled_from(["utf-8", "utf-16", "latin-1"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_tables_of_odd_cells(
    rows: list[list[str]], separator: str, encoding: str, end: str
) -> None:
    text = end.join(separator.join(row) for row in rows)
    read(".csv", text.encode(encoding, "replace"))


@settings(max_examples=100, deadline=None)
@given(
    columns=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=4),
    separator=st.sampled_from([",", ";", "\t", "|"]),
)
def test_a_written_table_is_read_with_its_separator(
    columns: list[list[str]], separator: str
) -> None:
    names = [f"n{place}" for place in range(len(columns) + 1)]
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in column] for column in columns]
    lines = [names, *([f"{place}.25", *row] for place, row in enumerate(zip(*quoted, strict=True)))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.csv")
        text = "\n".join(separator.join(line) for line in lines) + "\n"
        path.write_bytes(text.encode())
        source = as_source(path, drop=names[1:], decimal=".")
        assert source.feature_names == ("n0",)
        assert next(source.chunks()).rows[:, 0].tolist() == [0.25, 1.25, 2.25]
