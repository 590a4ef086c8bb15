"""A start for means: rows that are spread over a class as its rows are."""

from __future__ import annotations

import numpy as np

from coresift._kernels.spread import spread
from coresift._kernels.tiles import WIDTH
from coresift._typing import Indices, Rows
from coresift.core.facility.blocks import Blocks


def spread_rows(rows: Rows, quota: int, rng: np.random.Generator, n_tries: int) -> Indices:
    """Choose rows one by one, each the best of a few draws (greedy k-means++, for distances).

    A row is drawn with a probability in proportion to its distance to the nearest row chosen
    before; of ``n_tries`` rows drawn, the one that lowers the sum of these distances most is
    chosen.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    quota : int
        At most n_rows.
    rng : numpy.random.Generator
    n_tries : int

    Returns
    -------
    ndarray of int64
        Positions in ``rows``, in the order of choice; fewer than the quota only where every row
        equals a chosen one.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.facility import spread_rows
    >>> rows = np.array([[0.0], [0.0], [5.0], [9.0]], dtype=np.float32)
    >>> found = spread_rows(rows, 4, np.random.default_rng(0), n_tries=2)
    >>> sorted(rows[found, 0].tolist())
    [0.0, 5.0, 9.0]
    """
    blocks = Blocks.of(rows)
    cover, block_reach, group_reach = blocks.uncovered(max(1, blocks.grid.worst))
    block_sums = cover.reshape(-1, WIDTH).sum(axis=1, dtype=np.int64)
    group_sums = np.add.reduceat(block_sums, np.arange(0, blocks.n_blocks, WIDTH))
    picks = np.empty(quota, dtype=np.int64)
    done = spread(
        rng.random((quota, n_tries)),
        blocks.tiles,
        blocks.block_box,
        blocks.group_box,
        cover,
        block_reach,
        group_reach,
        block_sums,
        group_sums,
        picks,
    )
    return blocks.order[picks[:done]]
