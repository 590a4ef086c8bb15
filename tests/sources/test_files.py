"""Files: types of CSV columns, reading by row, and what cannot be read."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from coresift import _errors
from coresift.sources import FileSource, Source, _dialect, as_source, write_table


def rows_of(source: Source) -> np.ndarray:
    return np.concatenate([chunk.rows for chunk in source.chunks()])


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a CSV file of a few lines be as long, to the reader, as one of gigabytes."""
    monkeypatch.setattr(_dialect, "_BLOCK_BYTES", 64)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    ("early", "late", "feature"),
    [("1", "2.5", "a"), ("", "7", "a"), ("", "u", "a=u"), ("1", "u", "a=u"), ("true", "u", "a=u")],
)
def test_csv_types_fit_values_far_down(early: str, late: str, feature: str, tmp_path: Path) -> None:
    lines = [f"{early},0\n"] * 50 + [f"{late},1\n"]
    source = FileSource(write(tmp_path / "rows.csv", "a,y\n" + "".join(lines)), label="y")
    assert source.n_rows == 51
    assert feature in source.feature_names
    last = 1.0 if feature == "a=u" else float(late)
    assert rows_of(source)[-1, source.feature_names.index(feature)] == last
    assert source.take_table(np.array([50]))["y"].to_pylist() == [1]


@pytest.mark.usefixtures("small_blocks")
def test_csv_types_fit_all_files_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "part-0.csv", "a\n1\n2\n")
    write(tmp_path / "part-1.csv", "a\n0.5\n")
    write(tmp_path / "_SUCCESS", "")
    source = FileSource(tmp_path)
    np.testing.assert_array_equal(rows_of(source)[:, 0], [1, 2, 0.5])
    np.testing.assert_array_equal(source.take(np.array([2, 0]))[:, 0], [0.5, 1])


@pytest.mark.usefixtures("small_blocks")
def test_csv_line_breaks_inside_quotes(tmp_path: Path) -> None:
    text = "a,b\n" + '1,"u\nv"\n' * 30
    source = FileSource(write(tmp_path / "rows.csv", text))
    assert source.n_rows == 30
    assert source.feature_names == ("a", "b=u\nv")


def test_csv_missing_values(tmp_path: Path) -> None:
    source = FileSource(write(tmp_path / "rows.csv", "a,b\n1,u\n,v\nNA,\n"))
    nan = np.nan
    np.testing.assert_array_equal(rows_of(source), [[1, 1, 0], [nan, 0, 1], [nan, nan, nan]])


def table_with_groups(path: Path) -> pa.Table:
    table = pa.table(
        {
            "title": [f"film {row}" for row in range(20)],
            "year": pa.array(range(1990, 2010), pa.int32()),
            "y": ["a", "b"] * 10,
        }
    )
    pyarrow.parquet.write_table(table, path, row_group_size=6)
    return table


def test_take_table_has_all_columns_in_the_order_of_the_rows(tmp_path: Path) -> None:
    table = table_with_groups(tmp_path / "rows.parquet")
    source = FileSource(tmp_path / "rows.parquet", label="y", max_levels=20)
    for rows in ([], [3], [0, 5, 6, 19], [19, 2, 2, 7]):
        assert source.take_table(np.array(rows, dtype=np.int64)).equals(
            table.take(pa.array(rows, pa.int64()))
        )


def test_take_reads_the_needed_row_groups_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table_with_groups(tmp_path / "rows.parquet")
    source = FileSource(tmp_path / "rows.parquet", label="y", max_levels=20)
    groups: list[int] = []
    original = pyarrow.parquet.ParquetFile.iter_batches

    def record(self, size, row_groups, columns):  # type: ignore[no-untyped-def]
        groups.extend(row_groups)
        return original(self, size, row_groups=row_groups, columns=columns)

    monkeypatch.setattr(pyarrow.parquet.ParquetFile, "iter_batches", record)
    source.take(np.array([7, 8, 19]))
    assert groups == [1, 3]


def test_positions_outside_are_refused(tmp_path: Path) -> None:
    table_with_groups(tmp_path / "rows.parquet")
    source = FileSource(tmp_path / "rows.parquet", max_levels=20)
    for row in (-1, 20):
        with pytest.raises(_errors.DataError, match=f"row {row} is outside the input of 20 rows"):
            source.take_table(np.array([row]))


def test_a_source_can_be_sent_to_a_worker(tmp_path: Path) -> None:
    table_with_groups(tmp_path / "rows.parquet")
    source = FileSource(tmp_path / "rows.parquet", label="y", max_levels=20)
    assert rows_of(pickle.loads(pickle.dumps(source))).tobytes() == rows_of(source).tobytes()


def test_the_index_of_pandas_is_no_feature(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1, 2, 3]}).iloc[[0, 2]].to_parquet(tmp_path / "rows.parquet")
    assert FileSource(tmp_path / "rows.parquet").feature_names == ("a",)


def test_far_too_many_levels_stop_the_reading(tmp_path: Path) -> None:
    names = [f"film {row}" for row in range(20_000)]
    pyarrow.parquet.write_table(pa.table({"title": names}), tmp_path / "rows.parquet")
    with pytest.raises(
        _errors.ColumnError, match=r"'title' has at least \d+ levels, the limit is 4: .*drop="
    ):
        FileSource(tmp_path / "rows.parquet", max_levels=4)


def test_missing_label(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", "size,label\n1,2\n")
    with pytest.raises(_errors.ColumnError, match=r"no column 'lable'.*did you mean 'label'"):
        FileSource(path, label="lable")


@pytest.mark.parametrize("text", ["", "a,b\n", "\n"])
def test_csv_without_rows(text: str, tmp_path: Path) -> None:
    with pytest.raises(_errors.DataError, match=r"rows\.csv.*at least one"):
        FileSource(write(tmp_path / "rows.csv", text))


def test_parquet_without_rows(tmp_path: Path) -> None:
    write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / "rows.parquet")
    with pytest.raises(_errors.DataError, match="has 0 rows"):
        FileSource(tmp_path / "rows.parquet")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.xlsx", b"PK", r"'rows\.xlsx' is not known.*\.parquet, \.pq, .*\.csv\.gz"),
        ("rows.parquet", b"not parquet", "cannot be read"),
        ("rows.csv", b"a,b\n1,2\n3\n", "Expected 2 columns, got 1"),
        ("rows.csv.gz", b"a,b\n1,2\n", "cannot be read"),
    ],
)
def test_unreadable_files(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(_errors.FormatError, match=message):
        FileSource(tmp_path / name)


def test_paths_that_hold_no_one_format(tmp_path: Path) -> None:
    with pytest.raises(_errors.FormatError, match="no file or folder"):
        as_source(tmp_path / "nothing.csv")
    with pytest.raises(_errors.FormatError, match=r"holds no file that ends in \.parquet"):
        as_source(str(tmp_path))
    write(tmp_path / "a.csv", "a\n1\n")
    table_with_groups(tmp_path / "b.parquet")
    with pytest.raises(_errors.FormatError, match="are CSV and Parquet files"):
        as_source(tmp_path)


def test_files_of_a_folder_must_have_the_same_columns(tmp_path: Path) -> None:
    write(tmp_path / "1.csv", "a\n1\n")
    write(tmp_path / "2.csv", "b\n1\n")
    with pytest.raises(_errors.FormatError, match=r"2\.csv' has no column 'a', which '.*1\.csv'"):
        as_source(tmp_path)
    write_table(pa.table({"a": [1]}), tmp_path / "1.parquet")
    write_table(pa.table({"a": ["u"]}), tmp_path / "2.parquet")
    for path in tmp_path.glob("*.csv"):
        path.unlink()
    words = r"column 'a' is string in '.*2\.parquet' and int64 in '.*1\.parquet'"
    with pytest.raises(_errors.FormatError, match=words):
        as_source(tmp_path)
