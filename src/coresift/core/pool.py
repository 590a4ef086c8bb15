"""The candidates of the greedy: encoded rows drawn by hash, so that pools merge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._rng import row_hash
from coresift._typing import Codes, Counts, Indices


@dataclass(frozen=True, eq=False)
class Pool:
    """Per class, the rows of smallest hash(row id, seed) with their codes.

    Equal codes cannot be told apart by the greedy (Section 5.2), so rows drawn
    uniformly stand for all; with a limit no smaller than the class they are all.

    Parameters
    ----------
    limits : tuple of int
        Per class, how many rows to keep.
    seed : int
    class_ids, row_ids : ndarray of shape (k,), int64
        Sorted by (class, hash); no two rows have the same hash.
    codes : ndarray of shape (k, n_subspaces), uint8

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.pool import Pool
    >>> codes = np.zeros((4, 1), dtype=np.uint8)
    >>> pool = Pool.of(np.array([0, 0, 1, 0]), np.arange(4), codes, limits=(2, 2), seed=0)
    >>> pool.class_ids.tolist()
    [0, 0, 1]
    """

    limits: tuple[int, ...]
    seed: int
    class_ids: Indices
    row_ids: Indices
    codes: Codes

    @classmethod
    def of(
        cls, class_ids: Indices, row_ids: Indices, codes: Codes, limits: tuple[int, ...], seed: int
    ) -> Pool:
        """Keep at most ``limits[c]`` of the rows of class c."""
        by_hash = np.argsort(row_hash(row_ids, seed))
        order = by_hash[np.argsort(class_ids[by_hash], kind="stable")]
        starts = np.searchsorted(class_ids[order], np.arange(len(limits)))
        rank = np.arange(len(order)) - starts[class_ids[order]]
        kept = order[rank < np.array(limits, dtype=np.int64)[class_ids[order]]]
        return cls(limits, seed, class_ids[kept], row_ids[kept], codes[kept])

    def merge(self, other: Pool) -> Pool:
        """Return the pool of both sets of rows."""
        return Pool.of(
            np.concatenate([self.class_ids, other.class_ids]),
            np.concatenate([self.row_ids, other.row_ids]),
            np.concatenate([self.codes, other.codes]),
            self.limits,
            self.seed,
        )

    def of_class(self, class_id: int) -> Pool:
        """Return the part of one class."""
        part = slice(*np.searchsorted(self.class_ids, [class_id, class_id + 1]))
        return Pool(
            self.limits, self.seed, self.class_ids[part], self.row_ids[part], self.codes[part]
        )


@dataclass(frozen=True, eq=False)
class Candidates:
    """The distinct codes of a pool of one class, and the rows that hold them.

    Parameters
    ----------
    codes : ndarray of shape (C, n_subspaces), uint8
        Distinct, in ascending order.
    counts : ndarray of shape (C,), int64
        Rows of the pool that hold each code.
    row_ids : ndarray of shape (k,), int64
        Sorted by (code, hash).
    """

    codes: Codes
    counts: Counts
    row_ids: Indices

    @classmethod
    def of(cls, pool: Pool) -> Candidates:
        """Group the rows of a one-class pool by code."""
        words = _words(pool.codes)
        order = np.lexsort(words.T[::-1])  # stable: rows stay in the order of their hashes
        ordered = words[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
        starts = np.flatnonzero(first)
        counts = np.diff(np.append(starts, len(order))).astype(np.int64)
        return cls(pool.codes[order][starts], counts, pool.row_ids[order])

    def rows(self, picks: Indices) -> Indices:
        """Return a row for each pick: the n-th pick of a code takes its n-th row by hash."""
        order = np.argsort(picks, kind="stable")
        ordered = picks[order]
        nth = np.arange(len(picks)) - np.searchsorted(ordered, ordered)
        rows = np.empty(len(picks), dtype=np.int64)
        rows[order] = self.row_ids[(np.cumsum(self.counts) - self.counts)[ordered] + nth]
        return rows


def _words(codes: Codes) -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
    """Pack each code into as few uint64 as hold it, most significant first, in sorting order."""
    n_rows, n_subspaces = codes.shape
    packed = np.zeros((n_rows, -(-n_subspaces // 8) * 8), dtype=np.uint8)
    packed[:, :n_subspaces] = codes
    return packed.view(">u8").astype(np.uint64)
