"""Greedy maximisation of the gain (Algorithm 1, lines 4-15), three ways.

``naive``       looks at every candidate in every step;
``lazy``        makes the same picks, refreshing only gains that may lead (Minoux 1978);
``stochastic``  looks at a sample D_s in every step, as the paper does (line 6).

All break ties by the lowest candidate index. When no candidate has a gain left
(more picks than clusters, or all rows equal), the rest is drawn uniformly from
the rows not yet chosen: such picks cannot improve the bound, and a uniform draw
keeps the weighted sum honest where file order would not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from coresift._errors import ParameterError
from coresift._kernels.greedy import add_to_tree, find_in_tree, lazy_picks
from coresift._typing import Float64, Indices
from coresift.core.objective import Cover, Objective

Progress = Callable[[int], None]
_STEP = 256  # picks between two reports of progress


@dataclass(frozen=True, eq=False)
class Picks:
    """What the greedy chose in one class.

    Parameters
    ----------
    candidates : ndarray of shape (budget,), int64
        Chosen candidates in order; one appears as often as rows are taken from it.
    gains : ndarray of shape (budget,), float64
        Gain of each pick; zero for the picks that filled up the budget.
    cover : Cover
        State after the last pick.
    """

    candidates: Indices
    gains: Float64
    cover: Cover


class Urn:
    """The rows not yet chosen, as counts of their codes."""

    def __init__(self, counts: Indices) -> None:
        self._left = counts.copy()
        self.n_left = int(counts.sum())
        self._tree = np.zeros(len(counts) + 1, dtype=np.int64)
        # A Fenwick tree in one sweep: prefix sums, minus those of the parent node.
        total = np.concatenate([[0], np.cumsum(counts)])
        index = np.arange(1, len(total))
        self._tree[1:] = total[index] - total[index - (index & -index)]

    def take(self, candidate: int) -> None:
        """Choose one row of a candidate."""
        add_to_tree(self._tree, candidate, -1)
        self._left[candidate] -= 1
        self.n_left -= 1

    def draw(self, rng: np.random.Generator, n_rows: int) -> Indices:
        """Draw distinct rows uniformly; return their candidates, one entry a row."""
        if n_rows >= self.n_left:
            return np.repeat(np.arange(len(self._left)), self._left)
        ranks = rng.choice(self.n_left, size=n_rows, replace=False, shuffle=False)
        candidates = np.empty(n_rows, dtype=np.int64)
        find_in_tree(self._tree, ranks, candidates)
        return candidates


def _fill(
    picks: Indices, done: int, urn: Urn, rng: np.random.Generator, objective: Objective
) -> None:
    """Fill the rest of the picks by a uniform draw of the rows left."""
    drawn = urn.draw(rng, len(picks) - done)
    picks[done:] = np.sort(drawn)[: len(picks) - done]


def _naive(
    objective: Objective, budget: int, rng: np.random.Generator, n_threads: int | None
) -> Picks:
    return _stochastic(objective, budget, rng, n_threads, n_candidates=None)


def _stochastic(
    objective: Objective,
    budget: int,
    rng: np.random.Generator,
    n_threads: int | None,
    n_candidates: int | None,
    progress: Progress | None = None,
) -> Picks:
    """Sample D_s, take the candidate of largest gain, repeat (lines 4-15)."""
    state, urn = objective.uncovered(), Urn(objective.candidates.counts)
    picks, gains = np.empty(budget, dtype=np.int64), np.zeros(budget)
    everything = np.arange(objective.n_candidates)
    for done in range(budget):
        drawn = everything if n_candidates is None else urn.draw(rng, n_candidates)
        which = np.unique(drawn)
        gain = objective.gains(which, state, n_threads)
        best = int(np.argmax(gain))  # the first of equals
        if gain[best] > 0:
            picks[done], gains[done] = which[best], gain[best]
            objective.absorb(int(which[best]), state)
        elif n_candidates is None or n_candidates >= urn.n_left:  # all were looked at
            _fill(picks, done, urn, rng, objective)
            break
        else:
            picks[done] = drawn[rng.integers(len(drawn))]
        urn.take(int(picks[done]))
        if progress is not None and done % _STEP == 0:
            progress(done)
    return Picks(picks, gains, state)


def _lazy(
    objective: Objective, budget: int, rng: np.random.Generator, n_threads: int | None
) -> Picks:
    """Refresh a gain only when its old value, an upper bound, leads the rest."""
    state, urn = objective.uncovered(), Urn(objective.candidates.counts)
    picks, gains = np.empty(budget, dtype=np.int64), np.zeros(budget)
    everything = np.arange(objective.n_candidates)
    # The first pick changes every cover: two full sweeps, on all threads, are
    # cheaper than refreshing almost every candidate one by one.
    bounds = objective.gains(everything, state, n_threads)
    first = int(np.argmax(bounds))
    done = 0
    if bounds[first] > 0:
        picks[0], gains[0], done = first, bounds[first], 1
        objective.absorb(first, state)
        bounds = objective.gains(everything, state, n_threads)
        done += lazy_picks(
            objective.candidates.codes,
            objective.table,
            objective.floor,
            objective.squared,
            objective.sizes,
            state.key,
            state.cover,
            state.peak,
            bounds,
            picks[1:],
            gains[1:],
        )
    for candidate in picks[:done]:
        urn.take(int(candidate))
    if done < budget:
        _fill(picks, done, urn, rng, objective)
    return Picks(picks, gains, state)


GREEDY = ("lazy", "naive", "stochastic")


def greedy(
    objective: Objective,
    budget: int,
    rng: np.random.Generator,
    *,
    method: str = "lazy",
    n_candidates: int = 500,
    n_threads: int | None = 1,
) -> Picks:
    """Choose ``budget`` rows of one class, as candidates.

    Parameters
    ----------
    objective : Objective
    budget : int
        At most the number of rows of the class.
    rng : numpy.random.Generator
        Draws D_s and the rows that fill up.
    method : {"lazy", "naive", "stochastic"}
    n_candidates : int
        Size of D_s (S), for "stochastic".
    n_threads : int or None
        Changes the time, never the picks.

    Raises
    ------
    ParameterError
        For an unknown method.
    """
    if method == "stochastic":
        return _stochastic(objective, budget, rng, n_threads, n_candidates)
    if method == "lazy":
        return _lazy(objective, budget, rng, n_threads)
    if method == "naive":
        return _naive(objective, budget, rng, n_threads)
    raise ParameterError(f"greedy={method!r}: must be one of {', '.join(GREEDY)}")
