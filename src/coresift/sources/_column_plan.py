"""What Arrow columns become: numbers, one-hot levels, lists, parts of dates.

Data frames and files both come as Arrow tables, so that this is the only place
that decides what a column becomes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from coresift._errors import ColumnError, DataError
from coresift.sources._checks import check_distinct
from coresift.sources._column import (
    Column,
    is_list,
    is_number,
    is_text,
    item_type,
    list_size,
    storage_type,
)
from coresift.sources._column_notes import some_levels, type_notes, value_notes
from coresift.sources._columns import ColumnLayout
from coresift.sources._dates import are_dates, date_parts
from coresift.sources._like import layout_like
from coresift.sources._look import (
    UNREADABLE,
    Levels,
    Reader,
    count_missing,
    find_lengths,
    find_levels,
)
from coresift.sources._names import check_present, left_out_columns
from coresift.sources._obstacles import Obstacle, python_message
from coresift.sources._options import ColumnOptions
from coresift.sources._text_numbers import FEW, SHARE, decimal_mark, share_of_numbers


def plan_layout(
    schema: pa.Schema, label: str | None, read: Reader, options: ColumnOptions
) -> ColumnLayout:
    """Decide what each column becomes.

    Parameters
    ----------
    schema : pyarrow.Schema
        Columns of the input. Those that are an index, or that coresift wrote, are not features.
    label : str or None
        Column of the labels, no feature either.
    read : callable
        Given column names, iterates over tables of these columns of the whole input.
    options : ColumnOptions
        What becomes of columns, where there is a choice.

    Returns
    -------
    ColumnLayout

    Raises
    ------
    ColumnError
        If the label or a dropped column is missing or a name occurs twice; or one error with all
        the columns that cannot be used, in its ``obstacles``.
    DataError
        If no column is left.
    """
    check_names(schema, label, options)
    if not options.features:
        return ColumnLayout((), np.dtype(np.float32))
    if options.like is not None:
        return layout_like(schema, label, read, options)
    left_out = left_out_columns(schema, label, options.drop)
    hidden = {label, *options.drop, *left_out}
    fields = [field for field in schema if field.name not in hidden]
    if not fields:
        raise DataError(f"the input has no feature columns, only {schema.names}; add at least one")
    decided = decide(fields, read, options)
    obstacles = [one for one in decided if isinstance(one, Obstacle)]
    if obstacles:
        rest = [one.name for one in decided if isinstance(one, Column)]
        raise_obstacles([*obstacles, *_missing(rest, label, read)])
    columns = _with_distinct_features([one for one in decided if isinstance(one, Column)])
    notes = [
        *(f"column {name!r} {why}" for name, why in left_out.items()),
        *type_notes(schema, hidden - {label}),
        *(f"column {name!r} {what}" for name, what in value_notes(columns, read, fields, options)),
    ]
    left_out |= dict.fromkeys(options.drop, "is left out, as asked")
    return ColumnLayout(columns, _row_type(columns, fields), left_out, tuple(notes))


def check_names(schema: pa.Schema, label: str | None, options: ColumnOptions) -> None:
    """Refuse names that occur twice, are not there, or are label and dropped.

    Raises
    ------
    ColumnError
    """
    check_distinct(schema.names)
    for name, use in [(label, "for the label"), *((name, "to drop") for name in options.drop)]:
        check_present(schema.names, name, use)
    if label in options.drop:
        raise ColumnError(f"the label column {label!r} is to be dropped too: drop others only")


def raise_obstacles(obstacles: Sequence[Obstacle]) -> None:
    """Raise one `ColumnError` that has all of them.

    Raises
    ------
    ColumnError
    """
    error = ColumnError(python_message(obstacles))
    error.obstacles = tuple(obstacles)
    raise error


def decide(
    fields: Sequence[pa.Field], read: Reader, options: ColumnOptions
) -> list[Column | Obstacle]:
    """Return what each column becomes, or what stands in its way."""
    kinds = {field.name: storage_type(field.type) for field in fields}
    unreadable = {
        field.name: field.metadata[UNREADABLE].decode()
        for field in fields
        if UNREADABLE in (field.metadata or {})
    }
    with_levels = [name for name, kind in kinds.items() if _has_levels(kind)]
    of_lists = [name for name, kind in kinds.items() if _is_open_list(kind)]
    levels = find_levels(read, with_levels, options.max_levels)
    lengths = find_lengths(read, of_lists)
    decided: list[Column | Obstacle] = []
    for name, kind in kinds.items():
        if name in unreadable:
            decided.append(Obstacle(name, unreadable[name]))
        elif name in levels:
            is_category = pa.types.is_dictionary(kind)
            decided.append(_of_levels(name, levels[name], is_category, options))
        else:
            decided.append(_of_type(name, kind, lengths.get(name), options))
    return decided


def _has_levels(kind: pa.DataType) -> bool:
    value_type = kind.value_type if pa.types.is_dictionary(kind) else None
    return is_text(kind) or (
        value_type is not None and (is_text(value_type) or is_number(value_type))
    )


def _is_open_list(kind: pa.DataType) -> bool:
    """Tell whether values are lists of numbers whose length the type does not say."""
    if not is_list(kind) or pa.types.is_fixed_size_list(kind):
        return False
    inner = kind.value_type
    return bool(is_number(inner) or (list_size(inner) is not None and is_number(item_type(inner))))


def _of_type(
    name: str, kind: pa.DataType, length: int | None, options: ColumnOptions
) -> Column | Obstacle:
    """Decide on a column that is not text."""
    if is_number(kind) or pa.types.is_null(kind):
        return Column(name, "number", (name,))
    size = length if length is not None else list_size(kind)
    if size and is_number(item_type(kind)):
        return Column(name, "list", tuple(f"{name}_{item}" for item in range(size)))
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_temporal(kind) and not pa.types.is_interval(kind):
        if options.dates == "error":
            return Obstacle(name, f"holds dates or times ({kind})", ("dates", "parts"))
        return _of_dates(name, date_parts(kind, options.dates))
    return Obstacle(name, f"has type {kind}, which is not a number, text or date{_remedy(kind)}")


def _of_dates(name: str, parts: tuple[str, ...]) -> Column:
    features = tuple(f"{name}_{part}" for part in parts) or (name,)
    return Column(name, "dates", features, how=" ".join(parts))


def _remedy(kind: pa.DataType) -> str:
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return " (decode it to text or numbers)"
    if is_list(kind):
        return " (lists of numbers of one length are features)"
    return ""


def _of_levels(
    name: str, levels: Levels, is_category: bool, options: ColumnOptions
) -> Column | Obstacle:
    """Decide on a column of text or of categories."""
    if is_text(levels.values.type):
        as_text = _of_text(name, levels, is_category, options)
        if as_text is not None:
            return as_text
    if len(levels) > options.max_levels:
        least = "" if levels.complete else "at least "
        option: Any = ("max_levels", len(levels)) if levels.complete else None
        return Obstacle(
            name, f"has {least}{len(levels)} levels, the limit is {options.max_levels}", option
        )
    features = tuple(f"{name}={level}" for level in levels.values.to_pylist()) or (name,)
    return Column(name, "levels", features, levels.values)


def _of_text(
    name: str, levels: Levels, is_category: bool, options: ColumnOptions
) -> Column | Obstacle | None:
    """Decide on text that is dates or numbers; None leaves it as levels."""
    order = are_dates(levels.values)
    many = len(levels) > FEW and not is_category
    if order is not None:
        if order == "year first" and options.dates != "error":
            return _of_dates(name, date_parts(pa.timestamp("s"), options.dates))
        if many:
            option: Any = ("dates", "parts") if order == "year first" else None
            return Obstacle(
                name, f"is text that holds dates, such as {some_levels(levels.values)}", option
            )
        return None
    if share_of_numbers(levels.values) >= SHARE:
        if options.numbers == "parse":
            mark = decimal_mark(levels.values)
            return Column(name, "text numbers", (name,), how=mark)
        if many and options.numbers == "error":
            what = f"is text that holds numbers, such as {some_levels(levels.values)}"
            return Obstacle(name, what, ("numbers", "parse"))
    return None


def _missing(names: list[str], label: str | None, read: Reader) -> Iterator[Obstacle]:
    """Yield the columns with missing values, so that one error has these too."""
    wanted = names + ([label] if label is not None else [])
    for name, count in count_missing(read, wanted).items():
        option = ("missing", "impute")
        yield Obstacle(name, f"has {count} missing values", option, is_label=name == label)


def _with_distinct_features(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Give features other names where two would have one: a level ``a=x`` and a column ``a=x``."""
    taken = {
        name for column in columns for name in column.features if column.features == (column.name,)
    }
    distinct = []
    for column in columns:
        features = column.features
        if features != (column.name,):
            features = tuple(_free_name(name, taken) for name in features)
        distinct.append(
            column if features == column.features else replace(column, features=features)
        )
    return tuple(distinct)


def _free_name(name: str, taken: set[str]) -> str:
    """Return a name that is not taken, and take it."""
    while name in taken:
        name = f"{name}'"
    taken.add(name)
    return name


def _row_type(columns: Iterable[Column], fields: Sequence[pa.Field]) -> np.dtype[Any]:
    kinds = {one.name: one.type for one in fields}
    types = {
        item_type(kinds[column.name]) if column.kind in {"number", "list"} else pa.float64()
        for column in columns
        if column.kind != "levels"
    } - {pa.null()}
    narrow = types and types <= {pa.float32(), pa.float16()}
    return np.dtype(np.float32 if narrow else np.float64)
