"""Item-cluster bounds from convex hulls in two-dimensional subspaces (Section 5.2, Eq. 9).

``points[starts[t * M + l] : starts[t * M + l + 1]]`` are the hull vertices of cluster t in
subspace l (of M). The bound is ``u_jt = sum_l max over the vertices of the distance``. Terms are
never negative and sums of floats are monotone: once a partial sum reaches the cover of a cluster,
the cluster cannot gain and is left. That changes no bit of any gain.
"""

from __future__ import annotations

import math

import numpy as np

from coresift._kernels._jit import kernel
from coresift._typing import Float64, Indices, Rows

# Vertices are left out by Qhull, and distances rounded, by far less than this.
_ABOVE = 1 + 2.0**-30


@kernel
def _bound(
    row: Rows,
    starts: Indices,
    points: Rows,
    first: int,
    subspaces: Indices,
    total: float,
    limit: float,
) -> float:
    """Return the bound of one cluster, or the limit where the bound is not below it."""
    for subspace in subspaces:
        x, y = np.float64(row[2 * subspace]), np.float64(row[2 * subspace + 1])
        farthest = 0.0
        for v in range(starts[first + subspace], starts[first + subspace + 1]):
            dx, dy = x - points[v, 0], y - points[v, 1]
            farthest = max(farthest, dx * dx + dy * dy)
        total += math.sqrt(farthest) * _ABOVE
        if total >= limit:
            return limit
    return total


@kernel
def fill_bounds(
    rows: Rows,
    starts: Indices,
    points: Rows,
    subspaces: Indices,
    limits: Float64,
    bounds: Float64,
) -> None:
    """Fill ``bounds``, shape (n_rows, T), with the parts that some subspaces have in the bounds.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, 2 * n_subspaces), float32
    starts : ndarray of shape (T * n_subspaces + 1,), int64
    points : ndarray of shape (n_vertices, 2), float32
    subspaces : ndarray of int64
    limits : ndarray of shape (T,), float64
        What is not below its limit is not summed up: the limit is filled in.
    bounds : ndarray of shape (n_rows, T), float64
        Filled.
    """
    n_subspaces = rows.shape[1] // 2
    for i in range(rows.shape[0]):
        for t in range(bounds.shape[1]):
            first = t * n_subspaces
            bounds[i, t] = _bound(rows[i], starts, points, first, subspaces, 0.0, limits[t])


@kernel
def fill_gains(
    which: Indices,
    rows: Rows,
    starts: Indices,
    points: Rows,
    subspaces: Indices,
    parts: Float64,
    part_of: Indices,
    sizes: Indices,
    cover: Float64,
    gains: Float64,
) -> None:
    """Fill ``gains`` with ``sum_t |C_t| max(0, cover_t - u_jt)`` of each candidate in ``which``.

    Parameters
    ----------
    which : ndarray of shape (n_which,), int64
        Positions in ``rows``.
    rows, starts, points : as for `fill_bounds`
    subspaces : ndarray of int64
        Those that are summed here.
    parts : ndarray of shape (n_parts, T), float64
        The sums over the other subspaces, for each combination of points that a row has there.
    part_of : ndarray of shape (n_rows,), int64
        The combination of each row.
    sizes : ndarray of shape (T,), int64
    cover : ndarray of shape (T,), float64
        Smallest bound of a chosen candidate.
    gains : ndarray of shape (n_which,), float64
        Filled; summed cluster by cluster.
    """
    n_subspaces = rows.shape[1] // 2
    for c in range(which.shape[0]):
        row, part = rows[which[c]], parts[part_of[which[c]]]
        gain = 0.0
        for t in range(sizes.shape[0]):
            limit = cover[t]
            if part[t] < limit:
                first = t * n_subspaces
                bound = _bound(row, starts, points, first, subspaces, part[t], limit)
                gain += sizes[t] * (limit - bound)
        gains[c] = gain


@kernel
def absorb(
    candidate: int,
    rows: Rows,
    starts: Indices,
    points: Rows,
    subspaces: Indices,
    parts: Float64,
    part_of: Indices,
    cover: Float64,
    owners: Indices,
) -> None:
    """Lower ``cover``, shape (T,), by a chosen row, and name it the owner where it does."""
    n_subspaces = rows.shape[1] // 2
    row, part = rows[candidate], parts[part_of[candidate]]
    for t in range(cover.shape[0]):
        if part[t] < cover[t]:
            first = t * n_subspaces
            bound = _bound(row, starts, points, first, subspaces, part[t], cover[t])
            if bound < cover[t]:
                cover[t] = bound
                owners[t] = candidate
