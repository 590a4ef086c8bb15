"""Rows of a scipy sparse matrix, made dense chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from coresift._errors import DataError
from coresift._typing import Indices, RawRows
from coresift.sources._array import float_type
from coresift.sources._base import Chunk, Source
from coresift.sources._base import chunk_rows as rows_per_chunk
from coresift.sources._checks import as_labels, as_positions, check_shape


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

    def __init__(self, X: Any, y: Any = None, *, chunk_rows: int | None = None) -> None:
        self.n_rows, n_features = check_shape(X.shape)
        if X.dtype.kind not in "biuf":
            raise DataError(f"the data are a sparse matrix of {X.dtype}; coresift needs numbers")
        self.feature_names = tuple(f"x{feature}" for feature in range(n_features))
        self._labels = as_labels(y, self.n_rows)
        self._dtype = float_type(X.dtype)
        # other formats add up entries that are stored twice when they are converted: as floats,
        # so that those of an int8 matrix cannot overflow
        self._matrix = X if X.format == "csr" else X.astype(self._dtype).tocsr()
        self._chunk_rows = rows_per_chunk(n_features, chunk_rows)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows from first to last."""
        for start in range(0, self.n_rows, self._chunk_rows):
            part = slice(start, start + self._chunk_rows)
            rows = self._dense(self._matrix[part])
            yield Chunk(start, rows, None if self._labels is None else self._labels[part])

    def take(self, rows: Indices) -> RawRows:
        """Return the features of the rows at these positions, shape (len(rows), n_features)."""
        return self._dense(self._matrix[as_positions(rows, self.n_rows)])

    def _dense(self, part: Any) -> RawRows:
        rows: RawRows = np.ascontiguousarray(part.astype(self._dtype).toarray())
        return rows
