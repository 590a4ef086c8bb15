"""Tasks and parts for engines; a module, so that a worker can import them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from coresift._errors import DataError
from coresift._progress import span
from coresift._threads import thread_count
from coresift.sources import Chunk


@dataclass(frozen=True)
class Rows:
    """A part of rows 0, 1, ... in chunks of one or two."""

    start: int
    n_rows: int

    def chunks(self) -> Iterator[Chunk]:
        stop = self.start + self.n_rows
        for first in range(self.start, stop, 2):
            rows = np.arange(first, min(first + 2, stop), dtype=np.float64)[:, None]
            yield Chunk(first, rows, None)


@dataclass(frozen=True)
class Seen:
    """What was seen, in the order of the merges, and how deep the tree of merges is."""

    values: tuple[object, ...]
    depth: int = 0

    def merge(self, other: Seen) -> Seen:
        return Seen(self.values + other.values, max(self.depth, other.depth) + 1)


@dataclass(frozen=True)
class Note:
    """Note the rows of each chunk."""

    def __call__(self, chunk: Chunk) -> Seen:
        with span("note"):
            return Seen(tuple(chunk.rows[:, 0].astype(int).tolist()))


@dataclass(frozen=True)
class NoteProcess:
    """Note in which process each chunk is read, and with how many threads."""

    def __call__(self, chunk: Chunk) -> Seen:
        del chunk
        return Seen(((os.getpid(), thread_count()),))


@dataclass(frozen=True)
class NoteSlice:
    """Note what of a table of all rows comes along with each part."""

    first: int
    table: tuple[int, ...]

    def __call__(self, chunk: Chunk) -> Seen:
        place = chunk.start - self.first
        return Seen(((len(self.table), *self.table[place : place + len(chunk.rows)]),))

    def of_rows(self, start: int, n_rows: int) -> NoteSlice:
        begin = start - self.first
        return NoteSlice(start, self.table[begin : begin + n_rows])


@dataclass(frozen=True)
class FailAt:
    """Refuse a row."""

    row: int

    def __call__(self, chunk: Chunk) -> Seen:
        if self.row in chunk.rows:
            raise DataError(f"row {self.row} cannot be used")
        return Seen(())


@dataclass(frozen=True)
class DieAt:
    """End the process at a row, as one out of memory is ended."""

    row: int

    def __call__(self, chunk: Chunk) -> Seen:
        if self.row in chunk.rows:
            os._exit(1)
        return Seen(())
