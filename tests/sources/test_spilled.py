"""Files that are decoded once: the same rows, whatever becomes of the disk."""

from __future__ import annotations

import errno
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from coresift import FastCore, InputChangedError
from coresift.sources import Chunk, FileSource, as_source
from coresift.sources import _spilled as module
from coresift.sources._arrow_files import FilePart
from coresift.sources._spilled import spilled

ROWS = 700


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    draw = np.random.default_rng(0)
    label = np.array(["a", "b", "c"])[np.arange(ROWS) % 3]
    columns = {f"f{place}": draw.normal(size=ROWS).astype(np.float32) for place in range(5)}
    path = tmp_path / "rows.parquet"
    pyarrow.parquet.write_table(pa.table({**columns, "y": label}), path, row_group_size=60)
    folder = tmp_path / "large"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(module, "LEAST_BYTES", 0)
    return path


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often each part was read from the file."""
    counts: Counter[int] = Counter()
    chunks = FilePart.chunks

    def counted(part: FilePart) -> Iterator[Chunk]:
        counts[part.start] += 1
        return chunks(part)

    monkeypatch.setattr(FilePart, "chunks", counted)
    return counts


def source_of(path: Path) -> FileSource:
    return FileSource(path, label="y", chunk_rows=50)


def same(one: Chunk, other: Chunk) -> bool:
    rows = one.start == other.start and np.array_equal(one.rows, other.rows)
    return rows and np.array_equal(np.asarray(one.labels), np.asarray(other.labels))


def choose(path: Path) -> tuple[list[int], list[float]]:
    found = FastCore(budget=30, random_state=0, n_threads=1).fit(source_of(path))
    return found.sample_indices_.tolist(), found.sample_weight_.tolist()


def test_rows_are_decoded_once_and_are_the_same(path: Path, decoded: Counter[int]) -> None:
    plain = list(source_of(path).chunks())
    decoded.clear()
    with spilled(source_of(path)) as source:
        for _ in range(3):
            read = list(source.chunks())
            assert len(read) == len(plain)
            assert all(map(same, read, plain))
        wanted = np.array([0, 49, 50, 333, ROWS - 1])
        taken = source.take(wanted)
        assert taken.dtype == np.float32
        assert np.array_equal(taken, source_of(path).take(wanted))
        assert os.listdir(os.environ["TMPDIR"]) == []  # the file has no name
    assert len(decoded) > 1
    assert set(decoded.values()) == {1}


def test_a_selection_reads_a_file_once(
    path: Path, decoded: Counter[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = choose(path)
    assert set(decoded.values()) == {1}
    monkeypatch.setattr(module, "LEAST_BYTES", 2**40)
    assert choose(path) == found
    assert min(decoded.values()) > 2


@pytest.mark.parametrize("n_written", [0, 1, 5])
def test_a_disk_that_gets_full_changes_nothing(
    path: Path, n_written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, written, write = choose(path), [0], os.pwrite

    def full(file: int, data: Any, offset: int) -> int:
        if written[0] == n_written:
            raise OSError(errno.ENOSPC, "No space left on device")
        written[0] += 1
        return write(file, data, offset)

    monkeypatch.setattr("os.pwrite", full)
    assert choose(path) == expected
    assert written == [n_written]


def test_a_disk_without_room_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 0))
    source = source_of(path)
    with spilled(source) as found:
        assert found is source


def test_rows_in_memory_are_left_alone(path: Path) -> None:
    source = as_source(np.zeros((100, 3)))
    with spilled(source) as found:
        assert found is source


def test_part_of_the_rows_is_not_enough_to_take_from(path: Path) -> None:
    with spilled(source_of(path)) as source:
        first = source.parts()[0]
        assert len(list(first.chunks())) > 1
        wanted = np.array([1, ROWS - 1])
        assert np.array_equal(source.take(wanted), source_of(path).take(wanted))


def test_a_file_that_changes_is_refused(path: Path) -> None:
    with spilled(source_of(path)) as source:
        assert len(list(source.chunks())) > 1
        shutil.copy(path, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)
        with pytest.raises(InputChangedError):
            list(source.chunks())


@pytest.mark.parametrize("gap", [-1, 0, 100, 2**40])
def test_rows_that_are_close_are_read_together(
    path: Path, gap: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GAP", gap)
    wanted = [np.arange(ROWS), np.arange(0, ROWS, 7), np.array([2, 2, 3, 90]), np.arange(0)]
    with spilled(source_of(path)) as source:
        for _ in source.chunks():
            pass
        for rows in wanted:
            assert np.array_equal(source.take(rows), source_of(path).take(rows))
