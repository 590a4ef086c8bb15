"""Chosen rows of a class exchanged for better ones among a few candidates."""

from __future__ import annotations

import numpy as np

from coresift._kernels.exact_picks import pick_among
from coresift._typing import Counts, Indices, Rows


def exchange_rows(
    rows: Rows, candidates: Indices, n_chosen: int, weights: Counts | None, n_sweeps: int
) -> tuple[Indices, float]:
    """Exchange chosen rows for candidates as long as that lowers the distances of all rows.

    Each candidate in turn takes the place of the chosen row for which that lowers the sum most,
    if it does (FasterPAM; Schubert and Rousseeuw, "Fast and eager k-medoids clustering", 2021).

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
        Faster where rows that are close to each other stand together.
    candidates : ndarray of shape (n_candidates,), int64
        Distinct positions in ``rows``; the first ``n_chosen`` are chosen at first.
    n_chosen : int
    weights : ndarray of shape (n_rows,), int64, or None
        How often each row counts; None is once.
    n_sweeps : int
        How often each candidate may at most be tried.

    Returns
    -------
    picks : ndarray of shape (n_chosen,), int64
        Positions in ``rows``.
    score : float
        Summed distance of the rows to the nearest pick: at least that, and at most a step of
        ``2**-30`` of the largest distance more for each row.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.facility import exchange_rows
    >>> rows = np.array([[0.0], [1.0], [2.0], [9.0]], dtype=np.float32)
    >>> picks, score = exchange_rows(rows, np.array([0, 2, 3, 1]), 2, None, n_sweeps=2)
    >>> sorted(picks.tolist()), round(score, 6)
    ([1, 3], 2.0)
    """
    chosen = np.arange(n_chosen)
    times = np.ones(len(rows)) if weights is None else weights.astype(np.float64)
    score = pick_among(rows, candidates, times, n_sweeps, chosen)
    return candidates[chosen], score
