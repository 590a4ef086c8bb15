"""Rows of a wide sparse matrix as rows of a few features, at nearly the same distances.

A feature goes to `REPEATS` places, each with a random sign (a sparse Johnson-Lindenstrauss
transform, Kane and Nelson 2014). Which places is a hash of its number: nothing is trained, rows are
projected one by one, and the work grows with the entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._kernels.project import project_sparse
from coresift._rng import row_hash
from coresift._threads import run_blocks
from coresift._typing import Counts, Float64, Indices, Labels, RawRows, Rows
from coresift.core.exact_sum import ExactSum
from coresift.core.scaler import LARGEST, Moments, Scaler
from coresift.sources._base import Source
from coresift.sources._base import chunk_rows as rows_per_chunk
from coresift.sources._checks import as_positions
from coresift.sources._csr import CsrPart, runs

REPEATS = 4
_SEED = 0x70726F6A  # the same for all: a table has one projection


@dataclass(frozen=True, eq=False)
class Projection:
    """What becomes of the entries of each column.

    Parameters
    ----------
    factor : ndarray of shape (n_columns,), float64
        The scale of each column. Its offset would change no distance.
    n_features : int
        Of the projected rows; a multiple of `REPEATS`.
    """

    factor: Float64
    n_features: int

    def tables(self) -> tuple[Indices, Float64]:
        """Return places and factors, both of shape (n_columns, REPEATS)."""
        columns, width = np.arange(len(self.factor)), np.uint64(self.n_features // REPEATS)
        hashes = np.stack([row_hash(columns, _SEED + r) for r in range(REPEATS)], axis=1)
        slots = (hashes >> np.uint64(1)) % width + width * np.arange(REPEATS, dtype=np.uint64)
        signs = np.where(hashes & np.uint64(1), 1.0, -1.0) / np.sqrt(REPEATS)
        return slots.astype(np.int64), signs * self.factor[:, None]

    def rows(self, data: Any, columns: Any, ends: Any) -> Rows:
        """Project rows, given as in CSR; return shape (n_rows, n_features), float32."""
        slots, factors = self.tables()
        projected = np.empty((len(ends) - 1, self.n_features), dtype=np.float32)
        entries = data.astype(np.float64), columns.astype(np.int64)
        ends = ends.astype(np.int64)

        def fill(part: slice) -> None:
            own = ends[part.start : part.stop + 1]
            project_sparse(*entries, own, slots, factors, projected[part])

        run_blocks(fill, len(projected))
        return projected


@dataclass(frozen=True, eq=False)
class ProjectedPart(CsrPart):
    """Rows of a sparse matrix, projected chunk by chunk."""

    projection: Projection

    def rows(self, data: Any, columns: Any, ends: Any) -> RawRows:
        """Return the projected features of rows."""
        return self.projection.rows(data, columns, ends)


class ProjectedSource(Source):
    """Rows of a sparse matrix, scaled and projected.

    Parameters
    ----------
    matrix : scipy CSR matrix or array of shape (n_rows, n_columns)
    labels : ndarray of shape (n_rows,) or None
    moments : Moments
        Of the columns, see `column_moments`.
    scale : {"minmax", "standard", None}
        How the columns are scaled before they are projected.
    n_features : int
    chunk_rows : int or None
    names : tuple of str
        Of the columns.

    Raises
    ------
    DataError
        If a value is too large for ``scale``.
    """

    def __init__(
        self,
        matrix: Any,
        labels: Labels | None,
        moments: Moments,
        scale: str | None,
        n_features: int,
        chunk_rows: int | None,
        names: tuple[str, ...],
    ) -> None:
        self.n_rows = int(matrix.shape[0])
        self.feature_names = tuple(f"projection{number}" for number in range(n_features))
        self._matrix, self._labels = matrix, labels
        self._projection = Projection(Scaler.from_moments(moments, scale, names).factor, n_features)
        self._chunk_rows = rows_per_chunk(n_features, chunk_rows)

    def parts(self) -> tuple[ProjectedPart, ...]:
        """Return runs of rows, which share the memory of the matrix."""
        found = runs(self._matrix, self._labels, self.n_features, self._chunk_rows)
        return tuple(ProjectedPart(*run, self._projection) for run in found)

    def take(self, rows: Indices) -> RawRows:
        """Return the projected rows at these positions, shape (len(rows), n_features)."""
        some = self._matrix[as_positions(rows, self.n_rows)]
        return self._projection.rows(some.data, some.indices, some.indptr)


def canonical(matrix: Any) -> Any:
    """Return a CSR matrix whose rows hold each column once, ascending: sums have one order."""
    if matrix.has_canonical_format:
        return matrix
    tidy = matrix.copy()
    tidy.sum_duplicates()
    return tidy


def column_moments(matrix: Any, scale: str | None) -> Moments:
    """Return the moments of the columns of a canonical CSR matrix of finite values.

    Zeros count among them.
    """
    n_rows, n_columns = matrix.shape
    columns, values = matrix.indices, matrix.data.astype(np.float64)
    lowest, highest = np.full(n_columns, np.inf), np.full(n_columns, -np.inf)
    np.minimum.at(lowest, columns, values)
    np.maximum.at(highest, columns, values)
    some_zeros = _counts(columns, n_columns) < n_rows
    lowest[some_zeros] = np.minimum(lowest[some_zeros], 0.0)
    highest[some_zeros] = np.maximum(highest[some_zeros], 0.0)
    if scale != "standard":
        return Moments(n_rows, lowest, highest)
    small = np.clip(values, -LARGEST, LARGEST).astype(np.float32)
    groups = columns.astype(np.int64)
    sums, squares = (ExactSum.of_groups(small, groups, n_columns, power=p) for p in (1, 2))
    return Moments(n_rows, lowest, highest, sums, squares)


def _counts(columns: Any, n_columns: int) -> Counts:
    return np.bincount(columns, minlength=n_columns).astype(np.int64)
