"""Rows of files that are kept as numbers, so that a file is decoded once and not in each pass."""

from __future__ import annotations

import logging
import os
import pickle
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from coresift._typing import Indices, RawRows
from coresift.sources._base import Chunk, Part, Source
from coresift.sources._checks import as_positions
from coresift.sources._wrapped import WrappedSource

_LOG = logging.getLogger(__name__)
LEAST_BYTES = 64 * 2**20  # fewer are decoded in no time
_SPARE = 2  # times the bytes that are to be written have to be free
GAP = 32 * 2**10  # bytes between two rows that cost less to read than one call more


@contextmanager
def spilled(source: Source) -> Iterator[Source]:
    """Keep the rows of files on the disk while the context lasts; other sources stay as they are.

    Parameters
    ----------
    source : Source

    Yields
    ------
    Source
        The same rows; what has been read once is read as numbers from then on. Where rows are few,
        or the disk has no room, the source itself.

    Notes
    -----
    The rows are in a file without a name, in the folder that ``TMPDIR`` names, else in
    ``/var/tmp``: it is gone when the process ends, in whatever way.
    """
    needed = 8 * source.n_rows * (source.n_features + 1)
    folder = _folder()
    wanted = hasattr(source, "files") and needed >= LEAST_BYTES and hasattr(os, "preadv")
    if not wanted or shutil.disk_usage(folder).free < _SPARE * needed:
        yield source
        return
    try:
        file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  # closed below
    except OSError as error:
        _LOG.info("rows are not kept on the disk (%s): files are read in each pass", error)
        yield source
        return
    with file:
        yield SpilledSource(source, Spill(file.fileno()))


def _folder() -> str:
    """Return where large files may be: not in memory, as ``/tmp`` often is."""
    given = any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    large = Path("/var/tmp")
    usable = not given and large.is_dir() and os.access(large, os.W_OK)
    return str(large) if usable else tempfile.gettempdir()


@dataclass(frozen=True)
class Kept:
    """Where a chunk is in the file: its rows, and behind them labels and weights."""

    start: int
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    offset: int
    n_bytes: int


@dataclass(eq=False)
class Spill:
    """A file of chunks.

    Parameters
    ----------
    file : int
        Its descriptor.
    parts : dict of int to list of Kept
        The chunks of each part that has been read to its end, by the first row of the part.
    """

    file: int
    parts: dict[int, list[Kept]] = field(default_factory=dict)
    size: int = 0
    is_full: bool = False

    def add(self, chunk: Chunk) -> Kept | None:
        """Write a chunk; None where the disk is full, from then on."""
        rest = pickle.dumps((chunk.labels, chunk.weights), pickle.HIGHEST_PROTOCOL)
        kept = Kept(chunk.start, chunk.rows.shape, chunk.rows.dtype, self.size, len(rest))
        try:
            for piece in (_bytes(chunk.rows), memoryview(rest)):
                self._write(piece)
        except OSError as error:
            _LOG.warning("rows are not kept on the disk any more (%s)", error.strerror or error)
            self.is_full = True
            return None
        return kept

    def _write(self, piece: memoryview) -> None:
        while piece:
            n_written = os.pwrite(self.file, piece, self.size)
            self.size += n_written
            piece = piece[n_written:]

    def chunk(self, kept: Kept) -> Chunk:
        """Read a chunk."""
        rows, rest = np.empty(kept.shape, dtype=kept.dtype), bytearray(kept.n_bytes)
        self._read([_bytes(rows), memoryview(rest)], kept.offset)
        return Chunk(kept.start, rows, *pickle.loads(rest))

    def _read(self, pieces: list[memoryview], offset: int) -> None:
        for piece in pieces:
            left = piece
            while left:
                n_read = os.preadv(self.file, [left], offset)
                if not n_read:
                    raise EOFError("the file of rows is shorter than what was written to it")
                offset += n_read
                left = left[n_read:]

    def rows(self, row_ids: Indices, kept: list[Kept], n_features: int) -> RawRows:
        """Read rows at ascending positions from the chunks of all parts, in order.

        Rows of a chunk that are close to each other are read together, with what is in between.
        """
        rows = np.empty((len(row_ids), n_features), dtype=kept[0].dtype)
        if not len(row_ids):
            return rows
        width = n_features * rows.itemsize
        starts, offsets = np.array([(one.start, one.offset) for one in kept]).T
        places = np.searchsorted(starts, row_ids, side="right") - 1
        where = offsets[places] + (row_ids - starts[places]) * width
        far = (np.diff(where) > GAP) | (np.diff(places) > 0)
        for first, last in pairwise([0, *(np.flatnonzero(far) + 1).tolist(), len(rows)]):
            steps = (where[first:last] - where[first]) // width
            run = np.empty((int(steps[-1]) + 1, n_features), dtype=rows.dtype)
            self._read([_bytes(run)], int(where[first]))
            rows[first:last] = run[steps]
        return rows


def _bytes(rows: RawRows) -> memoryview:
    return rows.reshape(-1).view(np.uint8).data


@dataclass(frozen=True, eq=False)
class SpilledPart(Part):
    """A part that is written to a file when it is read first, and read from there later."""

    part: Part
    spill: Spill

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows from first to last."""
        known = self.spill.parts.get(self.start)
        if known is not None:
            yield from map(self.spill.chunk, known)
            return
        written: list[Kept] = []
        for chunk in self.part.chunks():
            kept = None if self.spill.is_full else self.spill.add(chunk)
            written += [] if kept is None else [kept]
            yield chunk
        if not self.spill.is_full:
            self.spill.parts[self.start] = written


class SpilledSource(WrappedSource):
    """Rows of files, see `spilled`; a file that changes is refused all the same.

    Parameters
    ----------
    base : Source
    spill : Spill
    """

    def __init__(self, base: Source, spill: Spill) -> None:
        super().__init__(base)
        self._spill, self._parts = spill, base.parts()

    def parts(self) -> tuple[Part, ...]:
        """Return the rows in parts; looks at the files."""
        from coresift.sources._stamp import check_between

        for file in self.files:
            check_between(file.location, file.stamp)
        return tuple(
            SpilledPart(part.start, part.n_rows, part.fingerprint, part, self._spill)
            for part in self._parts
        )

    def take(self, rows: Indices) -> RawRows:
        """Return the features of the rows at ascending positions."""
        held = [self._spill.parts.get(part.start) for part in self._parts]
        kept = [one for chunks in held if chunks is not None for one in chunks]
        if any(chunks is None for chunks in held):
            return self.base.take(rows)
        return self._spill.rows(as_positions(rows, self.n_rows), kept, self.n_features)
