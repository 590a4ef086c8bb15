"""How often each cluster holds each code: entries of a summary, counted and added up."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from coresift._kernels.tally import add_entries, count_codes
from coresift._threads import run_all, thread_count
from coresift._typing import Codes, Counts, Indices

Entries = tuple[Indices, Counts]
_LEAST = 2**15  # entries of a block of work


def of_rows(order: Indices, starts: Indices, codes: Codes, steps: Counts | None) -> Entries:
    """Count the codes of rows, cluster by cluster.

    Parameters
    ----------
    order : ndarray of shape (n_rows,), int64
        Rows by cluster.
    starts : ndarray of shape (T,), int64
        Where each cluster begins.
    codes : ndarray of shape (n_rows, n_subspaces), uint8
    steps : ndarray of shape (n_rows,), int64, or None
        How often each row counts.

    Returns
    -------
    entries, counts : ndarray of shape (n_entries,), int64
        See `Summary`.
    """
    edges = np.append(starts, len(order)).astype(np.int64)
    times = np.zeros(0, dtype=np.int64) if steps is None else steps

    def fill(targets: Indices, *room: Indices) -> int:
        return count_codes(order, edges, targets, codes, times, *room)

    return _filled(fill, np.diff(edges) * codes.shape[1], 256 * codes.shape[1])


def of_both(
    order: Indices, starts: Indices, left: Entries, right: Entries, n_left: int, width: int
) -> Entries:
    """Add up the entries of two summaries whose clusters are put together.

    Parameters
    ----------
    order : ndarray of shape (T_left + T_right,), int64
        Clusters, those that become one next to each other; of the right, ``n_left`` is added.
    starts : ndarray of shape (T,), int64
        Where each new cluster begins.
    left, right : tuple of ndarray
        Entries and counts.
    n_left, width : int
        Clusters of the left; places of a cluster.
    """
    edges = np.append(starts, len(order)).astype(np.int64)
    sides = [
        np.searchsorted(entries, np.arange(n + 1) * width).astype(np.int64)
        for (entries, _), n in ((left, n_left), (right, len(order) - n_left))
    ]
    lengths = np.concatenate([np.diff(side) for side in sides])[order]
    most = np.add.reduceat(lengths, starts) if len(starts) else lengths

    def fill(targets: Indices, *room: Indices) -> int:
        return add_entries(order, edges, targets, sides[0], *left, sides[1], *right, *room)

    return _filled(fill, most, width)


def _filled(fill: Callable[..., int], most: Counts, width: int) -> Entries:
    """Fill entries in blocks of clusters; ``most`` says how many each cluster may have."""
    if not width or not len(most):
        none = np.zeros(0, dtype=np.int64)
        return none, none
    ends = np.cumsum(np.minimum(most, width))
    n_blocks = max(1, min(thread_count(), int(ends[-1]) // _LEAST))
    cuts = np.searchsorted(ends, ends[-1] * np.arange(1, n_blocks) // n_blocks, side="right")
    edges = np.concatenate([[0], cuts, [len(most)]])

    def block(first: int, stop: int) -> Entries:
        before = int(ends[first - 1]) if first else 0
        size = int(ends[stop - 1]) - before if stop > first else 0
        entries, counts, touched, dense = (
            np.zeros(n, dtype=np.int64) for n in (size, size, width, width)
        )
        n = fill(np.arange(first, stop), touched, dense, entries, counts)
        return entries[:n], counts[:n]

    done = run_all(lambda pair: block(*pair), [(int(a), int(b)) for a, b in pairwise(edges)])
    return np.concatenate([one for one, _ in done]), np.concatenate([one for _, one in done])
