"""Prior weights in a column of an Arrow table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from coresift._errors import ColumnError
from coresift._typing import Float64
from coresift.sources._names import check_present
from coresift.sources._options import ColumnOptions


def without_weights(
    names: Sequence[str], weight: str | None, label: str | None, options: ColumnOptions
) -> ColumnOptions:
    """Return the options with the column of the weights among those that are not features.

    Raises
    ------
    ColumnError
        If there is no such column, or it holds the labels.
    """
    check_present(names, weight, "of the weights")
    if weight is not None and weight == label:
        raise ColumnError(f"column {weight!r} is named for the labels and for the weights: choose")
    return options if weight is None else replace(options, drop=[*options.drop, weight])


def weight_values(column: pa.ChunkedArray, name: str) -> Float64:
    """Return weights as float64, shape (n_rows,); a missing one is NaN.

    Raises
    ------
    ColumnError
        If the column holds other things than numbers.
    """
    types = pa.types
    kind = column.type
    number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    if not (number or types.is_boolean(kind) or types.is_null(kind)):
        raise ColumnError(
            f"column {name!r} of the weights has type {kind}; weights are numbers: convert it"
        )
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)
