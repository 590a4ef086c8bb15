"""Data frames of any library as Arrow tables."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
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
    arrays: list[Any] = []
    fields: list[pa.Field] = []
    # by place: pandas names may be numbers
    for start, stop, is_block in _runs(frame, len(columns.columns)):
        found: list[tuple[Any, str | None]] = (
            [(array, None) for array in _block(frame, start, stop)]
            if is_block
            else [_to_arrow(columns[:, start])]
        )
        for name, (array, reason) in zip(columns.columns[start:stop], found, strict=True):
            metadata = None if reason is None else {UNREADABLE: reason}
            arrays.append(array)
            fields.append(pa.field(str(name), array.type, metadata=metadata))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _runs(frame: Any, n_columns: int) -> Iterator[tuple[int, int, bool]]:
    """Yield where runs of columns begin and end, and whether they are numbers of one numpy type.

    Runs are of pandas only, where a column by itself costs much; others are alone.
    """
    types = frame.dtypes.tolist() if hasattr(frame, "iloc") else list(range(n_columns))
    start = 0
    for kind, run in groupby(types):
        stop = start + len(list(run))
        if isinstance(kind, np.dtype) and kind.kind in "biuf":
            yield start, stop, True
        else:
            yield from ((place, place + 1, False) for place in range(start, stop))
        start = stop


def _block(frame: Any, start: int, stop: int) -> list[pa.Array]:
    """Return columns of numbers, which share the memory of the frame where it is in one piece."""
    block = frame.iloc[:, start:stop].to_numpy()
    block = block.astype(block.dtype.newbyteorder("="), copy=False)
    return [pa.array(block[:, place]) for place in range(stop - start)]


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
            f"the data are a {type(frame).__qualname__}, which is not a data frame that narwhals "
            "or Arrow can read; pass a pandas, polars or pyarrow table, or an array"
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
