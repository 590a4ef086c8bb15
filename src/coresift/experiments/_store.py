"""Runs kept as lines of JSON, so that a comparison can go on where it was."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from coresift._errors import FormatError
from coresift._files import whole_file
from coresift.experiments._records import check_run


class Store:
    """The runs of a file, by key; kept in memory where there is no file.

    Selections stand beside it, in the folder ``FILE.selections``.

    Parameters
    ----------
    path : Path or None
        Read if it exists, and written anew after each run: complete or not at all.

    Raises
    ------
    FormatError
        If the file holds other things than runs, or the folder is none.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._runs: dict[str, dict[str, Any]] = {}
        self._folder = None if path is None else path.with_name(f"{path.name}.selections")
        if self._folder is not None and self._folder.exists() and not self._folder.is_dir():
            raise FormatError(
                f"{str(self._folder)!r} is not a folder of selections: name another file"
            )
        if path is not None and path.exists():
            self._runs = dict(_read(path))

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the run of this key, if it is there."""
        return self._runs.get(key)

    def __getitem__(self, key: str) -> dict[str, Any]:
        return self._runs[key]

    def put(self, key: str, run: dict[str, Any]) -> None:
        """Keep a run; one of the same key is replaced."""
        self._runs[key] = {**run, "key": key}
        if self._path is not None:
            _write(self._path, self._runs.values())

    def selection(self, key: str) -> Path | None:
        """Return the file for the selection of this key, whether it is there or not."""
        return None if self._folder is None else self._folder / f"{key}.npz"


def _read(path: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise FormatError(
            f"{str(path)!r} cannot be read as a file of runs ({error.strerror}): name another file"
        ) from error
    for number, line in enumerate(lines, start=1):
        try:
            run = json.loads(line)
            check_run(run)
        except (ValueError, RecursionError) as error:
            raise FormatError(
                f"line {number} of {str(path)!r} is not a run of a comparison "
                f"({' '.join(str(error).split())}): name another file, or remove the line"
            ) from error
        yield run["key"], run


def _write(path: Path, runs: Iterable[dict[str, Any]]) -> None:
    try:
        with whole_file(path) as file:
            file.writelines(json.dumps(run).encode() + b"\n" for run in runs)
    except OSError as error:
        raise FormatError(
            f"{str(path)!r} cannot be written ({error.strerror}): check the folder and the space "
            "in it; the runs before this one are kept"
        ) from error
