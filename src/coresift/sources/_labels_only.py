"""Rows of which only the labels are looked at."""

from __future__ import annotations

from typing import Any

import numpy as np

from coresift._typing import Indices, RawRows
from coresift.sources._array import ArrayPart
from coresift.sources._base import Source, part_rows
from coresift.sources._base import chunk_rows as rows_per_chunk
from coresift.sources._checks import as_labels, as_positions, check_shape
from coresift.sources._rows import n_rows_of


class LabelSource(Source):
    """Labels of an array-like whose values may be anything: there are no features.

    Parameters
    ----------
    X : array-like of shape (n_rows, ...)
        Only counted.
    y : array-like of shape (n_rows,) or None, default=None
        Labels.
    chunk_rows : int or None, default=None
        Rows per chunk.

    Examples
    --------
    >>> from coresift.sources import as_source
    >>> source = as_source([["any", None], ["thing", 1]], [0, 1], features=False)
    >>> source.n_rows, source.n_features, next(source.chunks()).labels.tolist()
    (2, 0, [0, 1])
    """

    feature_names = ()

    def __init__(self, X: Any, y: Any = None, *, chunk_rows: int | None = None) -> None:
        self.n_rows, _ = check_shape((n_rows_of(X), 1))
        self._labels = as_labels(y, self.n_rows)
        self._chunk_rows = rows_per_chunk(1, chunk_rows)

    def parts(self) -> tuple[ArrayPart, ...]:
        """Return runs of rows."""
        size = part_rows(self.n_rows, 1, self._chunk_rows)
        return tuple(self._part(start, size) for start in range(0, self.n_rows, size))

    def _part(self, start: int, size: int) -> ArrayPart:
        n_rows = min(size, self.n_rows - start)
        nothing = np.zeros((n_rows, 0), dtype=np.float32)
        labels = None if self._labels is None else self._labels[start : start + n_rows]
        facts = nothing, labels, nothing.dtype, self._chunk_rows
        return ArrayPart(start, n_rows, f"labels@{start}", *facts)

    def take(self, rows: Indices) -> RawRows:
        """Return rows of no features, shape (len(rows), 0)."""
        return np.zeros((len(as_positions(rows, self.n_rows)), 0), dtype=np.float32)
