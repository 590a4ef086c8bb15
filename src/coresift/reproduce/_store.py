"""The folder of a reproduction: what is kept in it, so that it can go on where it was."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import coresift
from coresift._errors import FormatError
from coresift._files import whole_file
from coresift.reproduce._machine import code_digest

Row = dict[str, Any]
_MANIFEST = "reproduce.json"
_CELLS = "cells.jsonl"


@dataclass(frozen=True)
class Kept:
    """What a cell measured, and how many seconds that took."""

    rows: list[Row]
    seconds: float


class Folder:
    """A folder of results, all of one version, one state of its code and one scale.

    Parameters
    ----------
    path : Path
        Made where it is missing.
    scale : str
        "paper" or "quick".

    Raises
    ------
    FormatError
        For a folder whose runs are of another version or scale, or cannot be read or written.
    """

    def __init__(self, path: Path, scale: str) -> None:
        self.path = path
        self._cells: dict[str, Kept] = {}
        self._cells_file = path / _CELLS
        try:
            self.runs.mkdir(parents=True, exist_ok=True)
            self._claim(scale)
            if self._cells_file.exists():
                self._read()
        except OSError as error:
            raise FormatError(
                f"{str(path)!r} cannot be used as a folder of results ({error.strerror}): name "
                "another folder"
            ) from error

    @property
    def runs(self) -> Path:
        """The folder of the runs of comparisons."""
        return self.path / "runs"

    def get(self, key: str) -> Kept | None:
        """Return what is kept of a cell, or None."""
        return self._cells.get(key)

    def put(self, key: str, kept: Kept) -> None:
        """Keep what a cell measured: a line more."""
        self._cells[key] = kept
        with self._cells_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, **asdict(kept)}) + "\n")

    def write(self, name: str, content: bytes) -> Path:
        """Write a file, whole or not at all."""
        path = self.path / name
        try:
            with whole_file(path) as file:
                file.write(content)
        except OSError as error:
            raise FormatError(
                f"{str(path)!r} cannot be written ({error.strerror}): check the folder and the "
                "space in it; what was run is kept"
            ) from error
        return path

    def _claim(self, scale: str) -> None:
        """Write what the folder holds, or check that it holds the same."""
        path = self.path / _MANIFEST
        own = {"version": coresift.__version__, "code": code_digest(), "scale": scale}
        if not path.exists():
            self.write(_MANIFEST, json.dumps(own).encode() + b"\n")
            return
        try:
            found = json.loads(path.read_bytes())
            kept = {name: found[name] for name in own if name != "code"}
            kept["code"] = found.get("code", "unknown")  # of a version that kept none
        except (ValueError, KeyError, TypeError) as error:
            raise FormatError(
                f"{str(path)!r} is not what coresift wrote: name another folder"
            ) from error
        if kept != own:
            raise FormatError(
                f"{str(self.path)!r} holds {kept['scale']} runs of coresift {kept['version']} "
                f"(code {kept['code']}), and these are {scale} runs of {own['version']} "
                f"(code {own['code']}): name another folder, or remove it"
            )

    def _read(self) -> None:
        lines = self._cells_file.read_bytes().splitlines(keepends=True)
        for number, line in enumerate(lines, start=1):
            try:
                found = json.loads(line)
                self._cells[found["key"]] = Kept(list(found["rows"]), float(found["seconds"]))
            except (ValueError, KeyError, TypeError) as error:
                if number == len(lines) and not line.endswith(b"\n"):
                    self._cut(lines[:-1])  # it was being written when the program ended
                    return
                raise FormatError(
                    f"line {number} of {str(self._cells_file)!r} is no result: remove the line, or "
                    "name another folder"
                ) from error

    def _cut(self, lines: list[bytes]) -> None:
        self.write(_CELLS, b"".join(lines))
