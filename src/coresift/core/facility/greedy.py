"""Greedy maximisation of a gain over objectives whose candidates are rows (Section 2.3).

``naive``       looks at every candidate in every step;
``lazy``        makes the same picks, refreshing only gains that may lead (Minoux 1978);
``stochastic``  looks at a sample of the candidates in every step (Mirzasoleiman et al. 2015).

Ties go to the lowest candidate. When no candidate has a gain left (all
rows equal a chosen one), the rest is taken from a list of spare rows.
"""

from __future__ import annotations

import numpy as np

from coresift._typing import Indices
from coresift.core.greedy import Advance, sampled_picks
from coresift.core.objective import Objective
from coresift.core.parameters import check_choice

ROW_GREEDY = ("lazy", "naive", "stochastic")
_CHEAP_PICKS = 16  # so long, most rows are far from the chosen ones, and cheap bounds are tight
_SMALLEST_BATCH, _LARGEST_BATCH = 16, 4096


class _Bounds:
    """Upper bounds of the gains, and for which number of picks each was refreshed."""

    def __init__(self, objective: Objective) -> None:
        self._objective, n_candidates = objective, len(objective.counts)
        self._bounds = objective.upper(np.arange(n_candidates))
        fresh = -1 if objective.has_cheap_upper else 0
        self._exact = np.full(n_candidates, fresh, dtype=np.int64)
        self._rough = np.zeros(n_candidates, dtype=np.int64)

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
        if done >= _CHEAP_PICKS or not self._objective.has_cheap_upper:
            cheap[:] = False
        some = which[cheap]
        if len(some):
            upper = self._objective.upper(some)
            self._bounds[some] = np.minimum(self._bounds[some], upper)
            self._rough[some] = done
        some = which[~cheap]
        if len(some):
            self._bounds[some] = self._objective.gains(some)
            self._exact[some] = done


def _lazy(objective: Objective, budget: int, advance: Advance) -> list[int]:
    bounds = _Bounds(objective)
    picks: list[int] = []
    while len(picks) < budget:
        candidate, gain = bounds.best(len(picks))
        if gain == 0:
            break
        picks.append(candidate)
        objective.absorb(candidate)
        advance(1)
    return picks


def facility_greedy(
    objective: Objective,
    budget: int,
    spare: Indices,
    rng: np.random.Generator,
    *,
    method: str = "lazy",
    n_candidates: int = 500,
    advance: Advance = lambda steps: None,
) -> Indices:
    """Choose ``budget`` rows of one class.

    Parameters
    ----------
    objective : Objective
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
    check_choice("greedy", method, ROW_GREEDY)
    if method == "lazy":
        picks = _lazy(objective, budget, advance)
    else:
        size = None if method == "naive" else n_candidates
        picks, _ = sampled_picks(objective, budget, rng, size, advance)
    left = spare[~np.isin(spare, picks)][: budget - len(picks)]
    advance(len(left))
    return np.array([*picks, *left.tolist()], dtype=np.int64)
