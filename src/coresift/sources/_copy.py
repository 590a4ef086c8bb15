"""Chosen rows of a file in a file of their own, with columns added."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from coresift._errors import ColumnError, DataError, FormatError
from coresift._files import CSV, whole_file
from coresift._typing import Indices
from coresift.sources._csv_cells import with_columns, write_cells
from coresift.sources._sink import output_suffix, packed, separator_of, write_table


def copy_rows(
    source: Any,
    rows: Indices,
    path: str | PathLike[str],
    added: Mapping[str, Any] | None = None,
) -> None:
    r"""Write rows of a file as they are, with all their columns, and others after them.

    From a CSV file to a CSV file, what is written is what was read: ``007`` and ``1.50`` are not
    made numbers. In a Parquet file they have the types of the columns.

    Parameters
    ----------
    source : FileSource
        The input.
    rows : ndarray of shape (n,), int64
        Positions in the source.
    path : str or PathLike
        See `write_table`.
    added : mapping of str to array-like of shape (n,), or None
        Numbers to write beside the rows.

    Raises
    ------
    ColumnError
        If the input has a column of an added name.
    DataError
        If the source has no columns, or a position is outside it.
    FormatError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from coresift.sources import as_source, copy_rows
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "in.csv")
    ...     _ = path.write_text("size,code\n1.50,007\n2e3,7\n")
    ...     copy_rows(as_source(path), [0], path.with_name("out.csv"), {"row": [0]})
    ...     path.with_name("out.csv").read_text()
    'size,code,row\n1.50,007,0\n'
    """
    check_added(source, list(added or {}))
    suffix = output_suffix(path)
    cells = source.take_cells(rows) if suffix in CSV else None
    if cells is not None:
        _write(with_columns(cells, dict(added or {})), Path(path), suffix)
        return
    table = source.take_table(rows)
    for name, values in (added or {}).items():
        table = table.append_column(name, pa.array(np.asarray(values)))
    write_table(table, path)


def check_added(source: Any, names: list[str]) -> None:
    """Refuse names of columns to be added that the input has; reads no row.

    Raises
    ------
    ColumnError, DataError
        See `copy_rows`.
    """
    if not hasattr(source, "input_names"):
        raise DataError(f"a {type(source).__name__} has no columns to copy: pass a file's source")
    taken = [name for name in names if name in source.input_names]
    if taken:
        raise ColumnError(
            f"the input has a column {taken[0]!r}, which is written too: choose another name for "
            "it, or rename the column"
        )


def _write(cells: pa.Table, target: Path, suffix: str) -> None:
    try:
        with whole_file(target) as file, packed(file, suffix) as stream:
            write_cells(cells, stream, separator_of(suffix))
    except OSError as error:
        raise FormatError(
            f"{str(target)!r} cannot be written ({error}); check the folder and the space in it"
        ) from error
