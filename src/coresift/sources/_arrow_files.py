"""Rows of Parquet, CSV and Arrow files, read in streams: the input may be larger than memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Unpack

import numpy as np
import pyarrow as pa

from coresift._typing import Float64, Indices, RawRows
from coresift.sources._arrow_labels import label_values
from coresift.sources._arrow_weights import weight_values, without_weights
from coresift.sources._base import Chunk, Part, part_rows
from coresift.sources._checks import as_positions
from coresift.sources._column_plan import plan_layout
from coresift.sources._columns import ColumnLayout
from coresift.sources._csv import Copied, CsvData
from coresift.sources._csv_cells import as_cells
from coresift.sources._data_file import DataFile, FileSlice, cut
from coresift.sources._dataset import is_dataset, open_dataset
from coresift.sources._dialect import CsvOptions
from coresift.sources._formats import find, open_files
from coresift.sources._look import Reader
from coresift.sources._options import ColumnKeywords, ColumnOptions
from coresift.sources._schema import one_schema
from coresift.sources._table_source import TableSource

_BATCH_ROWS = 8192  # rows of one read where the chunk does not say: levels, take


@dataclass(frozen=True, eq=False)
class FilePart(Part):
    """Rows of one file, or of several small ones.

    Parameters
    ----------
    slices : tuple of FileSlice
        What to read, in order.
    schema : pyarrow.Schema
        The columns that are read, with the types that they have in all files.
    layout : ColumnLayout
        What the columns become.
    label : str or None
        Column of the labels.
    chunk_rows : int
        Rows per chunk.
    weight : str or None
        Column of the prior weights.
    """

    slices: tuple[FileSlice, ...]
    schema: pa.Schema
    layout: ColumnLayout
    label: str | None
    chunk_rows: int
    weight: str | None = None

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows from first to last."""
        start = self.start
        tables = _tables(self.slices, self.schema, self.chunk_rows)
        for table in _regroup(tables, self.chunk_rows):
            column = None if self.label is None else table[self.label]
            labels = None if column is None else label_values(column, str(self.label))
            own = None if self.weight is None else weight_values(table[self.weight], self.weight)
            yield Chunk(start, self.layout.encode(table, start), labels, own)
            start += table.num_rows


class FileSource(TableSource):
    r"""Rows of files: Parquet, CSV or Arrow (Feather), of one or of many.

    Columns become features as in `FrameSource`. Nothing but one chunk is held in memory. A CSV file
    is read once to count its rows and to find types that fit all values (an empty cell is a missing
    value), columns of text or of whole numbers once more. Columns that pandas stored as the index
    are not features.

    Several files are one table. They may differ in the order of their columns, in the width of
    their numbers, in how text is stored, and in columns without any value. The rows are numbered
    file by file in this order: those of a folder (with the folders in it) and of a pattern by name,
    those of a list as they are given. What begins with ``.`` or ``_`` is left out. Folders named
    ``colour=red`` are a column ``colour``.

    Parameters
    ----------
    path : str, PathLike, sequence of them, or pyarrow.dataset.Dataset
        A file that ends in ``.parquet``, ``.pq``, ``.feather``, ``.arrow``, ``.ipc``, ``.csv`` or
        ``.tsv`` (these two also with ``.gz``, ``.bz2`` or ``.zst``), a folder, a pattern such as
        ``data/part-*.csv``, or an address such as ``s3://bucket/rows.parquet`` (of Arrow's own file
        systems, or of fsspec's where it is installed). All files are of one format.
    label : str or None, default=None
        Column of the labels.
    chunk_rows : int or None, default=None
        Rows per chunk; None takes about 32 MiB.
    weight : str or None, default=None
        Column of the prior weights: a row of weight 2 counts as if it were there twice.
    delimiter : str or None, default=None
        What separates the cells of a CSV file; None finds a comma, a semicolon, a tab or ``|`` in
        the line of names.
    decimal : {".", ","} or None, default=None
        What stands before the decimals in a CSV file; None takes a comma where cells are not
        separated by commas and more columns are numbers with it.
    encoding : str, default="utf-8"
        Of CSV files.
    null_values : sequence of str or None, default=None
        What stands for a missing value in a CSV file. None takes an empty cell, ``NA``, ``NaN``,
        ``null`` and the like, but not in quotes (unless the file quotes its missing numbers too).
        ``[""]`` takes an empty cell only.
    **columns
        The options of `ColumnOptions`: max_levels, drop, dates, numbers, like.

    Raises
    ------
    ColumnError
        If the label or a dropped column is none, or columns cannot be used; one error names all.
    DataError
        If there are no rows, or no feature columns.
    FormatError
        If the path does not exist, or the format is not known, or a file cannot be read, or has
        other columns or types than another.
    InputChangedError
        If a file is no longer the one that was found first. Raised wherever rows are read.
    MissingDependencyError
        If the address needs a package that is not installed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from coresift.sources import FileSource
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "train.csv")
    ...     _ = path.write_text("size;y\n1,5;no\n2,5;yes\n")
    ...     source = FileSource(path, label="y")
    ...     chunk = next(source.chunks())
    >>> chunk.rows.tolist(), chunk.labels.tolist()
    ([[1.5], [2.5]], ['no', 'yes'])
    """

    def __init__(
        self,
        path: Any,
        *,
        label: str | None = None,
        chunk_rows: int | None = None,
        weight: str | None = None,
        delimiter: str | None = None,
        decimal: str | None = None,
        encoding: str = "utf-8",
        null_values: Sequence[str] | None = None,
        **columns: Unpack[ColumnKeywords],
    ) -> None:
        options = csv_options(delimiter, decimal, encoding, null_values)
        self._files, self._schema, read = open_table(path, options, label)
        self.n_rows = sum(file.n_rows for file in self._files)
        self._label, self._weight = label, weight
        own = without_weights(self._schema.names, weight, label, ColumnOptions(**columns))
        self._set_layout(plan_layout(self._schema, label, read, own), chunk_rows)

    def _read_parts(self) -> tuple[FilePart, ...]:
        """Return runs of row groups and files, each of which is read in one part only.

        Chunks end where parts do: the last chunk of a part may be shorter than the others.
        """
        parts: list[FilePart] = []
        names = [*self._layout.names, *filter(None, [self._label, self._weight])]
        names = names or self._schema.names[:1]  # read for the number of its rows
        facts = _chosen(self._schema, names), self._layout, self._label, self._chunk_rows
        start = 0
        for run in cut(self._files, part_rows(self.n_rows, self.n_features, self._chunk_rows)):
            n_rows = sum(piece.n_rows for piece in run)
            fingerprint = hashlib.sha256("\n".join(map(str, run)).encode()).hexdigest()
            parts.append(FilePart(start, n_rows, fingerprint, run, *facts, self._weight))
            start += n_rows
        return tuple(parts)

    @property
    def files(self) -> tuple[DataFile, ...]:
        """The files, in the order of their rows."""
        return self._files

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of all the columns of the input."""
        return tuple(self._schema.names)

    def _read(self, rows: Indices) -> RawRows:
        """Return the features of the rows at these positions, shape (len(rows), n_features)."""
        return self._layout.encode(self._read_rows(rows, self._layout.names))

    def weights_at(self, rows: Indices) -> Float64 | None:
        """Return the prior weights of the rows at these positions, shape (len(rows),), or None."""
        if self._weight is None:
            return None
        return weight_values(self._read_rows(rows, [self._weight])[self._weight], self._weight)

    def place_of(self, name: str) -> str | None:
        """Say in which file and row group the first value of a column is that is not finite.

        Reads that column only; None where there is no such value.
        """
        column = next((one for one in self._layout.columns if one.name == name), None)
        if column is None:
            return None
        schema = _chosen(self._schema, [name])
        for file in self._files:
            for place in range(len(file.sections)):
                for _, table in file.tables(schema, _BATCH_ROWS, range(place, place + 1)):
                    values = column.encode(table.column(name), self._layout.dtype, 0)
                    if not np.isfinite(values).all():
                        group = f"row group {place} of " if len(file.sections) > 1 else ""
                        return f"{group}{file.location.name!r}"
        return None

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
            has to be; None where the input is not a CSV file, or one whose numbers another program
            would not understand (decimal commas).
        """
        if not all(
            isinstance(file, CsvData) and file.dialect.decimal == "." for file in self._files
        ):
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
        wanted_schema = self._schema if copied is None else one_schema(files)
        schema = _chosen(wanted_schema, names)
        pieces = [pa.Table.from_batches([], schema)]
        first = 0
        for file in files:
            inside = slice(*np.searchsorted(ascending, [first, first + file.n_rows]))
            wanted = ascending[inside] - first
            first += file.n_rows
            if len(wanted):
                everything = range(len(file.sections))
                n_taken = 0
                for start, table in file.tables(schema, _BATCH_ROWS, everything, wanted):
                    stop = start + table.num_rows
                    local = wanted[slice(*np.searchsorted(wanted, [start, stop]))] - start
                    if len(local):
                        pieces.append(table.take(pa.array(local)))
                        n_taken += len(local)
                file.check_rows(n_taken, len(wanted))
        table = pa.concat_tables(pieces)
        return table if np.array_equal(ascending, positions) else table.take(pa.array(inverse))


def csv_options(
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str = "utf-8",
    null_values: Sequence[str] | None = None,
) -> CsvOptions:
    """Return how CSV files are written; see `FileSource`."""
    nulls = None if null_values is None else tuple(null_values)
    return CsvOptions(delimiter, decimal, encoding, nulls)


def open_table(
    path: Any, options: CsvOptions, label: str | None
) -> tuple[tuple[DataFile, ...], pa.Schema, Reader]:
    """Return the files at a path, their columns, and what reads some of the columns."""
    files = _open_all(path, options, label)
    schema = one_schema(files)
    n_rows = sum(file.n_rows for file in files)
    everything = [piece for run in cut(files, n_rows) for piece in run]
    return files, schema, lambda names: _tables(everything, _chosen(schema, names), _BATCH_ROWS)


def _open_all(path: Any, options: CsvOptions, label: str | None) -> tuple[DataFile, ...]:
    if is_dataset(path):
        return open_dataset(path, options, label)
    return open_files(find(path), options, label)


def _chosen(schema: pa.Schema, names: Sequence[str]) -> pa.Schema:
    return pa.schema([schema.field(name) for name in names])


def _tables(slices: Iterable[FileSlice], schema: pa.Schema, size: int) -> Iterator[pa.Table]:
    """Yield slices in tables of any number of rows, with these columns and types."""
    for piece in slices:
        for _, table in piece.file.tables(schema, max(size, 1024), piece.sections):
            yield table


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
