"""Which files of rows there are at a path, and what they hold."""

from __future__ import annotations

import fnmatch
import glob
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from pyarrow import fs

from coresift._errors import DataError, FormatError
from coresift._files import ARROW, CSV, PARQUET, SUFFIXES_IN_WORDS, known_suffix
from coresift.sources._csv import survey_csv
from coresift.sources._data_file import DataFile
from coresift.sources._dialect import CsvOptions
from coresift.sources._ipc import ArrowData
from coresift.sources._location import Location
from coresift.sources._parquet import ParquetData
from coresift.sources._stamp import Stamp, readable

_LOG = logging.getLogger(__name__)
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, eq=False)
class Found:
    """A file that was found, before it is read.

    Parameters
    ----------
    location : Location
    keys : tuple of (str, str or None)
        What its folders say (``colour=red/``).
    """

    location: Location
    keys: tuple[tuple[str, str | None], ...] = ()


def find(path: Any) -> list[Found]:
    """Return the files at a path, in order.

    Parameters
    ----------
    path : str, PathLike, or a sequence of them
        A file, a folder, a pattern or an address. The files of a folder and of a pattern are
        sorted by their names, folder by folder; those of a sequence keep its order.

    Raises
    ------
    FormatError
        If there is none, its format is not known, or one is named twice.
    """
    if not isinstance(path, str | os.PathLike):
        found = [file for one in path for file in find(one)]
        check_once(found)
        return found
    if "\0" in os.fspath(path):
        raise FormatError(f"{path!r} holds a zero byte, which no path can: check the path")
    location = Location.of(path)
    with readable(location):
        return _find(location)


def check_once(found: Sequence[Found]) -> None:
    """Raise `FormatError` if a file is there twice."""
    seen: set[str] = set()
    for file in found:
        place = file.location
        key = os.path.realpath(place.path) if place.is_local else place.name
        if key in seen:
            raise FormatError(f"{place.name!r} is named twice; its rows would count twice")
        seen.add(key)


def _find(location: Location) -> list[Found]:
    kind = location.info().type
    if kind == fs.FileType.File:
        if known_suffix(location.short) is None:
            raise FormatError(
                f"the format of {location.short!r} is not known; coresift reads files that end in "
                f"{SUFFIXES_IN_WORDS}: convert it, or rename it"
            )
        return [Found(location)]
    if kind == fs.FileType.Directory:
        return _in_folder(location)
    if glob.has_magic(location.path):
        return _matching(location)
    raise FormatError(f"there is no file or folder {location.name!r}; check the path")


def _in_folder(folder: Location) -> list[Found]:
    found = [
        Found(folder.at(path), _keys(inside))
        for path, inside in _listed(folder)
        if known_suffix(path) is not None
    ]
    if not found:
        raise FormatError(
            f"the folder {folder.name!r} holds no file that ends in {SUFFIXES_IN_WORDS}; "
            "check the path"
        )
    return found


def _listed(folder: Location) -> list[tuple[str, str]]:
    """Return the files of a folder and of those in it: (path, path inside), in order.

    What begins with "." or "_" (``_SUCCESS``, ``_metadata``) lies beside the data and is none.
    """
    start = len(folder.path.rstrip("/")) + 1
    files = [(path, path[start:].split("/")) for path in _walk(folder)]
    return [
        (path, "/".join(parts))
        for path, parts in sorted(files, key=lambda file: file[1])
        if not any(part[:1] in {".", "_"} for part in parts)
    ]


def _walk(folder: Location) -> Iterator[str]:
    if not folder.is_local:
        selector = fs.FileSelector(folder.path, recursive=True)
        infos = folder.system.get_file_info(selector)
        yield from (info.path for info in infos if info.type == fs.FileType.File)
        return
    # links are followed, but each folder is read once: a link may lead to a folder above it
    seen = {os.path.realpath(folder.path)}
    for place, folders, names in os.walk(folder.path, onerror=_raise, followlinks=True):
        names_of = {os.path.realpath(os.path.join(place, name)): name for name in sorted(folders)}
        folders[:] = [name for real, name in names_of.items() if real not in seen]
        seen.update(names_of)
        paths = (os.path.join(place, name) for name in names)
        # a link that leads nowhere is not left out: it stands for rows
        wanted = (path for path in paths if os.path.isfile(path) or os.path.islink(path))
        yield from (path.replace(os.sep, "/") for path in wanted)


def _raise(error: OSError) -> None:
    raise error


def _matching(pattern: Location) -> list[Found]:
    """Return the files that match a pattern, and those in the folders that do."""
    parts = pattern.path.split("/")
    fixed = next(place for place, part in enumerate(parts) if glob.has_magic(part))
    base = pattern.at("/".join(parts[:fixed]) or ("/" if pattern.path[:1] == "/" else "."))
    wanted = parts[fixed:]
    found = [
        Found(base.at(path), _keys(inside))
        for path, inside in (_listed(base) if base.info().type == fs.FileType.Directory else [])
        if known_suffix(path) is not None and _matches(inside.split("/"), wanted)
    ]
    if not found:
        raise FormatError(
            f"no file that ends in {SUFFIXES_IN_WORDS} matches {pattern.name!r}; check the pattern"
        )
    return found


def _matches(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    """Tell whether a path, or a folder that it is in, matches a pattern."""
    if not wanted:
        return True
    if wanted[0] == "**":
        return any(_matches(parts[skip:], wanted[1:]) for skip in range(len(parts)))
    if not parts or not fnmatch.fnmatchcase(parts[0], wanted[0]):
        return False
    return _matches(parts[1:], wanted[1:])


def _keys(inside: str) -> tuple[tuple[str, str | None], ...]:
    folders = [part.partition("=") for part in inside.split("/")[:-1] if "=" in part]
    return tuple(
        (unquote(key), None if value == _NO_VALUE else unquote(value)) for key, _, value in folders
    )


def open_files(
    found: Sequence[Found], options: CsvOptions, label: str | None = None
) -> tuple[DataFile, ...]:
    """Read the columns and the row counts of files.

    Raises
    ------
    DataError
        If there are no rows.
    FormatError
        If a file cannot be read, or they are of several formats.
    """
    stamped = _with_bytes(found)
    files = _survey(stamped, options, label)
    files = _with_constants(files, [file for file, _ in stamped])
    filled = [file for file in files if file.n_rows]
    if not filled:
        raise DataError(f"{_some(found)} has 0 rows; coresift needs at least one")
    # a file without rows has no types that mean something
    return tuple(filled)


def _some(found: Sequence[Found]) -> str:
    more = f" and {len(found) - 1} more files" if len(found) > 1 else ""
    return f"{found[0].location.name!r}{more}"


def _with_bytes(found: Sequence[Found]) -> list[tuple[Found, Stamp]]:
    """Return the files that are not empty, with their stamps."""
    stamped = []
    for file in found:
        with readable(file.location):
            stamp = Stamp.of(file.location)
        if stamp.size:
            stamped.append((file, stamp))
        else:
            _LOG.info("%r is empty, 0 bytes: left out", file.location.name)
    if not stamped:
        raise DataError(f"{_some(found)} is empty, 0 bytes; pass a file with at least one row")
    return stamped


def _survey(
    stamped: Sequence[tuple[Found, Stamp]], options: CsvOptions, label: str | None
) -> list[DataFile]:
    kinds = {_kind(file.location) for file, _ in stamped}
    if len(kinds) > 1:
        raise FormatError(
            f"{_some([file for file, _ in stamped])} are {' and '.join(sorted(kinds))} files; "
            "coresift reads files of one format at a time: convert some of them"
        )
    places = [(file.location, stamp) for file, stamp in stamped]
    if kinds == {"CSV"}:
        return list(survey_csv(places, options, label))
    survey = ParquetData.survey if kinds == {"Parquet"} else ArrowData.survey
    return [survey(location, stamp) for location, stamp in places]


def _kind(location: Location) -> str:
    suffix = known_suffix(location.short)
    kinds = (("Parquet", PARQUET), ("CSV", CSV), ("Arrow", ARROW))
    return next(kind for kind, suffixes in kinds if suffix in suffixes)


def _with_constants(files: Sequence[DataFile], found: Sequence[Found]) -> list[DataFile]:
    """Give each file the columns that its folders say, where it has none of these names."""
    names = list(dict.fromkeys(key for file in found for key, _ in file.keys))
    if not names:
        return list(files)
    kinds = {name: _key_type(dict(file.keys).get(name) for file in found) for name in names}
    keys = {file.location: file.keys for file in found}
    return [
        replace(
            file,
            constants=tuple(
                (name, pa.scalar(value, pa.string()).cast(kinds[name]))
                for name, value in keys[file.location]
                if name not in file.schema.names
            ),
        )
        for file in files
    ]


def _key_type(values: Iterable[str | None]) -> pa.DataType:
    """Return int64 if that loses nothing of what the folders say, else text."""
    whole = all(
        value is None or (value.lstrip("-").isdecimal() and str(int(value)) == value)
        for value in values
    )
    return pa.int64() if whole else pa.string()
