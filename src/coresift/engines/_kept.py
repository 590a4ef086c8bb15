"""Parts whose results are kept in a folder, so that a run that was killed can go on."""

from __future__ import annotations

import hashlib
import json
import pickle
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from coresift._errors import FormatError
from coresift._files import whole_file
from coresift._progress import Seconds
from coresift.core.packing import digest, packed, unpacked

FORMAT, VERSION = "coresift run", 1
_HEAD = "run.json"


@dataclass(frozen=True, eq=False)
class KeptPart:
    """A part whose result is read from a file, or computed and written to it.

    It pickles: whoever folds the part keeps its result.

    Parameters
    ----------
    part : Part
    path : Path
    key : str
        Of this part in this pass.
    """

    part: Any
    path: Path
    key: str

    @property
    def start(self) -> int:
        """Position of the first row."""
        return int(self.part.start)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.part.n_rows)

    def chunks(self) -> Any:
        """Yield the rows from first to last."""
        return self.part.chunks()

    def result(self, compute: Callable[[], tuple[Any, int, Seconds]]) -> tuple[Any, int, Seconds]:
        """Return value, number of rows and seconds: as they were kept, or computed now."""
        found = _read(self.path, self.key)
        if found is None:
            found = compute()
            _write(self.path, self.key, found)
        return found


class KeptRun:
    """A folder with the results of one run.

    Parameters
    ----------
    folder : Path
    facts : mapping of str to str
        What the run depends on; another run in the folder is refused.

    Raises
    ------
    FormatError
        If the folder holds something else, or cannot be used.
    """

    def __init__(self, folder: Path, facts: Mapping[str, str]) -> None:
        self._folder, self._n_passes = folder, 0
        with _usable(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for left in folder.glob(".*.tmp"):  # of a run that was killed while it wrote
                left.unlink(missing_ok=True)
            self._claim({"format": FORMAT, "version": str(VERSION), **facts})

    def _claim(self, facts: dict[str, str]) -> None:
        head = self._folder / _HEAD
        if not head.exists():
            if any(self._folder.iterdir()):
                raise FormatError(
                    f"the folder {str(self._folder)!r} holds other files: resume in one of its own"
                )
            with whole_file(head) as file:
                file.write(json.dumps(facts).encode())
            return
        try:
            known = dict(json.loads(head.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            known = {"format": "unknown"}
        for name, value in facts.items():
            if known.get(name) != value:
                raise FormatError(
                    f"the folder {str(self._folder)!r} keeps another run ({name} is "
                    f"{known.get(name)} there and {value} here): resume in a new folder"
                )

    def of_pass(self, parts: Sequence[Any]) -> tuple[KeptPart, ...]:
        """Return the parts of the next pass, with the places of their results."""
        self._n_passes += 1
        start = f"{self._n_passes:03}"
        return tuple(
            KeptPart(part, self._folder / f"{start}-{place:06}.part", f"{start}-{place}")
            for place, part in enumerate(parts)
        )


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    """Turn errors of writing into one that names the place."""
    try:
        yield
    except OSError as error:
        raise FormatError(
            f"{str(path)!r} cannot be written ({error.strerror or error}): check the folder and "
            "the space in it, then resume"
        ) from error


def _read(path: Path, key: str) -> tuple[Any, int, Seconds] | None:
    """Return what was kept; None where nothing was, or where it is damaged."""
    with suppress(OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            head = json.loads(file["head"].tobytes())
            arrays = [file[f"array_{place}"] for place in range(head["arrays"])]
        own = head["version"], head["key"], head["text"]
        if own[:2] == (VERSION, key) and head["checksum"] == digest(own, arrays):
            value, n_rows, seconds = unpacked(head["text"], arrays)
            return value, n_rows, seconds
    return None


def _write(path: Path, key: str, found: tuple[Any, int, Seconds]) -> None:
    text, arrays = packed(found)
    own = VERSION, key, text
    head = {
        "version": VERSION,
        "key": key,
        "text": text,
        "arrays": len(arrays),
        "checksum": digest(json.loads(json.dumps(own)), arrays),
    }
    named = {f"array_{place}": array for place, array in enumerate(arrays)}
    written = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
    with _usable(path), whole_file(path) as file:
        np.savez(file, allow_pickle=False, head=written, **named)


def contents(parts: Sequence[Any]) -> str:
    """Return a checksum of what is read: of files their fingerprints, else the rows themselves."""
    total = hashlib.sha256()
    for part in parts:
        _add(part, total)
    return total.hexdigest()[:16]


def _add(part: Any, total: Any) -> None:
    total.update(f"{part.start} {part.n_rows} {part.fingerprint}".encode())
    for one in fields(part):
        value = getattr(part, one.name)
        if hasattr(value, "fingerprint"):
            _add(value, total)
        elif isinstance(value, np.ndarray):
            plain = not value.dtype.hasobject
            total.update(
                np.ascontiguousarray(value).tobytes() if plain else pickle.dumps(value.tolist())
            )
        elif hasattr(value, "to_batches") or hasattr(value, "tocsr"):  # Arrow tables, CSR matrices
            total.update(pickle.dumps(value))
