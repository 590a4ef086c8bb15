"""Which files of rows there are at a path."""

from __future__ import annotations

from pathlib import Path

from coresift._errors import DataError, FormatError
from coresift._files import CSV, PARQUET, known_suffix
from coresift.sources._csv import open_csv
from coresift.sources._data_file import DataFile
from coresift.sources._parquet import open_parquet


def open_files(path: Path, label: str | None = None) -> tuple[DataFile, ...]:
    """Find the files at a path and count their rows.

    Parameters
    ----------
    path : Path
        A Parquet or CSV file, or a folder of files of one of these formats, which are read in the
        order of their names.
    label : str or None
        Column of the labels.

    Raises
    ------
    DataError
        If there are no rows.
    FormatError
        If the path does not exist, is of another format, or cannot be read.
    """
    files = _find(path)
    empty = next((file for file in files if not file.stat().st_size), None)
    if empty is not None:
        raise DataError(f"{str(empty)!r} is empty, 0 bytes; pass a file with at least one row")
    found = open_parquet(files) if known_suffix(files[0]) in PARQUET else open_csv(files, label)
    if not sum(file.n_rows for file in found):
        raise DataError(f"{str(path)!r} has 0 rows; coresift needs at least one")
    return found


def _find(path: Path) -> list[Path]:
    if not path.exists():
        raise FormatError(f"there is no file or folder {str(path)!r}; check the path")
    if not path.is_dir():
        if known_suffix(path) is None:
            raise FormatError(
                f"the format of {path.name!r} is not known; coresift reads files that end in "
                f"{', '.join(PARQUET + CSV)}: convert it, or rename it"
            )
        return [path]
    # "_SUCCESS", "_metadata" and hidden files lie beside the data and are none
    files = sorted(
        file
        for file in path.iterdir()
        if file.name[0] not in "._" and known_suffix(file) is not None
    )
    if len({known_suffix(file) in PARQUET for file in files}) != 1:
        found = "both Parquet and CSV files" if files else "no Parquet or CSV file"
        raise FormatError(
            f"the folder {str(path)!r} holds {found}; coresift reads a folder of files of one "
            "format, without subfolders: for other layouts pass a table (pyarrow.dataset)"
        )
    return files
