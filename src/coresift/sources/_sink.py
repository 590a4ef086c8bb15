"""Writing a table: the file is there whole, or not at all."""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from coresift._errors import FormatError
from coresift._files import DATA_SUFFIXES, PARQUET, known_suffix, whole_file


def write_table(table: pa.Table, path: str | PathLike[str]) -> None:
    r"""Write a table to a Parquet or CSV file, replacing a file of that name.

    The rows go to a temporary file in the same folder, which then takes the name. A failure leaves
    the folder as it was. The mode of a file that is replaced stays; a symbolic link stays one, and
    the file that it leads to is replaced.

    Parameters
    ----------
    table : pyarrow.Table
        What to write.
    path : str or PathLike
        Ends in ``.parquet``, ``.pq``, ``.csv`` or ``.csv.gz``.

    Raises
    ------
    FormatError
        If the suffix is another one, the format cannot hold a column, or the file cannot be
        written.

    Examples
    --------
    >>> import pyarrow as pa, tempfile, pathlib
    >>> from coresift.sources import write_table
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "out.csv")
    ...     write_table(pa.table({"a": [1, 2]}), path)
    ...     path.read_text()
    '"a"\n1\n2\n'
    """
    target = Path(path)
    suffix = output_suffix(target)
    try:
        with whole_file(target) as file:
            _write(table, file, suffix)
    except (OSError, pa.ArrowException) as error:
        raise FormatError(
            f"{str(target)!r} cannot be written ({error}); check the folder and the space in it, "
            "and write lists to Parquet, which CSV cannot hold"
        ) from error


def output_suffix(path: str | PathLike[str]) -> str:
    """Return the suffix that decides the format, or raise `FormatError` if it is none."""
    suffix = known_suffix(Path(path))
    if suffix is None:
        raise FormatError(
            f"the format of {Path(path).name!r} is not known; choose a name that ends in "
            f"{', '.join(DATA_SUFFIXES)}"
        )
    return suffix


def _write(table: pa.Table, file: BinaryIO, suffix: str) -> None:
    if suffix in PARQUET:
        pyarrow.parquet.write_table(table, file)
    elif suffix == ".csv":
        pyarrow.csv.write_csv(_without_dictionaries(table), file)
    else:
        # the stream closes what it writes to, and a whole file is closed by its writer
        with (
            open(os.dup(file.fileno()), "wb") as copy,
            pa.CompressedOutputStream(copy, "gzip") as out,
        ):
            pyarrow.csv.write_csv(_without_dictionaries(table), out)


def _without_dictionaries(table: pa.Table) -> pa.Table:
    """Return the table with categories as plain values, which is all that CSV can hold."""
    types = [
        kind.value_type if pa.types.is_dictionary(kind) else kind for kind in table.schema.types
    ]
    return table.cast(pa.schema(list(zip(table.schema.names, types, strict=True))))
