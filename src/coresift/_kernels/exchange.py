"""Chosen rows exchanged for better ones, one at a time (FasterPAM).

After Schubert and Rousseeuw, "Fast and eager k-medoids clustering", 2021. Distances are whole
numbers; sums of them, and of their products with whole weights, are exact in float64.
"""

from __future__ import annotations

import numpy as np

from coresift._kernels._jit import kernel
from coresift._typing import Bits, Float64, Indices

BLOCK = 32  # rows after one another that are looked at together
_FAR = np.int32(2**31 - 1)


@kernel
def _find_two(own: Bits, i: int, near: Indices, first: Bits, second: Bits) -> None:
    """Find the nearest and second nearest chosen row of row i by its distances to all of them."""
    near[i, 0], near[i, 1], first[i], second[i] = -1, -1, _FAR, _FAR
    for c in range(own.shape[0]):
        if own[c] < first[i]:
            near[i, 1], second[i] = near[i, 0], first[i]
            near[i, 0], first[i] = c, own[c]
        elif own[c] < second[i]:
            near[i, 1], second[i] = c, own[c]


@kernel
def _change(
    own: Bits, near: Indices, first: Bits, second: Bits, weights: Float64, loss: Float64
) -> tuple[int, float]:
    """Return for which chosen row to take another, and by what that changes the distances.

    ``loss`` holds what each chosen row is worth, and is overwritten.
    """
    gain = 0.0
    for start in range(0, near.shape[0], BLOCK):
        stop = min(start + BLOCK, near.shape[0])
        n_near = 0  # most blocks are too far away: compared without a branch
        for i in range(start, stop):
            n_near += own[i] < second[i]
        if n_near == 0:
            continue
        for i in range(start, stop):
            distance, times = own[i], weights[i]
            if distance < first[i]:
                gain += times * (first[i] - distance)
                loss[near[i, 0]] -= times * (second[i] - first[i])
            elif distance < second[i]:
                loss[near[i, 0]] -= times * (second[i] - distance)
    best = int(np.argmin(loss))  # the first of equals
    return best, float(loss[best] - gain)


@kernel
def exchange(
    distances: Bits,
    places: Indices,
    weights: Float64,
    chosen: Indices,
    cover: Bits,
    n_sweeps: int,
) -> None:
    """Exchange chosen rows for candidates as long as that lowers the distances of all rows.

    Each candidate in turn replaces the chosen row for which it is best, at once where that helps.

    Parameters
    ----------
    distances : ndarray of shape (n_candidates, at least n_rows), int32
        From each candidate to each row.
    places : ndarray of shape (n_candidates,), int64
        Which row each candidate is.
    weights : ndarray of shape (n_rows,), float64
        How often each row counts.
    chosen : ndarray of shape (k,), int64
        Distinct candidates; changed.
    cover : ndarray of shape (at least n_rows,), int32
        Filled with the distance of each row to the nearest chosen one.
    n_sweeps : int
        How often each candidate may at most be tried.

    Notes
    -----
    Faster where rows that are close to each other stand together.
    """
    n_candidates, n_rows, n_chosen = places.shape[0], weights.shape[0], chosen.shape[0]
    near, first, second = (
        np.empty((n_rows, 2), np.int64),
        cover[:n_rows],
        np.empty(n_rows, np.int32),
    )
    worth, loss = np.zeros(n_chosen, np.float64), np.empty(n_chosen, np.float64)
    table = np.empty((n_rows, n_chosen), np.int32)  # from each row to each chosen one
    for i in range(n_rows):
        for c in range(n_chosen):
            table[i, c] = distances[chosen[c], i]
        _find_two(table[i], i, near, first, second)
        worth[near[i, 0]] += weights[i] * (second[i] - first[i])
    last = 0
    for turn in range(n_sweeps * n_candidates):
        candidate = turn % n_candidates
        if turn - last >= n_candidates:
            break
        if first[places[candidate]] == 0:  # equal to a chosen row
            continue
        own = distances[candidate]
        loss[:] = worth
        place, change = _change(own, near, first, second, weights, loss)
        if change >= 0:
            continue
        last = turn
        chosen[place] = candidate
        worth[:] = 0
        for i in range(n_rows):
            table[i, place] = own[i]
            if near[i, 0] == place or near[i, 1] == place:
                _find_two(table[i], i, near, first, second)
            elif own[i] < first[i]:
                near[i, 1], second[i] = near[i, 0], first[i]
                near[i, 0], first[i] = place, own[i]
            elif own[i] < second[i]:
                near[i, 1], second[i] = place, own[i]
            worth[near[i, 0]] += weights[i] * (second[i] - first[i])
