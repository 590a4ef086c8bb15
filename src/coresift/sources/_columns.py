"""How Arrow columns become features: numbers, one-hot levels, fixed-size lists.

Data frames and files both come as Arrow tables, so that this is the only place
that knows what a column of a type means.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import DTypeLike

from coresift._errors import ColumnError, DataError
from coresift._typing import Float64, RawRows
from coresift.sources._checks import check_distinct

Kind: TypeAlias = Literal["number", "levels", "list"]
Reader: TypeAlias = Callable[[list[str]], Iterable[pa.Table]]


@dataclass(frozen=True, eq=False)
class Column:
    """One input column, and the features that it becomes.

    Parameters
    ----------
    name : str
        Name of the column.
    kind : {"number", "levels", "list"}
        One number, one-hot levels, or a list of numbers of one size.
    features : tuple of str
        Names of its features.
    levels : pyarrow.Array or None
        The sorted levels. Without any (all values are missing) the column is one feature of NaN.
    """

    name: str
    kind: Kind
    features: tuple[str, ...]
    levels: pa.Array | None = None


@dataclass(frozen=True, eq=False)
class ColumnLayout:
    """The feature columns of a table, in order, and the type of the rows.

    Parameters
    ----------
    columns : tuple of Column
        The columns that become features.
    dtype : dtype
        float32 if all numbers are float32 or float16, else float64.
    """

    columns: tuple[Column, ...]
    dtype: np.dtype[Any]

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [column.name for column in self.columns]

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(name for column in self.columns for name in column.features)

    @property
    def column_names(self) -> tuple[str, ...]:
        """For each feature the name to report: the column of a level, the feature of a list."""
        return tuple(
            column.name if column.kind == "levels" else feature
            for column in self.columns
            for feature in column.features
        )

    def encode(self, table: pa.Table) -> RawRows:
        """Return rows of shape (n_rows, n_features), C-contiguous; missing values are NaN."""
        rows = np.empty((table.num_rows, len(self.feature_names)), dtype=self.dtype)
        start = 0
        for column in self.columns:
            stop = start + len(column.features)
            values = table.column(column.name)
            if column.levels is not None:
                rows[:, start:stop] = _one_hot(values, column.levels)
            else:
                rows[:, start:stop] = _numbers(one_array(values), self.dtype)
            start = stop
        return rows


def plan_layout(
    schema: pa.Schema,
    label: str | None,
    read: Reader,
    max_levels: int,
    drop: Sequence[str] = (),
) -> ColumnLayout:
    """Decide what each column becomes.

    Parameters
    ----------
    schema : pyarrow.Schema
        Columns of the input. Those that pandas stored as its index are no features.
    label : str or None
        Column of the labels, no feature either.
    read : callable
        Given column names, iterates over tables of these columns of the whole input. Called at
        most once, with the columns whose levels are wanted.
    max_levels : int
        Most levels that a column may have.
    drop : sequence of str
        Columns that are no features.

    Returns
    -------
    ColumnLayout

    Raises
    ------
    ColumnError
        If the label or a dropped column is missing, a name occurs twice, a type has no meaning as
        a number, or a column has too many levels.
    """
    check_distinct(schema.names)
    for name, use in [(label, "for the label"), *((name, "to drop") for name in drop)]:
        check_present(schema.names, name, use)
    hidden = {label, *drop, *_index_columns(schema)}
    fields = [field for field in schema if field.name not in hidden]
    kinds = {field.name: kind_of(field) for field in fields}
    if not fields:
        raise DataError(f"the input has no feature columns, only {schema.names}; add at least one")
    with_levels = [name for name, kind in kinds.items() if kind == "levels"]
    levels = _find_levels(iter(read(with_levels)), with_levels, max_levels) if with_levels else {}
    columns = tuple(_column(field, kinds[field.name], levels.get(field.name)) for field in fields)
    return ColumnLayout(
        columns, _row_type([field for field in fields if kinds[field.name] != "levels"])
    )


def check_present(names: Sequence[str], name: str | None, use: str) -> None:
    if name is None or name in names:
        return
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"it has {_some(names)}"
    raise ColumnError(f"the input has no column {name!r} {use}; {hint}")


def _some(names: Sequence[str], limit: int = 8) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(map(repr, names[:limit])) + more


def _index_columns(schema: pa.Schema) -> list[str]:
    # A saved pandas index is a column like any other to Arrow; as a feature it would order the
    # rows by where they stood in the file. A range index is stored as a dict, not as a column.
    index = (schema.pandas_metadata or {}).get("index_columns", [])
    return [name for name in index if isinstance(name, str)]


def kind_of(field: pa.Field) -> Kind:
    """Return what a column of this type becomes, or raise `ColumnError` if it has no meaning."""
    if _is_number(field.type) or pa.types.is_null(field.type):
        return "number"
    if _is_text(field.type):
        return "levels"
    value_type = field.type.value_type if pa.types.is_dictionary(field.type) else None
    if value_type is not None and (_is_text(value_type) or _is_number(value_type)):
        return "levels"
    if pa.types.is_fixed_size_list(field.type) and _is_number(_item_type(field.type)):
        return "list"
    raise ColumnError(
        f"column {field.name!r} has type {field.type}, which is neither a number, a boolean, "
        f"text, a category nor a fixed-size list of numbers: {_remedy(field.type)}"
    )


def _remedy(kind: pa.DataType) -> str:
    if pa.types.is_temporal(kind):
        return "drop it, or turn it into numbers yourself (such as year, month, or seconds)"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return "drop it, or cast it to a fixed-size list (or pass the stacked lists as an array)"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return "drop it, or decode it to text (UTF-8) or numbers"
    return "drop it, or turn it into numbers yourself"


def _is_number(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_boolean(kind)
        or types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_decimal(kind)
    )


def _is_text(kind: pa.DataType) -> bool:
    return str(kind) in {"string", "large_string", "string_view"}  # the last is new in Arrow 16


def _item_type(kind: pa.DataType) -> pa.DataType:
    while pa.types.is_fixed_size_list(kind):
        kind = kind.value_type
    return kind


def _list_size(kind: pa.DataType) -> int:
    return kind.list_size * _list_size(kind.value_type) if pa.types.is_fixed_size_list(kind) else 1


def _column(field: pa.Field, kind: Kind, levels: pa.Array | None) -> Column:
    name: str = field.name
    features: tuple[str, ...] = (name,)
    if kind == "list":
        features = tuple(f"{name}_{item}" for item in range(_list_size(field.type)))
    elif levels is not None and len(levels):
        features = tuple(f"{name}={level}" for level in levels.to_pylist())
    return Column(name, kind, features, levels)


def _row_type(fields: Iterable[pa.Field]) -> np.dtype[Any]:
    types = {_item_type(field.type) for field in fields} - {pa.null()}
    narrow = types and types <= {pa.float32(), pa.float16()}
    return np.dtype(np.float32 if narrow else np.float64)


def _find_levels(
    tables: Iterator[pa.Table], names: list[str], max_levels: int
) -> dict[str, pa.Array]:
    """Return the sorted levels of each column; stop reading at the first that has too many."""
    found: dict[str, pa.Array] = {}
    for table in tables:
        for name in names:
            seen = pc.unique(_plain(table.column(name))).drop_null()
            known = found.get(name)
            found[name] = seen if known is None else pc.unique(pa.concat_arrays([known, seen]))
            if len(found[name]) > max_levels:
                at_least = "at least " if next(tables, None) is not None else ""
                raise ColumnError(
                    f"column {name!r} has {at_least}{len(found[name])} levels, the limit is "
                    f"{max_levels}: drop the column, encode it yourself, or raise max_levels"
                )
    return {name: levels.take(pc.sort_indices(levels)) for name, levels in found.items()}


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """Return one array without dictionaries and with one type of text, so that levels compare."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    return one_array(column.cast(pa.large_string() if _is_text(kind) else kind))


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """Return the column as one array, without a copy where it is in one piece."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _one_hot(column: pa.ChunkedArray, levels: pa.Array) -> Float64:
    codes = pc.index_in(_plain(column), value_set=levels).fill_null(-1).to_numpy()
    rows = np.zeros((len(codes), max(1, len(levels))))
    present = codes >= 0
    rows[present, codes[present]] = 1
    rows[~present] = np.nan  # so that a missing category is counted like a missing number
    return rows


def _numbers(array: pa.Array, dtype: DTypeLike) -> RawRows:
    """Return numbers or (nested) fixed-size lists of numbers, shape (n_rows, list size or 1)."""
    if not pa.types.is_fixed_size_list(array.type):
        # unsafe: integers above 2**53 and decimals round, as they do in a numpy array
        kind = pa.float32() if dtype == np.float32 else pa.float64()
        values: RawRows = array.cast(kind, safe=False).to_numpy(zero_copy_only=False)
        return values.reshape(-1, 1)
    # flatten() leaves out lists that are null, and respects slices (values does neither)
    items = _numbers(array.flatten(), dtype).reshape(-1, _list_size(array.type))
    if not array.null_count:
        return items
    rows = np.full((len(array), items.shape[1]), np.nan, dtype=dtype)
    rows[array.is_valid().to_numpy(zero_copy_only=False)] = items
    return rows
