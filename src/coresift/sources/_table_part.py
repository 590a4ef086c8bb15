"""A slice of an Arrow table that travels alone."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from coresift._typing import Float64, Labels
from coresift.sources._base import Chunk, Part
from coresift.sources._columns import ColumnLayout


@dataclass(frozen=True, eq=False)
class TablePart(Part):
    """Rows of a table.

    Parameters
    ----------
    table : pyarrow.Table
        A slice: it shares the memory of the whole table.
    layout : ColumnLayout
        What its columns become.
    labels : ndarray of shape (n_rows,) or None
    chunk_rows : int
        Rows per chunk.
    weights : ndarray of shape (n_rows,), float64, or None
    """

    table: pa.Table
    layout: ColumnLayout
    labels: Labels | None
    chunk_rows: int
    weights: Float64 | None = None

    @classmethod
    def of(
        cls,
        start: int,
        table: pa.Table,
        layout: ColumnLayout,
        labels: Labels | None,
        chunk_rows: int,
        weights: Float64 | None = None,
    ) -> TablePart:
        """Return the part of a slice that begins at this row of the input."""
        types = zlib.crc32(table.schema.remove_metadata().serialize())
        fingerprint = f"{types:08x}{table.shape}@{start}"
        facts = start, table.num_rows, fingerprint, table, layout, labels, chunk_rows, weights
        return cls(*facts)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows from first to last."""
        for first in range(0, self.n_rows, self.chunk_rows):
            some = slice(first, first + self.chunk_rows)
            # of a table without columns, Arrow takes a slice of any length
            table = self.table.slice(first, min(self.chunk_rows, self.n_rows - first))
            rows = self.layout.encode(table, self.start + first)
            labels = None if self.labels is None else self.labels[some]
            weights = None if self.weights is None else self.weights[some]
            yield Chunk(self.start + first, rows, labels, weights)

    def __reduce__(self) -> tuple[Any, ...]:
        # Arrow pickles a slice with all the rows of the table; its stream format does not
        sink = pa.BufferOutputStream()
        with pyarrow.ipc.new_stream(sink, self.table.schema) as writer:
            writer.write_table(self.table)
        values = [getattr(self, field.name) for field in fields(self) if field.name != "table"]
        return _table_part, (sink.getvalue().to_pybytes(), *values)


def _table_part(stream: bytes, start: int, n_rows: int, fingerprint: str, *rest: Any) -> TablePart:
    with pyarrow.ipc.open_stream(stream) as reader:
        return TablePart(start, n_rows, fingerprint, reader.read_all(), *rest)
