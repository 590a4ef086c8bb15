"""A file that changes while it is read is one clear error, or no change to the answer."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from coresift import Craig, FastCore, InputChangedError, Stratified, Uniform
from coresift.sources import FileSource
from coresift.sources._location import Location
from coresift.sources._stamp import Stamp

ROWS = 300
METHODS: dict[str, Callable[[], FastCore | Uniform | Stratified | Craig]] = {
    "fastcore": lambda: FastCore(budget=30, random_state=0, n_threads=1),
    "uniform": lambda: Uniform(budget=30, random_state=0, n_threads=1),
    "uniform assigned": lambda: Uniform(
        budget=30, weights="assignment", random_state=0, n_threads=1
    ),
    "stratified": lambda: Stratified(budget=30, random_state=0, n_threads=1),
    "craig": lambda: Craig(budget=30, random_state=0, n_threads=1),
}


def table(n_classes: int = 3, n_rows: int = ROWS, seed: int = 0) -> pa.Table:
    draw = np.random.default_rng(seed)
    y = np.arange(n_rows) % n_classes
    return pa.table({**{f"f{i}": draw.normal(size=n_rows) + y for i in range(4)}, "y": y})


def without(name: str) -> pa.Table:
    return table().drop_columns([name])


def retyped() -> pa.Table:
    return table().set_column(0, "f0", pa.array(["u", "v"] * (ROWS // 2)))


def shuffled() -> pa.Table:
    return table().take(pa.array(np.random.default_rng(1).permutation(ROWS)))


CHANGES: dict[str, Callable[[], pa.Table]] = {
    "a class is gone": lambda: table(2, seed=4),
    "fewer rows": lambda: table(n_rows=ROWS // 2),
    "more rows": lambda: table(n_rows=ROWS * 2),
    "a new label": lambda: table(4),
    "a column is gone": lambda: without("f3"),
    "another type": retyped,
    "another order": shuffled,
    "the same rows": table,
}


def write(data: pa.Table, path: Path) -> None:
    if path.suffix == ".csv":
        pyarrow.csv.write_csv(data, path)
    else:
        pyarrow.parquet.write_table(data, path, row_group_size=100)


def stages_of(method: str, path: Path) -> list[str]:
    names: list[str] = []
    METHODS[method]().fit(path, "y", progress=lambda stage, *_: names.append(stage))
    return list(dict.fromkeys(names))


def fit_changing(method: str, path: Path, at: str, change: Callable[[], object]) -> None:
    pending = [change]

    def progress(stage: str, done: int, total: int) -> None:
        if stage == at and pending:
            pending.pop()()

    METHODS[method]().fit(path, "y", progress=progress)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv"])
def test_a_file_written_anew_between_two_passes(
    method: str, change: str, name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    write(table(), path)
    stages = stages_of(method, path)
    told: list[str] = []
    for at in stages:
        write(table(), path)
        try:
            fit_changing(method, path, at, lambda: write(CHANGES[change](), path))
        except InputChangedError as error:
            told.append(str(error))
    # only what comes after the last look at the file is not told
    assert len(told) >= max(1, len(stages) - 1)
    assert all(f"{name}' has changed while it was being read" in line for line in told)
    assert not any("\n" in line for line in told)


@pytest.mark.parametrize("method", METHODS)
def test_a_file_that_is_replaced_cut_off_or_gone(method: str, tmp_path: Path) -> None:
    path, other = tmp_path / "rows.parquet", tmp_path / "other.parquet"

    def replace() -> None:
        times = path.stat().st_mtime_ns
        shutil.copy(path, other)
        os.utime(other, ns=(times, times))
        other.replace(path)

    def cut_off() -> None:
        os.truncate(path, path.stat().st_size // 2)

    for change, words in (
        (replace, "another file under this name"),
        (cut_off, r"size \d+ -> \d+"),
        (path.unlink, "No such file"),
    ):
        write(table(), path)
        with pytest.raises(InputChangedError, match=words):
            fit_changing(method, path, "survey", change)


def test_other_contents_of_the_same_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,y\n1,0\n2,1\n")
    source, facts = FileSource(path, label="y"), path.stat()
    path.write_text("a,y\n1,0\n2,0\n")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    with pytest.raises(InputChangedError, match="other contents of the same size"):
        list(source.chunks())


@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv"])
def test_a_change_in_the_middle_of_a_reading(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    write(table(), path)
    chunks = FileSource(path, label="y", chunk_rows=50).chunks()
    next(chunks)
    with path.open("ab") as file:
        file.write(b"1,2,3,4,0\n")
    with pytest.raises(InputChangedError, match=r"size \d+ -> \d+"):
        list(chunks)


@pytest.mark.parametrize("read", [FileSource.take, FileSource.take_table])
def test_rows_are_not_taken_from_a_changed_file(
    read: Callable[[FileSource, np.ndarray], object], tmp_path: Path
) -> None:
    path = tmp_path / "rows.parquet"
    write(table(), path)
    source = FileSource(path, label="y")
    write(shuffled(), path)
    with pytest.raises(InputChangedError):
        read(source, np.array([3]))


def test_what_a_stamp_tells(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    write(table(), path)
    first = Stamp.of(Location.of(path))
    assert (
        first.change(Stamp.of(Location.of(path)))
        == first.change(Stamp.outside(Location.of(path)))
        == ""
    )
    os.utime(path, ns=(0, first.modified + 1))
    assert first.change(Stamp.outside(Location.of(path))) == "written again"


def test_checksums_of_pages_are_verified(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pyarrow.parquet.write_table(
        pa.table({"a": np.arange(5000.0)}),
        path,
        compression=None,
        use_dictionary=False,
        write_page_checksum=True,
    )
    with path.open("r+b") as file:
        file.seek(20_000)
        file.write(bytes(200))
    with pytest.raises(ValueError, match=r"rows\.parquet' cannot be read .*[Cc][Rr][Cc]"):
        list(FileSource(path).chunks())
