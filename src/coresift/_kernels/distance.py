"""Squared distances from one row to many centers, and the nearest of them."""

from __future__ import annotations

from coresift._kernels._jit import kernel
from coresift._typing import Bits, Float32, Indices


@kernel
def squared_distances(row: Float32, centers: Float32, total: Float32) -> None:
    """Fill ``total`` with squared distances, summed directly and in feature order.

    Parameters
    ----------
    row : ndarray of shape (n_features,), float32
    centers : ndarray of shape (n_features, n_centers), float32
    total : ndarray of shape (n_centers,), float32
        Filled.

    Notes
    -----
    Four features are taken in one sweep: less memory traffic, the same sums.
    """
    n_features, n_centers = centers.shape
    for k in range(n_centers):
        total[k] = 0
    j = 0
    while j + 4 <= n_features:
        v0, v1, v2, v3 = row[j], row[j + 1], row[j + 2], row[j + 3]
        for k in range(n_centers):
            d0 = v0 - centers[j, k]
            d1 = v1 - centers[j + 1, k]
            d2 = v2 - centers[j + 2, k]
            d3 = v3 - centers[j + 3, k]
            total[k] = (((total[k] + d0 * d0) + d1 * d1) + d2 * d2) + d3 * d3
        j += 4
    while j < n_features:
        for k in range(n_centers):
            d0 = row[j] - centers[j, k]
            total[k] += d0 * d0
        j += 1


@kernel
def squared_distances_in(
    row: Float32, centers: Float32, features: Indices, n_features: int, total: Float32
) -> None:
    """Fill ``total`` as `squared_distances` does where all other features add nothing.

    Parameters
    ----------
    row, centers, total : ndarray
        As there.
    features : ndarray of int64
        Ascending; the first ``n_features`` count.
    """
    n_centers = centers.shape[1]
    for k in range(n_centers):
        total[k] = 0
    j = 0
    while j + 4 <= n_features:
        f0, f1, f2, f3 = features[j], features[j + 1], features[j + 2], features[j + 3]
        v0, v1, v2, v3 = row[f0], row[f1], row[f2], row[f3]
        c0, c1, c2, c3 = centers[f0], centers[f1], centers[f2], centers[f3]
        for k in range(n_centers):
            d0, d1, d2, d3 = v0 - c0[k], v1 - c1[k], v2 - c2[k], v3 - c3[k]
            total[k] = (((total[k] + d0 * d0) + d1 * d1) + d2 * d2) + d3 * d3
        j += 4
    while j < n_features:
        value, own = row[features[j]], centers[features[j]]
        for k in range(n_centers):
            d0 = value - own[k]
            total[k] += d0 * d0
        j += 1


@kernel
def first_minimum(bits: Bits) -> int:
    """Return the first position of the smallest value.

    Squared distances are never negative, and the bit patterns of non-negative
    floats sort like integers. The caller passes ``distances.view(int32)``: an
    integer minimum is one that the compiler vectorises without reordering floats.
    """
    smallest = bits[0]
    for k in range(1, bits.shape[0]):
        smallest = min(smallest, bits[k])
    position = 0
    while bits[position] != smallest:
        position += 1
    return position
