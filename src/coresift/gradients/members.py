"""From a pilot, the sum over all rows and candidates of each cell to weighted members."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from coresift._errors import DataError
from coresift._typing import Float64, Indices, Rows
from coresift.gradients.choice import Balanced, Search, balance
from coresift.gradients.fit import fit_pilot, one_step
from coresift.gradients.losses import Loss
from coresift.gradients.metric import Metric, metric_for
from coresift.gradients.pilot import Pilot
from coresift.gradients.rows import RowGradients

AMPLE = 10  # rows for each free parameter: chosen rows then curve as all rows do
NOTHING = 0.03  # of the error that the full model has by chance


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows in memory, in the order of their ids.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
        Scaled.
    targets : ndarray of shape (n_rows,)
        Class numbers (int64) or values (float64).
    weights : ndarray of shape (n_rows,), float64
        Prior weights.
    """

    rows: Rows
    targets: Indices | Float64
    weights: Float64

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, which: Indices) -> Sample:
        """Return some of the rows."""
        return Sample(self.rows[which], self.targets[which], self.weights[which])


class Looks(Protocol):
    """What gradients are taken from: a pilot, or a function that is given."""

    @property
    def n_free(self) -> int:
        """Parameters that are free."""

    def look(self, rows: Rows, targets: Any) -> RowGradients:
        """Return the gradients of rows."""


P = TypeVar("P", bound=Looks)


@dataclass(frozen=True, eq=False)
class Aim(Generic[P]):
    """What gradients are looked at, and what they are to add up to.

    Parameters
    ----------
    pilot : Pilot
        Or what else looks at rows.
    gradient : ndarray of shape (n_outputs, n_features + 1), float64
        The mean gradient of all rows at the pilot.
    sample : Sample
        Tells how the loss curves.
    l2 : float
        Penalty of the pilot, and of models that are trained to judge a coreset.
    """

    pilot: P
    gradient: Float64
    sample: Sample
    l2: float

    def moved(self: Aim[Pilot]) -> Aim[Pilot]:
        """Return the aim at a pilot closer to the model of all rows (`one_step`)."""
        sample = self.sample
        pilot, gradient = one_step(
            self.pilot,
            sample.rows,
            sample.targets,
            self.gradient,
            weights=sample.weights,
            l2=self.l2,
        )
        return replace(self, pilot=pilot, gradient=gradient)

    def metric(self, n_chosen: int, n_candidates: int) -> Metric:
        """Return the metric of a choice of so many rows."""
        looked = self.pilot.look(self.sample.rows, self.sample.targets)
        return metric_for(looked, self.sample.weights, self.pilot.n_free, n_chosen, n_candidates)


def fit_on(
    sample: Sample, loss: Loss, n_classes: int, l2: float, start: Pilot | None = None
) -> Pilot:
    """Fit a pilot on a sample."""
    return fit_pilot(
        sample.rows,
        sample.targets,
        loss,
        n_classes,
        weights=sample.weights,
        l2=l2,
        start=start,
    )


def search_for(n_chosen: int, n_free: int, n_rows: int, search: Search | None = None) -> Search:
    """Return how to look for the balance of ``n_chosen`` rows.

    Enough is an error that is small beside the one that the model of all rows has by chance,
    ``n_free / n_rows`` in the metric.

    Parameters
    ----------
    n_chosen, n_free, n_rows : int
        Cells, free parameters, and rows in all.
    search : Search or None
        The rest of it.
    """
    return replace(
        search or Search(),
        sharpen=n_chosen < AMPLE * n_free,
        enough=NOTHING * n_free / n_rows,
    )


def choose_members(
    aim: Aim[P],
    cells: Indices,
    candidates: Sample,
    sizes: Float64,
    n_rows: int,
    rng: np.random.Generator,
    search: Search | None = None,
    groups: Indices | None = None,
) -> tuple[Balanced, Metric]:
    """Choose one candidate of each cell and weigh it.

    Parameters
    ----------
    aim : Aim
    cells : ndarray of shape (n_candidates,), int64
        Cell of each candidate, ascending, within a cell by row id; no cell is empty.
    candidates : Sample
    sizes : ndarray of shape (n_cells,), float64
        Prior weight of each cell.
    n_rows : int
        Rows in all.
    rng : numpy.random.Generator
    search : Search or None
    groups : ndarray of shape (n_cells,), int64, or None
        Strata of numbers to predict, whose sums of weights are to stay. (Those of classes nearly
        do by themselves: the intercepts see to it.)

    Returns
    -------
    Balanced
        Its weights are not yet scaled to the sizes of the classes.
    Metric

    Raises
    ------
    DataError
        Where a cell has no candidate.
    """
    present = np.bincount(cells, minlength=len(sizes))
    if len(present) > len(sizes) or not present.all():
        raise DataError(
            f"{int((present == 0).sum())} of {len(sizes)} cells have no candidate: each needs one"
        )
    metric = aim.metric(len(sizes), len(cells))
    looked = aim.pilot.look(candidates.rows, candidates.targets)
    fitting = search_for(len(sizes), aim.pilot.n_free, n_rows, search)
    found = balance(cells, looked, sizes, aim.gradient, metric, rng, fitting, groups)
    return found, metric
