"""Rows of Parquet and CSV files, read in streams: the input may be larger than memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Unpack

import numpy as np
import pyarrow as pa

from coresift._typing import Indices, RawRows
from coresift.sources._arrow_labels import label_values
from coresift.sources._base import Chunk, Part, Source, part_rows, told
from coresift.sources._base import chunk_rows as rows_per_chunk
from coresift.sources._checks import as_positions
from coresift.sources._column_plan import plan_layout
from coresift.sources._columns import ColumnLayout
from coresift.sources._csv import Copied, CsvData
from coresift.sources._csv_cells import as_cells
from coresift.sources._data_file import FileSlice, cut
from coresift.sources._formats import open_files
from coresift.sources._options import ColumnKeywords, ColumnOptions

_BATCH_ROWS = 8192  # rows of one read where the chunk does not say: levels, take


@dataclass(frozen=True, eq=False)
class FilePart(Part):
    """Rows of one file, or of several small ones.

    Parameters
    ----------
    slices : tuple of FileSlice
        What to read, in order.
    layout : ColumnLayout
        What the columns become.
    label : str or None
        Column of the labels.
    chunk_rows : int
        Rows per chunk.
    """

    slices: tuple[FileSlice, ...]
    layout: ColumnLayout
    label: str | None
    chunk_rows: int

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows from first to last."""
        names = self.layout.names + ([] if self.label is None else [self.label])
        start = self.start
        for table in _regroup(_tables(self.slices, names, self.chunk_rows), self.chunk_rows):
            column = None if self.label is None else table[self.label]
            labels = None if column is None else label_values(column, str(self.label))
            yield Chunk(start, self.layout.encode(table, start), labels)
            start += table.num_rows


class FileSource(Source):
    r"""Rows of a Parquet or CSV file, or of a folder of them.

    Columns become features as in `FrameSource`. The rows are in the order of the file names, then
    of the file. Nothing but one chunk is held in memory. A CSV file is read once to count its rows
    and to find types that fit all values (an empty cell is a missing value), a column of text once
    more to find its levels. Columns that pandas stored as the index are no features.

    Parameters
    ----------
    path : str or PathLike
        ``.parquet``, ``.pq``, ``.csv`` or ``.csv.gz``, or a folder of such files of one format
        and with the same columns.
    label : str or None, default=None
        Column of the labels.
    chunk_rows : int or None, default=None
        Rows per chunk; None takes about 32 MiB.
    **columns
        The options of `ColumnOptions`: max_levels, drop, dates, numbers, like.

    Raises
    ------
    ColumnError
        If the label or a dropped column is none, or columns cannot be used; one error names all.
    DataError
        If there are no rows, or no feature columns.
    FormatError
        If the path does not exist, or the format is not known, or the file cannot be read.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from coresift.sources import FileSource
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "train.csv")
    ...     _ = path.write_text("size,y\n1.5,no\n2.5,yes\n")
    ...     source = FileSource(path, label="y")
    ...     chunk = next(source.chunks())
    >>> chunk.rows.tolist(), chunk.labels.tolist()
    ([[1.5], [2.5]], ['no', 'yes'])
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        label: str | None = None,
        chunk_rows: int | None = None,
        **columns: Unpack[ColumnKeywords],
    ) -> None:
        self._files = open_files(Path(path), label)
        self._schema = self._files[0].schema
        self.n_rows = sum(file.n_rows for file in self._files)
        self._label = label
        everything = [piece for run in cut(self._files, self.n_rows) for piece in run]
        self._layout = plan_layout(
            self._schema,
            label,
            lambda names: _tables(everything, names, _BATCH_ROWS),
            ColumnOptions(**columns),
        )
        self.feature_names = self._layout.feature_names
        self.notes = told(self._layout.notes)
        self._chunk_rows = rows_per_chunk(self.n_features, chunk_rows)

    @property
    def column_names(self) -> tuple[str, ...]:
        """For each feature, the input column that it comes from (one-hot features share one)."""
        return self._layout.column_names

    def parts(self) -> tuple[FilePart, ...]:
        """Return runs of row groups and files, each of which is read in one part only.

        Chunks end where parts do: the last chunk of a part may be shorter than the others.
        """
        parts: list[FilePart] = []
        start = 0
        for run in cut(self._files, part_rows(self.n_rows, self.n_features, self._chunk_rows)):
            n_rows = sum(piece.n_rows for piece in run)
            fingerprint = hashlib.sha256("\n".join(map(str, run)).encode()).hexdigest()
            facts = (start, n_rows, fingerprint, run, self._layout, self._label, self._chunk_rows)
            parts.append(FilePart(*facts))
            start += n_rows
        return tuple(parts)

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of all the columns of the input."""
        return tuple(self._schema.names)

    def take(self, rows: Indices) -> RawRows:
        """Return the features of the rows at these positions, shape (len(rows), n_features)."""
        return self._layout.encode(self._read_rows(rows, self._layout.names))

    def take_table(self, rows: Indices) -> pa.Table:
        """Return rows with all the columns of the input.

        Parameters
        ----------
        rows : ndarray of shape (n,), int64
            Positions in the whole input.

        Returns
        -------
        pyarrow.Table
            The n rows, in this order, with the columns and types of the input, label included.

        Raises
        ------
        DataError
            If a position is outside the input.
        """
        return self._read_rows(rows, self._schema.names)

    def take_cells(self, rows: Indices) -> pa.Table | None:
        """Return rows of a CSV file as they are written in it.

        Returns
        -------
        pyarrow.Table of strings or None
            The n rows with all the columns, each value as a cell of a CSV file, quoted where it
            has to be; None where the input is no CSV file.
        """
        if not all(isinstance(file, CsvData) for file in self._files):
            return None
        text, missing = (
            partial(self._read_rows, rows, self._schema.names, copied)
            for copied in ("text", "missing")
        )
        return as_cells(text(), missing)

    def _read_rows(self, rows: Indices, names: list[str], copied: Copied = None) -> pa.Table:
        """Return the rows at any positions, reading forward through what holds them."""
        files = [
            file.to_copy(copied) if isinstance(file, CsvData) and copied else file
            for file in self._files
        ]
        positions = as_positions(rows, self.n_rows)
        ascending, inverse = np.unique(positions, return_inverse=True)
        schema = pa.schema([files[0].schema.field(name) for name in names])
        pieces = [pa.Table.from_batches([], schema)]
        first = 0
        for file in files:
            inside = slice(*np.searchsorted(ascending, [first, first + file.n_rows]))
            wanted = ascending[inside] - first
            first += file.n_rows
            if len(wanted):
                everything = range(len(file.sections))
                for start, batch in file.batches(names, _BATCH_ROWS, everything, wanted):
                    stop = start + batch.num_rows
                    local = wanted[slice(*np.searchsorted(wanted, [start, stop]))] - start
                    if len(local):
                        piece = pa.Table.from_batches([batch.take(pa.array(local))])
                        pieces.append(piece.select(names))
        table = pa.concat_tables(pieces)
        return table if np.array_equal(ascending, positions) else table.take(pa.array(inverse))


def _tables(slices: Iterable[FileSlice], names: list[str], size: int) -> Iterator[pa.Table]:
    """Yield slices in tables of any number of rows, with columns in this order."""
    for piece in slices:
        for _, batch in piece.file.batches(names, max(size, 1024), piece.sections):
            yield pa.Table.from_batches([batch]).select(names)


def _regroup(tables: Iterable[pa.Table], size: int) -> Iterator[pa.Table]:
    """Cut a stream of tables into tables of ``size`` rows; the last may have fewer."""
    held: list[pa.Table] = []
    n_held = 0
    for table in tables:
        held.append(table)
        n_held += table.num_rows
        if n_held >= size:
            whole = pa.concat_tables(held)
            n_full = n_held - n_held % size
            for start in range(0, n_full, size):
                yield whole.slice(start, size)
            held, n_held = [whole.slice(n_full)], n_held - n_full
    if n_held:
        yield pa.concat_tables(held)
