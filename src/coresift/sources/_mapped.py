"""Arrays that lie in a file (``numpy.memmap``), as values that travel without their numbers."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from coresift._errors import InputChangedError


@dataclass(frozen=True)
class MappedArray:
    """Where in a file an array lies.

    Parameters
    ----------
    path : str
        Absolute.
    dtype : str
    offset : int
        Of the first item, in bytes.
    shape, strides : tuple of int
    size, modified : int
        Of the whole file, in bytes and nanoseconds.
    """

    path: str
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    size: int
    modified: int

    @classmethod
    def of(cls, value: Any) -> MappedArray | None:
        """Return the place of an array in its file, or None if it does not lie in one."""
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf":
            return None
        root = _mapped_root(value)
        if root is None or not value.size or min(value.strides) < 0:
            return None
        # a file name that is none, or a copy-on-write map whose changes are in no file
        if not isinstance(root.filename, str | os.PathLike) or root.mode == "c":
            return None
        ahead = value.__array_interface__["data"][0] - root.__array_interface__["data"][0]
        path = os.path.abspath(root.filename)
        try:
            facts = os.stat(path)
        except OSError:  # deleted: the numbers are in memory only
            return None
        return cls(
            path=path,
            dtype=value.dtype.str,
            offset=root.offset + ahead,
            shape=value.shape,
            strides=value.strides,
            size=facts.st_size,
            modified=facts.st_mtime_ns,
        )

    def open(self) -> np.ndarray[Any, np.dtype[Any]]:
        """Return the array, read-only."""
        facts = os.stat(self.path) if os.path.exists(self.path) else None
        if facts is None or (facts.st_size, facts.st_mtime_ns) != (self.size, self.modified):
            raise InputChangedError.of(self.path, "another size or time, or it is gone")
        last = sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))
        dtype = np.dtype(self.dtype)
        n_bytes = (last + dtype.itemsize,)
        values = np.memmap(self.path, np.uint8, "r", self.offset, n_bytes)
        first = np.ndarray(1, dtype, buffer=values)
        return as_strided(first, self.shape, self.strides, writeable=False)


def _mapped_root(array: np.ndarray[Any, np.dtype[Any]]) -> np.memmap[Any, Any] | None:
    """Return the array that was opened on the file, whose offset is that of its first item."""
    value: Any = array
    while isinstance(value, np.ndarray) and not isinstance(value.base, mmap.mmap):
        value = value.base
    return value if isinstance(value, np.memmap) else None
