"""The pilot of a table, and what it predicts: classes, or numbers in units of their spread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from coresift._errors import LabelError, ParameterError
from coresift._typing import Float64, Indices
from coresift.gradients import (
    PENALTIES,
    Calibration,
    Loss,
    Pilot,
    Sample,
    Squared,
    Steps,
    check_noise,
    choose_penalty,
    loss_named,
    pilot_from_model,
    without_noise,
)
from coresift.table import Block, Table

MEMBERS = 30  # of each cell, to choose from
FEWEST_MEMBERS = 4  # where memory is short
PILOT_ROWS, HELD_OUT = 20_000, 5_000


@dataclass(frozen=True)
class PilotSettings:
    """Which model gradients are looked at, and how far weights may move.

    Parameters
    ----------
    pilot : estimator or None
        A fitted linear model of scikit-learn; None fits one to the sample of the first pass.
    loss : str or None
        None is "logistic" (of numbers to predict "squared"), or that of the pilot which is given.
    noise : float or None
        Rows whose label is less than so many times as probable as the likeliest are left out.
    balance : bool
        Whether members are chosen, or only weighed.
    calibration : Calibration or None
        None keeps the sizes of the cells as weights.
    hold_back : bool
        Whether rows held out may speak against it.
    seed : int
    gradient : callable or None
        A function ``(rows, labels)`` in the place of the pilot, as `GivenGradient` has it.
    rounds : int
        How often members are chosen; from the second time on, the pilot is the model of the
        coreset before.
    n_members : int
        How many rows of each cell there are to choose from.
    """

    pilot: Any = None
    loss: str | None = None
    noise: float | None = None
    balance: bool = True
    hold_back: bool = False
    calibration: Calibration | None = None
    seed: int = 0
    gradient: Any = None
    rounds: int = 1
    n_members: int = MEMBERS

    @property
    def n_kept(self) -> int:
        """How many rows of each cell a pass keeps."""
        return self.n_members if self.balance else 1


@dataclass(frozen=True)
class Goals:
    """What a pilot predicts of a row: its class, or its number.

    Parameters
    ----------
    n_classes : int
        0 where numbers are predicted.
    center, spread : float
        Numbers are taken from the center in units of the spread: the pilot of a sum in cents is
        that of a sum in dollars.
    largest : float
        The largest number there, in size.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.table import Block
    >>> from coresift.weightings._pilot import Goals
    >>> block = Block(np.zeros((2, 1), dtype=np.float32), np.array([0, 1]), np.arange(2))
    >>> Goals(n_classes=2).of(block).tolist()
    [0, 1]
    >>> Goals(center=10.0, spread=2.0).of(block._replace(targets=np.array([8.0, 14.0]))).tolist()
    [-1.0, 2.0]
    """

    n_classes: int = 0
    center: float = 0.0
    spread: float = 1.0
    largest: float = 0.0

    @classmethod
    def in_table(cls, table: Table, sampled: Block) -> Goals:
        """Measure numbers on the sample that the pilot is fitted on."""
        if not table.has_numbers:
            return cls(len(table.classes))
        targets, facts = sampled.targets, table.profile.targets
        assert targets is not None  # strata are made of them
        assert facts is not None
        center, spread = float(targets.mean()), float(targets.std()) or 1.0
        edges = np.array([facts.low, facts.high])
        return cls(0, center, spread, float(np.abs((edges - center) / spread).max()))

    @property
    def are_numbers(self) -> bool:
        """Whether numbers are predicted."""
        return self.n_classes == 0

    def of(self, block: Block) -> Indices | Float64:
        """Return those of the rows of a block, shape (n_rows,)."""
        if not self.are_numbers:
            return block.class_ids
        assert block.targets is not None  # a table of numbers has them
        return np.asarray((block.targets - self.center) / self.spread)

    def sample(self, block: Block) -> Sample:
        """Return the rows of a block as a training set."""
        return Sample(block.rows, self.of(block), np.ones(len(block.rows)))

    @property
    def unit(self) -> float:
        """Factor that makes of a loss one in the units of the data: mean squared errors."""
        return 2 * self.spread**2 if self.are_numbers else 1.0

    def loss_name(self, pilot: Pilot) -> str:
        """Return what losses are called once they are multiplied by the unit."""
        names = {"logistic": "log-loss", "squared": "mean squared error"}
        return names.get(pilot.loss.name, pilot.loss.name.replace("_", " "))

    def scaled(self, pilot: Pilot) -> Pilot:
        """Return a pilot of the numbers themselves as one of these."""
        if not self.are_numbers:
            return pilot
        coef = pilot.coef.copy()
        coef[-1] -= self.center
        return replace(pilot, coef=coef / self.spread)


def pilot_rows(table: Table) -> int:
    """Return how many rows of the sample a pilot is fitted on: at most half of all rows."""
    return min(PILOT_ROWS, max(table.n_present // 2, 1))


def pilot_sample(table: Table) -> tuple[Goals, Sample]:
    """Return what a pilot predicts, and the part of the sample that it is fitted on."""
    block = table.labelled(0, pilot_rows(table))
    goals = Goals.in_table(table, block)
    return goals, goals.sample(block)


def held_out(table: Table) -> Block:
    """Return the part of the sample that no pilot is fitted on."""
    return table.labelled(pilot_rows(table), PILOT_ROWS + HELD_OUT)


def pilot_for(
    table: Table, settings: PilotSettings, goals: Goals, sample: Sample
) -> tuple[Pilot, float]:
    """Return the pilot that was given, or fit one; and the penalty to train with.

    Raises
    ------
    LabelError, ParameterError
        Where there is nothing to tell apart, or a loss or a model does not fit the data.
    """
    labels = table.classes.labels
    if len(labels) < 2 and not goals.are_numbers:
        raise LabelError(
            f"{len(labels)} class leaves a pilot nothing to tell apart: pass labels of two classes "
            "at least, or use weights='assignment' with representative='medoid'"
        )
    loss = _loss(settings, goals)
    if settings.pilot is not None:
        known = None if settings.loss is None else loss
        classes = () if goals.are_numbers else labels
        pilot = pilot_from_model(settings.pilot, table.view.scaler, classes, known)
        return goals.scaled(pilot), PENALTIES[-1]
    pilot, l2 = choose_penalty(sample, goals.sample(held_out(table)), loss, goals.n_classes)
    return without_noise(pilot, sample, l2, settings.noise), l2


def steps_for(table: Table, pilot: Pilot, goals: Goals) -> Steps:
    """Return how fine the gradients of a table are added up."""
    low, high = (edge.astype(np.float64) for edge in table.edges())
    return Steps.of(pilot.largest_error(low, high, goals.largest), low, high)


def _loss(settings: PilotSettings, goals: Goals) -> Loss:
    """Return the loss that was asked for, or the one of such goals."""
    if settings.loss is None:
        loss: Loss = Squared() if goals.are_numbers else loss_named("logistic")
    else:
        loss = loss_named(settings.loss)
    if loss.classifies == goals.are_numbers:
        what = "numbers to predict" if goals.are_numbers else f"{goals.n_classes} classes"
        use = "'squared'" if goals.are_numbers else "'logistic' or 'squared_hinge'"
        raise ParameterError(
            f"loss={loss.name!r} with {what}: use loss={use}, or say with target= what y is"
        )
    if settings.pilot is None or goals.are_numbers:
        check_noise(settings.noise, loss)
    return loss
