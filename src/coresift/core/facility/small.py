"""Exact picks in classes of few rows, all classes in one go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from coresift._kernels.exact_picks import pick_in_segments
from coresift._threads import run_all, thread_count
from coresift._typing import Buckets, Counts, Float64, Indices, Rows
from coresift.core.members import Members


@dataclass(frozen=True, eq=False)
class SmallPicks:
    """What the greedy chose in classes of few rows.

    Parameters
    ----------
    places : ndarray of shape (k,), int64
        Positions of the chosen rows among all rows, class by class.
    scores : ndarray of shape (n_classes,), float64
        Summed distance of the rows of each class to the nearest of its chosen rows.
    """

    places: Indices
    scores: Float64


def small_picks(
    rows: Rows,
    class_ids: Indices,
    hashes: Buckets,
    quotas: Indices,
    weights: Counts | None = None,
    advance: Callable[[int], None] = lambda steps: None,
    n_sweeps: int = 0,
) -> SmallPicks:
    """Choose rows of each class by facility location on exact distances (Eq. 5).

    First greedily, then by exchanging single rows for better ones (FasterPAM).

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
        In the order in which ties are broken.
    class_ids : ndarray of shape (n_rows,), int64
    hashes : ndarray of shape (n_rows,), uint64
        Distinct: who fills up the quota once nothing gains any more.
    quotas : ndarray of shape (n_classes,), int64
        At least one row and at most all rows of each class.
    weights : ndarray of shape (n_rows,), int64, or None
        How often each row counts; None is once.
    advance : callable
        Called with the number of picks made.
    n_sweeps : int, default=0
        How often each row may at most take the place of a chosen one.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.facility.small import small_picks
    >>> rows = np.array([[0.0], [1.0], [2.0], [7.0], [9.0]], dtype=np.float32)
    >>> class_ids, hashes = np.array([0, 0, 0, 1, 1]), np.arange(5, dtype=np.uint64)
    >>> found = small_picks(rows, class_ids, hashes, np.array([1, 1]))
    >>> found.places.tolist(), found.scores.round(6).tolist()
    ([1, 3], [2.0, 2.0])
    """
    members = Members.of(class_ids, len(quotas))
    rows, hashes = rows[members.order], hashes[members.order]
    own = np.zeros(0) if weights is None else weights[members.order].astype(np.float64)
    edges = members.edges
    pick_edges = np.concatenate([[0], np.cumsum(quotas)])
    picks = np.empty(pick_edges[-1], dtype=np.int64)
    scores = np.empty(len(quotas), dtype=np.float64)

    def choose(which: Indices) -> None:
        pick_in_segments(which, rows, own, hashes, edges, pick_edges, n_sweeps, picks, scores)
        advance(int(quotas[which].sum()))

    run_all(choose, _shares(np.diff(edges)))
    starts = np.repeat(edges[:-1], quotas)
    return SmallPicks(members.order[starts + picks], scores)


def _shares(sizes: Indices) -> list[Indices]:
    """Return runs of classes with about as much to do in each, some for each thread."""
    work = np.cumsum(sizes.astype(np.float64) ** 2)
    wanted = np.arange(1, 4 * thread_count()) * (work[-1] / (4 * thread_count()))
    cuts = np.unique([0, *np.searchsorted(work, wanted), len(sizes)])
    return [np.arange(start, stop) for start, stop in pairwise(cuts.tolist())]
