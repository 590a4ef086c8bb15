"""Counts of codes by cluster, added up without sorting them: one cluster at a time.

An entry is ``cluster * width + place``, where width is ``n_subspaces * 256`` and place is
``subspace * 256 + code``. Entries of a summary ascend, and so do those that are filled here.
"""

from __future__ import annotations

from coresift._kernels._jit import kernel
from coresift._typing import Codes, Counts, Indices


@kernel
def _drain(
    first: int,
    touched: Indices,
    n_touched: int,
    dense: Counts,
    entries: Indices,
    counts: Counts,
    n: int,
) -> int:
    """Write the counts of one cluster in ascending order, clear them, and return the new end."""
    if n_touched * 16 < dense.shape[0]:
        touched[:n_touched].sort()
        for i in range(n_touched):
            place = touched[i]
            entries[n], counts[n] = first + place, dense[place]
            dense[place] = 0
            n += 1
        return n
    for place in range(dense.shape[0]):
        if dense[place]:
            entries[n], counts[n] = first + place, dense[place]
            dense[place] = 0
            n += 1
    return n


@kernel
def count_codes(
    order: Indices,
    starts: Indices,
    targets: Indices,
    codes: Codes,
    steps: Counts,
    touched: Indices,
    dense: Counts,
    entries: Indices,
    counts: Counts,
) -> int:
    """Count how often each cluster holds each code.

    Parameters
    ----------
    order : ndarray of shape (n_rows,), int64
        Rows, cluster by cluster.
    starts : ndarray of shape (T + 1,), int64
        The rows of cluster t are ``order[starts[t]:starts[t + 1]]``.
    targets : ndarray of int64
        The clusters to count, ascending.
    codes : ndarray of shape (n_rows, n_subspaces), uint8
    steps : ndarray of shape (n_rows,), int64, all positive
        How often each row counts; of shape (0,) where each counts once.
    touched, dense : ndarray of shape (width,), int64
        Room to work in; ``dense`` is zero, before and after.
    entries, counts : ndarray of int64
        Filled, from their start on.

    Returns
    -------
    int
        How many were filled.
    """
    n, width = 0, dense.shape[0]
    for t in targets:
        n_touched = 0
        for i in range(starts[t], starts[t + 1]):
            row = order[i]
            times = steps[row] if steps.shape[0] else 1
            for subspace in range(codes.shape[1]):
                place = subspace * 256 + int(codes[row, subspace])
                if dense[place] == 0:
                    touched[n_touched] = place
                    n_touched += 1
                dense[place] += times
        n = _drain(t * width, touched, n_touched, dense, entries, counts, n)
    return n


@kernel
def add_entries(
    order: Indices,
    starts: Indices,
    targets: Indices,
    left_edges: Indices,
    left_entries: Indices,
    left_counts: Counts,
    right_edges: Indices,
    right_entries: Indices,
    right_counts: Counts,
    touched: Indices,
    dense: Counts,
    entries: Indices,
    counts: Counts,
) -> int:
    """Add up the entries of clusters of two summaries that become one cluster.

    Parameters
    ----------
    order : ndarray of shape (T_left + T_right,), int64
        Clusters, those that become one next to each other; of the right, T_left is added.
    starts : ndarray of shape (T + 1,), int64
        Cluster t is made of ``order[starts[t]:starts[t + 1]]``.
    targets : ndarray of int64
        The clusters to make, ascending.
    left_edges, right_edges : ndarray of shape (T_left + 1,), (T_right + 1,), int64
        Where the entries of each cluster begin.
    left_entries, left_counts, right_entries, right_counts : ndarray of int64
        All positive counts.
    touched, dense, entries, counts
        As in `count_codes`.

    Returns
    -------
    int
        How many were filled.
    """
    n, width, n_left = 0, dense.shape[0], left_edges.shape[0] - 1
    for t in targets:
        n_touched = 0
        for i in range(starts[t], starts[t + 1]):
            cluster = order[i]
            if cluster < n_left:
                first, last, base = left_edges[cluster], left_edges[cluster + 1], cluster * width
                some, times = left_entries, left_counts
            else:
                cluster -= n_left
                first, last, base = right_edges[cluster], right_edges[cluster + 1], cluster * width
                some, times = right_entries, right_counts
            for e in range(first, last):
                place = some[e] - base
                if dense[place] == 0:
                    touched[n_touched] = place
                    n_touched += 1
                dense[place] += times[e]
        n = _drain(t * width, touched, n_touched, dense, entries, counts, n)
    return n
