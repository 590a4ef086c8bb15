"""Points in an order in which blocks of neighbours are compact, and skipping pays."""

from __future__ import annotations

import numpy as np

from coresift._typing import Buckets, Float32, Float64, Indices

_BITS = np.uint64(64)
# Points, and features of the largest variances, that tell one width from another.
_LOOKED_AT, _FEATURES_LOOKED_AT = 512, 64
_TRIED_FEATURES, _LEAST_SHARE = 4, 8  # for a cut, and the least of the blocks beside it


def block_order(points: Float32 | Float64, width: int, taken: int = 0) -> Indices:
    """Return an order of the points whose blocks of ``width`` are compact.

    Parameters
    ----------
    points : ndarray of shape (n, n_features)
    width : int
    taken : int, default=0
        Places of the first block that are taken by others.

    Returns
    -------
    ndarray of shape (n,), int64
        The points are halved along their widest feature, at a multiple of ``width``, until a
        half fits into a block (a k-d tree). Stable sorts: the same order on every machine.

    Notes
    -----
    Widest is the feature whose middle 60 % span most: a rare 1 among zeros makes a wide range,
    but a cut there tells nearly nothing apart. (CovType, 2,124 centers: a row looks at 6 of 67
    blocks, against 9 by variance and 27 by range.)

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.kd_order import block_order
    >>> block_order(np.array([[3.0], [9.0], [2.0], [8.0]]), width=2).tolist()
    [2, 0, 3, 1]
    """
    order = np.arange(len(points))
    halves = [slice(0, len(points))]
    while halves:
        half = halves.pop()
        first, last = (half.start + taken) // width, (half.stop + taken - 1) // width
        if first >= last:
            continue
        here = order[half]
        inside = points[here]
        order[half] = here[np.argsort(inside[:, _widest(inside)], kind="stable")]
        middle = (first + (last - first) // 2 + 1) * width - taken
        halves += [slice(half.start, middle), slice(middle, half.stop)]
    return order


def tight_order(points: Float32, width: int) -> Indices:
    """Return an order of the points whose blocks of ``width`` have small boxes.

    As `block_order`, but a half need not be one: the points are cut where that takes most off
    their squared distances to the means of both sides, of the features that vary most. Values of
    which there are two part there, and not where half of the points are.

    Parameters
    ----------
    points : ndarray of shape (n, n_features), float32
    width : int

    Returns
    -------
    ndarray of shape (n,), int64

    Notes
    -----
    Of 5,665 means of rows of 40 features, ten of two values, a row looks at 6 of 178 blocks, in
    `block_order` at 15; of 2,124 of CovType at 3 of 67, there at 5. Each side has an eighth of
    the blocks, so that the number of cuts above a block is logarithmic.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.kd_order import tight_order
    >>> points = np.float32([[0], [1], [1], [0], [1], [1]])
    >>> tight_order(points, width=2).tolist()
    [0, 3, 1, 2, 4, 5]
    """
    order = np.arange(len(points))
    pieces = [slice(0, len(points))]
    while pieces:
        piece = pieces.pop()
        n_blocks = -(-(piece.stop - piece.start) // width)
        if n_blocks < 2:
            continue
        here = order[piece]
        by_value, size = _best_cut(points[here], width, n_blocks)
        order[piece] = here[by_value]
        middle = piece.start + size
        pieces += [slice(piece.start, middle), slice(middle, piece.stop)]
    return order


def _best_cut(points: Float32, width: int, n_blocks: int) -> tuple[Indices, int]:
    """Return points in an order, and after how many of them to cut."""
    n_points, least = len(points), -(-n_blocks // _LEAST_SHARE)
    sizes = width * np.arange(least, n_blocks - least + 1)
    spread = points[:: max(1, n_points // _LOOKED_AT)].var(axis=0)
    orders, gains = [], []
    for feature in np.argsort(-spread, kind="stable")[:_TRIED_FEATURES].tolist():
        values = points[:, feature].astype(np.float64)
        orders.append(np.argsort(values, kind="stable"))
        sums = np.cumsum(values[orders[-1]] - values.mean())[sizes - 1]
        gains.append(sums**2 * (1 / sizes + 1 / (n_points - sizes)))
    best, place = np.unravel_index(np.argmax(gains), (len(gains), len(sizes)))
    return orders[int(best)], int(sizes[place])


def tree_depth(n_points: int) -> int:
    """Return how many cuts tell each of the points of ``block_order(points, 1)`` from all others.

    At least 1.
    """
    return max(1, (n_points - 1).bit_length())


def tree_buckets(n_points: int) -> Buckets:
    """Return the way to each place of ``block_order(points, 1)``, one bit for each cut.

    Returns
    -------
    ndarray of shape (n_points,), uint64
        Ascending and distinct; the first cut is the highest bit. Points whose first bits are
        equal are neighbours: they are in the same part of the k-d tree.

    Examples
    --------
    >>> from coresift.core.kd_order import tree_buckets
    >>> [f"{way >> 61:03b}" for way in tree_buckets(5).tolist()]
    ['000', '001', '010', '100', '110']
    """
    depth = tree_depth(n_points)
    place, size = np.arange(n_points), np.full(n_points, n_points)
    ways = np.zeros(n_points, dtype=np.uint64)
    for _ in range(depth):
        middle = (size + 1) // 2
        right = place >= middle
        ways = ways << np.uint64(1) | right.astype(np.uint64)
        place = np.where(right, place - middle, place)
        size = np.where(right, size - middle, middle)
    return ways << (_BITS - np.uint64(depth))


def _widest(points: Float32 | Float64) -> int:
    points = points[:: max(1, len(points) // _LOOKED_AT)]
    variances = points.var(axis=0)
    features = np.sort(np.argsort(-variances, kind="stable")[:_FEATURES_LOOKED_AT])
    last = len(points) - 1
    middle = np.rint([0.2 * last, 0.8 * last]).astype(np.int64)
    low, high = np.partition(points[:, features], middle, axis=0)[middle]
    return int(features[np.lexsort((variances[features], high - low))[-1]])
