"""Runs of rows of a CSR matrix, whatever their entries become."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._typing import Labels, RawRows
from coresift.sources._base import Chunk, Part, part_rows


@dataclass(frozen=True, eq=False)
class CsrPart(Part):
    """Rows of a sparse matrix.

    Parameters
    ----------
    data : ndarray of shape (n_entries,)
        Views of the entries of these rows, as in CSR; `columns` likewise.
    columns : ndarray of shape (n_entries,), int
        Their columns.
    ends : ndarray of shape (n_rows + 1,), int
        Where the entries of a row begin and end, counted from ``ends[0]``.
    labels : ndarray of shape (n_rows,) or None
    chunk_rows : int
        Rows per chunk.
    """

    data: np.ndarray[Any, np.dtype[Any]]
    columns: np.ndarray[Any, np.dtype[Any]]
    ends: np.ndarray[Any, np.dtype[Any]]
    labels: Labels | None
    chunk_rows: int

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows from first to last."""
        for first in range(0, self.n_rows, self.chunk_rows):
            stop = min(first + self.chunk_rows, self.n_rows)
            labels = None if self.labels is None else self.labels[first:stop]
            ends = self.ends[first : stop + 1] - self.ends[0]
            some = slice(ends[0], ends[-1])
            rows = self.rows(self.data[some], self.columns[some], ends - ends[0])
            yield Chunk(self.start + first, rows, labels)

    @abstractmethod
    def rows(self, data: Any, columns: Any, ends: Any) -> RawRows:
        """Return the features of rows, given as in CSR, shape (n_rows, n_features)."""


def runs(
    matrix: Any, labels: Labels | None, n_features: int, chunk_rows: int
) -> Iterator[tuple[int, int, str, Any, Any, Any, Labels | None, int]]:
    """Yield the arguments of a `CsrPart` for each run of rows; entries are not copied.

    Parameters
    ----------
    matrix : scipy CSR matrix or array
    labels : ndarray of shape (n_rows,) or None
    n_features : int
        Of the rows that are read, which decide how long a run is.
    chunk_rows : int
    """
    n_rows, n_columns = matrix.shape
    size = part_rows(n_rows, n_features, chunk_rows)
    for start in range(0, n_rows, size):
        stop = min(start + size, n_rows)
        ends = matrix.indptr[start : stop + 1]
        entries = slice(ends[0], ends[-1])
        yield (
            start,
            stop - start,
            f"{matrix.dtype.str}{(stop - start, n_columns)}:{ends[-1] - ends[0]}@{start}",
            matrix.data[entries],
            matrix.indices[entries],
            ends,
            None if labels is None else labels[start:stop],
            chunk_rows,
        )
