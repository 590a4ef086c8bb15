"""Columns of Arrow tables as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from coresift._errors import FormatError, MissingDependencyError
from coresift._typing import Float64, Rows


def need_arrow() -> None:
    """Say that pyarrow is needed, where it is not installed."""
    try:
        import pyarrow as pa  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            'data sets need pyarrow, which is not installed: run pip install "coresift[datasets]"'
        ) from error


def read_parquet(path: Path, columns: Sequence[str]) -> Any:
    """Return a table of a file; these columns have to be in it."""
    need_arrow()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise FormatError(f"{str(path)!r} is not a Parquet file: place it anew") from error
    return checked(table, path, columns)


def checked(table: Any, path: Path, columns: Sequence[str]) -> Any:
    """Return a table that has these columns.

    Raises
    ------
    FormatError
        Names the columns that it lacks.
    """
    lacking = [name for name in columns if name not in table.column_names]
    if lacking:
        raise FormatError(
            f"{str(path)!r} has no column {', '.join(lacking)}, but {_few(table.column_names)}: "
            "place the file that the data set is published as"
        )
    return table


def read_csv(file: BinaryIO, name: str, types: dict[str, Any], **parsing: Any) -> Any:
    """Return some columns of a CSV file as a table.

    Parameters
    ----------
    file : file of bytes
    name : str
        For errors.
    types : dict of str to pyarrow.DataType
        The columns to read.
    **parsing
        Of `pyarrow.csv.ParseOptions`.

    Raises
    ------
    FormatError
    """
    need_arrow()
    import pyarrow as pa
    from pyarrow import csv

    try:
        return csv.read_csv(
            file,
            parse_options=csv.ParseOptions(**parsing),
            convert_options=csv.ConvertOptions(column_types=types, include_columns=list(types)),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        line = " ".join(str(error).split())[:200]
        raise FormatError(
            f"{name!r} is not as it is published ({line}): place the file anew"
        ) from error


def numbers(table: Any, name: str) -> Float64:
    """Return a column as floats, NaN where it has no value."""
    import pyarrow as pa

    return np.asarray(table.column(name).cast(pa.float64()).to_numpy(), dtype=np.float64)


def stacked(columns: Sequence[Any]) -> Rows:
    """Return columns as rows of float32; what is missing is the median of its column."""
    rows = np.empty((len(columns[0]), len(columns)), dtype=np.float32)
    for place, column in enumerate(columns):
        values = np.asarray(column, dtype=np.float64)
        missing = np.isnan(values)
        if missing.any():
            values = np.where(missing, 0.0 if missing.all() else np.nanmedian(values), values)
        rows[:, place] = values
    return rows


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown}, ..."
