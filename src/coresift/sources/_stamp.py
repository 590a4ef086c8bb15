"""Whether a file is still the one that was seen first."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pyarrow as pa

from coresift._errors import CoresiftError, DataError, FormatError, InputChangedError
from coresift.sources._location import Location

_END_BYTES = 2**16


@dataclass(frozen=True)
class Stamp:
    """What a file looks like from outside, and at its ends.

    Parameters
    ----------
    size : int
        Bytes.
    modified : int
        Time of the last change, in nanoseconds.
    inode : int
        The file's number in its file system: another file under the same name has another.
    ends : int
        Checksum of the first bytes and of the last, for a Parquet file of its whole footer.
        0 where it was not computed.
    """

    size: int
    modified: int
    inode: int
    ends: int = 0

    @classmethod
    def of(cls, location: Location) -> Stamp:
        """Return the stamp of a file; reads its ends."""
        facts = cls.outside(location)
        with location.open() as file:
            return replace(facts, ends=_checksum_of_ends(file))

    @classmethod
    def outside(cls, location: Location) -> Stamp:
        """Return the stamp without a checksum; reads nothing of the file."""
        return cls(*location.facts())

    def __str__(self) -> str:
        return f"{self.size}-{self.modified}-{self.inode}-{self.ends:08x}"

    def change(self, now: Stamp) -> str:
        """Say how a later stamp differs, in a few words; empty if it does not."""
        if self.size != now.size:
            return f"size {self.size} -> {now.size}"
        if self.inode != now.inode:
            return "another file under this name"
        if self.ends and now.ends and self.ends != now.ends:
            return "other contents of the same size"
        return "written again" if self.modified != now.modified else ""


def _checksum_of_ends(file: pa.NativeFile) -> int:
    size = file.size()
    file.seek(max(0, size - 8))
    end = file.read()
    length = _END_BYTES
    if end[4:] == b"PAR1":  # before it, the length of the footer
        length = int.from_bytes(end[:4], "little") + 8
    file.seek(0)
    checksum = zlib.crc32(file.read(min(size, _END_BYTES)))
    file.seek(max(0, size - length))
    return zlib.crc32(file.read(min(size, length)), checksum)


def check_unchanged(location: Location, stamp: Stamp, *, ends: bool = False) -> None:
    """Raise `InputChangedError` if the file is not the one of the stamp."""
    try:
        now = Stamp.of(location) if ends else Stamp.outside(location)
    except OSError as error:
        reason = error.strerror or str(error).partition("\n")[0] or type(error).__name__
        raise InputChangedError.of(location.name, reason) from error
    change = stamp.change(now)
    if change:
        raise InputChangedError.of(location.name, change)


def check_between(location: Location, stamp: Stamp) -> None:
    """Check a file in the middle of a reading, where looking at it costs next to nothing."""
    if location.is_local:
        check_unchanged(location, stamp)


@contextmanager
def reading(location: Location, stamp: Stamp) -> Iterator[None]:
    """Check a file before and after it is read, and turn errors into one that names it."""
    check_unchanged(location, stamp, ends=True)
    try:
        with readable(location):
            yield
    except CoresiftError:
        check_unchanged(location, stamp)  # the more helpful error: why it cannot be read
        raise
    check_unchanged(location, stamp)


@contextmanager
def readable(location: Location) -> Iterator[None]:
    """Turn errors of reading into one that names the file."""
    name = location.name
    try:
        yield
    except (OSError, EOFError, pa.ArrowException, UnicodeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if "Empty CSV file" in reason:
            raise DataError(f"{name!r} is empty; pass a file with at least one row") from error
        if isinstance(error, UnicodeError) or re.search(r"(?i)utf-?8", reason):
            raise not_utf8(name, reason) from error
        if isinstance(error, PermissionError):
            raise FormatError(
                f"{name!r} cannot be read ({reason}); check its permissions and its folder's"
            ) from error
        raise FormatError(
            f"{name!r} cannot be read ({reason}); check that it is complete, UTF-8, and of "
            "the format that its name says"
        ) from error


def not_utf8(name: str, reason: str) -> FormatError:
    """Return the error about text in another encoding than the one it is read in."""
    return FormatError(
        f"{name!r} cannot be read ({reason}); if it is a table of another encoding than UTF-8, "
        "name it, such as encoding='latin-1'"
    )
