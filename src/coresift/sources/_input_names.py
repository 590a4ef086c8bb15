"""The columns of files, before anything is decided about them."""

from __future__ import annotations

from typing import Any

from coresift.sources._arrow_files import csv_options, open_table


def input_names(path: Any, **written: Any) -> tuple[str, ...]:
    r"""Return the names of all the columns of one file or of many.

    Parameters
    ----------
    path
        As for `FileSource`.
    **written
        How CSV files are written: delimiter, decimal, encoding, null_values.

    Raises
    ------
    DataError, FormatError
        See `FileSource`.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from coresift.sources._input_names import input_names
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "train.csv")
    ...     _ = path.write_text("size;a,b\n1;no\n")
    ...     input_names(path)
    ('size', 'a,b')
    """
    _, schema, _ = open_table(path, csv_options(**written), None)
    return tuple(schema.names)
