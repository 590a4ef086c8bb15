"""Writing a table whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from coresift._errors import FormatError
from coresift.sources import FileSource, output_suffix, write_table

TABLE = pa.table({"a": [1.5, 2.0], "b": pa.array(["u", "v"]).dictionary_encode()})


NAMES = ["out.parquet", "out.pq", "out.feather", "out.arrow", "out.ipc", "OUT.CSV"]
NAMES += [
    f"out.{kind}{ending}" for kind in ("csv", "tsv") for ending in ("", ".gz", ".bz2", ".zst")
]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_can_be_read(name: str, tmp_path: Path) -> None:
    write_table(TABLE, tmp_path / name)
    source = FileSource(tmp_path / name)
    assert source.take_table(np.array([0, 1])).to_pylist() == TABLE.to_pylist()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_file_has_the_mode_of_a_plain_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_table(TABLE, tmp_path / "out.csv")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.parquet"
    path.write_text("old")

    def fail(table: pa.Table, file: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError("No space left on device")

    monkeypatch.setattr(pyarrow.parquet, "write_table", fail)
    with pytest.raises(FormatError, match=r"out\.parquet.*No space left"):
        write_table(TABLE, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_columns_that_csv_cannot_hold(tmp_path: Path) -> None:
    lists = pa.table({"image": pa.array([[1, 2]], pa.list_(pa.uint8(), 2))})
    with pytest.raises(FormatError, match="write lists to Parquet"):
        write_table(lists, tmp_path / "out.csv")
    assert not list(tmp_path.iterdir())


def test_unknown_suffix_and_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"'out\.txt'.*\.parquet, \.pq, .*\.csv\.gz"):
        write_table(TABLE, tmp_path / "out.txt")
    with pytest.raises(FormatError, match="check the folder"):
        write_table(TABLE, tmp_path / "missing" / "out.csv")


def test_addresses_are_not_written(tmp_path: Path) -> None:
    for path in ("s3://bucket/out.csv", Path("s3://bucket/out.csv")):
        with pytest.raises(FormatError, match="not a file of this machine"):
            output_suffix(path)
