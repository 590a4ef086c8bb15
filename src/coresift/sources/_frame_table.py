"""Data frames of any library as Arrow tables."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from coresift._errors import ColumnError, DataError
from coresift.sources._arrow_labels import label_values
from coresift.sources._checks import check_shape
from coresift.sources._look import UNREADABLE


def to_table(frame: Any) -> pa.Table:
    """Return the columns of a frame as an Arrow table, without the index of a pandas frame.

    A column that Arrow cannot hold is one of nulls, and the metadata of its field says why: it may
    be one that is dropped.
    """
    if isinstance(frame, pa.Table):
        return frame
    try:
        columns = nw.from_native(frame, eager_only=True)
    except ValueError as error:
        raise ColumnError(f"{error}; rename or drop the columns that occur twice") from error
    except TypeError as error:
        return _from_stream(frame, error)
    names = [str(name) for name in columns.columns]
    arrays, fields = [], []
    for name, column in zip(names, columns.iter_columns(), strict=True):
        # by place: pandas names may be numbers
        array, reason = _to_arrow(column)
        metadata = None if reason is None else {UNREADABLE: reason}
        arrays.append(array)
        fields.append(pa.field(name, array.type, metadata=metadata))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _from_stream(frame: Any, error: TypeError) -> pa.Table:
    """Return a frame that narwhals does not know, but that Arrow can read."""
    check_shape(getattr(frame, "shape", (1, 1)))  # a Series: say that it has one dimension
    if hasattr(frame, "collect"):
        raise DataError(
            f"the data are a lazy frame ({type(frame).__qualname__}); coresift reads it more than "
            "once: pass frame.collect(), or write it to Parquet and pass the path"
        ) from error
    try:
        return pa.table(frame)
    except (TypeError, ValueError, pa.ArrowException):
        raise DataError(
            f"the data are a {type(frame).__qualname__}, which is no data frame that narwhals or "
            "Arrow can read; pass a pandas, polars or pyarrow table, or an array"
        ) from error


def _to_arrow(column: Any) -> tuple[pa.Array | pa.ChunkedArray, str | None]:
    """Return the values of a column; or nulls, and why it cannot be read."""
    native = column.to_native()
    kind = getattr(native, "dtype", None)
    try:
        if hasattr(kind, "subtype") and hasattr(native, "sparse"):
            return pa.array(np.asarray(native)), None
        if _holds_intervals(kind):  # of pandas.qcut and pandas.cut
            return pa.array(native.cat.rename_categories(str)), None
        return column.to_arrow(), None
    except (TypeError, ValueError, NotImplementedError, OverflowError, pa.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        what = f"has type {column.dtype} and holds values of several types ({reason})"
        return pa.nulls(len(column)), what


def _holds_intervals(kind: Any) -> bool:
    """Tell whether a type of pandas is categories of intervals."""
    return hasattr(getattr(getattr(kind, "categories", None), "dtype", None), "closed")


def label_column(frame: Any, table: pa.Table, name: str) -> Any:
    """Return the labels in a column: of a type that Arrow lacks, as they are in the frame."""
    field = table.schema.field(name)
    if hasattr(frame, "iloc"):
        native = frame.iloc[:, table.schema.get_field_index(name)]
        is_own = isinstance(field.type, pa.BaseExtensionType)  # periods, intervals
        if is_own or _holds_intervals(native.dtype) or UNREADABLE in (field.metadata or {}):
            return native.to_numpy(dtype=object)
    return label_values(table.column(name), name)
