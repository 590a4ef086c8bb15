"""CSV files: types that fit all values, and reading in batches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.csv

from coresift._errors import FormatError
from coresift._typing import Indices
from coresift.sources._checks import check_distinct
from coresift.sources._csv_types import exact_types
from coresift.sources._data_file import DataFile
from coresift.sources._stamp import Stamp, check_unchanged, readable, reading

Copied: TypeAlias = Literal["text", "missing"] | None

_BLOCK_BYTES = 8 * 2**20
# What a column becomes when a value does not fit the type that the file began with.
_WIDER = {pa.null(): pa.int64(), pa.int64(): pa.float64()}


@dataclass(frozen=True, eq=False)
class CsvData(DataFile):
    """One CSV file with a line of names, compressed or not; it has one section.

    Parameters
    ----------
    copied : {None, "text", "missing"}
        To copy rows, all columns are text. As "text" an empty cell alone is missing, as "missing"
        also NA and the like; what is quoted is not.
    """

    copied: Copied = None

    def batches(
        self, names: list[str], size: int, sections: range, rows: Indices | None = None
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield (position of the first row, batch) up to the last row that is needed."""
        last = self.n_rows - 1 if rows is None else rows[-1]
        start = 0
        with (
            reading(self.path, self.stamp),
            _open(self.path, self.schema, names, self.copied) as reader,
        ):
            for batch in reader:
                check_unchanged(self.path, self.stamp)
                yield start, batch
                start += batch.num_rows
                if start > last:
                    break

    def to_copy(self, copied: Copied) -> CsvData:
        """Return the file as text, to copy rows of it."""
        return replace(self, schema=_as_text(self.schema), copied=copied)


def _as_text(schema: pa.Schema) -> pa.Schema:
    return pa.schema([(name, pa.string()) for name in schema.names])


def open_csv(files: list[Path], label: str | None = None) -> tuple[CsvData, ...]:
    """Count rows, and settle the types of the columns over all the files.

    Numbers that would lose what was written (see `exact_types`) are text.
    """
    schema = None
    facts = []
    for path in files:
        with readable(path):
            stamp = Stamp.of(path)
        with reading(path, stamp):
            schema, n_rows = _scan(path, schema)
        facts.append((path, n_rows, stamp))
    if schema is not None and any(n_rows for _, n_rows, _ in facts):
        text = _as_text(schema)
        whole = [CsvData(path, text, (n_rows,), stamp) for path, n_rows, stamp in facts if n_rows]
        schema = exact_types(schema, label, partial(_batches, whole))
    return tuple(CsvData(path, schema, (n_rows,), stamp) for path, n_rows, stamp in facts)


def _batches(files: list[CsvData], names: list[str]) -> Iterator[pa.RecordBatch]:
    for file in files:
        yield from (batch for _, batch in file.batches(names, 0, range(1)))


def _scan(path: Path, schema: pa.Schema | None) -> tuple[pa.Schema, int]:
    """Read a CSV file once, widening the types until every value fits; return them and the rows."""
    while True:
        try:
            with _open(path, schema) as reader:
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


def _open(
    path: Path,
    schema: pa.Schema | None,
    names: list[str] | None = None,
    copied: Copied = None,
) -> pyarrow.csv.CSVStreamingReader:
    types = None if schema is None else {field.name: field.type for field in schema}
    return pyarrow.csv.open_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK_BYTES),
        # a line break inside quotes must not end a row where one block ends and the next begins
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        # an empty cell is a missing value in a text column too, as pandas has it
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=types,
            include_columns=names,
            strings_can_be_null=True,
            quoted_strings_can_be_null=copied is None,
            null_values=[""] if copied == "text" else None,
        ),
    )
