"""Parts: values that a process can be sent, and that together are the source."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from coresift._errors import InputChangedError
from coresift.sources import ArraySource, Chunk, Part, Source, as_source
from coresift.sources._base import PART_BYTES, part_rows
from coresift.sources._data_file import cut
from coresift.sources._stamp import Stamp
from forms import FILES, IN_MEMORY, MIXED, opened, tables


def same(left: list[Chunk], right: list[Chunk]) -> bool:
    return len(left) == len(right) and all(
        a.start == b.start
        and a.rows.dtype == b.rows.dtype
        and a.rows.tobytes() == b.rows.tobytes()
        and (a.labels is None) == (b.labels is None)
        and (a.labels is None or b.labels is None or a.labels.tolist() == b.labels.tolist())
        for a, b in zip(left, right, strict=True)
    )


def assert_parts(source: Source) -> None:
    parts = source.parts()
    starts = np.cumsum([0, *(part.n_rows for part in parts)])
    assert [part.start for part in parts] == starts[:-1].tolist()
    assert starts[-1] == source.n_rows
    assert min(part.n_rows for part in parts) >= 1
    assert len({part.fingerprint for part in parts}) == len(parts)
    assert [part.fingerprint for part in parts] == [part.fingerprint for part in source.parts()]
    assert same([chunk for part in parts for chunk in part.chunks()], list(source.chunks()))
    for part in parts:
        sent: Part = pickle.loads(pickle.dumps(part))
        assert (sent.start, sent.n_rows) == (part.start, part.n_rows)
        assert sent.fingerprint == part.fingerprint
        assert same(list(sent.chunks()), list(part.chunks()))
        assert sum(len(chunk.rows) for chunk in sent.chunks()) == part.n_rows


@pytest.mark.parametrize("kind", [*IN_MEMORY, *FILES])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_parts_cover_the_rows_and_travel(kind: str, data: st.DataObject) -> None:
    X = data.draw(tables(np.float64))
    chunk_rows = data.draw(st.sampled_from([1, 2, 7, None]))
    with opened(kind, X, np.arange(len(X)) % 3, chunk_rows) as source:
        assert_parts(source)


@pytest.mark.parametrize(
    "make",
    [
        lambda: MIXED,
        lambda: pa.concat_tables([MIXED, MIXED]),
        lambda: MIXED.to_pandas().convert_dtypes(),
        lambda: pd.DataFrame(
            {"a": pd.Categorical(["u", "v", "u"]), "l": [1.0, 2.0, 3.0], "y": [0, 1, 0]}
        ),
        lambda: pa.table(
            {"l": pa.array([[1, 2], None, [5, 6]], pa.list_(pa.int8(), 2)), "y": [1, 2, 3]}
        ),
    ],
)
@pytest.mark.parametrize("chunk_rows", [1, 2, None])
def test_parts_of_tables(make: Callable[[], Any], chunk_rows: int | None) -> None:
    assert_parts(as_source(make(), label="y", chunk_rows=chunk_rows))


def test_the_part_of_a_table_travels_without_the_rest() -> None:
    table = pa.table({"a": np.arange(100_000.0)})
    parts = as_source(table, chunk_rows=100).parts()
    assert len(parts) > 5
    assert max(len(pickle.dumps(part)) for part in parts) < 16 * parts[0].n_rows + 10_000


def test_the_part_of_a_sparse_matrix_travels_without_the_rest() -> None:
    matrix = scipy.sparse.eye_array(10_000, format="csr")
    parts = as_source(matrix, chunk_rows=10).parts()
    assert len(pickle.dumps(parts[3])) < 30 * parts[3].n_rows + 5_000
    assert np.shares_memory(parts[3].data, matrix.data)


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_mapped_array_travels_as_its_place(order: Any, tmp_path: Path) -> None:
    X = np.asarray(np.random.default_rng(0).normal(size=(4000, 25)), order=order)
    np.save(tmp_path / "X.npy", X)
    for view in (
        np.load(tmp_path / "X.npy", mmap_mode="r"),
        np.asarray(np.load(tmp_path / "X.npy", mmap_mode="r"))[7:3000:3, 2:],
    ):
        source = ArraySource(view, chunk_rows=50)
        assert_parts(source)
        assert max(len(pickle.dumps(part)) for part in source.parts()) < 1_000


def test_a_mapped_array_that_is_written_again_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", np.ones((50, 3)))
    sent = pickle.dumps(ArraySource(np.load(tmp_path / "X.npy", mmap_mode="r")).parts()[0])
    np.save(tmp_path / "X.npy", np.ones((60, 3)))
    with pytest.raises(InputChangedError, match=r"X\.npy' has changed"):
        pickle.loads(sent)


def test_changes_that_are_in_no_file_travel(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", np.ones((50, 3)))
    X = np.load(tmp_path / "X.npy", mmap_mode="c")
    X[4, 1] = 7
    assert_parts(ArraySource(X))


def test_a_part_is_read_by_a_new_process(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(MIXED, tmp_path / "mixed.parquet", row_group_size=2)
    part = as_source(tmp_path / "mixed.parquet", label="y").parts()[-1]
    code = (
        "import pickle, sys; part = pickle.load(sys.stdin.buffer);"
        "print(*(len(chunk.rows) for chunk in part.chunks()))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(part), capture_output=True, check=True
    )
    assert sum(map(int, told.stdout.split())) == part.n_rows


@given(
    sizes=st.lists(st.lists(st.integers(0, 9), max_size=5), min_size=1, max_size=6),
    wanted=st.integers(1, 25),
)
def test_every_section_with_rows_is_cut_once(sizes: list[list[int]], wanted: int) -> None:
    files: list[Any] = [_Sized(str(place), tuple(rows)) for place, rows in enumerate(sizes)]
    runs = cut(files, wanted)
    seen = [
        (piece.file.path, place)
        for run in runs
        for piece in run
        for place in piece.sections
        if piece.file.sections[place]
    ]
    assert seen == [
        (file.path, place) for file in files for place, rows in enumerate(file.sections) if rows
    ]
    lengths = [sum(piece.n_rows for piece in run) for run in runs]
    assert all(length >= wanted for length in lengths[:-1])
    assert all(piece.n_rows for run in runs for piece in run)


class _Sized:
    def __init__(self, path: str, sections: tuple[int, ...]) -> None:
        self.path, self.sections, self.stamp = path, sections, Stamp(0, 0, 0)


@given(st.integers(1, 10**9), st.integers(1, 10**5), st.integers(1, 10**6))
def test_parts_are_whole_chunks_and_no_larger_than_wanted(
    n_rows: int, n_features: int, chunk_rows: int
) -> None:
    size = part_rows(n_rows, n_features, chunk_rows)
    assert size % chunk_rows == 0
    assert size == chunk_rows or 8 * n_features * size <= PART_BYTES
    assert size == chunk_rows or 8 * size <= n_rows
