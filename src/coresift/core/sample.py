"""A uniform sample of rows that merges: the k rows of smallest hash."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._rng import row_hash
from coresift._typing import Indices, RawRows


@dataclass(frozen=True, eq=False)
class RowSample:
    """The rows whose (hash(row id, seed), row id) is smallest.

    Parameters
    ----------
    size : int
        How many rows to keep.
    seed : int
    row_ids : ndarray of shape (k,), int64
        In the order of their hashes, k <= size.
    rows : ndarray of shape (k, n_features), float32 or float64

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.sample import RowSample
    >>> rows, ids = np.arange(6.0)[:, None], np.arange(6)
    >>> whole = RowSample.of(rows, ids, size=3, seed=0)
    >>> parts = RowSample.of(rows[:2], ids[:2], 3, 0).merge(RowSample.of(rows[2:], ids[2:], 3, 0))
    >>> bool((whole.row_ids == parts.row_ids).all())
    True
    """

    size: int
    seed: int
    row_ids: Indices
    rows: RawRows

    @classmethod
    def of(cls, rows: RawRows, row_ids: Indices, size: int, seed: int) -> RowSample:
        """Sample rows of shape (n_rows, n_features) with distinct ids."""
        hashes = row_hash(row_ids, seed)
        if len(hashes) > size:  # a cheap cut before the sort; equal hashes all stay
            kept = np.flatnonzero(hashes <= np.partition(hashes, size - 1)[size - 1])
        else:
            kept = np.arange(len(hashes))
        order = kept[np.lexsort((row_ids[kept], hashes[kept]))][:size]
        return cls(size, seed, row_ids[order], rows[order])

    def merge(self, other: RowSample) -> RowSample:
        """Return the sample of both sets of rows."""
        return RowSample.of(
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.row_ids, other.row_ids]),
            self.size,
            self.seed,
        )
