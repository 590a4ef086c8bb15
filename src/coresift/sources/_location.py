"""Where a file is: on this machine, or behind an address such as ``s3://bucket/rows.parquet``."""

from __future__ import annotations

import contextlib
import os
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import fs

from coresift._errors import FormatError, MissingDependencyError

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/")  # two letters at least: C:/ is a drive


@dataclass(frozen=True, eq=False)
class Location:
    """A place in a file system. Nothing is open; it pickles as far as its file system does.

    Parameters
    ----------
    path : str
        As the file system has it.
    name : str
        As the user has it: what errors say.
    system : pyarrow.fs.FileSystem
    """

    path: str
    name: str
    system: fs.FileSystem = field(default_factory=fs.LocalFileSystem)

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Location:
        """Return the place of a path of this machine, or of an address.

        Raises
        ------
        FormatError
            If the address cannot be used.
        MissingDependencyError
            If it needs a package that is not installed.
        """
        name = os.fspath(path)
        if not is_address(name):
            return cls(name, name)
        if name.startswith("file://"):
            return cls(fs.FileSystem.from_uri(name)[1], name)
        if re.match(_ADDRESS.pattern + "[^/]", name):  # pathlib makes one slash of two
            name = name.replace(":/", "://", 1)
        system, inside = _system_of(name)
        return cls(inside, name, system)

    @property
    def is_local(self) -> bool:
        """Whether looking at the file costs next to nothing."""
        return isinstance(self.system, fs.LocalFileSystem)

    @property
    def short(self) -> str:
        """The name of the file without its folder."""
        return self.path.rpartition("/")[2]

    def at(self, path: str) -> Location:
        """Return another place in this file system, with a name made like this one."""
        start = self.name[: -len(self.path)] if self.name.endswith(self.path) else ""
        if not start and is_address(self.name):  # the system's path has another root
            start = f"{self.name.partition('://')[0]}://"
        return Location(path, start + path, self.system)

    def info(self) -> fs.FileInfo:
        """Return type, size and time; the type of what is not there is NotFound."""
        if self.is_local:
            _check_allowed(self.path)
        return self.system.get_file_info([self.path])[0]

    def facts(self) -> tuple[int, int, int]:
        """Return size, time of the last change in nanoseconds, and the number of the file.

        Raises
        ------
        OSError
            If it is not there.
        """
        if self.is_local:
            found = os.stat(self.path)
            return found.st_size, found.st_mtime_ns, found.st_ino
        other = _fsspec_of(self.system)
        if other is not None:  # its listings are kept, and may be old
            other.invalidate_cache()
        info = self.info()
        if info.type != fs.FileType.File:
            raise FileNotFoundError(2, "No such file", self.name)
        key = 0 if other is None else zlib.crc32(str(other.ukey(self.path)).encode())
        return int(info.size or 0), int(info.mtime_ns or 0), key

    def open(self) -> pa.NativeFile:
        """Return the file, open for reading at any place, as it is stored."""
        return self.system.open_input_file(self.path)

    def stream(self) -> pa.NativeFile:
        """Return the file, open for reading from its start, unpacked if its name ends in .gz."""
        return self.system.open_input_stream(self.path, compression="detect")


def _check_allowed(path: str) -> None:
    """Raise `PermissionError` where the file system of Arrow says that nothing is there."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        os.stat(path)


def is_address(name: str) -> bool:
    """Tell whether a name is an address (a scheme before it) and no path of this machine."""
    return bool(_ADDRESS.match(name)) and not os.path.lexists(name)


def _system_of(address: str) -> tuple[fs.FileSystem, str]:
    """Return the file system of an address, and the path in it: Arrow's own, or fsspec's."""
    try:
        system, inside = fs.FileSystem.from_uri(address)
        return system, inside
    except pa.ArrowInvalid:  # a scheme that Arrow does not know, or that it wants more about
        return _with_fsspec(address)
    except (OSError, pa.ArrowException) as error:
        raise _unusable(address, error) from error


def _with_fsspec(address: str) -> tuple[fs.FileSystem, str]:
    try:
        from fsspec.core import url_to_fs
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f'{address!r} needs fsspec, which is not installed: run pip install "coresift[remote]"'
        ) from error
    try:
        system, inside = url_to_fs(address)
    except ImportError as error:  # fsspec says which package the scheme needs
        raise MissingDependencyError(f"{address!r} cannot be read: {error}") from error
    except Exception as error:  # whatever the package of the scheme raises
        raise _unusable(address, error) from error
    return fs.PyFileSystem(fs.FSSpecHandler(system)), str(inside)


def _unusable(address: str, error: Exception) -> FormatError:
    reason = (str(error) or type(error).__name__).splitlines()[0]
    return FormatError(
        f"{address!r} cannot be read ({reason}); check the address, or copy the files here"
    )


def _fsspec_of(system: fs.FileSystem) -> Any:
    handler = system.handler if isinstance(system, fs.PyFileSystem) else None
    return handler.fs if isinstance(handler, fs.FSSpecHandler) else None


def local_path(path: str | os.PathLike[str]) -> Path:
    """Return a path of this machine, or raise `FormatError` for an address."""
    name = os.fspath(path)
    if is_address(name) and not name.startswith("file://"):
        raise FormatError(
            f"{name!r} is not a file of this machine, as it has to be here: copy the file instead"
        )
    return Path(Location.of(name).path)
