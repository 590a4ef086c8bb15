"""Gains of candidates and the picks of the greedy (Algorithm 1, lines 4-15).

Clusters stand in blocks of `WIDTH` neighbours. ``table[k, l, b, i]`` is the term
of subspace l in the bound between codeword b and cluster i of block k; ``floor[l, b, k]``
is its smallest value in the block. The *key* of a candidate and a cluster is
``sum_l table[k, l, code[l], i]``; the bound u_it is the key, or its square root
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
_TURN = 2048  # candidates at a time
_FEW = 4  # refreshed first
_SPAN = 16  # blocks whose floors are summed at a time


@kernel
def _fill_lower(code: Codes, floor: Float32, first: int, lower: Float32) -> None:
    """Fill ``lower`` with values that no key of the candidate is below, from a block on."""
    term = floor[0, code[0], first:]
    for k in range(lower.shape[0]):
        lower[k] = term[k]
    for subspace in range(1, floor.shape[0]):
        term = floor[subspace, code[subspace], first:]
        for k in range(lower.shape[0]):
            lower[k] += term[k]


@kernel
def _fill_keys(codes: Codes, candidate: int, table: Float32, keys: Float32) -> None:
    """Fill ``keys`` with the keys of a candidate for one block of clusters.

    No slices, which count references, and no constant for WIDTH: compilers take loops of a known
    length apart before they look for vectors.
    """
    code = codes[candidate, 0]
    for i in range(keys.shape[0]):
        keys[i] = table[0, code, i]
    for subspace in range(1, table.shape[0]):
        code = codes[candidate, subspace]
        for i in range(keys.shape[0]):
            keys[i] += table[subspace, code, i]


@kernel
def _add_gains(
    which: Indices,
    codes: Codes,
    table: Float32,
    squared: bool,
    size: Float32,
    cover: Float32,
    peak: np.float32,
    lower: Float32,
    keys: Float32,
    lanes: Float32,
) -> None:
    """Add what candidates gain from one block of clusters, lane by lane."""
    zero = np.float32(0)
    for c in range(which.shape[0]):
        if lower[c] < peak:
            _fill_keys(codes, which[c], table, keys)
            if squared:
                for i in range(keys.shape[0]):
                    lanes[c, i] += size[i] * max(cover[i] - math.sqrt(keys[i]), zero)
            else:
                for i in range(keys.shape[0]):
                    lanes[c, i] += size[i] * max(cover[i] - keys[i], zero)


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

    Some candidates at a time take their turn at a block, whose part of the table stays at hand. A
    gain is summed in a fixed order all the same: lane by lane, block after block.

    Parameters
    ----------
    which : ndarray of shape (n_which,), int64
        Positions in ``codes``.
    codes : ndarray of shape (n_candidates, n_subspaces), uint8
    table : ndarray of shape (n_blocks, n_subspaces, n_codewords, WIDTH), float32
    floor : ndarray of shape (n_subspaces, n_codewords, n_blocks), float32
    squared : bool
        Whether the bound is the square root of the key.
    sizes, cover : ndarray of shape (T,), float32
    peak : ndarray of shape (n_blocks,), float32
    gains : ndarray of shape (n_which,), float64
        Filled.
    """
    turn = min(_TURN, which.shape[0])
    lower = np.empty((turn, _SPAN), np.float32)
    lanes = np.empty((turn, WIDTH), np.float32)
    keys = np.empty(WIDTH, np.float32)
    for start in range(0, which.shape[0], _TURN):
        now = which[start : start + _TURN]
        lanes[:] = 0
        for first in range(0, peak.shape[0], _SPAN):
            last = min(first + _SPAN, peak.shape[0])
            for c in range(now.shape[0]):
                _fill_lower(codes[now[c]], floor, first, lower[c, : last - first])
            for k in range(first, last):
                clusters = slice(k * WIDTH, (k + 1) * WIDTH)
                _add_gains(
                    now,
                    codes,
                    table[k],
                    squared,
                    sizes[clusters],
                    cover[clusters],
                    peak[k],
                    lower[:, k - first],
                    keys,
                    lanes,
                )
        for c in range(now.shape[0]):
            total = 0.0
            for i in range(WIDTH):
                total += np.float64(lanes[c, i])
            gains[start + c] = total


@kernel
def absorb(
    candidate: int,
    codes: Codes,
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
    candidate : int
        Its position in ``codes``.
    codes, table, floor, squared
        As for `fill_gains`.
    key, cover, peak
        The state of the class, changed.
    """
    lower = np.empty(peak.shape[0], np.float32)
    keys = np.empty(WIDTH, np.float32)
    _fill_lower(codes[candidate], floor, 0, lower)
    for k in range(peak.shape[0]):
        if lower[k] < peak[k]:
            start = k * WIDTH
            _fill_keys(codes, candidate, table[k], keys)
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
        candidate = which[c]
        _fill_lower(codes[candidate], floor, 0, lower)
        for k in range(peak.shape[0]):
            if lower[k] < peak[k]:
                start = k * WIDTH
                _fill_keys(codes, candidate, table[k], keys)
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
def _sift_up(heap: Indices, gains: Float64, position: int) -> None:
    """Put the candidate in a place of the heap, which may be better than those above, right."""
    item = heap[position]
    while position > 0:
        parent = (position - 1) // 2
        if not _before(gains, item, heap[parent]):
            break
        heap[position] = heap[parent]
        position = parent
    heap[position] = item


@kernel
def _take_stale(
    heap: Indices, gains: Float64, fresh: Indices, done: int, lead: float, which: Indices
) -> int:
    """Move the first candidates to ``which`` as far as their gains are old, and may lead.

    Places are free at the end of the heap thereafter, as many as the number that is returned.
    """
    n, taken = heap.shape[0], 0
    while taken < which.shape[0] and n > 0:
        top = heap[0]
        if fresh[top] == done or gains[top] < lead:
            break
        which[taken] = top
        taken += 1
        n -= 1
        heap[0] = heap[n]
        if n > 0:
            sift_down(heap[:n], gains, 0)
    return taken


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
    of all; ties go to the lowest index, as in the naive greedy. Where many may
    lead they are refreshed together, more and more at a time: see `fill_gains`.

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
    fresh = np.full(codes.shape[0], -1, np.int64)
    which, refreshed = np.empty(_TURN, np.int64), np.empty(_TURN, np.float64)
    for position in range(heap.shape[0] // 2 - 1, -1, -1):
        sift_down(heap, gains, position)
    done, size, lead = 0, _FEW, 0.0
    while done < picks.shape[0]:
        top = heap[0]
        if fresh[top] != done:
            n = _take_stale(heap, gains, fresh, done, lead, which[:size])
            fill_gains(which[:n], codes, table, floor, squared, sizes, cover, peak, refreshed[:n])
            for c in range(n):
                gains[which[c]] = refreshed[c]
                fresh[which[c]] = done
                lead = max(lead, refreshed[c])
            for c in range(n):  # into the places that are free behind the rest
                heap[heap.shape[0] - n + c] = which[c]
                _sift_up(heap, gains, heap.shape[0] - n + c)
            size = min(2 * size, _TURN)
            continue
        if not gains[top] > 0:
            break
        picks[done] = top
        pick_gains[done] = gains[top]
        absorb(top, codes, table, floor, squared, key, cover, peak)
        gains[top] = 0.0  # nothing is left to gain: the cover is at or below its bounds
        sift_down(heap, gains, 0)
        done, size, lead = done + 1, _FEW, 0.0
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
