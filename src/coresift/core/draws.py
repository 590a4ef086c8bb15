"""Rows and weights anew for every epoch: as many each time, spread evenly, and unbiased."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from coresift._errors import DataError, ParameterError
from coresift._rng import Purpose, row_hash, stream
from coresift._typing import Float64, Indices
from coresift.core.budget import resolve_budget

_BITS = 40
_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True, eq=False)
class Draws:
    """A sample of the rows for every epoch, with weights that keep sums over all rows unbiased.

    Row i is in the sample of an epoch with probability ``p_i`` and weighs ``1 / p_i`` there: on
    average over epochs, the weighted sum of anything over the sample is its sum over all rows.
    The sample is systematic: the probabilities are laid end to end, run by run, and the rows are
    taken that lie one unit apart behind a random start. So it has exactly ``n_drawn`` distinct
    rows, and of each run as many as the run's probabilities sum to, within 1.

    Parameters
    ----------
    shares : ndarray of shape (n_rows,), int64
        Probabilities, in parts of ``one``; they sum to ``n_drawn * one``, exactly.
    runs : ndarray of shape (n_rows,), int64
        Rows of a run are neighbours in the order along which they are drawn, and runs follow each
        other by number; within a run the order is random.
    n_drawn : int
    one : int
        The share of a row that is in every sample: a power of 2.
    seed : int

    Notes
    -----
    From epoch to epoch the start moves on by the golden section of a unit, which spreads the epochs
    that a row is in as evenly as can be: a row of probability 0.1 is in about every tenth.
    The first start is random, and with it each start. Once the samples of a cycle have as many rows
    as there are, the order within runs is shuffled anew.

    No row is read. An epoch costs a search in an array of n_rows numbers for each drawn row, and a
    cycle a sort.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.draws import Draws
    >>> draws = Draws.of(4, 1000, np.arange(1000) % 7, seed=0)
    >>> rows, weights = draws.at(epoch=0)
    >>> len(set(rows.tolist())), round(float(weights.max()))
    (4, 500)
    """

    shares: Indices
    runs: Indices
    n_drawn: int
    one: int
    seed: int

    @classmethod
    def of(
        cls,
        budget: float,
        n_rows: int,
        scores: Any = None,
        *,
        classes: Any = None,
        cells: Any = None,
        uniform: float = 0.5,
        seed: int = 0,
    ) -> Draws:
        """Return the draws whose probabilities follow scores.

        Parameters
        ----------
        budget : float or int
            Rows of an epoch: a fraction, or a number.
        n_rows : int
        scores : array-like of shape (n_rows,) or None, default=None
            What drawing a row is worth, for instance the norm of its gradient. None, or all 0,
            makes the rows of a class equal.
        classes : array-like of shape (n_rows,) or None, default=None
            Labels; each epoch has each class in proportion to its rows, within 1. A class may be
            missing from an epoch that has fewer rows than there are classes; its turn comes.
        cells : array-like of shape (n_rows,), int, or None, default=None
            Rows of a cell are neighbours in the order that is drawn along.
        uniform : float, default=0.5
            Share of a row's probability that is the same for all. No row weighs more than
            ``1 / uniform`` times the mean.
        seed : int, default=0

        Raises
        ------
        BudgetError, DataError, ParameterError
            For a budget that cannot be met; scores, classes or cells that do not fit, or are
            negative or not finite; and ``uniform`` outside (0, 1].
        """
        n_drawn = resolve_budget(budget, n_rows)
        if not 0 < uniform <= 1:
            raise ParameterError(
                f"uniform={uniform}: must be above 0, so that every row can be drawn, and at most 1"
            )
        groups = _numbered("classes", classes, n_rows)
        found = np.ones(n_rows) if scores is None else _checked(scores, n_rows)
        one = 1 << min(_BITS, 62 - n_drawn.bit_length())
        shares = _shares(found, groups, n_drawn, one, uniform)
        within = _numbered("cells", cells, n_rows)
        return cls(shares, groups * (int(within.max()) + 1) + within, n_drawn, one, seed)

    @cached_property
    def _orders(self) -> dict[int, tuple[Indices, Indices]]:
        """The order of the last cycle that was asked for."""
        return {}

    def order(self, cycle: int) -> tuple[Indices, Indices]:
        """Return the rows as they are laid end to end, and where the share of each ends."""
        if cycle not in self._orders:
            seed = int(stream(self.seed, Purpose.DRAWS, cycle).integers(2**63))
            rows = np.lexsort((row_hash(np.arange(len(self.runs)), seed), self.runs))
            self._orders.clear()
            self._orders[cycle] = rows, np.cumsum(self.shares[rows])
        return self._orders[cycle]

    @property
    def probabilities(self) -> Float64:
        """Of each row to be in the sample of an epoch, shape (n_rows,); they sum to n_drawn."""
        return np.asarray(self.shares / self.one)

    @property
    def weights(self) -> Float64:
        """What each row weighs where it is drawn, shape (n_rows,)."""
        return np.asarray(self.one / self.shares)

    def start_of(self, epoch: int) -> int:
        """Return where the first unit of an epoch starts, from 0 up to ``one``."""
        first = int(stream(self.seed, Purpose.DRAWS).integers(self.one))
        return (first + epoch * int(_GOLDEN * self.one)) % self.one

    def at(self, epoch: int) -> tuple[Indices, Float64]:
        """Return the rows of an epoch and their weights.

        Returns
        -------
        rows : ndarray of shape (n_drawn,), int64
            Ascending and distinct.
        weights : ndarray of shape (n_drawn,), float64
            How many rows each stands for. Divided by ``n_rows / n_drawn`` they leave the gradient
            of a batch, and with it the learning rate, as large as it is for all rows.
        """
        return self.sample(epoch * self.n_drawn // len(self.shares), self.start_of(epoch))

    def sample(self, cycle: int, start: int) -> tuple[Indices, Float64]:
        """Return rows and weights for a start from 0 up to ``one``."""
        order, ends = self.order(cycle)
        marks = np.arange(1, self.n_drawn + 1) * self.one - start
        rows = np.sort(order[np.searchsorted(ends, marks)])
        return rows, self.one / self.shares[rows]


def _checked(scores: Any, n_rows: int) -> Float64:
    found = np.asarray(scores, dtype=np.float64)
    if found.shape != (n_rows,):
        raise DataError(f"scores of shape {found.shape} for {n_rows} rows: give one for each")
    wrong = ~(np.isfinite(found) & (found >= 0))
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"the score of row {row} is {found[row]}: a score must be finite and at least 0; lower "
            "the learning rate if a loss or a gradient is not"
        )
    return found


def _numbered(name: str, values: Any, n_rows: int) -> Indices:
    if values is None:
        return np.zeros(n_rows, dtype=np.int64)
    found = np.asarray(values)
    if found.shape != (n_rows,):
        raise DataError(f"{name} of shape {found.shape} for {n_rows} rows: give one for each")
    return np.asarray(np.unique(found, return_inverse=True)[1])


def _shares(scores: Float64, groups: Indices, n_drawn: int, one: int, uniform: float) -> Indices:
    """Return whole shares in proportion to the mixed scores; each group has its part exactly."""
    sizes = np.bincount(groups)
    masses = _split(n_drawn * one, sizes)
    highest = np.zeros(len(sizes))
    np.maximum.at(highest, groups, scores)
    flat = (highest == 0)[groups]  # no score in the group: its rows are equal
    own = np.where(flat, 1.0, scores / np.where(flat, 1.0, highest[groups]))
    own /= (np.bincount(groups, own) / sizes)[groups]
    mixed = uniform + (1 - uniform) * own  # 1 on average in each group
    parts = _filled(mixed, groups, masses / one)
    return _whole(np.maximum((parts * one).astype(np.int64), 1), groups, masses, one)


def _split(total: int, sizes: Indices) -> Indices:
    """Return whole masses in proportion to sizes that sum to the total."""
    n_rows = int(sizes.sum())
    masses = [total * int(size) // n_rows for size in sizes]
    for group in range(total - sum(masses)):  # fewer than there are groups
        masses[group] += 1
    return np.array(masses, dtype=np.int64)


def _filled(mixed: Float64, groups: Indices, masses: Float64) -> Float64:
    """Return probabilities that sum to the mass of each group; those above 1 are cut to 1.

    What is cut goes to the others of the group in proportion: theirs grow, and no weight does.
    """
    full = np.zeros(len(mixed), dtype=bool)
    while True:
        left = masses - np.bincount(groups, full, minlength=len(masses))
        open_sum = np.bincount(groups, np.where(full, 0, mixed), minlength=len(masses))
        factor = np.divide(left, open_sum, out=np.zeros_like(left), where=open_sum > 0)
        parts = np.where(full, 1.0, factor[groups] * mixed)
        over = parts > 1
        if not over.any():
            return np.asarray(parts)
        full |= over


def _whole(shares: Indices, groups: Indices, masses: Indices, one: int) -> Indices:
    """Return shares that sum to the masses exactly, one part more or less at a time."""
    by_group = np.argsort(groups, kind="stable")
    while True:
        sums = np.zeros(len(masses), dtype=np.int64)
        np.add.at(sums, groups, shares)
        missing = (masses - sums)[groups]
        open_to = np.where(missing > 0, shares < one, (missing < 0) & (shares > 1))
        if not open_to.any():
            return shares
        turn = np.cumsum(open_to[by_group])
        before = np.concatenate([[0], turn])[
            np.searchsorted(groups[by_group], np.arange(len(masses)))
        ]
        rank = np.empty_like(turn)
        rank[by_group] = turn - before[groups[by_group]]
        step = open_to & (rank <= np.abs(missing))
        shares = shares + np.where(step, np.sign(missing), 0)
