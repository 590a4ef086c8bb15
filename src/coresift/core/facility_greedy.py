"""Greedy maximisation of a gain, candidate by candidate (Section 2.3), three ways.

``naive``       looks at every candidate in every step;
``lazy``        makes the same picks, refreshing only gains that may lead (Minoux 1978);
``stochastic``  looks at a sample of the candidates in every step (Mirzasoleiman et al. 2015).

Ties go to the lowest candidate. When no candidate has a gain left (all
rows equal a chosen one), the rest is taken from a list of spare rows.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np

from coresift._errors import ParameterError
from coresift._typing import Float64, Indices
from coresift.core.facility import Facility
from coresift.core.greedy import Urn

GREEDY = ("lazy", "naive", "stochastic")
Advance = Callable[[int], None]
_CHEAP_PICKS = 16  # so long, most rows are far from the chosen ones, and cheap bounds are tight
_SMALLEST_BATCH, _LARGEST_BATCH = 16, 4096


class _Queue:
    """Candidates by an upper bound of their gain; ties to the lowest."""

    def __init__(self, bounds: Indices | Float64) -> None:
        self._heap = [(-bound, candidate) for candidate, bound in enumerate(bounds.tolist())]
        heapq.heapify(self._heap)
        # The number of picks for which the bound is the gain, or at least a fresh bound.
        self._exact = np.full(len(bounds), -1, dtype=np.int64)
        self._rough = np.zeros(len(bounds), dtype=np.int64)

    def are_exact(self) -> None:
        """Take the bounds given for the gains of the first pick."""
        self._exact[:] = 0

    def pop_best(self, facility: Facility, done: int, n_threads: int | None) -> tuple[int, float]:
        """Return the candidate of largest gain, and the gain; (-1, 0) where none is left."""
        size = _SMALLEST_BATCH
        while self._heap:
            bound, candidate = self._heap[0]
            if self._exact[candidate] == done or bound == 0:
                heapq.heappop(self._heap)
                return candidate, -bound
            self._refresh(facility, done, size, n_threads)
            size = min(2 * size, _LARGEST_BATCH)
        return -1, 0

    def _refresh(self, facility: Facility, done: int, size: int, n_threads: int | None) -> None:
        """Refresh the candidates that lead, up to the first whose gain is known."""
        stale: list[int] = []
        bounds: list[float] = []
        while self._heap and len(stale) < size:
            bound, candidate = self._heap[0]
            if self._exact[candidate] == done or bound == 0:
                break
            heapq.heappop(self._heap)
            stale.append(candidate)
            bounds.append(-bound)
        which, old = np.array(stale, dtype=np.int64), np.array(bounds)
        cheap = self._rough[which] != done
        if done >= _CHEAP_PICKS or not facility.has_cheap_upper:
            cheap[:] = False
        new = np.empty_like(old)
        if cheap.any():
            new[cheap] = np.minimum(old[cheap], facility.upper(which[cheap], n_threads))
            self._rough[which[cheap]] = done
        if not cheap.all():
            new[~cheap] = facility.gains(which[~cheap], n_threads)
            self._exact[which[~cheap]] = done
        for bound, candidate in zip(new.tolist(), stale, strict=True):
            heapq.heappush(self._heap, (-bound, candidate))


def _lazy(facility: Facility, budget: int, n_threads: int | None, advance: Advance) -> list[int]:
    queue = _Queue(facility.upper(np.arange(facility.n_rows), n_threads))
    if not facility.has_cheap_upper:
        queue.are_exact()
    picks: list[int] = []
    while len(picks) < budget:
        candidate, gain = queue.pop_best(facility, len(picks), n_threads)
        if gain == 0:
            break
        picks.append(candidate)
        facility.absorb(candidate)
        advance(1)
    return picks


def _stochastic(
    facility: Facility,
    budget: int,
    rng: np.random.Generator,
    n_candidates: int,
    n_threads: int | None,
    advance: Advance,
) -> list[int]:
    urn = Urn(np.ones(facility.n_rows, dtype=np.int64))
    picks: list[int] = []
    while len(picks) < budget:
        which = np.sort(urn.draw(rng, n_candidates))
        gains = facility.gains(which, n_threads)
        best = int(np.argmax(gains))  # the first of equals
        if gains[best] == 0:
            if n_candidates >= urn.n_left or facility.score() == 0:
                break
            best = int(rng.integers(len(which)))
        picks.append(int(which[best]))
        urn.take(picks[-1])
        facility.absorb(picks[-1])
        advance(1)
    return picks


def facility_greedy(
    facility: Facility,
    budget: int,
    spare: Indices,
    rng: np.random.Generator,
    *,
    method: str = "lazy",
    n_candidates: int = 500,
    n_threads: int | None = 1,
    advance: Advance = lambda steps: None,
) -> Indices:
    """Choose ``budget`` rows of one class.

    Parameters
    ----------
    facility : Facility
        Its cover is used up.
    budget : int
        At most the number of rows.
    spare : ndarray of shape (n_rows,), int64
        All candidates in the order in which they fill up the budget.
    rng : numpy.random.Generator
        Draws the sample of each step, for "stochastic".
    method : {"lazy", "naive", "stochastic"}
    n_candidates : int
        Size of the sample.
    n_threads : int or None
        Changes the time, never the picks.
    advance : callable
        Called with the number of picks made.

    Returns
    -------
    ndarray of shape (budget,), int64
        Distinct candidates, in the order of choice.

    Raises
    ------
    ParameterError
        For an unknown method.
    """
    if method == "lazy":
        picks = _lazy(facility, budget, n_threads, advance)
    elif method in ("naive", "stochastic"):
        size = facility.n_rows if method == "naive" else n_candidates
        picks = _stochastic(facility, budget, rng, size, n_threads, advance)
    else:
        raise ParameterError(f"greedy={method!r}: must be one of {', '.join(GREEDY)}")
    left = spare[~np.isin(spare, picks)][: budget - len(picks)]
    advance(len(left))
    return np.array([*picks, *left.tolist()], dtype=np.int64)
