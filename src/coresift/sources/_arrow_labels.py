"""Labels of Arrow columns: no two of them become one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from coresift._errors import LabelError
from coresift._typing import Labels

_EXACT_DIGITS = 15  # decimals of so many digits differ as float64 where they differ at all


def label_values(column: pa.ChunkedArray, name: str) -> Labels:
    """Return labels as numpy values, shape (n_rows,); text is an array of objects.

    Decimals of more than 15 digits stay decimals, and whole numbers stay whole where some are
    missing: as floats, labels that differ could become one.

    Raises
    ------
    LabelError
        If the column holds lists, structs or bytes.
    """
    types = pa.types
    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if types.is_decimal(kind):
        if kind.precision > _EXACT_DIGITS:
            return _objects(column.to_pylist())
        column = column.cast(pa.float64(), safe=False)
    elif types.is_integer(kind) and column.null_count:
        values = column.fill_null(0).to_numpy().astype(object)
        values[column.is_null().to_numpy()] = None
        return np.asarray(values)
    elif not (_is_plain(kind) or types.is_temporal(kind)):
        raise LabelError(
            f"the label column {name!r} has type {column.type}; labels must be numbers, booleans "
            "or text: convert it"
        )
    return np.asarray(column.to_numpy())


def _is_plain(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_boolean(kind)
        or types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_null(kind)
        or str(kind) in {"string", "large_string", "string_view"}
    )


def _objects(values: list[Any]) -> Labels:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def series_labels(y: Any) -> Labels:
    """Return the labels of an Arrow array or of a polars Series."""
    values = y.to_arrow() if hasattr(y, "to_arrow") else y
    column = values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])
    return label_values(column, getattr(y, "name", None) or "y")
