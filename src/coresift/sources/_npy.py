"""Rows of a ``.npy`` file: an array that is mapped, not read into memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._errors import DataError, FormatError, InputChangedError
from coresift._typing import Indices, Labels, RawRows
from coresift.sources._array import ArraySource
from coresift.sources._base import Chunk, Part, part_rows
from coresift.sources._location import Location, local_path
from coresift.sources._mapped import MappedArray
from coresift.sources._stamp import Stamp, check_unchanged


@dataclass(frozen=True, eq=False)
class NpyPart(Part):
    """Rows of a ``.npy`` file.

    Parameters
    ----------
    location : Location
    stamp : Stamp
        Of the file when it was first seen.
    array : MappedArray
        Where in the file the rows lie.
    labels : ndarray of shape (n_rows,) or None
    dtype : dtype
        Of the chunks: float32 or float64.
    chunk_rows : int
        Rows per chunk.
    """

    location: Location
    stamp: Stamp
    array: MappedArray
    labels: Labels | None
    dtype: np.dtype[Any]
    chunk_rows: int

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows from first to last."""
        check_unchanged(self.location, self.stamp, ends=True)
        array = self.array.open()
        for first in range(0, self.n_rows, self.chunk_rows):
            some = slice(first, first + self.chunk_rows)
            # before the rows are touched: those that are no longer in the file end the process
            check_unchanged(self.location, self.stamp)
            rows = np.array(array[some], dtype=self.dtype, order="C")
            check_unchanged(self.location, self.stamp)
            yield Chunk(
                self.start + first, rows, None if self.labels is None else self.labels[some]
            )


class NpySource(ArraySource):
    """Rows of an array that `numpy.save` wrote.

    Parameters
    ----------
    path : str or PathLike
        Ends in ``.npy``, on this machine. The array is mapped: only the rows at work are in memory.
    y : array-like of shape (n_rows,) or None, default=None
        Labels.
    chunk_rows : int or None, default=None
        Rows per chunk; None takes about 32 MiB.

    Raises
    ------
    DataError
        If the array is not 2-D, is empty, or holds other things than numbers.
    FormatError
        If the file cannot be read.
    InputChangedError
        If it is no longer the file that was found first. Raised wherever rows are read.
    LabelError
        If the labels are not one per row.

    Examples
    --------
    >>> import numpy as np, tempfile, pathlib
    >>> from coresift.sources import NpySource
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(pathlib.Path(folder, "X.npy"), np.eye(2))
    ...     next(NpySource(pathlib.Path(folder, "X.npy"), [0, 1]).chunks()).rows
    array([[1., 0.],
           [0., 1.]])
    """

    def __init__(
        self, path: str | os.PathLike[str], y: Any = None, *, chunk_rows: int | None = None
    ) -> None:
        local = os.path.abspath(local_path(path))
        self._location = Location(local, os.fspath(path))
        try:
            self._stamp = Stamp.of(self._location)
            mapped = np.load(local, mmap_mode="r", allow_pickle=False)
        except Exception as error:  # numpy parses the header as Python: a damaged one is any error
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise FormatError(
                f"{self._location.name!r} cannot be read ({reason}); check that it is complete, "
                "and that numpy.save wrote it, of numbers"
            ) from error
        if not isinstance(mapped, np.ndarray):
            raise FormatError(f"{self._location.name!r} holds several arrays: save one of them")
        if not mapped.size:
            raise DataError(f"{self._location.name!r} has shape {mapped.shape}: there are no rows")
        super().__init__(mapped, y, chunk_rows=chunk_rows)

    def parts(self) -> tuple[Part, ...]:  # type: ignore[override]
        """Return runs of rows; each maps the file where it is read."""
        size = part_rows(self.n_rows, self.n_features, self._chunk_rows)
        starts = range(0, self.n_rows, size)
        return tuple(self._npy_part(slice(start, start + size)) for start in starts)

    def _npy_part(self, some: slice) -> NpyPart:
        array = self._array[some]
        place = MappedArray.of(array)
        if place is None:
            raise InputChangedError.of(self._location.name, "No such file or directory")
        labels = None if self._labels is None else self._labels[some]
        fingerprint = f"{self._stamp}{array.dtype.str}{array.shape}@{some.start}"
        facts = self._location, self._stamp, place, labels, self._dtype, self._chunk_rows
        return NpyPart(some.start, len(array), fingerprint, *facts)

    def take(self, rows: Indices) -> RawRows:
        """Return the features of the rows at these positions, shape (len(rows), n_features)."""
        check_unchanged(self._location, self._stamp, ends=True)
        taken = super().take(rows)
        check_unchanged(self._location, self._stamp)
        return taken
