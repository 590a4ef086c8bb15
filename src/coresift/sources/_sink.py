"""Writing a table: the file is there whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

from coresift._errors import FormatError
from coresift._files import ARROW, PARQUET, SUFFIXES_IN_WORDS, known_suffix, whole_file
from coresift.sources._location import local_path


def write_table(table: pa.Table, path: str | PathLike[str]) -> None:
    r"""Write a table to a Parquet, Arrow or CSV file, replacing a file of that name.

    The rows go to a temporary file in the same folder, which then takes the name. A failure leaves
    the folder as it was. The mode of a file that is replaced stays; a symbolic link stays one, and
    the file that it leads to is replaced.

    Parameters
    ----------
    table : pyarrow.Table
        What to write.
    path : str or PathLike
        Ends in ``.parquet``, ``.pq``, ``.feather``, ``.arrow``, ``.ipc``, ``.csv`` or ``.tsv``; the
        last two also with ``.gz``, ``.bz2`` or ``.zst``.

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
    suffix = output_suffix(path)
    target = Path(path)
    try:
        with whole_file(target) as file:
            _write(table, file, suffix)
    except (OSError, pa.ArrowException) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise FormatError(
            f"{str(target)!r} cannot be written ({reason}); check the folder and the space in it, "
            "and write lists to Parquet, which CSV cannot hold"
        ) from error


def output_suffix(path: str | PathLike[str]) -> str:
    """Return the suffix that decides the format, or raise `FormatError` if nothing can be written.

    Looks at the name only: an unknown ending, or an address, which only inputs may have.
    """
    local_path(path)
    suffix = known_suffix(Path(path))
    if suffix is None:
        raise FormatError(
            f"the format of {Path(path).name!r} is not known; choose a name that ends in "
            f"{SUFFIXES_IN_WORDS}"
        )
    return suffix


def _write(table: pa.Table, file: BinaryIO, suffix: str) -> None:
    if suffix in PARQUET:
        pyarrow.parquet.write_table(table, file)
    elif suffix in ARROW:
        with pyarrow.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
    else:
        options = pyarrow.csv.WriteOptions(delimiter=separator_of(suffix))
        with packed(file, suffix) as stream:
            pyarrow.csv.write_csv(_without_dictionaries(table), stream, options)


def separator_of(suffix: str) -> str:
    """Return what separates the cells of a file with this ending."""
    return "\t" if suffix.startswith(".tsv") else ","


@contextmanager
def packed(file: BinaryIO, suffix: str) -> Iterator[BinaryIO]:
    """Yield where to write the bytes that the ending (``.gz``, ``.bz2``, ``.zst``) packs."""
    codec = {"gz": "gzip", "bz2": "bz2", "zst": "zstd"}.get(suffix.rpartition(".")[2])
    if codec is None:
        yield file
        return
    # the stream closes what it writes to, and a whole file is closed by its writer
    with (
        open(os.dup(file.fileno()), "wb") as copy,
        pa.CompressedOutputStream(copy, codec) as stream,
    ):
        yield stream


def _without_dictionaries(table: pa.Table) -> pa.Table:
    """Return the table with categories as plain values, which is all that CSV can hold."""
    types = [
        kind.value_type if pa.types.is_dictionary(kind) else kind for kind in table.schema.types
    ]
    return table.cast(pa.schema(list(zip(table.schema.names, types, strict=True))))
