"""Points spread over rows: each pick is the best of a few that are drawn from where rows are far.

Rows, whole distances, cover and reaches are those of `_kernels.facility`: sums are exact.
"""

from __future__ import annotations

import math

import numpy as np

from coresift._kernels._jit import kernel
from coresift._kernels.tiles import (
    WIDTH,
    Boxes,
    Tiles,
    reach_of,
    row_flags,
    row_squares,
    to_boxes,
)
from coresift._typing import Bits, Float32, Float64, Indices


@kernel
def _find(target: int, sums: Indices, first: int, stop: int) -> tuple[int, int]:
    """Return the place where the running sum passes the target, and what is left of it."""
    place = first
    while place < stop - 1 and target >= sums[place]:
        target -= sums[place]
        place += 1
    return place, target


@kernel
def _drawn(share: float, cover: Bits, block_sums: Indices, group_sums: Indices) -> int:
    """Return the row at which so large a share of the whole cover is passed."""
    target = int(share * group_sums.sum())
    group, target = _find(target, group_sums, 0, group_sums.shape[0])
    stop = min((group + 1) * WIDTH, block_sums.shape[0])
    block, target = _find(target, block_sums, group * WIDTH, stop)
    place = block * WIDTH
    while place < (block + 1) * WIDTH - 1 and target >= cover[place]:
        target -= int(cover[place])
        place += 1
    return place


@kernel
def _look(
    place: int,
    tiles: Tiles,
    block_box: Boxes,
    group_box: Boxes,
    cover: Bits,
    block_reach: Float32,
    group_reach: Float32,
    block_sums: Indices,
    group_sums: Indices,
    change: bool,
) -> int:
    """Return what a row gains; with ``change``, choose it."""
    groups, blocks = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
    total = np.empty(WIDTH, np.float32)
    factor, gain = np.float32(tiles.scale), np.int64(0)
    for top in range(group_box.values.shape[1]):
        to_boxes(tiles, place, group_box, top, groups)
        for g in range(top * WIDTH, min((top + 1) * WIDTH, block_box.values.shape[1])):
            if groups[g - top * WIDTH] >= group_reach[g]:
                continue
            to_boxes(tiles, place, block_box, g, blocks)
            farthest, before = np.float32(0), gain
            for k in range(g * WIDTH, min((g + 1) * WIDTH, tiles.values.shape[0])):
                reach = block_reach[k]
                if blocks[k - g * WIDTH] < reach:
                    row_flags(tiles.row_flags[place], tiles.flags[k], tiles.unit, total)
                    if row_squares(tiles.rows[place], tiles.values[k], reach, total):
                        covered = cover[k * WIDTH : (k + 1) * WIDTH]
                        own, peak = np.int64(0), np.int32(0)
                        for i in range(WIDTH):
                            distance = np.int32(math.sqrt(total[i]) * factor)
                            lower = min(covered[i], distance)
                            own += np.int64(covered[i]) - lower
                            if change:
                                covered[i] = lower
                                peak = max(peak, lower)
                        gain += own
                        if change:
                            block_sums[k] -= own
                            block_reach[k] = reach_of(int(peak), tiles.scale)
                farthest = max(farthest, block_reach[k])
            if change:
                group_reach[g] = farthest
                group_sums[g] -= gain - before
    return int(gain)


@kernel
def spread(
    shares: Float64,
    tiles: Tiles,
    block_box: Boxes,
    group_box: Boxes,
    cover: Bits,
    block_reach: Float32,
    group_reach: Float32,
    block_sums: Indices,
    group_sums: Indices,
    picks: Indices,
) -> int:
    """Fill ``picks`` with places; return how many, fewer only where all rows equal a pick.

    Parameters
    ----------
    shares : ndarray of shape (n_picks, n_tries), float64
        In [0, 1). The draws: a row is drawn in proportion to its cover, and of the rows drawn for
        a pick the first of largest gain is chosen.
    block_sums : ndarray of shape (n_blocks,), int64
        Sum of the cover of each block; changed, as is the state of `_kernels.facility`.
    group_sums : ndarray of shape (n_groups,), int64
    picks : ndarray of shape (n_picks,), int64
        Filled.
    """
    state = cover, block_reach, group_reach, block_sums, group_sums
    for done in range(picks.shape[0]):
        if group_sums.sum() == 0:
            return done
        best, most = -1, -1
        for t in range(shares.shape[1]):
            place = _drawn(shares[done, t], cover, block_sums, group_sums)
            gain = 0
            if shares.shape[1] > 1:
                gain = _look(place, tiles, block_box, group_box, *state, False)
            if gain > most:
                best, most = place, gain
        _look(best, tiles, block_box, group_box, *state, True)
        picks[done] = best
    return int(picks.shape[0])
