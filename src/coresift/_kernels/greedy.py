"""Gains of candidates and the picks of the greedy (Algorithm 1, lines 4-15).

Clusters stand in blocks of `WIDTH` neighbours. ``table[l, b, t]`` is the term
of subspace l in the bound between codeword b and cluster t; ``floor[l, b, k]``
is its smallest value in block k. The *key* of a candidate and a cluster is
``sum_l table[l, code[l], t]``; the bound u_it is the key, or its square root
(``squared``). It is summed from the M table rows of the code, so no table of
candidates x clusters exists. A block whose floor is not below its worst-covered
cluster cannot gain and is skipped; because rounding is monotone, skipping
changes no bit of any gain.

The state of a class, changed by `absorb` alone:

``key``    (T,) float32, smallest key of the chosen candidates per cluster
``cover``  (T,) float32, the bound that belongs to it
``peak``   (n_blocks,) float32, largest key in the block
"""

from __future__ import annotations

import math

import numpy as np

from coresift._kernels._jit import kernel
from coresift._typing import Codes, Float32, Float64, Indices

WIDTH = 32


@kernel
def _fill_lower(code: Codes, floor: Float32, lower: Float32) -> None:
    """Fill ``lower`` with a value below every key of the candidate, block by block."""
    for k in range(lower.shape[0]):
        lower[k] = floor[0, code[0], k]
    for subspace in range(1, floor.shape[0]):
        term = floor[subspace, code[subspace]]
        for k in range(lower.shape[0]):
            lower[k] += term[k]


@kernel
def _fill_keys(code: Codes, table: Float32, start: int, keys: Float32) -> None:
    """Fill ``keys`` with the keys of the candidate for one block of clusters."""
    first = table[0, code[0], start : start + WIDTH]
    for i in range(WIDTH):
        keys[i] = first[i]
    for subspace in range(1, table.shape[0]):
        term = table[subspace, code[subspace], start : start + WIDTH]
        for i in range(WIDTH):
            keys[i] += term[i]


@kernel
def _gain(
    code: Codes,
    table: Float32,
    floor: Float32,
    squared: bool,
    sizes: Float32,
    cover: Float32,
    peak: Float32,
    lower: Float32,
    keys: Float32,
    lanes: Float32,
) -> float:
    """Return the gain of one candidate (lines 9-13), summed in a fixed order: lane by lane."""
    zero = np.float32(0)
    _fill_lower(code, floor, lower)
    for i in range(WIDTH):
        lanes[i] = zero
    for k in range(lower.shape[0]):
        if lower[k] < peak[k]:
            start = k * WIDTH
            _fill_keys(code, table, start, keys)
            size = sizes[start : start + WIDTH]
            covered = cover[start : start + WIDTH]
            if squared:
                for i in range(WIDTH):
                    lanes[i] += size[i] * max(covered[i] - math.sqrt(keys[i]), zero)
            else:
                for i in range(WIDTH):
                    lanes[i] += size[i] * max(covered[i] - keys[i], zero)
    total = 0.0
    for i in range(WIDTH):
        total += np.float64(lanes[i])
    return total


@kernel
def fill_gains(
    which: Indices,
    codes: Codes,
    table: Float32,
    floor: Float32,
    squared: bool,
    sizes: Float32,
    cover: Float32,
    peak: Float32,
    gains: Float64,
) -> None:
    """Fill ``gains`` with the gain of each candidate in ``which`` (lines 7-13).

    Parameters
    ----------
    which : ndarray of shape (n_which,), int64
        Positions in ``codes``.
    codes : ndarray of shape (n_candidates, n_subspaces), uint8
    table : ndarray of shape (n_subspaces, n_codewords, T), float32
    floor : ndarray of shape (n_subspaces, n_codewords, n_blocks), float32
    squared : bool
        Whether the bound is the square root of the key.
    sizes, cover : ndarray of shape (T,), float32
    peak : ndarray of shape (n_blocks,), float32
    gains : ndarray of shape (n_which,), float64
        Filled.
    """
    lower = np.empty(peak.shape[0], np.float32)
    keys = np.empty(WIDTH, np.float32)
    lanes = np.empty(WIDTH, np.float32)
    for c in range(which.shape[0]):
        gains[c] = _gain(
            codes[which[c]], table, floor, squared, sizes, cover, peak, lower, keys, lanes
        )


@kernel
def absorb(
    code: Codes,
    table: Float32,
    floor: Float32,
    squared: bool,
    key: Float32,
    cover: Float32,
    peak: Float32,
) -> None:
    """Lower ``key``, ``cover`` and ``peak`` by a chosen candidate (line 15).

    Parameters
    ----------
    code : ndarray of shape (n_subspaces,), uint8
    table, floor, squared
        As for `fill_gains`.
    key, cover, peak
        The state of the class, changed.
    """
    lower = np.empty(peak.shape[0], np.float32)
    keys = np.empty(WIDTH, np.float32)
    _fill_lower(code, floor, lower)
    for k in range(peak.shape[0]):
        if lower[k] < peak[k]:
            start = k * WIDTH
            _fill_keys(code, table, start, keys)
            highest = np.float32(0)
            for i in range(WIDTH):
                if keys[i] < key[start + i]:
                    key[start + i] = keys[i]
                    cover[start + i] = math.sqrt(keys[i]) if squared else keys[i]
                highest = max(highest, key[start + i])
            peak[k] = highest


@kernel
def fill_owners(
    which: Indices,
    codes: Codes,
    table: Float32,
    floor: Float32,
    key: Float32,
    peak: Float32,
    owners: Indices,
) -> None:
    """Fill ``owners`` with the position in ``which`` of the smallest bound (line 17).

    ``key`` and ``peak`` are those of the empty set, and are used up; ties go to
    the first of ``which``.

    Parameters
    ----------
    which : ndarray of shape (n_which,), int64
        Positions in ``codes``.
    codes : ndarray of shape (n_candidates, n_subspaces), uint8
    table, floor
        As for `fill_gains`.
    key : ndarray of shape (T,), float32
    peak : ndarray of shape (n_blocks,), float32
    owners : ndarray of shape (T,), int64
        Filled.
    """
    lower = np.empty(peak.shape[0], np.float32)
    keys = np.empty(WIDTH, np.float32)
    for c in range(which.shape[0]):
        code = codes[which[c]]
        _fill_lower(code, floor, lower)
        for k in range(peak.shape[0]):
            if lower[k] < peak[k]:
                start = k * WIDTH
                _fill_keys(code, table, start, keys)
                highest = np.float32(0)
                for i in range(WIDTH):
                    if keys[i] < key[start + i]:
                        key[start + i] = keys[i]
                        owners[start + i] = c
                    highest = max(highest, key[start + i])
                peak[k] = highest


@kernel
def _before(gains: Float64, left: int, right: int) -> bool:
    """Tell whether candidate ``left`` goes first: larger gain, then lower index."""
    return gains[left] > gains[right] or (gains[left] == gains[right] and left < right)


@kernel
def sift_down(heap: Indices, gains: Float64, position: int) -> None:
    """Put the candidate in a place of the heap where it belongs: the best stands first."""
    n = heap.shape[0]
    item = heap[position]
    while True:
        child = 2 * position + 1
        if child >= n:
            break
        if child + 1 < n and _before(gains, heap[child + 1], heap[child]):
            child += 1
        if not _before(gains, heap[child], item):
            break
        heap[position] = heap[child]
        position = child
    heap[position] = item


@kernel
def lazy_picks(
    heap: Indices,
    codes: Codes,
    table: Float32,
    floor: Float32,
    squared: bool,
    sizes: Float32,
    key: Float32,
    cover: Float32,
    peak: Float32,
    gains: Float64,
    picks: Indices,
    pick_gains: Float64,
) -> int:
    """Fill ``picks`` by lazy greedy from the candidates in ``heap``; return how many have a gain.

    ``heap`` may have any order and is reordered. ``gains`` holds an upper bound
    of each candidate's gain, and is refreshed in place. Gains only shrink as
    picks are added, so a candidate whose fresh gain leads the heap is the best
    of all; ties go to the lowest index, as in the naive greedy.

    Parameters
    ----------
    heap : ndarray of shape (n_shown,), int64
        Candidates that may be picked.
    codes : ndarray of shape (n_candidates, n_subspaces), uint8
    table, floor, squared, sizes
        As for `fill_gains`.
    key, cover, peak
        The state of the class, changed.
    gains : ndarray of shape (n_candidates,), float64
    picks : ndarray of shape (n_picks,), int64
    pick_gains : ndarray of shape (n_picks,), float64
        Filled, as far as a candidate has a gain.
    """
    lower = np.empty(peak.shape[0], np.float32)
    keys = np.empty(WIDTH, np.float32)
    lanes = np.empty(WIDTH, np.float32)
    fresh = np.full(codes.shape[0], -1, np.int64)
    for position in range(heap.shape[0] // 2 - 1, -1, -1):
        sift_down(heap, gains, position)
    done = 0
    while done < picks.shape[0]:
        top = heap[0]
        if fresh[top] != done:
            gains[top] = _gain(
                codes[top], table, floor, squared, sizes, cover, peak, lower, keys, lanes
            )
            fresh[top] = done
        elif gains[top] > 0:
            picks[done] = top
            pick_gains[done] = gains[top]
            absorb(codes[top], table, floor, squared, key, cover, peak)
            gains[top] = 0.0  # nothing is left to gain: the cover is at or below its bounds
            done += 1
        else:
            break
        sift_down(heap, gains, 0)
    return done


@kernel
def add_to_tree(tree: Indices, position: int, change: int) -> None:
    """Add to one count of a Fenwick tree of shape (n + 1,)."""
    index = position + 1
    while index < tree.shape[0]:
        tree[index] += change
        index += index & -index


@kernel
def find_in_tree(tree: Indices, ranks: Indices, positions: Indices) -> None:
    """Fill ``positions`` with the item that holds each rank among the counts of the tree."""
    top = 1
    while top * 2 < tree.shape[0]:
        top *= 2
    for r in range(ranks.shape[0]):
        rest = ranks[r]
        index = 0
        step = top
        while step > 0:
            if index + step < tree.shape[0] and tree[index + step] <= rest:
                index += step
                rest -= tree[index]
            step //= 2
        positions[r] = index
