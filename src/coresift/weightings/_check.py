"""The self-test: whether a coreset is worth it, by what models lose on rows held out.

One more pass adds up the gradients of all rows at the pilot, and draws uniform samples of the
coreset's size. Models of the coreset and of those samples, and the pilot, are then compared on rows
that none of them has seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._rng import Purpose, derived_seed, draw_keys
from coresift._runtime import Runtime
from coresift._typing import Counts, Float64, Indices
from coresift.core.coreset import Weighed
from coresift.core.merge import BottomK, Together
from coresift.core.prior import level
from coresift.gradients import (
    ENOUGH_ROWS,
    Aim,
    GradientSum,
    Metric,
    Pilot,
    Sample,
    Steps,
    WeightFacts,
    gradient_error,
    paired_error,
    sentence,
)
from coresift.table import Block, Table
from coresift.weightings._hold_back import losses_at
from coresift.weightings._pilot import (
    Goals,
    PilotSettings,
    held_out,
    pilot_for,
    pilot_sample,
    steps_for,
)

SAMPLES = 5  # uniform ones


@dataclass(frozen=True, eq=False)
class CheckTask:
    """Add up gradients, fetch the chosen rows with their goals, and draw uniform samples.

    Parameters
    ----------
    pilot : Pilot
    goals : Goals
    steps : Steps
    chosen, held_out : ndarray of int64
        Row ids, ascending. Rows held out are in no sample.
    quotas : ndarray of shape (n_classes,), int64
        Rows of each class in a sample.
    seeds : tuple of int
        Of the samples.
    heaviest : float
        The most that a row counts; gradients are added up in units of it.
    """

    pilot: Pilot
    goals: Goals
    steps: Steps
    chosen: Indices
    held_out: Indices
    quotas: Indices
    seeds: tuple[int, ...]
    heaviest: float = 1.0

    def __call__(self, block: Block) -> Together:
        """Look at a block."""
        goals, times = self.goals.of(block), block.weights
        errors = self.pilot.errors(block.rows, goals)
        shares = None if times is None else times / self.heaviest
        counts = np.ones(len(goals), dtype=np.int64) if times is None else times
        carried = block.rows, goals, counts
        places = np.minimum(np.searchsorted(self.chosen, block.row_ids), len(self.chosen) - 1)
        mine = np.flatnonzero(self.chosen[places] == block.row_ids)
        ones = np.ones(len(self.chosen), dtype=np.int64)
        keys = (np.zeros(len(mine)),)
        own = BottomK.of(
            places[mine], keys, block.row_ids[mine], ones, tuple(part[mine] for part in carried)
        )
        free = np.flatnonzero(~np.isin(block.row_ids, self.held_out))
        drawn = (self._drawn(block, free, carried, seed) for seed in self.seeds)
        return Together((GradientSum.of(errors, block.rows, self.steps, shares), own, *drawn))

    def _drawn(self, block: Block, free: Indices, carried: tuple[Any, ...], seed: int) -> BottomK:
        """Draw a sample, class by class; heavier rows come first."""
        times = None if block.weights is None else block.weights[free]
        keys = draw_keys(block.row_ids[free], seed, times)
        return BottomK.of(
            block.class_ids[free],
            keys,
            block.row_ids[free],
            self.quotas,
            tuple(part[free] for part in carried),
        )


@dataclass(frozen=True, eq=False)
class Checked:
    """What the pass has found.

    Parameters
    ----------
    aim : Aim
    coreset : Sample
    uniform : tuple of Sample
    held_out : Sample
        Without rows of the coreset.
    """

    aim: Aim[Pilot]
    coreset: Sample
    uniform: tuple[Sample, ...]
    held_out: Sample

    def facts(self, goals: Goals) -> dict[str, Any]:
        """Train the models, and say what they lose."""
        metric = self.aim.metric(len(self.coreset), len(self.coreset))
        uniform = [self._error(sample, metric) for sample in self.uniform]
        even = WeightFacts.of(self.coreset.weights)
        return {
            "gradient_error": {
                "coreset": self._error(self.coreset, metric),
                "uniform": float(np.mean(uniform)),
            },
            "effective_sample_size": even.effective,
            "largest_weight": even.largest,
            "held_out_rows": len(self.held_out),
            **self._losses(goals),
        }

    def _error(self, sample: Sample, metric: Metric) -> float:
        """Return the squared error of the gradient of a weighted sample at the pilot."""
        looked = self.aim.pilot.look(sample.rows, sample.targets)
        return gradient_error(looked, sample.weights, self.aim.gradient, metric)

    def _losses(self, goals: Goals) -> dict[str, Any]:
        """Return losses on rows held out, and the sentence."""
        if len(self.held_out) < ENOUGH_ROWS:
            return {"sentence": "Too few rows to hold some out: nothing is known of this coreset."}
        own, *uniform = self._values(self.coreset, *self.uniform)
        pilot = self.aim.pilot.values(self.held_out.rows, self.held_out.targets)
        means = [float(values.mean()) * goals.unit for values in uniform]
        losses = {
            "coreset": float(own.mean()) * goals.unit,
            "uniform": float(np.mean(means)),
            "uniform_spread": float(np.std(means)),
            "pilot": float(pilot.mean()) * goals.unit,
        }
        said = sentence(
            losses["coreset"],
            (losses["uniform"], losses["uniform_spread"]),
            losses["pilot"],
            paired_error(own, pilot) * goals.unit,
            len(self.coreset),
            len(self.aim.sample),
        )
        return {"loss": goals.loss_name(self.aim.pilot), "losses": losses, "sentence": said}

    def _values(self, *samples: Sample) -> list[Float64]:
        """Train on each sample; return the loss of each row held out."""
        named = {str(number): sample for number, sample in enumerate(samples)}
        return list(losses_at(self.aim, named, self.held_out).values())


def self_check(
    table: Table, weighed: Weighed, pilot: Any, loss: str | None, seed: int, run: Runtime
) -> dict[str, Any]:
    """Say whether a coreset is worth it.

    Parameters
    ----------
    table : Table
        Its sample holds `PILOT_ROWS` and `HELD_OUT` rows, where there are so many.
    weighed : Weighed
        The coreset.
    pilot : estimator or None
    loss : str or None
        As the methods have them.
    seed : int
        Of the uniform samples.
    run : Runtime
    """
    with run.stage("check", table.n_rows):
        goals, sample = pilot_sample(table)
        fitted, l2 = pilot_for(table, PilotSettings(pilot, loss), goals, sample)
        aside = held_out(table)
        steps = steps_for(table, fitted, goals)
        seeds = tuple(derived_seed(seed + 1 + draw, Purpose.ROWS) for draw in range(SAMPLES))
        quotas = np.bincount(weighed.class_ids, minlength=len(table.masses)).astype(np.int64)
        facts = fitted, goals, steps, weighed.row_ids, aside.row_ids, quotas, seeds
        total, own, *drawn = table.fold(CheckTask(*facts, table.heaviest), run).parts
        n_counted = max(float(table.masses.sum()), 1.0)
        aim = Aim(fitted, total.value(steps) * (table.heaviest / n_counted), sample, l2)
        apart = np.flatnonzero(~np.isin(aside.row_ids, weighed.row_ids))
        rows, targets, _ = own.payload
        return Checked(
            aim,
            Sample(rows, targets, weighed.weights),
            tuple(_weighed_evenly(found, table.masses) for found in drawn),
            goals.sample(aside).take(apart),
        ).facts(goals)


def _weighed_evenly(drawn: BottomK, masses: Float64) -> Sample:
    """Weigh a uniform sample: the rows of a class alike, none below its own weight."""
    rows, goals, counts = drawn.payload
    weights = np.empty(len(goals))
    for class_id, mass in enumerate(masses.tolist()):
        here = slice(*np.searchsorted(drawn.groups, [class_id, class_id + 1]))
        if here.stop > here.start:
            own: Counts = counts[here]
            weights[here] = level(own, mass)
    return Sample(rows, goals, weights)
