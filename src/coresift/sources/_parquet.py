"""Parquet files, read row group by row group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from coresift._errors import FormatError
from coresift._typing import Indices
from coresift.sources._data_file import DataFile, has_any
from coresift.sources._stamp import Stamp, check_unchanged, readable, reading


@dataclass(frozen=True, eq=False)
class ParquetData(DataFile):
    """One Parquet file; its sections are the row groups."""

    def batches(
        self, names: list[str], size: int, sections: range, rows: Indices | None = None
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield (position of the first row, batch) of the row groups that are needed."""
        start = sum(self.sections[: sections.start])
        with reading(self.path, self.stamp), _open(self.path) as file:
            for group in sections:
                stop = start + self.sections[group]
                if rows is None or has_any(rows, start, stop):
                    for batch in file.iter_batches(size, row_groups=[group], columns=names):
                        check_unchanged(self.path, self.stamp)
                        yield start, batch
                        start += batch.num_rows
                start = stop


def open_parquet(files: list[Path]) -> tuple[DataFile, ...]:
    """Read the columns and the row counts of Parquet files, which must have the same columns."""
    found: list[DataFile] = []
    for path in files:
        with readable(path):
            stamp = Stamp.of(path)
        with reading(path, stamp), _open(path) as file:
            facts = file.metadata
            groups = tuple(facts.row_group(group).num_rows for group in range(facts.num_row_groups))
            found.append(ParquetData(path, file.schema_arrow, groups, stamp))
        if not found[-1].schema.equals(found[0].schema):
            raise FormatError(
                f"{path.name!r} has other columns or types than {files[0].name!r}; all files of a "
                "folder must have the same: rewrite one of them"
            )
    return tuple(found)


def _open(path: Path) -> pyarrow.parquet.ParquetFile:
    # checksums of pages are verified where a file has them
    return pyarrow.parquet.ParquetFile(path, page_checksum_verification=True)
