"""Greedy maximisation of a gain, candidate by candidate (Section 2.3), three ways.

``naive``       looks at every candidate in every step;
``lazy``        makes the same picks, refreshing only gains that may lead (Minoux 1978);
``stochastic``  looks at a sample of the candidates in every step (Mirzasoleiman et al. 2015).

Ties go to the lowest candidate. When no candidate has a gain left (all
rows equal a chosen one), the rest is taken from a list of spare rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coresift._errors import ParameterError
from coresift._typing import Indices
from coresift.core.facility import Facility
from coresift.core.greedy import Urn

GREEDY = ("lazy", "naive", "stochastic")
Advance = Callable[[int], None]
_CHEAP_PICKS = 16  # so long, most rows are far from the chosen ones, and cheap bounds are tight
_SMALLEST_BATCH, _LARGEST_BATCH = 16, 4096


class _Bounds:
    """Upper bounds of the gains, and for which number of picks each was refreshed."""

    def __init__(self, facility: Facility, n_threads: int | None) -> None:
        self._facility, self._n_threads = facility, n_threads
        self._bounds = facility.upper(np.arange(facility.n_rows), n_threads)
        fresh = -1 if facility.has_cheap_upper else 0
        self._exact = np.full(facility.n_rows, fresh, dtype=np.int64)
        self._rough = np.zeros(facility.n_rows, dtype=np.int64)

    def best(self, done: int) -> tuple[int, float]:
        """Return the candidate of largest gain, the lowest of equals, and the gain."""
        size, lead = _SMALLEST_BATCH, 0
        while True:
            top = int(np.argmax(self._bounds))  # the first of equals
            if self._exact[top] == done or self._bounds[top] == 0:
                return top, self._bounds[top].item()
            which = np.flatnonzero((self._exact != done) & (self._bounds >= lead))
            if len(which) > size:
                which = which[np.argpartition(-self._bounds[which], size)[:size]]
            self._refresh(which, done)
            known = self._bounds[which][self._exact[which] == done]
            lead = max(lead, known.max(initial=0))
            size = min(2 * size, _LARGEST_BATCH)

    def _refresh(self, which: Indices, done: int) -> None:
        """Refresh some candidates: cheaply first, as long as that helps."""
        cheap = self._rough[which] != done
        if done >= _CHEAP_PICKS or not self._facility.has_cheap_upper:
            cheap[:] = False
        some = which[cheap]
        if len(some):
            upper = self._facility.upper(some, self._n_threads)
            self._bounds[some] = np.minimum(self._bounds[some], upper)
            self._rough[some] = done
        some = which[~cheap]
        if len(some):
            self._bounds[some] = self._facility.gains(some, self._n_threads)
            self._exact[some] = done


def _lazy(facility: Facility, budget: int, n_threads: int | None, advance: Advance) -> list[int]:
    bounds = _Bounds(facility, n_threads)
    picks: list[int] = []
    while len(picks) < budget:
        candidate, gain = bounds.best(len(picks))
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
