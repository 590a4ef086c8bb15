"""The candidates of the greedy: the distinct codes of a pool of rows, and the rows behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._typing import Codes, Counts, Indices
from coresift.core.merge import BottomK, rank_in_group


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
    def of(cls, pool: BottomK) -> Candidates:
        """Group the rows of a one-class pool by the codes that they carry.

        Equal codes cannot be told apart by the greedy (Section 5.2), so rows drawn uniformly
        stand for all; with a limit no smaller than the class they are all.
        """
        codes = pool.payload[0]
        words = _words(codes)
        order = np.lexsort(words.T[::-1])  # stable: rows stay in the order of their hashes
        ordered = words[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
        starts = np.flatnonzero(first)
        counts = np.diff(np.append(starts, len(order))).astype(np.int64)
        return cls(codes[order][starts], counts, pool.row_ids[order])

    def rows(self, picks: Indices) -> Indices:
        """Return a row for each pick: the n-th pick of a code takes its n-th row by hash."""
        order = np.argsort(picks, kind="stable")
        ordered = picks[order]
        nth = rank_in_group(ordered)
        rows = np.empty(len(picks), dtype=np.int64)
        rows[order] = self.row_ids[(np.cumsum(self.counts) - self.counts)[ordered] + nth]
        return rows


def _words(codes: Codes) -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
    """Pack each code into as few uint64 as hold it, most significant first, in sorting order."""
    n_rows, n_subspaces = codes.shape
    packed = np.zeros((n_rows, -(-n_subspaces // 8) * 8), dtype=np.uint8)
    packed[:, :n_subspaces] = codes
    return packed.view(">u8").astype(np.uint64)
