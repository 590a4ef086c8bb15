"""Rows to their nearest centers."""

from __future__ import annotations

import numpy as np

from coresift._kernels._jit import kernel
from coresift._kernels.distance import first_minimum, squared_distances
from coresift._typing import Float32, Indices, Rows

TILE = 32


@kernel
def squared_box_distances(row: Float32, low: Float32, high: Float32, total: Float32) -> None:
    """Fill ``total`` with the squared distance from a row to each box.

    Summed in the order of `squared_distances`. Rounding is monotone, so the result is at most
    the squared distance, as computed there, to any point of the box.

    Parameters
    ----------
    row : ndarray of shape (n_features,), float32
    low, high : ndarray of shape (n_features, n_boxes), float32
    total : ndarray of shape (n_boxes,), float32
        Filled.
    """
    zero = np.float32(0)
    for k in range(total.shape[0]):
        total[k] = zero
    for j in range(row.shape[0]):
        value = row[j]
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
    nearest: Indices,
    squared: Float32,
) -> None:
    """Fill ``nearest`` and ``squared`` with the nearest center of each row (Eq. 5's phi).

    Tiles are looked at from the nearest box on, until no box is near enough.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    centers : ndarray of shape (n_tiles, n_features, TILE), float32
        The centers, transposed in tiles; unused places hold infinity.
    index : ndarray of shape (n_tiles, TILE), int64
        Number of the center in each place, ascending within a tile.
    low, high : ndarray of shape (n_features, n_tiles), float32
        Bounding box of each tile.
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
    for i in range(rows.shape[0]):
        squared_box_distances(rows[i], low, high, box)
        best = infinity
        best_index = np.int64(-1)
        for _ in range(centers.shape[0]):
            tile = first_minimum(box_bits)
            if box[tile] > best:
                break
            box[tile] = infinity
            squared_distances(rows[i], centers[tile], total)
            k = first_minimum(bits)
            if total[k] < best or (total[k] == best and index[tile, k] < best_index):
                best = total[k]
                best_index = index[tile, k]
        nearest[i] = best_index
        squared[i] = best
