"""Rows to the most likely component of a Gaussian mixture."""

from __future__ import annotations

import numpy as np

from coresift._kernels._jit import kernel
from coresift._typing import Float64, Indices, Rows

WIDTH = 32
_STRIDE = 8  # features between two looks at whether a tile may still win


@kernel
def most_likely(
    rows: Rows,
    means: Float64,
    halves: Float64,
    heights: Float64,
    likeliest: Indices,
    density: Float64,
) -> None:
    """Fill ``likeliest`` with the component of highest weight times density of each row.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    means, halves : ndarray of shape (n_tiles, n_features, WIDTH), float64
        Of the components, in tiles: mean, and half of the inverse variance, of each feature.
    heights : ndarray of shape (n_tiles, WIDTH), float64
        Log of the weight times the density at the mean, up to a constant; unused places hold
        minus infinity.
    likeliest : ndarray of shape (n_rows,), int64
        Filled. Ties go to the lowest component.
    density : ndarray of shape (n_rows,), float64
        Filled with its height there: ``height - sum_j half_j (row_j - mean_j)^2``, subtracted
        in feature order.

    Notes
    -----
    Every feature takes something off, and rounding is monotone: a tile that is below the best
    component so far cannot win, and is left. Tiles go round outside, rows inside, so that a
    tile stays in the cache.
    """
    n_features = rows.shape[1]
    total = np.empty(WIDTH, np.float64)
    likeliest[:] = 0
    density[:] = -np.inf
    for tile in range(means.shape[0]):
        for i in range(rows.shape[0]):
            for k in range(WIDTH):
                total[k] = heights[tile, k]
            start, above = 0, True
            while start < n_features and above:
                stop = min(start + _STRIDE, n_features)
                for j in range(start, stop):
                    value = np.float64(rows[i, j])
                    for k in range(WIDTH):
                        apart = value - means[tile, j, k]
                        total[k] -= apart * apart * halves[tile, j, k]
                above = False
                for k in range(WIDTH):
                    above |= total[k] > density[i]
                start = stop
            for k in range(WIDTH):
                if above and total[k] > density[i]:
                    density[i] = total[k]
                    likeliest[i] = tile * WIDTH + k
