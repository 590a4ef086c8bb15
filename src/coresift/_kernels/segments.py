"""Work on many segments of one array at once: classes, of which there may be very many."""

from __future__ import annotations

import numpy as np

from coresift._kernels._jit import kernel
from coresift._kernels.distance import first_minimum, squared_distances
from coresift._typing import Buckets, Float32, Indices, Rows


@kernel
def find_in_segments(
    segments: Indices, keys: Buckets, edges: Indices, buckets: Buckets, found: Indices
) -> None:
    """Fill ``found`` with the first place in its segment that is not below each key.

    Parameters
    ----------
    segments : ndarray of shape (n_keys,), int64
    keys : ndarray of shape (n_keys,), uint64
    edges : ndarray of shape (n_segments + 1,), int64
        Segment s is ``buckets[edges[s]:edges[s + 1]]``, ascending.
    buckets : ndarray of uint64
    found : ndarray of shape (n_keys,), int64
        Filled with places in ``buckets``; the end of the segment where all are below the key.
    """
    for i in range(keys.shape[0]):
        low, high = edges[segments[i]], edges[segments[i] + 1]
        while low < high:
            middle = (low + high) // 2
            if buckets[middle] < keys[i]:
                low = middle + 1
            else:
                high = middle
        found[i] = low


@kernel
def assign_in_segments(
    rows: Rows,
    segments: Indices,
    edges: Indices,
    columns: Float32,
    nearest: Indices,
    squared: Float32,
) -> None:
    """Fill ``nearest`` and ``squared`` with the nearest center of the segment of each row.

    The same numbers as `nearest.assign` for each segment by itself, for segments of few centers.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    segments : ndarray of shape (n_rows,), int64
    edges : ndarray of shape (n_segments + 1,), int64
        The centers of segment s are numbered from ``edges[s]`` to ``edges[s + 1] - 1``.
    columns : ndarray of shape (n_centers * n_features,), float32
        The centers of each segment, transposed, one segment after the other.
    nearest : ndarray of shape (n_rows,), int64
        Filled with numbers of centers. Ties go to the lowest.
    squared : ndarray of shape (n_rows,), float32
        Filled with the squared distance to it.
    """
    n_features = rows.shape[1]
    most = 1
    for s in range(edges.shape[0] - 1):
        most = max(most, edges[s + 1] - edges[s])
    whole = np.empty(most, np.float32)
    for i in range(rows.shape[0]):
        first, last = edges[segments[i]], edges[segments[i] + 1]
        own = columns[first * n_features : last * n_features].reshape(n_features, last - first)
        total = whole[: last - first]
        squared_distances(rows[i], own, total)
        k = first_minimum(total.view(np.int32))
        nearest[i] = first + k
        squared[i] = total[k]


@kernel
def transpose_segments(rows: Rows, edges: Indices, columns: Float32) -> None:
    """Fill ``columns`` with the rows of each segment transposed; see `assign_in_segments`."""
    n_features = rows.shape[1]
    for s in range(edges.shape[0] - 1):
        first, size = edges[s], edges[s + 1] - edges[s]
        for i in range(size):
            for j in range(n_features):
                columns[first * n_features + j * size + i] = rows[first + i, j]
