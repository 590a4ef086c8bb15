"""One schema for files whose columns differ in what does not matter."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from coresift._errors import FormatError
from coresift.sources._data_file import DataFile

_SIGNED = {8: pa.int8(), 16: pa.int16(), 32: pa.int32(), 64: pa.int64()}
_UNITS = ["s", "ms", "us", "ns"]


def one_schema(files: Sequence[DataFile]) -> pa.Schema:
    """Return the columns of all files, in the order of the first.

    The order of the columns does not matter, nor the width of whole numbers and floats, how text
    is stored (dictionaries included), or that a file has no value in a column.

    Raises
    ------
    FormatError
        If a file has other columns, or a column with a type of another meaning.
    """
    first = files[0]
    schema = first.fields
    for file in files[1:]:
        other = file.fields
        if not schema.equals(other):
            check_names(first, file)
            fields = [_common(field, other.field(field.name), first, file) for field in schema]
            schema = pa.schema(fields, metadata=schema.metadata)
    return schema


def check_names(first: DataFile, file: DataFile) -> None:
    """Raise `FormatError` if two files have different columns, in whatever order."""
    names, other = first.fields.names, file.fields.names
    for left, right, has, lacks in ((names, other, first, file), (other, names, file, first)):
        absent = [name for name in left if name not in right]
        if absent:
            raise FormatError(
                f"{lacks.location.name!r} has no column {absent[0]!r}, which "
                f"{has.location.name!r} has; all files must have the same columns: rewrite one of "
                "them, or pass those that have them"
            )


def _common(field: pa.Field, other: pa.Field, first: DataFile, file: DataFile) -> pa.Field:
    kind = common_type(field.type, other.type)
    if kind is None:
        raise FormatError(
            f"column {field.name!r} is {other.type} in {file.location.name!r} and {field.type} in "
            f"{first.location.name!r}; all files must have the same types: rewrite one of them"
        )
    return pa.field(field.name, kind, field.nullable or other.nullable, field.metadata)


def common_type(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    """Return the type that holds the values of both, or None if they mean different things.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from coresift.sources._schema import common_type
    >>> common_type(pa.int16(), pa.uint16()), common_type(pa.int8(), pa.string())
    (DataType(int32), None)
    """
    if left.equals(right) or pa.types.is_null(right):
        return left
    if pa.types.is_null(left):
        return right
    for both in (_dictionaries, _texts, _wholes, _floats, _decimals, _times, _lists):
        kind = both(left, right)
        if kind is not None:
            return kind
    return None


def _dictionaries(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    coded = [pa.types.is_dictionary(kind) for kind in (left, right)]
    if not any(coded):
        return None
    values = [kind.value_type if pa.types.is_dictionary(kind) else kind for kind in (left, right)]
    kind = common_type(*values)
    if kind is None or all(coded):
        return None if kind is None else pa.dictionary(pa.int32(), kind)
    # text is levels with a dictionary and without; a number is not
    return kind if _is_text(kind) else None


def _is_text(kind: pa.DataType) -> bool:
    return str(kind) in {"string", "large_string", "string_view"}


def _texts(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    return pa.large_string() if _is_text(left) and _is_text(right) else None


def _wholes(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    types = pa.types
    if not (types.is_integer(left) and types.is_integer(right)):
        return None
    if types.is_signed_integer(left) == types.is_signed_integer(right):
        return left if left.bit_width > right.bit_width else right
    signed, unsigned = (left, right) if types.is_signed_integer(left) else (right, left)
    return _SIGNED.get(max(signed.bit_width, 2 * unsigned.bit_width))


def _floats(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    types = pa.types
    floats = [kind for kind in (left, right) if types.is_floating(kind)]
    if len(floats) == 2:
        return left if left.bit_width > right.bit_width else right
    # whole numbers become floats where a file has missing ones; those that a float cannot hold
    # are refused when they are met
    return pa.float64() if floats and (types.is_integer(left) or types.is_integer(right)) else None


def _decimals(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    if not (pa.types.is_decimal(left) and pa.types.is_decimal(right)):
        return None
    scale = max(left.scale, right.scale)
    precision = scale + max(left.precision - left.scale, right.precision - right.scale)
    return pa.decimal128(precision, scale) if precision <= 38 else None


def _times(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    if not (pa.types.is_timestamp(left) and pa.types.is_timestamp(right)) or left.tz != right.tz:
        return None
    return pa.timestamp(max(left.unit, right.unit, key=_UNITS.index), left.tz)


def _lists(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    types = pa.types
    fixed = [types.is_fixed_size_list(kind) for kind in (left, right)]
    loose = [types.is_list(kind) or types.is_large_list(kind) for kind in (left, right)]
    if not (all(fixed) or all(loose)):
        return None
    item = common_type(left.value_type, right.value_type)
    if item is None or (all(fixed) and left.list_size != right.list_size):
        return None
    if all(fixed):
        return pa.list_(item, left.list_size)
    large = types.is_large_list(left) or types.is_large_list(right)
    return pa.large_list(item) if large else pa.list_(item)
