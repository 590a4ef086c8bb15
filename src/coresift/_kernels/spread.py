"""Points spread over rows: each pick is the best of a few that are drawn from where rows are far.

Rows, whole distances, cover and reaches are those of `_kernels.facility`: sums are exact.
"""

from __future__ import annotations

import numpy as np

from coresift._kernels._jit import kernel
from coresift._kernels.facility import absorb, fill_gains
from coresift._kernels.tiles import WIDTH, Boxes, Tiles
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
    n_tries = shares.shape[1]
    drawn, gains = np.empty(n_tries, np.int64), np.zeros(n_tries, np.int64)
    state = tiles, block_box, group_box, cover, block_reach, group_reach
    for done in range(picks.shape[0]):
        if group_sums.sum() == 0:
            return done
        for t in range(n_tries):
            drawn[t] = _drawn(shares[done, t], cover, block_sums, group_sums)
        if n_tries > 1:
            fill_gains(drawn, *state, gains)
        picks[done] = drawn[np.argmax(gains)]
        absorb(picks[done], *state, block_sums, group_sums)
    return int(picks.shape[0])
