"""A file of rows, and how files are cut into slices that can be read apart."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from coresift._errors import FormatError
from coresift._typing import Indices
from coresift.sources._location import Location
from coresift.sources._stamp import Stamp, readable


@dataclass(frozen=True, eq=False)
class DataFile(ABC):
    """One file. It is opened for each reading, so that it can be sent to a worker.

    Parameters
    ----------
    location : Location
        Where it is.
    schema : pyarrow.Schema
        Its own columns.
    sections : tuple of int
        The number of rows of each stretch that can be read without what is before it: the row
        groups of a Parquet file, the whole of a CSV file.
    stamp : Stamp
        Of the file that these facts are about; each reading checks that it still is this one.
    constants : tuple of (str, pyarrow.Scalar)
        Columns of one value, which the folder says and not the file (``colour=red/``).
    """

    location: Location
    schema: pa.Schema
    sections: tuple[int, ...]
    stamp: Stamp
    constants: tuple[tuple[str, pa.Scalar], ...] = ()

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return sum(self.sections)

    @property
    def fields(self) -> pa.Schema:
        """Its columns, those that its folder says included."""
        more = [pa.field(name, value.type) for name, value in self.constants]
        return pa.schema([*self.schema, *more], metadata=self.schema.metadata)

    @abstractmethod
    def batches(
        self, names: list[str], size: int, sections: range, rows: Indices | None = None
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield (position of the first row in this file, batch) of some sections, in order.

        The columns are those of ``names``, at least one, in any order. With ``rows`` (ascending
        positions), batches without any of these rows may be left out.
        """

    def tables(
        self, wanted: pa.Schema, size: int, sections: range, rows: Indices | None = None
    ) -> Iterator[tuple[int, pa.Table]]:
        """Yield (position of the first row, table of the wanted columns and types), in order."""
        own = set(self.schema.names)
        # a file is read for the number of its rows too, where only its folder says the columns
        names = [name for name in wanted.names if name in own] or self.schema.names[:1]
        n_read = 0
        for start, batch in self.batches(names, size, sections, rows):
            n_read += batch.num_rows
            # Arrow takes offsets and codes as they are stored: wrong ones end the process
            with readable(self.location):
                batch.validate(full=True)
            yield start, self._as_wanted(batch, wanted)
        if rows is None:
            self.check_rows(n_read, sum(self.sections[place] for place in sections))

    def check_rows(self, n_read: int, expected: int) -> None:
        """Raise `FormatError` if a damaged file has other rows than it says."""
        if n_read != expected:
            raise FormatError(
                f"{self.location.name!r} cannot be read (it holds {n_read} rows where it says that "
                f"there are {expected}); it is damaged: write it again"
            )

    def _as_wanted(self, batch: pa.RecordBatch, wanted: pa.Schema) -> pa.Table:
        constants = dict(self.constants)
        held = dict(zip(batch.schema.names, batch.columns, strict=True))
        columns = []
        for field in wanted:
            if field.name not in held:
                columns.append(pa.repeat(constants[field.name].cast(field.type), batch.num_rows))
            else:
                column = held[field.name]
                same = column.type.equals(field.type)
                columns.append(column if same else self._cast(column, field))
        return pa.Table.from_arrays(columns, schema=wanted)

    def _cast(self, column: pa.Array, field: pa.Field) -> pa.Array:
        if pa.types.is_null(column.type):
            return pa.nulls(len(column), field.type)
        try:
            return column.cast(field.type)
        except pa.ArrowException as error:
            raise FormatError(
                f"column {field.name!r} of {self.location.name!r} is {column.type} and in other "
                f"files {field.type}, which cannot hold all its values ({error}): write them with "
                "one type"
            ) from error


@dataclass(frozen=True, eq=False)
class FileSlice:
    """Some sections of a file, with at least one row.

    Parameters
    ----------
    file : DataFile
    sections : range
        Their places in `DataFile.sections`.
    """

    file: DataFile
    sections: range

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return sum(self.file.sections[place] for place in self.sections)

    def __str__(self) -> str:
        file, some = self.file, self.sections
        return f"{file.location.name}[{some.start}:{some.stop}] {file.stamp}"


def cut(files: Sequence[DataFile], wanted: int) -> list[tuple[FileSlice, ...]]:
    """Cut files into runs of slices with as few rows as possible, but at least ``wanted``.

    Many small files share a run, a large file of many sections has many. All rows are in one run,
    in order; the last run may have fewer.
    """
    runs: list[tuple[FileSlice, ...]] = []
    held: list[FileSlice] = []
    n_held = 0
    for file in files:
        first = 0
        for place, n_rows in enumerate(file.sections):
            n_held += n_rows
            if n_held >= wanted:
                runs.append((*held, FileSlice(file, range(first, place + 1))))
                held, n_held, first = [], 0, place + 1
        rest = FileSlice(file, range(first, len(file.sections)))
        if rest.n_rows:
            held.append(rest)
    if held:
        runs.append(tuple(held))
    return runs


def usable(schema: pa.Schema) -> pa.Schema:
    """Return the columns of a file whose names and types can be spoken of.

    Raises
    ------
    UnicodeDecodeError
        If a name is not text: the file is damaged.
    """
    _ = [*schema.names, *map(str, schema.types)]
    try:
        notes = schema.pandas_metadata or {}
    except (ValueError, RecursionError):  # not JSON; the columns can be read without it
        notes = None
    usual = isinstance(notes, dict) and isinstance(notes.get("index_columns", []), list)
    return schema if usual else schema.remove_metadata()


def has_any(rows: Indices, start: int, stop: int) -> bool:
    """Tell whether ascending rows has one in [start, stop)."""
    first, after = np.searchsorted(rows, [start, stop])
    return bool(first < after)
