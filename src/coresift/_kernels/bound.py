"""Tables from which item-cluster bounds are summed (Section 5.2)."""

from __future__ import annotations

import numpy as np

from coresift._kernels._jit import kernel
from coresift._kernels.greedy import WIDTH
from coresift._typing import Counts, Float32, Indices


@kernel
def fill_table(
    blocks: Indices,
    starts: Indices,
    subspaces: Indices,
    cell_codes: Indices,
    cell_counts: Counts,
    sizes: Counts,
    distances: Float32,
    mean: bool,
    table: Float32,
    floor: Float32,
) -> None:
    """Fill the bound table of some blocks of clusters.

    Parameters
    ----------
    blocks : ndarray of shape (n_which,), int64
        The blocks to fill.
    starts : ndarray of shape (T + 1,), int64
        The cells of cluster t are ``starts[t]:starts[t + 1]``.
    subspaces, cell_codes, cell_counts : ndarray of shape (n_cells,), int64
        Subspace and code of a cell, and how many rows of the cluster hold it.
    sizes : ndarray of shape (T,), int64
    distances : ndarray of shape (n_subspaces, n_codewords, n_codewords), float32
        Distances or squared distances between codewords.
    mean : bool
        Average over the rows of the cluster instead of the maximum over its codes.
    table : ndarray of shape (n_blocks, n_subspaces, n_codewords, WIDTH), float32
        Filled; zero where there is no cluster.
    floor : ndarray of shape (n_subspaces, n_codewords, n_blocks), float32
        Filled with the smallest value of the block's clusters.
    """
    n_subspaces, n_codewords = distances.shape[0], distances.shape[1]
    terms = np.empty((WIDTH, n_subspaces, n_codewords), np.float32)
    for k in blocks:
        terms[:] = 0
        first = k * WIDTH
        n_clusters = min(WIDTH, sizes.shape[0] - first)
        for i in range(n_clusters):
            for cell in range(starts[first + i], starts[first + i + 1]):
                term = terms[i, subspaces[cell]]
                distance = distances[subspaces[cell], cell_codes[cell]]
                if mean:
                    share = np.float32(cell_counts[cell] / sizes[first + i])
                    for b in range(n_codewords):
                        term[b] += share * distance[b]
                else:
                    for b in range(n_codewords):
                        term[b] = max(term[b], distance[b])
        for subspace in range(n_subspaces):
            for b in range(n_codewords):
                lowest = terms[0, subspace, b]
                for i in range(WIDTH):
                    table[k, subspace, b, i] = terms[i, subspace, b]
                    if i < n_clusters:
                        lowest = min(lowest, terms[i, subspace, b])
                floor[subspace, b, k] = lowest
