"""Rows of a scipy sparse matrix, made dense chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from coresift._errors import DataError
from coresift._typing import Float64, Indices, RawRows
from coresift.core.parameters import check_range
from coresift.sources._array import float_type
from coresift.sources._base import Source
from coresift.sources._base import chunk_rows as rows_per_chunk
from coresift.sources._checks import as_labels, as_positions, check_shape
from coresift.sources._csr import CsrPart, runs
from coresift.sources._projected import REPEATS, ProjectedSource, canonical, column_moments

PROJECTED = 512
WIDE = 2048  # features; docs/measured.md


@dataclass(frozen=True, eq=False)
class SparsePart(CsrPart):
    """Rows of a sparse matrix, made dense chunk by chunk.

    Parameters
    ----------
    n_features : int
    dtype : dtype
        Of the chunks: float32 or float64.
    """

    n_features: int
    dtype: np.dtype[Any]

    def rows(self, data: Any, columns: Any, ends: Any) -> RawRows:
        """Return all features of rows."""
        from scipy.sparse import csr_array

        entries = data.astype(self.dtype), columns, ends
        rows: Any = csr_array(entries, shape=(len(ends) - 1, self.n_features)).toarray()
        return cast("RawRows", np.ascontiguousarray(rows))


class SparseSource(Source):
    """Rows of a scipy sparse matrix or array of any format.

    Parameters
    ----------
    X : scipy sparse matrix or array of shape (n_rows, n_features)
        Converted to CSR once; float32 is read as float32, all else as float64.
    y : array-like of shape (n_rows,) or None, default=None
        Labels.
    chunk_rows : int or None, default=None
        Rows per chunk; None takes about 32 MiB of dense rows.
    project : int, "auto" or None, default="auto"
        Features that rows are projected to before distances are taken, so that the work grows with
        the entries; None takes all features. "auto" is 512 for more than 2048 features, else None.

    Raises
    ------
    DataError
        If the matrix is not 2-D, is empty, or holds other things than numbers.
    LabelError
        If the labels are not one per row.

    Examples
    --------
    >>> from scipy.sparse import coo_array
    >>> from coresift.sources import SparseSource
    >>> source = SparseSource(coo_array([[0, 2], [3, 0]]))
    >>> next(source.chunks()).rows
    array([[0., 2.],
           [3., 0.]])
    """

    def __init__(
        self,
        X: Any,
        y: Any = None,
        *,
        chunk_rows: int | None = None,
        project: int | str | None = "auto",
    ) -> None:
        self.n_rows, n_features = check_shape(X.shape)
        if X.dtype.kind not in "biuf":
            unsupported = "Complex data not supported: " if X.dtype.kind == "c" else ""
            raise DataError(
                f"{unsupported}the data are a sparse matrix of {X.dtype}; coresift needs numbers"
            )
        self.feature_names = tuple(f"x{feature}" for feature in range(n_features))
        self._labels = as_labels(y, self.n_rows)
        self._dtype = float_type(X.dtype)
        # other formats add up entries that are stored twice when they are converted: as floats,
        # so that those of an int8 matrix cannot overflow
        self._matrix = X if X.format == "csr" else X.astype(self._dtype).tocsr()
        self._given_rows, self._project = chunk_rows, _resolved(project, n_features)
        self._chunk_rows = rows_per_chunk(n_features, chunk_rows)

    @property
    def n_narrow(self) -> int:
        """Number of features that rows are projected to, or of all."""
        return self.n_features if self._project is None else min(self._project, self.n_features)

    def narrowed(self, scale: str | None, weights: Float64 | None = None) -> Source:
        """Return scaled and projected rows, where ``project`` says so."""
        if self._project is None or (scale == "standard" and weights is not None):
            return self
        matrix = canonical(self._matrix)
        counted = matrix if weights is None else matrix[weights > 0]
        if not np.isfinite(counted.data).all():
            return self  # the first pass says where
        moments = column_moments(counted, scale)
        more = self._project, self._given_rows, self.feature_names
        return ProjectedSource(matrix, self._labels, moments, scale, *more)

    def parts(self) -> tuple[SparsePart, ...]:
        """Return runs of rows, which share the memory of the matrix."""
        found = runs(self._matrix, self._labels, self.n_features, self._chunk_rows)
        return tuple(SparsePart(*run, self.n_features, self._dtype) for run in found)

    def take(self, rows: Indices) -> RawRows:
        """Return the features of the rows at these positions, shape (len(rows), n_features)."""
        return self._dense(self._matrix[as_positions(rows, self.n_rows)])

    def _dense(self, part: Any) -> RawRows:
        rows: RawRows = np.ascontiguousarray(part.astype(self._dtype).toarray())
        return rows


def _resolved(project: int | str | None, n_features: int) -> int | None:
    """Return how many features to project to, or None."""
    if project == "auto":
        return PROJECTED if n_features > WIDE else None
    if project is None:
        return None
    check_range("project", project)
    return max(1, int(project) // REPEATS) * REPEATS
