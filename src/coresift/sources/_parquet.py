"""Parquet files, read row group by row group."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet

from coresift._typing import Indices
from coresift.sources._data_file import DataFile, has_any, usable
from coresift.sources._location import Location
from coresift.sources._stamp import Stamp, check_between, reading


@dataclass(frozen=True, eq=False)
class ParquetData(DataFile):
    """One Parquet file; its sections are the row groups."""

    @classmethod
    def survey(cls, location: Location, stamp: Stamp) -> ParquetData:
        """Read the columns of a file and the row counts of its row groups."""
        with reading(location, stamp), _open(location) as file:
            facts = file.metadata
            groups = tuple(facts.row_group(group).num_rows for group in range(facts.num_row_groups))
            return cls(location, usable(file.schema_arrow), groups, stamp)

    def batches(
        self, names: list[str], size: int, sections: range, rows: Indices | None = None
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield (position of the first row, batch) of the row groups that are needed."""
        start = sum(self.sections[: sections.start])
        with reading(self.location, self.stamp), _open(self.location) as file:
            for group in sections:
                stop = start + self.sections[group]
                if rows is None or has_any(rows, start, stop):
                    for batch in file.iter_batches(size, row_groups=[group], columns=names):
                        check_between(self.location, self.stamp)
                        yield start, batch
                        start += batch.num_rows
                start = stop


@contextmanager
def _open(location: Location) -> Iterator[pyarrow.parquet.ParquetFile]:
    # checksums of pages are verified where a file has them
    with (
        location.open() as stored,
        pyarrow.parquet.ParquetFile(stored, page_checksum_verification=True) as file,
    ):
        yield file
