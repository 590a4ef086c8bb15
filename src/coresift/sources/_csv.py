"""CSV files: types that fit all values, and reading in batches."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from coresift._typing import Indices
from coresift.sources._checks import check_distinct
from coresift.sources._csv_types import exact_types
from coresift.sources._data_file import DataFile
from coresift.sources._dialect import (
    CsvOptions,
    Dialect,
    find_dialect,
    is_decimal_comma,
    with_separator,
)
from coresift.sources._location import Location
from coresift.sources._schema import check_names
from coresift.sources._stamp import Stamp, check_between, not_utf8, reading

Copied: TypeAlias = Literal["text", "missing"] | None

_LOG = logging.getLogger(__name__)
# What a column becomes when a value does not fit the type that the file began with.
_WIDER = {pa.null(): pa.int64(), pa.int64(): pa.float64()}


@dataclass(frozen=True, eq=False)
class CsvData(DataFile):
    """One CSV file with a line of names, compressed or not; it has one section.

    Parameters
    ----------
    dialect : Dialect
        How it is written.
    raw_names : tuple of str
        The names of the columns as they stand in the file.
    copied : {None, "text", "missing"}
        To copy rows, all columns are text. As "text" an empty cell alone is missing, as "missing"
        also NA and the like; what is quoted is not.
    """

    dialect: Dialect = field(default_factory=Dialect)
    raw_names: tuple[str, ...] = ()
    copied: Copied = None

    def batches(
        self, names: list[str], size: int, sections: range, rows: Indices | None = None
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield (position of the first row, batch) up to the last row that is needed."""
        last = self.n_rows - 1 if rows is None else rows[-1]
        raw = dict(zip(self.schema.names, self.raw_names, strict=True))
        types = {raw[column.name]: column.type for column in self.schema}
        open_names = [raw[name] for name in names]
        start = 0
        with (
            reading(self.location, self.stamp),
            self._read_as.open(self.location, types, open_names) as reader,
        ):
            for batch in reader:
                check_between(self.location, self.stamp)
                yield start, _unpadded(batch) if self.dialect.padded else batch
                start += batch.num_rows
                if start > last:
                    break

    @property
    def _read_as(self) -> Dialect:
        if self.copied is None:
            return self.dialect
        nulls = ("",) if self.copied == "text" else self.dialect.null_values
        return replace(self.dialect, null_values=nulls, quoted_nulls=False)

    def to_copy(self, copied: Copied) -> CsvData:
        """Return the file as text, to copy rows of it."""
        return replace(self, schema=_as_text(self.schema), copied=copied)


def _as_text(schema: pa.Schema) -> pa.Schema:
    return pa.schema([(name, pa.string()) for name in schema.names])


def survey_csv(
    files: Sequence[tuple[Location, Stamp]], options: CsvOptions, label: str | None = None
) -> list[CsvData]:
    """Count rows, and settle the types of the columns over all the files.

    Numbers that would lose what was written (see `exact_types`) are text. Files without rows are
    left out, if there are others.
    """
    types: dict[str, pa.DataType] = {}
    found: list[CsvData] = []
    for location, stamp in files:
        with reading(location, stamp):
            file = _scan(location, stamp, options, types)
        types |= {column.name: column.type for column in file.schema}
        _tell(location, file.dialect)
        found.append(file)
    filled = [file for file in found if file.n_rows]
    if not filled:
        return found
    for file in filled[1:]:
        check_names(filled[0], file)
    text = [file.to_copy("text") for file in filled]
    schema = exact_types(
        pa.schema([(name, types[name]) for name in filled[0].schema.names]),
        label,
        partial(_batches, text),
    )
    return [
        replace(file, schema=pa.schema([schema.field(name) for name in file.schema.names]))
        for file in filled
    ]


def _batches(files: list[CsvData], names: list[str]) -> Iterator[pa.RecordBatch]:
    for file in files:
        yield from (batch.select(names) for _, batch in file.batches(names, 0, range(1)))


def _scan(
    location: Location, stamp: Stamp, options: CsvOptions, types: dict[str, pa.DataType]
) -> CsvData:
    """Read a file once, widening the types, of other files too, until every value fits."""
    dialect = find_dialect(location, options)
    raw: pa.Schema | None = None
    while True:
        kinds = None if raw is None else {column.name: column.type for column in raw}
        try:
            with dialect.open(location, kinds) as reader:
                if raw is None:
                    raw = _widened(reader.schema, types, dialect)
                    _check(location, raw)
                if raw.types == reader.schema.types:
                    n_rows = sum(batch.num_rows for batch in reader)
                    break
        except pa.ArrowInvalid as error:
            other = _other_dialect(dialect, options, raw, error)
            raw = _widen(raw, dialect, error) if other == dialect else None
            dialect = other
    schema = pa.schema([column.with_name(_name(column.name, dialect)) for column in raw])
    names = tuple(raw.names)
    return CsvData(location, schema, (n_rows,), stamp, dialect=dialect, raw_names=names)


def _name(raw: str, dialect: Dialect) -> str:
    return raw.strip() if dialect.padded else raw


def _widened(schema: pa.Schema, types: dict[str, pa.DataType], dialect: Dialect) -> pa.Schema:
    """Return the types that fit the first lines of a file and the files before it."""
    names = [_name(name, dialect) for name in schema.names]
    check_distinct(names)
    kinds = [
        _wider(kind, types.get(name, pa.null()))
        for name, kind in zip(names, schema.types, strict=True)
    ]
    return pa.schema(list(zip(schema.names, kinds, strict=True)))


def _wider(left: pa.DataType, right: pa.DataType) -> pa.DataType:
    if left == right or right == pa.null():
        return left
    if left == pa.null():
        return right
    return pa.float64() if {left, right} == {pa.int64(), pa.float64()} else pa.string()


def _unpadded(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [
        pc.utf8_ltrim_whitespace(column) if pa.types.is_string(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, [name.strip() for name in batch.schema.names])


def _check(location: Location, schema: pa.Schema) -> None:
    # Arrow reads text of another encoding as bytes
    for column in schema:
        if pa.types.is_binary(column.type):
            raise not_utf8(location.name, f"column {column.name!r} is not UTF-8")


_CONVERSION = re.compile(r"CSV column #(\d+): .*conversion error to (\w+): invalid value '(.*)'")


def _other_dialect(
    dialect: Dialect, options: CsvOptions, types: pa.Schema | None, error: pa.ArrowInvalid
) -> Dialect:
    """Return the dialect that explains a value which does not fit, or the same."""
    match = re.search(_CONVERSION, str(error))
    if match is None or types is None:
        return dialect
    value, kinds = match[3], types.types
    if value in dialect.null_values and not dialect.quoted_nulls:
        return replace(dialect, quoted_nulls=True)
    commas = options.decimal is None and dialect.decimal == "." and dialect.delimiter != ","
    if commas and pa.float64() not in kinds and is_decimal_comma(value, dialect):
        return replace(dialect, decimal=",")
    return dialect


def _widen(schema: pa.Schema | None, dialect: Dialect, error: pa.ArrowInvalid) -> pa.Schema:
    """Return the schema with the next wider type for the column that the error is about."""
    # The number of the column that does not fit is found in the message only.
    match = re.search(r"CSV column #(\d+): .*conversion error", str(error))
    if match is None or schema is None:
        raise pa.ArrowInvalid(with_separator(error, dialect)) from error
    column = int(match[1])
    narrow = schema.field(column)
    if pa.types.is_string(narrow.type):
        raise error
    return schema.set(column, narrow.with_type(_WIDER.get(narrow.type, pa.string())))


def _tell(location: Location, dialect: Dialect) -> None:
    for is_so, what in (
        (dialect.delimiter != ",", f"the separator {dialect.delimiter!r}"),
        (dialect.decimal != ".", f"the decimal point {dialect.decimal!r}"),
        (dialect.padded, "no spaces after the separators"),
    ):
        if is_so:
            _LOG.info("%r is read with %s", location.name, what)
