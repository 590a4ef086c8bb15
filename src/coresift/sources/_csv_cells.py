"""Rows of a CSV file as they are written in it, to be written again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

_NEEDS_QUOTES = r"[\",\t\r\n]"
_LINES = 65_536  # written at a time
# What the reader takes for a missing value where it is not quoted; so it is quoted where the reader
# found text.
_SPELLINGS = pyarrow.csv.ConvertOptions().null_values


def as_cells(text: pa.Table, missing: Callable[[], pa.Table]) -> pa.Table:
    r"""Return text as cells, each quoted where it has to be.

    Parameters
    ----------
    text : pyarrow.Table of strings
        The values as they stand in the file, without their quotes; an empty cell is null.
    missing : callable
        Returns the same rows as read for selection, where a spelling such as NA is null. Asked
        only if there may be one.

    Returns
    -------
    pyarrow.Table of strings
        For `write_cells`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from coresift.sources._csv_cells import as_cells
    >>> as_cells(pa.table({"a": ["007", "x,y", None]}), None)["a"].to_pylist()
    ['007', '"x,y"', '']
    """
    spelled = [_may_be_missing(column) for column in text.columns]
    read = missing() if any(spelled) else text
    columns = [
        _cells(column, read[name].is_valid() if may_be_missing else None)
        for name, column, may_be_missing in zip(
            text.column_names, text.columns, spelled, strict=True
        )
    ]
    return pa.Table.from_arrays(columns, names=text.column_names)


def _may_be_missing(column: pa.ChunkedArray) -> bool:
    return bool(pc.any(_is_spelling(column), min_count=0).as_py())


def _is_spelling(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    # not an array of the module: making one imports pandas
    return pc.is_in(column, value_set=pa.array(_SPELLINGS, pa.string()))


def _cells(column: pa.ChunkedArray, is_value: pa.ChunkedArray | None) -> pa.ChunkedArray:
    column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    quoted = pc.match_substring_regex(column, _NEEDS_QUOTES)
    if is_value is not None:
        spelled = _is_spelling(column)
        is_value = is_value.combine_chunks()
        quoted = pc.or_(quoted, pc.and_(spelled, is_value))
    if not pc.any(quoted, min_count=0).as_py():
        return column.fill_null("")
    doubled = pc.replace_substring(column, '"', '""')
    wrapped = pc.binary_join_element_wise('"', doubled, '"', "")
    return pc.if_else(quoted, wrapped, column).fill_null("")


def with_columns(cells: pa.Table, added: dict[str, Any]) -> pa.Table:
    """Return cells with columns of numbers after them."""
    for name, values in added.items():
        cells = cells.append_column(name, pa.array(np.asarray(values)).cast(pa.string()))
    return cells


def write_cells(cells: pa.Table, file: BinaryIO, separator: str = ",") -> None:
    """Write a line of names and a line for each row, as UTF-8; separator is a comma or a tab."""
    names = _cells(pa.chunked_array([pa.array(cells.column_names, pa.string())]), None)
    file.write((separator.join(names.to_pylist()) + "\n").encode())
    for start in range(0, cells.num_rows, _LINES):
        part = cells.slice(start, _LINES).combine_chunks()
        lines = pc.binary_join_element_wise(*part.columns, separator)
        file.write(("\n".join(lines.to_pylist()) + "\n").encode())
