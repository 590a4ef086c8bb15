"""The greedy of facility location on all distances, for many classes of few rows (Section 2.3).

As in `_kernels.facility`, distances are whole numbers below 2**30, so that gains are exact sums,
and ties are ties. Gains stand in float64, which holds them exactly: a class has at most 2**22 rows.
Gains of weighted rows are sums of floats, always in the order of the rows: they too only fall.
"""

from __future__ import annotations

import math

import numpy as np

from coresift._kernels._jit import kernel
from coresift._kernels.distance import squared_distances
from coresift._kernels.exchange import exchange
from coresift._kernels.greedy import sift_down
from coresift._typing import Bits, Buckets, Float32, Float64, Indices, Rows

TILE = 32
_BITS = 30  # whole distances stay below 2**_BITS
_FINEST = 60  # the square of 2.0**_FINEST is a normal float32


@kernel
def _grid(rows: Rows) -> tuple[float, np.int64]:
    """Return the power of two that makes distances between the rows whole, and the largest."""
    squared = 0.0
    for j in range(rows.shape[1]):
        low, high = rows[0, j], rows[0, j]
        for i in range(1, rows.shape[0]):
            low, high = min(low, rows[i, j]), max(high, rows[i, j])
        spread = np.float64(high) - np.float64(low)
        squared += spread * spread
    # The diagonal of the box around all rows, and more than the rounding of a distance.
    diagonal = math.sqrt(squared) * (1 + (rows.shape[1] + 8) * 2.0**-23)
    exponent = math.frexp(diagonal)[1]
    scale = 2.0 ** min(_BITS - exponent, _FINEST)
    return scale, np.int64(diagonal * scale)


@kernel
def _fill_tiles(rows: Rows, tiles: Float32) -> None:
    """Fill tiles of shape (n_tiles, n_features, TILE); unused places repeat the last row."""
    for t in range(tiles.shape[0]):
        for i in range(TILE):
            place = min(t * TILE + i, rows.shape[0] - 1)
            for j in range(rows.shape[1]):
                tiles[t, j, i] = rows[place, j]


@kernel
def _fill_row(row: Float32, tile: Float32, factor: np.float32, total: Float32, own: Bits) -> None:
    """Fill the whole distances from a row to those of a tile; ``total`` is overwritten."""
    squared_distances(row, tile, total)
    for k in range(TILE):
        own[k] = np.int32(math.sqrt(total[k]) * factor)


@kernel
def _fill_distances(rows: Rows, tiles: Float32, scale: float, distances: Bits) -> None:
    """Fill the whole distances between all rows; those of a pair are computed once."""
    total, factor = np.empty(TILE, np.float32), np.float32(scale)
    for a in range(tiles.shape[0]):
        for i in range(a * TILE, min((a + 1) * TILE, rows.shape[0])):
            for b in range(a, tiles.shape[0]):
                own = distances[i, b * TILE : (b + 1) * TILE]
                _fill_row(rows[i], tiles[b], factor, total, own)
        for i in range((a + 1) * TILE, rows.shape[0]):
            for k in range(a * TILE, (a + 1) * TILE):
                distances[i, k] = distances[k, i]


@kernel
def _gain(own: Bits, cover: Bits, weights: Float64) -> float:
    """Return the sum of what is saved over the cover."""
    if weights.shape[0] > 0:
        weighted = 0.0
        for i in range(weights.shape[0]):
            weighted += weights[i] * max(cover[i] - own[i], 0)
        return weighted
    gain = np.int64(0)
    for i in range(cover.shape[0]):
        gain += max(cover[i] - own[i], 0)
    return np.float64(gain)


@kernel
def _greedy(distances: Bits, cover: Bits, weights: Float64, picks: Indices) -> int:
    """Fill ``picks`` as far as a row has a gain, lowering the cover; return how many have one."""
    n_rows = distances.shape[0]
    heap, gains = np.arange(n_rows), np.empty(n_rows, np.float64)
    fresh = np.zeros(n_rows, np.int64)
    for j in range(n_rows):
        gains[j] = _gain(distances[j], cover, weights)
    for position in range(n_rows // 2 - 1, -1, -1):
        sift_down(heap, gains, position)
    done = 0
    while done < picks.shape[0]:
        top = heap[0]
        if fresh[top] != done:
            gains[top] = _gain(distances[top], cover, weights)
            fresh[top] = done
        elif gains[top] > 0:
            picks[done] = top
            own = distances[top]
            for i in range(cover.shape[0]):
                cover[i] = min(cover[i], own[i])
            gains[top] = 0.0
            done += 1
        else:
            break
        sift_down(heap, gains, 0)
    return done


@kernel
def _fill_up(hashes: Buckets, picks: Indices, done: int) -> None:
    """Fill the rest of the picks with rows not picked yet, those of smallest hash."""
    free = np.ones(hashes.shape[0], np.bool_)
    for place in range(done):
        free[picks[place]] = False
    for row in np.argsort(hashes):
        if done == picks.shape[0]:
            break
        if free[row]:
            picks[done] = row
            done += 1


@kernel
def _summed(cover: Bits, weights: Float64) -> float:
    """Return the sum of the cover in whole steps, rounded up, but zero where it is zero."""
    far = 0.0
    for i in range(cover.shape[0]):
        count = weights[i] if weights.shape[0] > 0 else 1.0
        far += count * (np.int64(cover[i]) + min(cover[i], 1))
    return far


@kernel
def pick_in_segments(
    which: Indices,
    rows: Rows,
    weights: Float64,
    hashes: Buckets,
    edges: Indices,
    pick_edges: Indices,
    n_sweeps: int,
    picks: Indices,
    scores: Float64,
) -> None:
    """Choose rows of some classes by facility location on the distances between all of their rows.

    Parameters
    ----------
    which : ndarray of shape (n_which,), int64
        Classes.
    rows : ndarray of shape (n_rows, n_features), float32
        Class c has ``rows[edges[c]:edges[c + 1]]``, at least one.
    weights : ndarray of shape (n_rows,), float64, or of shape (0,)
        How often each row counts; once, where there are none.
    hashes : ndarray of shape (n_rows,), uint64
        Distinct. Where no row gains any more, those of smallest hash fill up.
    edges, pick_edges : ndarray of shape (n_classes + 1,), int64
    n_sweeps : int
        How often each row may at most replace a picked one afterwards.
    picks : ndarray of shape (n_picks,), int64
        ``picks[pick_edges[c]:pick_edges[c + 1]]`` is filled with positions among the rows of the
        class. Ties go to the lowest.
    scores : ndarray of shape (n_classes,), float64
        Filled with the summed distance of the rows of the class to the nearest picked row, in
        whole steps: rounded up, but zero where it is less than a step.
    """
    n_features = rows.shape[1]
    for c in which:
        own = rows[edges[c] : edges[c + 1]]
        chosen = picks[pick_edges[c] : pick_edges[c + 1]]
        if chosen.shape[0] == own.shape[0]:
            chosen[:] = np.arange(own.shape[0])
            scores[c] = 0.0
            continue
        scale, worst = _grid(own)
        n_tiles = (own.shape[0] + TILE - 1) // TILE
        tiles = np.empty((n_tiles, n_features, TILE), np.float32)
        _fill_tiles(own, tiles)
        distances = np.empty((own.shape[0], n_tiles * TILE), np.int32)
        _fill_distances(own, tiles, scale, distances)
        cover = np.zeros(n_tiles * TILE, np.int32)  # unused places gain nothing
        cover[: own.shape[0]] = np.int32(worst)
        own_weights = weights[edges[c] : edges[c + 1]] if weights.shape[0] > 0 else weights
        done = _greedy(distances, cover, own_weights, chosen)
        _fill_up(hashes[edges[c] : edges[c + 1]], chosen, done)
        if n_sweeps > 0 and done == chosen.shape[0]:
            times = own_weights if weights.shape[0] > 0 else np.ones(own.shape[0], np.float64)
            exchange(distances, np.arange(own.shape[0]), times, chosen, cover, n_sweeps)
        scores[c] = _summed(cover[: own.shape[0]], own_weights) / scale


@kernel
def pick_among(
    rows: Rows, candidates: Indices, weights: Float64, n_sweeps: int, chosen: Indices
) -> float:
    """Exchange the chosen rows of a class for candidates; return the score as above.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    candidates : ndarray of shape (n_candidates,), int64
        Distinct rows.
    weights : ndarray of shape (n_rows,), float64
        How often each row counts.
    n_sweeps : int
        How often each candidate may at most take the place of a chosen one.
    chosen : ndarray of shape (k,), int64
        Distinct positions among the candidates; changed.
    """
    n_rows = rows.shape[0]
    scale, _ = _grid(rows)
    n_tiles = (n_rows + TILE - 1) // TILE
    tiles = np.empty((n_tiles, rows.shape[1], TILE), np.float32)
    _fill_tiles(rows, tiles)
    distances = np.empty((candidates.shape[0], n_tiles * TILE), np.int32)
    total, factor = np.empty(TILE, np.float32), np.float32(scale)
    for b in range(n_tiles):
        for c in range(candidates.shape[0]):
            own = distances[c, b * TILE : (b + 1) * TILE]
            _fill_row(rows[candidates[c]], tiles[b], factor, total, own)
    cover = np.zeros(n_rows, np.int32)
    exchange(distances, candidates, weights, chosen, cover, n_sweeps)
    return _summed(cover, weights) / scale
