"""Arrow's own files (Feather): record batches, written as a file or as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.ipc

from coresift._errors import FormatError
from coresift._typing import Indices
from coresift.sources._data_file import DataFile, has_any, usable
from coresift.sources._location import Location
from coresift.sources._stamp import Stamp, check_between, reading

_FILE, _FIRST_FEATHER = b"ARROW1", b"FEA1"


@dataclass(frozen=True, eq=False)
class ArrowData(DataFile):
    """One Arrow file; its sections are the record batches, of a stream all of them together.

    Not mapped into memory: a mapped file that is cut off ends the process.
    """

    streamed: bool = False

    @classmethod
    def survey(cls, location: Location, stamp: Stamp) -> ArrowData:
        """Read the columns of a file and the row counts of its batches."""
        with reading(location, stamp), location.open() as stored:
            start = stored.read(len(_FILE))
            if start.startswith(_FIRST_FEATHER):
                raise FormatError(
                    f"{location.name!r} is a Feather file of version 1, which is no longer "
                    "written: write it again with pyarrow.feather.write_feather, or as Parquet"
                )
            stored.seek(0)
            if start != _FILE:
                with pyarrow.ipc.open_stream(stored) as stream:
                    n_rows = sum(batch.num_rows for batch in stream)
                    return cls(location, usable(stream.schema), (n_rows,), stamp, streamed=True)
            # the rows of a batch are in its header only, and one column is the least to read
            with pyarrow.ipc.open_file(stored, options=_only([0])) as file:
                batches = map(file.get_batch, range(file.num_record_batches))
                sections = tuple(batch.num_rows for batch in batches)
            stored.seek(0)
            with pyarrow.ipc.open_file(stored) as file:
                return cls(location, usable(file.schema), sections, stamp)

    def batches(
        self, names: list[str], size: int, sections: range, rows: Indices | None = None
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield (position of the first row, batch) of the batches that are needed."""
        with reading(self.location, self.stamp), self.location.open() as stored:
            for start, batch in self._stored(stored, names, sections, rows):
                check_between(self.location, self.stamp)
                for first in range(0, batch.num_rows, size):
                    yield start + first, batch.slice(first, size)

    def _stored(
        self, stored: pa.NativeFile, names: list[str], sections: range, rows: Indices | None
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        options = _only(sorted(self.schema.get_field_index(name) for name in names))
        start = sum(self.sections[: sections.start])
        if self.streamed:
            with pyarrow.ipc.open_stream(stored, options=options) as stream:
                for batch in stream:
                    yield start, batch
                    start += batch.num_rows
            return
        with pyarrow.ipc.open_file(stored, options=options) as file:
            for place in sections:
                stop = start + self.sections[place]
                if rows is None or has_any(rows, start, stop):
                    yield start, file.get_batch(place)
                start = stop


def _only(columns: list[int]) -> pyarrow.ipc.IpcReadOptions:
    return pyarrow.ipc.IpcReadOptions(included_fields=columns)
