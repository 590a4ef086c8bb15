"""When Algorithm 2 trains on what."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import floor

from coresift._errors import ParameterError
from coresift._rng import Purpose, stream
from coresift.core.budget import resolve_budget
from coresift.core.parameters import check_range

_EPOCHS_OF_A_LOOK = 3


@dataclass(frozen=True)
class Schedule:
    """Epochs of Algorithm 2; by default 20, and 20 on each of 10 coresets.

    Parameters
    ----------
    warm_up : int, default=20
        Epochs on all rows (line 3); 0 chooses with the parameters as they start.
    epochs : int, default=20
        On each coreset (line 8).
    rounds : int, default=10
        Coresets (kappa).
    finish : int, default=0
        Epochs on all rows at the end.
    budget : float or None, default=None
    redraw : str or None, default=None
        Of a trainer that is given none of its own: see `reduced`.

    Raises
    ------
    ParameterError
        For a value outside its range.

    Examples
    --------
    >>> from coresift.torch import Schedule
    >>> schedule = Schedule(warm_up=2, epochs=3, rounds=2)
    >>> schedule.total, [epoch for epoch in range(8) if schedule.selects_at(epoch)]
    (8, [2, 5])
    """

    warm_up: int = 20
    epochs: int = 20
    rounds: int = 10
    finish: int = 0
    # Not in the text that a checkpoint compares, which has both from the trainer.
    budget: float | None = field(default=None, repr=False)
    redraw: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_range("warm_up", self.warm_up, lowest=0)
        check_range("epochs", self.epochs)
        check_range("rounds", self.rounds)
        check_range("finish", self.finish, lowest=0)

    @classmethod
    def reduced(cls, total: int, steps: float = 0.5) -> Schedule:
        """Return as many epochs with a part of the steps.

        The first epoch and the last ones, 3 at most, are on all rows. Those between draw rows by
        the norms of their gradients, which are taken anew after every 3 epochs at most.

        Parameters
        ----------
        total : int
            All epochs, for which the learning rate falls.
        steps : float, default=0.5
            The part of the steps of as many epochs on all rows that is not exceeded, but for the
            last batch of an epoch.

        Raises
        ------
        ParameterError
            For a value outside its range, and a part too small for the epochs on all rows.

        Examples
        --------
        >>> from coresift.torch import Schedule
        >>> schedule = Schedule.reduced(65)
        >>> schedule, schedule.budget, schedule.redraw
        (Schedule(warm_up=1, epochs=3, rounds=21, finish=1), 0.48, 'gradients')
        """
        check_range("total", total, lowest=3)
        if not 0 < steps < 1:
            raise ParameterError(f"steps={steps}: must be above 0 and below 1, a part of all steps")
        warm_up, epochs = 1, min(_EPOCHS_OF_A_LOOK, max(1, total // 10))
        rounds = max(1, (total - warm_up - 1) // epochs)
        finish = total - warm_up - epochs * rounds
        budget = floor(100 * (steps * total - warm_up - finish) / (epochs * rounds)) / 100
        if budget <= 0:
            raise ParameterError(
                f"steps={steps} of {total} epochs leaves no rows for the epochs between, since "
                f"{warm_up + finish} are on all rows: give more steps or more epochs"
            )
        return cls(warm_up, epochs, rounds, finish, budget, "gradients")

    @property
    def total(self) -> int:
        """All epochs."""
        return self._last + self.finish

    @property
    def _last(self) -> int:
        return self.warm_up + self.epochs * self.rounds

    def selects_at(self, epoch: int) -> bool:
        """Tell whether a coreset is chosen before this epoch (from 0)."""
        return self.warm_up <= epoch < self._last and (epoch - self.warm_up) % self.epochs == 0

    def finishes_at(self, epoch: int) -> bool:
        """Tell whether this epoch (from 0) is on all rows, after the last coreset."""
        return self.finish > 0 and epoch >= self._last

    def epochs_on_all(self, epochs: int) -> int:
        """Return how many of the first epochs are on all rows."""
        after = max(0, epochs - self._last) if self.finish else 0
        return min(self.warm_up, epochs) + after

    def total_steps(
        self,
        n_rows: int,
        budget: float,
        batch_size: int = 128,
        *,
        n_processes: int = 1,
        accumulate: int = 1,
    ) -> int:
        """Return how many steps an optimizer takes, for a schedule of the learning rate.

        Parameters
        ----------
        n_rows : int
            All training rows.
        budget : float or int
            Of a coreset, as for a selector.
        batch_size : int, default=128
            Of one process.
        n_processes : int, default=1
            They share the rows of an epoch.
        accumulate : int, default=1
            Batches of a step; the last step of an epoch may have fewer.

        Raises
        ------
        BudgetError, ParameterError
            For a value outside its range.

        Examples
        --------
        >>> from coresift.torch import Schedule
        >>> Schedule(2, 2, 2).total_steps(320, 0.1, batch_size=16)
        48
        """
        check_range("n_rows", n_rows)
        check_range("batch_size", batch_size)
        check_range("n_processes", n_processes)
        check_range("accumulate", accumulate)
        whole, some = (
            -(-n_batches(-(-rows // n_processes), batch_size) // accumulate)
            for rows in (n_rows, resolve_budget(budget, n_rows))
        )
        on_all = self.epochs_on_all(self.total)
        return on_all * whole + (self.total - on_all) * some


def n_batches(n_rows: int, batch_size: int) -> int:
    """Return the number of batches of an epoch; a last one of a single row joins the one before.

    Batch normalisation cannot train on one row.
    """
    joined = batch_size > 1 and n_rows > 1 and n_rows % batch_size == 1
    return -(-n_rows // batch_size) - joined


def selection_seed(seed: int, epoch: int) -> int:
    """Return the seed of the choice before an epoch."""
    return int(stream(seed, Purpose.SELECT_EPOCH, epoch).integers(2**63))


def training_seed(seed: int, epoch: int) -> int:
    """Return the seed of what torch draws in an epoch: dropout, random crops."""
    return int(stream(seed, Purpose.TRAIN_EPOCH, epoch).integers(2**63))
