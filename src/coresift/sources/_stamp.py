"""Whether a file is still the one that was seen first."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from coresift._errors import DataError, FormatError, InputChangedError

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
    def of(cls, path: Path) -> Stamp:
        """Return the stamp of a file; reads its ends."""
        with path.open("rb") as file:
            return replace(cls.outside(path), ends=_checksum_of_ends(file))

    @classmethod
    def outside(cls, path: Path) -> Stamp:
        """Return the stamp without a checksum; reads nothing of the file."""
        facts = path.stat()
        return cls(facts.st_size, facts.st_mtime_ns, facts.st_ino)

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


def _checksum_of_ends(file: BinaryIO) -> int:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 8))
    end = file.read()
    length = _END_BYTES
    if end[4:] == b"PAR1":  # before it, the length of the footer
        length = int.from_bytes(end[:4], "little") + 8
    file.seek(0)
    checksum = zlib.crc32(file.read(min(size, _END_BYTES)))
    file.seek(max(0, size - length))
    return zlib.crc32(file.read(length), checksum)


def check_unchanged(path: Path, stamp: Stamp, *, ends: bool = False) -> None:
    """Raise `InputChangedError` if the file is not the one of the stamp."""
    try:
        now = Stamp.of(path) if ends else Stamp.outside(path)
    except OSError as error:
        raise InputChangedError.of(str(path), error.strerror or type(error).__name__) from error
    change = stamp.change(now)
    if change:
        raise InputChangedError.of(str(path), change)


@contextmanager
def reading(path: Path, stamp: Stamp) -> Iterator[None]:
    """Check a file before and after it is read, and turn errors into one that names it."""
    check_unchanged(path, stamp, ends=True)
    try:
        with readable(path):
            yield
    except (DataError, FormatError):
        check_unchanged(path, stamp)  # the more helpful error: why it cannot be read
        raise
    check_unchanged(path, stamp)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn errors of reading into one that names the file."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        if "Empty CSV file" in str(error):
            raise DataError(f"{str(path)!r} is empty; pass a file with at least one row") from error
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FormatError(
            f"{str(path)!r} cannot be read ({reason}); check that it is complete, UTF-8, and of "
            "the format that its name says"
        ) from error
