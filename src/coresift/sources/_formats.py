"""Files of rows: which there are, how many rows they hold, how to read them in batches."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from coresift._errors import DataError, FormatError
from coresift._typing import Indices
from coresift.sources._checks import check_distinct

PARQUET = (".parquet", ".pq")
CSV = (".csv", ".csv.gz")
_CSV_BLOCK_BYTES = 8 * 2**20
# What a CSV column becomes when a value does not fit the type that the file began with.
_WIDER = {pa.null(): pa.int64(), pa.int64(): pa.float64()}


@dataclass(frozen=True, eq=False)
class Part(ABC):
    """One file.

    Parameters
    ----------
    path : Path
        Where it is. It is opened for each reading, so that a part can be sent to a worker.
    schema : pyarrow.Schema
        Its columns.
    n_rows : int
        Number of rows.
    """

    path: Path
    schema: pa.Schema
    n_rows: int

    @abstractmethod
    def batches(
        self, names: list[str], size: int, rows: Indices | None = None
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield (position of the first row in this file, batch), in order.

        With ``rows`` (ascending positions), batches without any of these rows may be left out.
        """


@dataclass(frozen=True, eq=False)
class ParquetPart(Part):
    """One Parquet file, read row group by row group."""

    def batches(
        self, names: list[str], size: int, rows: Indices | None = None
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield (position of the first row, batch) of the row groups that are needed."""
        with _readable(self.path), pyarrow.parquet.ParquetFile(self.path) as file:
            start = 0
            for group in range(file.num_row_groups):
                stop = start + file.metadata.row_group(group).num_rows
                if rows is None or _has_any(rows, start, stop):
                    for batch in file.iter_batches(size, row_groups=[group], columns=names):
                        yield start, batch
                        start += batch.num_rows
                start = stop


@dataclass(frozen=True, eq=False)
class CsvPart(Part):
    """One CSV file with a line of names, compressed or not."""

    def batches(
        self, names: list[str], size: int, rows: Indices | None = None
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield (position of the first row, batch) up to the last row that is needed."""
        last = self.n_rows - 1 if rows is None else rows[-1]
        start = 0
        with _readable(self.path), _open_csv(self.path, self.schema, names) as reader:
            for batch in reader:
                yield start, batch
                start += batch.num_rows
                if start > last:
                    break


def open_parts(path: Path) -> tuple[Part, ...]:
    """Find the files at a path and count their rows.

    Parameters
    ----------
    path : Path
        A Parquet or CSV file, or a folder of files of one of these formats, which are read in the
        order of their names.

    Raises
    ------
    DataError
        If there are no rows.
    FormatError
        If the path does not exist, is of another format, or cannot be read.
    """
    files = _find(path)
    empty = next((file for file in files if not file.stat().st_size), None)
    if empty is not None:
        raise DataError(f"{str(empty)!r} is empty, 0 bytes; pass a file with at least one row")
    parts = _parquet_parts(files) if known_suffix(files[0]) in PARQUET else _csv_parts(files)
    if not sum(part.n_rows for part in parts):
        raise DataError(f"{str(path)!r} has 0 rows; coresift needs at least one")
    return parts


def _find(path: Path) -> list[Path]:
    if not path.exists():
        raise FormatError(f"there is no file or folder {str(path)!r}; check the path")
    if not path.is_dir():
        if known_suffix(path) is None:
            raise FormatError(
                f"the format of {path.name!r} is not known; coresift reads files that end in "
                f"{', '.join(PARQUET + CSV)}: convert it, or rename it"
            )
        return [path]
    # "_SUCCESS", "_metadata" and hidden files lie beside the data and are none
    files = sorted(
        file
        for file in path.iterdir()
        if file.name[0] not in "._" and known_suffix(file) is not None
    )
    if len({known_suffix(file) in PARQUET for file in files}) != 1:
        found = "both Parquet and CSV files" if files else "no Parquet or CSV file"
        raise FormatError(
            f"the folder {str(path)!r} holds {found}; coresift reads a folder of files of one "
            "format, without subfolders: for other layouts pass a table (pyarrow.dataset)"
        )
    return files


def known_suffix(path: Path) -> str | None:
    """Return the suffix of a file that can be read and written, or None."""
    name = path.name.lower()
    return next((suffix for suffix in PARQUET + CSV if name.endswith(suffix)), None)


def _parquet_parts(files: list[Path]) -> tuple[Part, ...]:
    parts: list[Part] = []
    for path in files:
        with _readable(path), pyarrow.parquet.ParquetFile(path) as file:
            parts.append(ParquetPart(path, file.schema_arrow, file.metadata.num_rows))
        if not parts[-1].schema.equals(parts[0].schema):
            raise FormatError(
                f"{path.name!r} has other columns or types than {files[0].name!r}; all files of a "
                "folder must have the same: rewrite one of them"
            )
    return tuple(parts)


def _csv_parts(files: list[Path]) -> tuple[Part, ...]:
    """Count rows, and settle the types of the columns over all the files."""
    schema = None
    counts = []
    for path in files:
        with _readable(path):
            schema, n_rows = _scan_csv(path, schema)
        counts.append(n_rows)
    return tuple(CsvPart(path, schema, n) for path, n in zip(files, counts, strict=True))


def _scan_csv(path: Path, schema: pa.Schema | None) -> tuple[pa.Schema, int]:
    """Read a CSV file once, widening the types until every value fits; return them and the rows."""
    while True:
        try:
            with _open_csv(path, schema) as reader:
                _check_header(path, reader.schema.names, schema)
                schema = reader.schema
                return schema, sum(batch.num_rows for batch in reader)
        except pa.ArrowInvalid as error:
            schema = _widen(schema, error)


def _check_header(path: Path, names: list[str], schema: pa.Schema | None) -> None:
    check_distinct(names)
    if schema is not None and names != schema.names:
        raise FormatError(
            f"{path.name!r} has columns {names} where the files before it have {schema.names}; "
            "all files of a folder must have the same: rewrite one of them"
        )


def _widen(schema: pa.Schema | None, error: pa.ArrowInvalid) -> pa.Schema:
    """Return the schema with the next wider type for the column that the error is about."""
    # Arrow settles the types on the first block of a file; the number of the column that later
    # does not fit is found in the message only.
    match = re.search(r"CSV column #(\d+): .*conversion error", str(error))
    if match is None or schema is None:
        raise error
    column = int(match[1])
    field = schema.field(column)
    if pa.types.is_string(field.type):
        raise error
    return schema.set(column, field.with_type(_WIDER.get(field.type, pa.string())))


def _open_csv(
    path: Path, schema: pa.Schema | None, names: list[str] | None = None
) -> pyarrow.csv.CSVStreamingReader:
    types = None if schema is None else {field.name: field.type for field in schema}
    return pyarrow.csv.open_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(block_size=_CSV_BLOCK_BYTES),
        # a line break inside quotes must not end a row where one block ends and the next begins
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        # an empty cell is a missing value in a text column too, as pandas has it
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=types, include_columns=names, strings_can_be_null=True
        ),
    )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn errors of reading into one that names the file."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        if "Empty CSV file" in str(error):
            raise DataError(f"{str(path)!r} is empty; pass a file with at least one row") from error
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FormatError(
            f"{str(path)!r} cannot be read ({reason}); check that it is complete, UTF-8, and of "
            "the format that its name says"
        ) from error


def _has_any(rows: Indices, start: int, stop: int) -> bool:
    """Tell whether ascending rows has one in [start, stop)."""
    first, after = np.searchsorted(rows, [start, stop])
    return bool(first < after)
