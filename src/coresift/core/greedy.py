"""Greedy maximisation of the gain (Algorithm 1, lines 4-15) over any `Objective`.

``naive``       looks at every candidate in every step;
``lazy``        makes the same picks, refreshing only gains that may lead (Minoux 1978);
``gradual``     is the lazy greedy with candidates that arrive little by little, in random order;
``stochastic``  looks at a sample D_s in every step, as the paper does (line 6).

Why gradual: an evaluation is dear while little is covered, and cheap once blocks of clusters
can be skipped. The lazy greedy evaluates every candidate when it is dearest. (CovType, a class
of 212,404 rows, 2,124 picks of 41,224 candidates, 20,102 clusters: lazy 5.5 s, gradual 0.8 s,
its score 0.4 % above; a stochastic greedy of 0.8 s is 2.9 % above.)

All break ties by the lowest candidate index. When no candidate has a gain left
(more picks than clusters, or all rows equal), the rest is drawn uniformly from
the rows not yet chosen: such picks cannot improve the bound, and a uniform draw
keeps the weighted sum honest where file order would not.

`greedy` is for codes, of which there are few with many rows each; `core.facility.greedy` is for
objectives whose candidates are rows. They share the protocol and the naive and stochastic loop,
and have a lazy loop each: compiled, with a heap, for codes; in batches for rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from coresift._kernels.greedy import add_to_tree, find_in_tree
from coresift._typing import Counts, Float64, Indices
from coresift.core.objective import CodeObjective, Objective
from coresift.core.parameters import check_choice

GREEDY = ("auto", "lazy", "gradual", "naive", "stochastic")
Advance = Callable[[int], None]
_ROUND = 16  # picks between two arrivals of candidates
_LAZY_PAIRS = 2**24  # candidates x clusters that the lazy greedy takes well under a second for


@dataclass(frozen=True, eq=False)
class Picks:
    """What the greedy chose in one class.

    Parameters
    ----------
    candidates : ndarray of shape (budget,), int64
        Chosen candidates in order; one appears as often as rows are taken from it.
    gains : ndarray of shape (budget,), float64
        Gain of each pick; zero for the picks that filled up the budget.
    """

    candidates: Indices
    gains: Float64


class Urn:
    """The rows not yet chosen, as counts of their candidates."""

    def __init__(self, counts: Counts) -> None:
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


def _unknown(objective: Objective) -> Indices | Float64:
    """Return a bound above any gain for each candidate, in the type of the gains."""
    n = len(objective.counts)
    if objective.gains(np.arange(0)).dtype == np.int64:  # beyond 2^53, floats would make ties
        return np.full(n, np.iinfo(np.int64).max)
    return np.full(n, np.inf)


def _refresh_leaders(objective: Objective, which: Indices, bounds: Indices | Float64) -> None:
    """Make those of ``bounds`` exact that may be the largest among ``which``.

    A bound is the gain when a candidate was last looked at: gains only fall. More and more are
    looked at together, those of the largest bounds first.
    """
    order = which[np.argsort(-bounds[which], kind="stable")]
    unseen = bounds[which] == bounds[order[0]]
    start, size, lead = 0, max(_ROUND, int(unseen.sum())), bounds.dtype.type(0)
    while start < len(order) and bounds[order[start]] >= lead and bounds[order[start]] > 0:
        now = order[start : start + size]
        now = now[bounds[now] >= lead]
        bounds[now] = objective.gains(now)
        lead = max(lead, bounds[now].max())
        start, size = start + len(now), 2 * size


def sampled_picks(
    objective: Objective,
    budget: int,
    rng: np.random.Generator,
    n_candidates: int | None,
    advance: Advance = lambda steps: None,
) -> tuple[list[int], list[float]]:
    """Sample D_s, take the candidate of largest gain, repeat (lines 4-15).

    Parameters
    ----------
    n_candidates : int or None
        Rows that are looked at in each step (S); None is all.

    Returns
    -------
    picks : list of int
        Fewer than the budget where nothing gains any more.
    gains : list of float
    """
    urn = Urn(objective.counts)
    everything = np.arange(len(objective.counts))
    bounds = _unknown(objective)
    picks: list[int] = []
    gained: list[float] = []
    while len(picks) < budget:
        drawn = everything if n_candidates is None else urn.draw(rng, n_candidates)
        which = np.unique(drawn)
        if n_candidates is None:
            bounds[:] = objective.gains(which)
        else:
            _refresh_leaders(objective, which, bounds)
        best = which[np.argmax(bounds[which])]  # the first of equals
        gain = float(bounds[best])
        if gain > 0:
            picks.append(int(best))
            objective.absorb(picks[-1])
        elif n_candidates is None or n_candidates >= urn.n_left or objective.score() == 0:
            break  # all that could gain were looked at
        else:
            picks.append(int(drawn[rng.integers(len(drawn))]))
        gained.append(gain)
        urn.take(picks[-1])
        advance(1)
    return picks, gained


def _sampled(
    objective: CodeObjective, budget: int, rng: np.random.Generator, n_candidates: int | None
) -> Picks:
    found, gained = sampled_picks(objective, budget, rng, n_candidates)
    picks, gains = np.empty(budget, dtype=np.int64), np.zeros(budget)
    picks[: len(found)], gains[: len(found)] = found, gained
    return _filled(picks, gains, len(found), rng, objective)


def _filled(
    picks: Indices, gains: Float64, done: int, rng: np.random.Generator, objective: CodeObjective
) -> Picks:
    """Fill the rest of the picks by a uniform draw of the rows left."""
    if done < len(picks):
        urn = Urn(objective.counts)
        for candidate in picks[:done].tolist():
            urn.take(candidate)
        drawn = urn.draw(rng, len(picks) - done)
        picks[done:] = np.sort(drawn)[: len(picks) - done]
    return Picks(picks, gains)


def _lazy(objective: CodeObjective, budget: int, rng: np.random.Generator) -> Picks:
    """Refresh a gain only when its old value, an upper bound, leads the rest."""
    n_candidates = objective.n_candidates
    rounds = [(n_candidates, 1), (n_candidates, budget)]
    return _lazy_rounds(objective, budget, rng, np.arange(n_candidates), rounds)


def _gradual(objective: CodeObjective, budget: int, rng: np.random.Generator) -> Picks:
    """Let candidates arrive evenly in the first half of the rounds of `_ROUND` picks."""
    targets = [*range(_ROUND, budget, _ROUND), budget]
    arriving = -(-len(targets) // 2)
    n = objective.n_candidates
    shown = [-(-n * min(number, arriving) // arriving) for number in range(1, len(targets) + 1)]
    rounds = [(shown[0], 1), *zip(shown, targets, strict=True)]
    return _lazy_rounds(objective, budget, rng, rng.permutation(n), rounds)


def _lazy_rounds(
    objective: CodeObjective,
    budget: int,
    rng: np.random.Generator,
    order: Indices,
    rounds: Sequence[tuple[int, int]],
) -> Picks:
    """Run the lazy greedy; a round is (candidates of ``order`` shown, picks made by its end).

    Newcomers are evaluated on all threads. The first pick changes every cover, so after the
    first round all shown so far count as newcomers: cheaper than to refresh them one by one.
    """
    picks, gains = np.empty(budget, dtype=np.int64), np.zeros(budget)
    bounds = np.zeros(objective.n_candidates)
    done = seen = 0
    for number, (shown, target) in enumerate(rounds):
        new = order[0 if number == 1 else seen : shown]
        bounds[new] = objective.gains(new)
        part = slice(done, target)
        done += objective.lazy_picks(order[:shown].copy(), bounds, picks[part], gains[part])
        seen = shown
    return _filled(picks, gains, done, rng, objective)


def greedy(
    objective: CodeObjective,
    budget: int,
    rng: np.random.Generator,
    *,
    method: str = "auto",
    n_candidates: int = 500,
) -> Picks:
    """Choose ``budget`` rows of one class, as candidates.

    Parameters
    ----------
    objective : CodeObjective
        Its cover is used up, and says afterwards how well the picks cover.
    budget : int
        At most the number of rows of the class.
    rng : numpy.random.Generator
        Draws D_s and the rows that fill up.
    method : {"auto", "lazy", "gradual", "naive", "stochastic"}
        "auto" is "lazy" for up to 2**24 pairs of candidate and cluster, else "gradual".
    n_candidates : int
        Size of D_s (S), for "stochastic".

    Raises
    ------
    ParameterError
        For an unknown method.
    """
    check_choice("greedy", method, GREEDY)
    if method == "auto":
        pairs = objective.n_candidates * len(objective.table.order)
        method = "lazy" if pairs <= _LAZY_PAIRS else "gradual"
    if method in ("naive", "stochastic"):
        return _sampled(objective, budget, rng, n_candidates if method == "stochastic" else None)
    return (_lazy if method == "lazy" else _gradual)(objective, budget, rng)
