"""One column of the input, and how its values become features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import DTypeLike

from coresift._errors import DataError
from coresift._typing import Float64, RawRows
from coresift.sources._dates import encode_dates
from coresift.sources._text_numbers import parse_numbers

Kind: TypeAlias = Literal["number", "levels", "list", "dates", "text numbers"]


@dataclass(frozen=True, eq=False)
class Column:
    """One input column, and the features that it becomes.

    Parameters
    ----------
    name : str
        Name of the column.
    kind : {"number", "levels", "list", "dates", "text numbers"}
        One number, one-hot levels, a list of numbers of one size, dates, or text to parse.
    features : tuple of str
        Names of its features.
    levels : pyarrow.Array or None
        The sorted levels. Without any (all values are missing) the column is one feature of NaN.
    how : str
        Of dates their parts, with spaces between, or nothing for a number; of text numbers the
        decimal mark; else nothing.
    """

    name: str
    kind: Kind
    features: tuple[str, ...]
    levels: pa.Array | None = None
    how: str = ""

    def encode(self, values: pa.ChunkedArray, dtype: DTypeLike, start: int) -> RawRows:
        """Return the features, shape (n_rows, n_features); missing values are NaN.

        Parameters
        ----------
        values : pyarrow.ChunkedArray
        dtype : dtype
            Of the rows.
        start : int
            Position of the first row in the input, for errors.
        """
        if pa.types.is_null(values.type):
            return np.full((len(values), len(self.features)), np.nan, dtype=dtype)
        if self.levels is not None:
            return one_hot(values, self.levels)
        if self.kind == "dates":
            return encode_dates(plain(values), self.how.split())
        if self.kind == "text numbers":
            parsed = parse_numbers(plain(values).cast(pa.string()), self.how)
            return to_floats(parsed, dtype).reshape(-1, 1)
        array = storage(one_array(values))
        if self.kind == "list":
            self._check_lengths(array, start)
            return list_rows(array, len(self.features), dtype)
        return to_floats(array, dtype).reshape(-1, 1)

    def _check_lengths(self, array: pa.Array, start: int) -> None:
        lengths = list_lengths(array)
        odd = pc.not_equal(lengths, len(self.features)).fill_null(False)
        if pc.any(odd).as_py():
            row = pc.index(odd, True).as_py()
            raise DataError(
                f"column {self.name!r} has {lengths[row].as_py()} items in row {start + row} and "
                f"{len(self.features)} in the rows before; lists must be of one length: drop the "
                "column, or fill the lists up"
            )


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """Return the column as one array, without a copy where it is in one piece."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def storage(array: pa.Array) -> pa.Array:
    """Return the values of an extension type, such as a tensor, as Arrow holds them."""
    return array.storage if storage_type(array.type) != array.type else array


def storage_type(kind: pa.DataType) -> pa.DataType:
    """Return the type in which Arrow holds an extension type; of others the type itself."""
    # those of pandas, periods and intervals, are stored as numbers that say little
    is_own = isinstance(kind, pa.BaseExtensionType) and kind.extension_name.startswith("pandas.")
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) and not is_own else kind


def plain(column: pa.ChunkedArray) -> pa.Array:
    """Return one array without dictionaries and with one type of text, so that levels compare."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_float16(kind):  # Arrow does not sort it
        kind = pa.float32()
    return one_array(column.cast(pa.large_string() if is_text(kind) else kind))


def comparable(values: pa.Array, levels: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return values and levels in one type: their own, or text."""
    if values.type == levels.type:
        return values, levels
    return values.cast(pa.large_string()), levels.cast(pa.large_string())


def one_hot(column: pa.ChunkedArray, levels: pa.Array) -> Float64:
    """Return a feature for each level; a level that is not among them is all zeros."""
    values, known = comparable(plain(column), levels)
    codes = pc.index_in(values, value_set=known).fill_null(-1).to_numpy()
    rows = np.zeros((len(codes), max(1, len(levels))))
    present = codes >= 0
    rows[present, codes[present]] = 1
    # so that a missing category is counted like a missing number
    rows[values.is_null().to_numpy(zero_copy_only=False)] = np.nan
    return rows


def to_floats(array: pa.Array, dtype: DTypeLike) -> RawRows:
    """Return numbers as floats, shape (n_rows,); null is NaN."""
    # unsafe: integers above 2**53 and decimals round, as they do in a numpy array
    kind = pa.float32() if dtype == np.float32 else pa.float64()
    values: RawRows = array.cast(kind, safe=False).to_numpy(zero_copy_only=False)
    return values


def list_rows(array: pa.Array, size: int, dtype: DTypeLike) -> RawRows:
    """Return (nested) lists of numbers of one length, shape (n_rows, size)."""
    # flatten() leaves out lists that are null, and respects slices (values does neither)
    items = array.flatten()
    if is_list(items.type):
        inner = list_rows(items, size // max(1, _first_length(array)), dtype).reshape(-1, size)
    else:
        inner = to_floats(items, dtype).reshape(-1, size)
    if not array.null_count:
        return inner
    rows = np.full((len(array), size), np.nan, dtype=dtype)
    rows[array.is_valid().to_numpy(zero_copy_only=False)] = inner
    return rows


def list_lengths(array: pa.Array) -> pa.Array:
    """Return how many numbers the (nested) list of each row holds; null where there is none."""
    inner = array.type.value_type
    lengths = pc.list_value_length(array)
    return pc.multiply(lengths.cast(pa.int64()), _size(inner)) if is_list(inner) else lengths


def _first_length(array: pa.Array) -> int:
    lengths = pc.list_value_length(array).drop_null()
    return int(lengths[0].as_py()) if len(lengths) else 1


def _size(kind: pa.DataType) -> int:
    return kind.list_size * _size(kind.value_type) if pa.types.is_fixed_size_list(kind) else 1


def list_size(kind: pa.DataType) -> int | None:
    """Return how many numbers a fixed-size list holds; None where the type does not say."""
    return _size(kind) if pa.types.is_fixed_size_list(kind) else None


def is_list(kind: pa.DataType) -> bool:
    """Tell whether values are lists."""
    types = pa.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def is_number(kind: pa.DataType) -> bool:
    """Tell whether values are numbers or booleans."""
    types = pa.types
    return bool(
        types.is_boolean(kind)
        or types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_decimal(kind)
    )


def is_text(kind: pa.DataType) -> bool:
    """Tell whether values are text."""
    return str(kind) in {"string", "large_string", "string_view"}  # the last is new in Arrow 16


def item_type(kind: pa.DataType) -> Any:
    """Return the type of the numbers in (nested) lists; of others the type itself."""
    kind = storage_type(kind)
    while is_list(kind):
        kind = kind.value_type
    return kind
