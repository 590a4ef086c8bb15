"""What the rest of coresift knows about data: parts, chunks of rows, and rows by position."""

from __future__ import annotations

import copy
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from coresift._errors import ParameterError
from coresift._typing import Float64, Indices, Labels, RawRows

_LOGGER = logging.getLogger("coresift")
CHUNK_BYTES = 32 * 2**20
PART_BYTES = 128 * 2**20
_LEAST_PARTS = 8  # so that several processes have something to do, also where all rows are few


@dataclass(frozen=True, eq=False)
class Chunk:
    """A run of rows.

    Parameters
    ----------
    start : int
        Position of the first row in the whole input.
    rows : ndarray of shape (n_rows, n_features), float32 or float64
        Features, unscaled, C-contiguous. A missing value is NaN: sources do not judge, because
        the count over the whole input is known only after the last chunk (see `_checks`).
    labels : ndarray of shape (n_rows,) or None
        Labels as given (numbers, booleans or strings); missing ones are left in as well.
    weights : ndarray of shape (n_rows,), float64, or None
        Prior weights as given; None where every row counts once.
    """

    start: int
    rows: RawRows
    labels: Labels | None
    weights: Float64 | None = None


@dataclass(frozen=True, eq=False)
class Part(ABC):
    """A run of rows that a process can read by itself.

    Parts are small values: they pickle with the standard pickle, hold no open file, lock or
    callback, and open their data where `chunks` is called.

    Parameters
    ----------
    start : int
        Position of the first row in the whole input.
    n_rows : int
        Number of rows.
    fingerprint : str
        Tells whether two parts stand for the same data. A file that no longer has the
        fingerprint it was first seen with is refused when it is read.
    """

    start: int
    n_rows: int
    fingerprint: str

    @abstractmethod
    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows from first to last; `Chunk.start` counts from the whole input."""


class Source(ABC):
    """Rows that can be read in chunks, more than once, in the same order.

    Attributes
    ----------
    n_rows : int
        Number of rows.
    feature_names : tuple of str
        Names of the features, after one-hot encoding.
    notes : tuple of str
        What a user should know about how the input is read, a sentence each.
    """

    n_rows: int
    feature_names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def n_input_rows(self) -> int:
        """Number of rows of the input, those that are left out among them."""
        return self.n_rows

    def original(self, rows: Indices) -> Indices:
        """Return where rows of this source stand in the input, some of which may be left out."""
        return rows

    @property
    def n_features(self) -> int:
        """Number of features of a row."""
        return len(self.feature_names)

    @property
    def n_narrow(self) -> int:
        """Number of features that distances are taken on, see `narrowed`."""
        return self.n_features

    @property
    def column_names(self) -> tuple[str, ...]:
        """For each feature, the input column that it comes from (one-hot features share one)."""
        return self.feature_names

    @property
    def groups(self) -> tuple[tuple[str, int, bool], ...]:
        """Name, number of features, and whether they are levels, of each column."""
        return tuple((name, 1, False) for name in self.feature_names)

    @abstractmethod
    def parts(self) -> tuple[Part, ...]:
        """Return the rows in parts, from first to last, each with at least one row."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows from first to last."""
        for part in self.parts():
            yield from part.chunks()

    def in_chunks(self, chunk_bytes: int) -> Source:
        """Return the same rows in chunks of at most so many bytes, as float64."""
        held, most = getattr(self, "_chunk_rows", 0), chunk_rows(self.n_features, None, chunk_bytes)
        if held <= most:
            return self
        smaller: Any = copy.copy(self)
        smaller._chunk_rows = most
        return cast("Source", smaller)

    def narrowed(self, scale: str | None, weights: Float64 | None = None) -> Source:
        """Return what distances are taken on: these rows, or scaled ones of fewer features.

        A source with very many features that are mostly zero returns rows that are scaled and
        projected, and so need no scale any more; others return themselves.

        Parameters
        ----------
        scale : {"minmax", "standard", None}
        weights : ndarray of shape (n_rows,), float64, or None
            Prior weights that are known elsewhere; rows of weight 0 do not count.
        """
        del scale, weights
        return self

    @abstractmethod
    def take(self, rows: Indices) -> RawRows:
        """Return the features of the rows at ascending positions, shape (len(rows), n_features)."""

    def weights_at(self, rows: Indices) -> Float64 | None:
        """Return the prior weights of rows, shape (len(rows),); None where every row counts once.

        A source whose chunks have weights has them here.
        """
        del rows
        return None


def told(notes: tuple[str, ...]) -> tuple[str, ...]:
    """Log notes as warnings, and return them."""
    for note in notes:
        _LOGGER.warning("%s", note)
    return notes


def chunk_rows(n_features: int, given: int | None = None, chunk_bytes: int = CHUNK_BYTES) -> int:
    """Return how many rows to read at a time: as given, or about ``chunk_bytes`` as float64."""
    if given is not None and given < 1:
        raise ParameterError(f"chunk_rows={given} is below the limit 1: raise it, or pass None")
    return given if given is not None else max(1, chunk_bytes // (8 * max(1, n_features)))


def part_rows(n_rows: int, n_features: int, chunk_rows: int) -> int:
    """Return how many rows a part has: whole chunks, about `PART_BYTES` or an eighth of all."""
    wanted = min(PART_BYTES // (8 * max(1, n_features)), n_rows // _LEAST_PARTS)
    return chunk_rows * max(1, wanted // chunk_rows)
