"""What a user should know about columns that are used as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from coresift.sources._column import Column, is_text
from coresift.sources._csv_types import NOTE
from coresift.sources._dates import are_dates
from coresift.sources._look import Reader, find_counters
from coresift.sources._options import ColumnOptions
from coresift.sources._text_numbers import share_of_numbers

_HALF = 0.5  # share of levels that look like numbers from which on that is told


def some_levels(levels: pa.Array, count: int = 3) -> str:
    """Return a few sorted levels for a message, from both ends, where marks such as ``?`` are."""
    places = range(len(levels)) if len(levels) <= count else (0, len(levels) // 2, len(levels) - 1)
    return ", ".join(repr(levels[place].as_py()) for place in places)


def type_notes(schema: pa.Schema, hidden: set[str | None]) -> Iterator[str]:
    """Yield why columns have another type than their values suggest."""
    for one in schema:
        note = (one.metadata or {}).get(NOTE)
        if note is not None and one.name not in hidden:
            yield note.decode()


def value_notes(
    columns: Iterable[Column], read: Reader, fields: Sequence[pa.Field], options: ColumnOptions
) -> Iterator[tuple[str, str]]:
    """Yield the name of a column, and what its values let suspect."""
    for column in columns:
        if column.levels is None or not is_text(column.levels.type):
            continue
        one_hot = f"such as {some_levels(column.levels)}: each of its {len(column.levels)} levels"
        if are_dates(column.levels):
            yield column.name, f"is text that holds dates, {one_hot} is a feature"
        elif options.numbers == "error" and share_of_numbers(column.levels) >= _HALF:
            what = f"is text that holds numbers, {one_hot} is a feature"
            yield column.name, f"{what}; numbers='parse' makes it one number"
    whole = [one.name for one in fields if pa.types.is_integer(one.type)]
    for name in find_counters(read, whole):
        yield name, "counts the rows: drop it if it is an index"
