"""Runs kept as lines of JSON, so that a comparison can go on where it was."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from coresift._errors import FormatError


class Store:
    """The runs of a file, by key; kept in memory where there is no file.

    Parameters
    ----------
    path : Path or None
        Read if it exists, and written anew after each run: complete or not at all.

    Raises
    ------
    FormatError
        If the file holds other things than runs.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._runs: dict[str, dict[str, Any]] = {}
        if path is not None and path.exists():
            self._runs = dict(_read(path))

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the run of this key, if it is there."""
        return self._runs.get(key)

    def put(self, key: str, run: dict[str, Any]) -> dict[str, Any]:
        """Keep a run and return it as kept; one of the same key is replaced."""
        self._runs[key] = {**run, "key": key}
        if self._path is not None:
            _write(self._path, self._runs.values())
        return self._runs[key]


def _read(path: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            run = json.loads(line)
            yield run["key"], run
        except (ValueError, KeyError, TypeError) as error:
            raise FormatError(
                f"line {number} of {str(path)!r} is no run of a comparison: name another file"
            ) from error


def _write(path: Path, runs: Iterable[dict[str, Any]]) -> None:
    """Write lines to a file beside the path and put it in its place."""
    handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(run) + "\n" for run in runs)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
