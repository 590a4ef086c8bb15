"""Rows to their nearest centers."""

from __future__ import annotations

import numpy as np

from coresift._kernels._jit import kernel
from coresift._kernels.distance import (
    first_minimum,
    squared_distances,
    squared_distances_in,
)
from coresift._typing import Float32, Indices, Rows

TILE = 32


@kernel
def squared_box_distances(
    row: Float32,
    low: Float32,
    high: Float32,
    within: Float32,
    telling: Indices,
    total: Float32,
) -> None:
    """Fill ``total`` with the squared distance from a row to each box.

    Summed in the order of `squared_distances`. Rounding is monotone, so the result is at most
    the squared distance, as computed there, to any point of the box, whatever is left out.

    Parameters
    ----------
    row : ndarray of shape (n_features,), float32
    low, high : ndarray of shape (n_features, n_boxes), float32
    within : ndarray of shape (2, n_features), float32
        The largest low and the smallest high: in between, a feature adds nothing to any box.
    telling : ndarray of int64
        The features that are looked at, ascending.
    total : ndarray of shape (n_boxes,), float32
        Filled.
    """
    zero = np.float32(0)
    for k in range(total.shape[0]):
        total[k] = zero
    for place in range(telling.shape[0]):
        j = telling[place]
        value = row[j]
        if within[0, j] <= value <= within[1, j]:
            continue
        for k in range(total.shape[0]):
            outside = max(low[j, k] - value, value - high[j, k], zero)
            total[k] += outside * outside


@kernel
def assign(
    rows: Rows,
    centers: Float32,
    index: Indices,
    low: Float32,
    high: Float32,
    telling: Indices,
    nearest: Indices,
    squared: Float32,
) -> int:
    """Fill ``nearest`` and ``squared`` with the nearest center of each row (Eq. 5's phi).

    Tiles are looked at from the nearest box on, until no box is near enough. Returns how many
    were looked at, for all rows together.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    centers : ndarray of shape (n_tiles, n_features, TILE), float32
        The centers, transposed in tiles; unused places hold infinity.
    index : ndarray of shape (n_tiles, TILE), int64
        Number of the center in each place, ascending within a tile.
    low, high : ndarray of shape (n_features, n_tiles), float32
        Bounding box of each tile.
    telling : ndarray of int64
        Features by which a box may be too far away, ascending.
    nearest : ndarray of shape (n_rows,), int64
        Filled. Ties go to the lowest index.
    squared : ndarray of shape (n_rows,), float32
        Filled with the squared distance to it.
    """
    infinity = np.float32(np.inf)
    total = np.empty(TILE, np.float32)
    bits = total.view(np.int32)
    box = np.empty(centers.shape[0], np.float32)
    box_bits = box.view(np.int32)
    n_features = rows.shape[1]
    # A feature in which a row equals all centers of a tile adds nothing, and is left out there.
    within, edges = (
        np.empty((2, n_features), np.float32),
        np.empty((2, low.shape[1], n_features), np.float32),
    )
    features, n_flat = np.empty(n_features, np.int64), 0
    for j in range(n_features):
        within[0, j], within[1, j] = low[j].max(), high[j].min()
        for tile in range(centers.shape[0]):
            edges[0, tile, j], edges[1, tile, j] = low[j, tile], high[j, tile]
            n_flat += low[j, tile] == high[j, tile]
            if centers[tile, j, TILE - 1] == infinity:  # and so do unused places
                edges[0, tile, j] = -infinity
    many_flat = 2 * n_flat > low.size  # else looking for them does not pay
    n_looked = 0
    for i in range(rows.shape[0]):
        squared_box_distances(rows[i], low, high, within, telling, box)
        best = infinity
        best_index = np.int64(-1)
        for _ in range(centers.shape[0]):
            tile = first_minimum(box_bits)
            if box[tile] > best:
                break
            box[tile] = infinity
            n_looked += 1
            if many_flat:
                n_used = 0
                for j in range(n_features):
                    value = rows[i, j]
                    features[n_used] = j
                    n_used += edges[0, tile, j] != value or edges[1, tile, j] != value
                squared_distances_in(rows[i], centers[tile], features, n_used, total)
            else:
                squared_distances(rows[i], centers[tile], total)
            k = first_minimum(bits)
            if total[k] < best or (total[k] == best and index[tile, k] < best_index):
                best = total[k]
                best_index = index[tile, k]
        nearest[i] = best_index
        squared[i] = best
    return n_looked


@kernel
def settle(
    rows: Rows,
    norms: Float32,
    centers: Rows,
    center_norms: Float32,
    products: Float32,
    nearest: Indices,
    squared: Float32,
) -> None:
    """Fill ``nearest`` and ``squared`` as `assign` does, where all products are known roughly.

    A squared distance from ``|x|^2 + |c|^2 - 2 x c`` is near the one that is summed directly, and
    how near is known. Only centers that may be nearest are summed.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    norms : ndarray of shape (n_rows,), float32
        Their squared norms; with those of the centers far from the largest float32.
    centers : ndarray of shape (n_centers, n_features), float32
    center_norms : ndarray of shape (n_centers,), float32
    products : ndarray of shape (n_rows, n_centers), float32
        Inner products, summed in any order; changed.
    nearest, squared : ndarray
        As there.

    Notes
    -----
    Of n terms, a sum in float32 is wrong by at most n 2^-24 of the sum of their absolute values,
    in any order (to first order; twice that is allowed for here), and by the little that is lost
    where a term is too small for float32. The absolute values of the three sums are at most
    ``2 (|x|^2 + |c|^2)`` together.
    """
    n_features, zero, two = rows.shape[1], np.float32(0), np.float32(2)
    rounding = np.float32((n_features + 4) * 2.0**-23)
    lost = np.float32(n_features * 2.0**-120)
    largest = center_norms.max()
    for i in range(rows.shape[0]):
        rough = products[i]
        for k in range(rough.shape[0]):
            rough[k] = max(norms[i] + center_norms[k] - two * rough[k], zero)
        error = 2 * rounding * (norms[i] + largest) + lost
        least = rough[first_minimum(rough.view(np.int32))]
        limit = (least + error) * (1 + 8 * rounding) + error
        best, best_index = np.float32(np.inf), -1
        for k in range(rough.shape[0]):
            if rough[k] <= limit:
                total = zero
                for j in range(n_features):
                    difference = rows[i, j] - centers[k, j]
                    total += difference * difference
                if total < best:
                    best, best_index = total, k
        nearest[i] = best_index
        squared[i] = best
