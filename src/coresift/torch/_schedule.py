"""When Algorithm 2 trains on what."""

from __future__ import annotations

from dataclasses import dataclass

from coresift._rng import Purpose, stream
from coresift.core.budget import resolve_budget
from coresift.core.parameters import check_range


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

    def __post_init__(self) -> None:
        check_range("warm_up", self.warm_up, lowest=0)
        check_range("epochs", self.epochs)
        check_range("rounds", self.rounds)

    @property
    def total(self) -> int:
        """All epochs."""
        return self.warm_up + self.epochs * self.rounds

    def selects_at(self, epoch: int) -> bool:
        """Tell whether a coreset is chosen before this epoch (from 0)."""
        return self.warm_up <= epoch < self.total and (epoch - self.warm_up) % self.epochs == 0

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
        return self.warm_up * whole + (self.total - self.warm_up) * some


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
