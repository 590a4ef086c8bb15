"""Squared distances from one row to many centers, and the nearest of them."""

from __future__ import annotations

from coresift._kernels._jit import kernel
from coresift._typing import Bits, Float32


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
