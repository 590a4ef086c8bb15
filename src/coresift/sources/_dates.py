"""Dates and times as numbers, or in parts; also those that are text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coresift._typing import Float64

Mode: TypeAlias = Literal["parts", "number"]

_YEAR_FIRST = (
    r"^\s*[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
    r"(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?Z?)?\s*$"
)
_OTHER_ORDERS = r"^\s*[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{4}|[0-9]{2})(?:[T ][0-9]{1,2}:.*)?\s*$"
_PIECES = (
    r"^\s*(?P<y>[0-9]{4})[-/.](?P<m>[0-9]{1,2})[-/.](?P<d>[0-9]{1,2})"
    r"(?:[T ](?P<H>[0-9]{1,2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2}(?:\.[0-9]+)?))?Z?)?\s*$"
)
_UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
_DAY = 86_400.0


def are_dates(levels: pa.Array) -> Literal["year first", "other order"] | None:
    """Tell whether all texts are dates, and whether the year is first, so that one can read them.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from coresift.sources._dates import are_dates
    >>> are_dates(pa.array(["2012/01/01", "2012/1/31"])), are_dates(pa.array(["1/2/2012"]))
    ('year first', 'other order')
    """
    if not len(levels):
        return None
    if pc.all(pc.match_substring_regex(levels, _YEAR_FIRST)).as_py():
        return "year first"
    return (
        "other order" if pc.all(pc.match_substring_regex(levels, _OTHER_ORDERS)).as_py() else None
    )


def date_parts(kind: pa.DataType, mode: Mode) -> tuple[str, ...]:
    """Return what dates and times of a type become; nothing is one number, the seconds."""
    types = pa.types
    if mode == "number" or types.is_duration(kind):
        return ()
    if types.is_time(kind):
        return ("hour", "minute")
    parts = ("year", "month", "day", "weekday")
    return parts if types.is_date(kind) else (*parts, "hour")


def encode_dates(column: pa.Array, parts: Sequence[str]) -> Float64:
    """Return dates as numbers, shape (n_rows, n_features); missing values are NaN.

    Parameters
    ----------
    column : pyarrow.Array
        Dates, times, durations, or text with the year first; of other text, all is missing.
    parts : sequence of str
        Those of `date_parts`; without any, a number in seconds, since 1970 for dates.
    """
    if str(column.type) in {"string", "large_string", "string_view"}:
        column = _parse(column.cast(pa.string()))
    if not parts:
        return _floats(_seconds(column)).reshape(-1, 1)
    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("ms"))  # days have no hour
    calls = {"weekday": "day_of_week"}  # Monday is 0
    found = [pc.call_function(calls.get(part, part), [column]) for part in parts]
    return np.column_stack(list(map(_floats, found)))


def _floats(values: pa.Array) -> Float64:
    return np.asarray(values.cast(pa.float64()).to_numpy(zero_copy_only=False))


def _seconds(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_date32(kind):
        return pc.multiply(column.cast(pa.int32()).cast(pa.float64()), _DAY)
    unit = "ms" if pa.types.is_date64(kind) else kind.unit
    whole = pa.int32() if kind.bit_width == 32 else pa.int64()
    return pc.divide(column.cast(whole).cast(pa.float64(), safe=False), _UNITS[unit])


def _parse(texts: pa.Array) -> pa.Array:
    """Return texts as timestamps; what is not a date is null."""
    pieces = pc.extract_regex(texts, _PIECES)

    def piece(name: str) -> Any:
        text = pc.struct_field(pieces, name)
        return pc.if_else(pc.equal(text, ""), "0", text)

    day = pc.binary_join_element_wise(piece("y"), piece("m"), piece("d"), "-")
    stamps = pc.strptime(day, "%Y-%m-%d", "us", error_is_null=True)
    # the 30th of February would be the 1st of March
    exists = pc.equal(pc.day(stamps), piece("d").cast(pa.int64()))
    days = pc.if_else(exists, stamps, None).cast(pa.int64())
    hours, minutes = piece("H").cast(pa.int64()), piece("M").cast(pa.int64())
    micros = pc.round(pc.multiply(piece("S").cast(pa.float64()), 1e6)).cast(pa.int64())
    clock = pc.multiply(pc.add(pc.multiply(hours, 60), minutes), 60 * 10**6)
    return pc.add(pc.add(days, clock), micros).cast(pa.timestamp("us"))
