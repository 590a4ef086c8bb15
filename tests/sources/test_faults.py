"""Faults of files and disks that a selection survives, or tells in one line."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coresift import DataError, Uniform
from coresift.cli import run
from coresift.sources import as_source, copy_rows

RNG = np.random.default_rng(1)


def table(n_rows: int, label: str = "a") -> pa.Table:
    columns = {name: RNG.normal(size=n_rows) for name in ("u", "v")}
    return pa.table({**columns, "y": pa.array([label] * n_rows, pa.string())})


def select(*given: object) -> int:
    call = ["select", *given, "--label", "y", "--budget", 4, "--threads", 1, "--json"]
    return run([str(one) for one in call])


def test_empty_files_and_row_groups_hold_no_rows(tmp_path: Path) -> None:
    schema = table(1).schema
    with pq.ParquetWriter(tmp_path / "1.parquet", schema) as writer:
        for n_rows in (0, 3, 0, 2, 0):
            writer.write_table(table(n_rows).cast(schema))
    pq.write_table(table(0).cast(schema), tmp_path / "0.parquet")
    pq.write_table(table(2).cast(schema), tmp_path / "2.parquet")
    source = as_source(str(tmp_path), label="y")
    assert source.n_rows == sum(len(chunk.rows) for chunk in source.chunks()) == 7
    assert len(Uniform(7, random_state=0).fit(source).sample_indices_) == 7


def test_a_class_may_be_in_one_file_only(tmp_path: Path) -> None:
    for number, label in enumerate("aba"):
        pq.write_table(table(30, label), tmp_path / f"{number}.parquet")
    found = Uniform(6, random_state=0).fit(str(tmp_path), "y")
    assert [entry["label"] for entry in found.report_["classes"]] == ["a", "b"]
    assert 30 <= found.sample_indices_[found.sample_indices_ < 60].max() < 60


def test_nan_at_the_end_names_file_row_group_and_column(tmp_path: Path) -> None:
    pq.write_table(table(30), tmp_path / "a.parquet", row_group_size=10)
    rows = table(100).to_pandas()
    rows.loc[99, "v"] = np.nan
    pq.write_table(pa.Table.from_pandas(rows), tmp_path / "b.parquet", row_group_size=10)
    at = r"'v' has 1 NaN and 0 infinite values \(first in row group 9 of '.*b.parquet'\)"
    with pytest.raises(DataError, match=at):
        Uniform(6, weights="assignment", random_state=0).fit(str(tmp_path), "y")


def test_a_missing_word_of_a_csv_file_names_the_file(tmp_path: Path) -> None:
    lines = ["u,colour,y", *["1,red,a", "2,blue,b"] * 9, "3,,a"]
    (tmp_path / "rows.csv").write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"'colour' has 1 NaN .* \(first in '.*rows.csv'\)"):
        Uniform(6, weights="assignment", random_state=0).fit(str(tmp_path / "rows.csv"), "y")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is full")
def test_a_full_disk_under_the_output_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pq.write_table(table(40), tmp_path / "t.parquet")
    (tmp_path / "out.csv").symlink_to("/dev/full")
    assert select(tmp_path / "t.parquet", "-o", tmp_path / "out.csv") == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert "No space left" in told.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "t.parquet"]


def test_two_runs_with_one_output_leave_one_whole_file(tmp_path: Path) -> None:
    path, output = tmp_path / "t.parquet", tmp_path / "out.parquet"
    pq.write_table(table(4000), path)
    source: Any = as_source(str(path), label="y")
    answers = [np.arange(first, 4000, 2) for first in (0, 1)]

    def write(rows: Any) -> None:
        for _ in range(5):
            copy_rows(source, rows, output, {"row": rows})

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, answers))
    found = pq.read_table(output)["row"].to_numpy()
    assert any(np.array_equal(found, rows) for rows in answers)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.parquet", "t.parquet"]
