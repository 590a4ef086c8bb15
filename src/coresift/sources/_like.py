"""Rows that get the layout of others, by the names of the columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from coresift._errors import ColumnError
from coresift.sources._column import Column, comparable, is_list, is_number, is_text, storage_type
from coresift.sources._column_notes import some_levels
from coresift.sources._columns import ColumnLayout
from coresift.sources._look import Reader, find_levels
from coresift.sources._names import left_out_columns
from coresift.sources._options import ColumnOptions

_MANY = 10_000  # levels that are looked for


def layout_like(
    schema: pa.Schema, label: str | None, read: Reader, options: ColumnOptions
) -> ColumnLayout:
    """Return the layout of other rows, for these.

    Columns go by their names. Of a level that the other rows lack, all features are 0. Columns that
    they lack are ignored. Both are told in the notes.

    Parameters
    ----------
    schema : pyarrow.Schema
        Columns of the input.
    label : str or None
        Column of the labels.
    read : callable
        Given column names, iterates over tables of these columns of the whole input.
    options : ColumnOptions
        Its ``like`` is the layout.

    Raises
    ------
    ColumnError
        If a column of the layout is missing, or has values of another kind.
    """
    layout: ColumnLayout = options.like
    names = set(schema.names)
    lacking = [name for name in layout.names if name not in names]
    if lacking:
        some = ", ".join(map(repr, lacking[:8])) + (", ..." if len(lacking) > 8 else "")
        raise ColumnError(
            f"the rows have no column {some}, which the rows have whose layout they get: add "
            "it, or leave it out of both"
        )
    for column in layout.columns:
        _check_kind(column, storage_type(schema.field(column.name).type))
    known = {*layout.names, *layout.left_out, *options.drop, label}
    known |= set(left_out_columns(schema, label, options.drop))
    surplus = [name for name in schema.names if name not in known]
    notes = [*_unseen(layout, read)]
    if surplus:
        many = "columns" if len(surplus) > 1 else "column"
        listed = ", ".join(map(repr, surplus))
        notes.append(f"{many} {listed}: not among the columns of the other rows, so ignored")
    return replace(layout, notes=tuple(notes))


def _check_kind(column: Column, kind: pa.DataType) -> None:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    fits = {
        "number": is_number(value) and kind == value,
        "levels": is_text(value) or is_number(value),
        "list": is_list(value),
        "dates": pa.types.is_temporal(value) or is_text(value),
        "text numbers": is_text(value) or is_number(value),
    }
    if not (fits[column.kind] or pa.types.is_null(value)):
        raise ColumnError(
            f"column {column.name!r} has type {kind}, where the rows whose layout it gets have "
            f"{column.kind}: convert it"
        )


def _unseen(layout: ColumnLayout, read: Reader) -> Iterator[str]:
    """Yield which levels have no feature."""
    columns = {column.name: column for column in layout.columns if column.levels is not None}
    for name, found in find_levels(read, list(columns), _MANY).items():
        values, known = comparable(found.values, columns[name].levels)
        unseen = values.filter(pc.invert(pc.is_in(values, value_set=known)))
        if len(unseen):
            yield (
                f"column {name!r} has levels that the other rows lack ({some_levels(unseen)}): "
                "all its features are 0 there"
            )
