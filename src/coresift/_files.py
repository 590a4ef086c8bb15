"""Files that are there whole or not at all, and outputs that are no inputs."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import BinaryIO

from coresift._errors import FormatError

# What is read from a folder; what else lies there is left alone.
PARQUET = (".parquet", ".pq")
CSV = tuple(kind + packed for kind in (".csv", ".tsv") for packed in ("", ".gz", ".bz2", ".zst"))
ARROW = (".feather", ".arrow", ".ipc")
DATA_SUFFIXES = PARQUET + CSV + ARROW
SUFFIXES_IN_WORDS = ".parquet, .pq, .feather, .arrow, .ipc, .csv, .tsv (or .csv.gz, .bz2, .zst)"


def known_suffix(path: str | os.PathLike[str]) -> str | None:
    """Return the suffix of a file of rows, or None if its name has none.

    Examples
    --------
    >>> from coresift._files import known_suffix
    >>> known_suffix("data/Train.CSV.gz"), known_suffix("notes.txt")
    ('.csv.gz', None)
    """
    name = os.fspath(path).lower()
    return max((suffix for suffix in DATA_SUFFIXES if name.endswith(suffix)), key=len, default=None)


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file for bytes that takes the place of another when all of them are written.

    A failure leaves the old file, and nothing beside it. The new file has the mode of the old one.
    Of a symbolic link, the file that it leads to is replaced. A pipe or a device, which nothing can
    replace, is written directly.
    """
    target = Path(os.path.realpath(path))
    facts = _facts(Path(path))
    if facts is not None and not (stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode)):
        with Path(path).open("wb") as file:
            yield file
        return
    # not tempfile: its files are readable by their owner only, and the mode would stay;
    # a short name, so that one that is as long as names may be can be written too
    temporary = target.with_name(f".{target.name[:40]}.{secrets.token_hex(6)}.tmp")
    mode = 0o666 if facts is None else stat.S_IMODE(facts.st_mode)
    try:
        # made with the mode: at no time may others read what they could not read before
        with open(os.open(temporary, _NEW, mode), "wb") as file:
            if facts is not None:
                temporary.chmod(mode)  # what the umask took away
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def _facts(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def refuse_overwriting(
    outputs: Mapping[str, str | os.PathLike[str]], inputs: Iterable[str | os.PathLike[str]]
) -> None:
    """Raise `FormatError` if an output is a file that is read, or one that is written twice.

    Two names are the same file if links, relative names or hard links lead to it. Of a folder that
    is read, and of a pattern (``part-*.csv``), a file that the next reading would find is refused
    even if it is not there yet.

    Parameters
    ----------
    outputs : mapping of str to path
        What is written, by the name that an error calls it, such as ``"--output"``.
    inputs : iterable of path or str
        What is read: files, folders, patterns. Addresses (``s3://...``) are compared as text.

    Raises
    ------
    FormatError
        Names both files.

    Examples
    --------
    >>> from coresift._files import refuse_overwriting
    >>> refuse_overwriting({"--output": "out.csv"}, ["rows.csv"])
    >>> refuse_overwriting({"--output": "./rows.csv"}, ["rows.csv"])
    Traceback (most recent call last):
    ...
    coresift._errors.FormatError: --output './rows.csv' is the input 'rows.csv': choose another name
    """
    given = [os.fspath(path) for path in inputs]
    seen: dict[str, str] = {}
    for name, path in ((name, os.fspath(path)) for name, path in outputs.items()):
        for other, text in seen.items():
            if same_file(path, text):
                raise FormatError(
                    f"{name} {path!r} and {other} {text!r} are one file: choose another name"
                )
        seen[name] = path
        for source in given:
            _refuse(name, path, source)


def _refuse(name: str, path: str, source: str) -> None:
    found = next((file for file in files_at(source) if same_file(path, file)), None)
    if found is not None:
        which = repr(source) if found == source else f"{found!r} (in {source!r})"
        raise FormatError(f"{name} {path!r} is the input {which}: choose another name")
    if known_suffix(path) is not None and _would_be_read(path, source):
        raise FormatError(
            f"{name} {path!r} would be read as a part of the input {source!r} the next time: "
            "write it elsewhere"
        )


def _would_be_read(path: str, source: str) -> bool:
    if "://" in source:
        return False
    if os.path.isdir(source):
        return Path(os.path.realpath(source)) in Path(os.path.realpath(path)).parents
    return is_pattern(source) and PurePath(os.path.abspath(path)).match(os.path.abspath(source))


def same_file(left: str | os.PathLike[str], right: str | os.PathLike[str]) -> bool:
    """Tell whether two names lead to one file, there or not yet there."""
    try:
        return os.path.samefile(left, right)
    except OSError:  # one of them is not there
        return os.path.realpath(left) == os.path.realpath(right)


def is_pattern(path: str) -> bool:
    """Tell whether a path stands for all files that match it."""
    return glob.has_magic(path) and not os.path.lexists(path)


def files_at(source: str) -> list[str]:
    """Return the names of the files at a path, a folder or a pattern, however deep, in order."""
    if is_pattern(source):
        return sorted(file for name in glob.glob(source, recursive=True) for file in files_at(name))
    if not os.path.isdir(source):
        return [source]
    return sorted(
        os.path.join(folder, name) for folder, _, names in os.walk(source) for name in names
    )
