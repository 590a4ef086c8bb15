"""Rows to their nearest centers."""

from __future__ import annotations

import numpy as np

from coresift._kernels._jit import kernel
from coresift._kernels.distance import first_minimum, squared_distances
from coresift._typing import Float32, Indices, Rows

TILE = 64


@kernel
def assign(rows: Rows, centers: Float32, nearest: Indices, squared: Float32) -> None:
    """Fill ``nearest`` and ``squared`` with the nearest center of each row (Eq. 5's phi).

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    centers : ndarray of shape (n_tiles, n_features, TILE), float32
        The centers, transposed in tiles; unused places hold infinity.
    nearest : ndarray of shape (n_rows,), int64
        Filled. Ties go to the lowest index.
    squared : ndarray of shape (n_rows,), float32
        Filled with the squared distance to it.
    """
    total = np.empty(TILE, np.float32)
    bits = total.view(np.int32)
    for i in range(rows.shape[0]):
        best = np.float32(np.inf)
        best_index = 0
        for tile in range(centers.shape[0]):
            squared_distances(rows[i], centers[tile], total)
            k = first_minimum(bits)
            if total[k] < best:
                best = total[k]
                best_index = tile * TILE + k
        nearest[i] = best_index
        squared[i] = best
