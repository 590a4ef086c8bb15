"""Members that balance: of each cell the row that makes the weighted gradients add up.

A *member* is a row of the cell of a chosen row. One pass counts the cells, keeps some members of
each, and adds up the gradients of all rows at a pilot; the rest needs no row again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._errors import LabelError
from coresift._rng import Purpose, derived_seed, draw_keys, stream
from coresift._runtime import Runtime
from coresift._typing import Float64, Indices
from coresift.core.centers import Assignment, Centers
from coresift.core.coreset import Weighed
from coresift.core.merge import BottomK, Count, Together
from coresift.gradients import (
    PENALTIES,
    Aim,
    Calibration,
    GradientSum,
    Pilot,
    Sample,
    Search,
    Steps,
    WeightFacts,
    choose_members,
    choose_penalty,
    gradient_error,
    loss_named,
    pilot_from_model,
    plausibility,
    to_class_sizes,
    without_noise,
)
from coresift.table import Block, Table
from coresift.weightings._hold_back import Alternative, held_back, stratified_from

MEMBERS = 30  # of each cell, to choose from
PILOT_ROWS, HELD_OUT = 20_000, 5_000


@dataclass(frozen=True)
class PilotSettings:
    """Which model gradients are looked at, and how far weights may move.

    Parameters
    ----------
    pilot : estimator or None
        A fitted linear model of scikit-learn; None fits one to the sample of the first pass.
    loss : str or None
        None is "logistic", or that of the pilot which is given.
    noise : float or None
        Rows whose label is less than so many times as probable as the likeliest are left out.
    balance : bool
        Whether members are chosen, or only weighed.
    calibration : Calibration or None
        None keeps the sizes of the cells as weights.
    hold_back : bool
        Whether rows held out may speak against it.
    seed : int
    """

    pilot: Any = None
    loss: str | None = None
    noise: float | None = None
    balance: bool = True
    hold_back: bool = False
    calibration: Calibration | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class BalanceTask:
    """Assign rows to cells, add up their gradients, and keep members of each cell.

    Parameters
    ----------
    centers : Centers
    pilot : Pilot
    steps : Steps
    n_members : int
        How many rows of each cell to keep, with their values.
    seed : int
        Of the row hash.
    noise : float or None
    more : tuple of callable
        Further tasks on the same blocks.
    heaviest : float
        The most that a row counts; gradients are added up in units of it.
    """

    centers: Centers
    pilot: Pilot
    steps: Steps
    n_members: int
    seed: int
    noise: float | None = None
    more: tuple[Callable[[Block], Any], ...] = ()
    heaviest: float = 1.0

    def __call__(self, block: Block) -> Together:
        """Look at a block."""
        owners, distances = self.centers.owners(block.rows, block.class_ids, block.row_ids)
        n_cells, times = len(self.centers.row_ids), block.weights
        facts = block.class_ids, owners, distances, self.centers, times
        found: list[Any] = [Assignment.of(*facts)]
        outputs = self.pilot.outputs(block.rows)
        errors = self.pilot.loss.errors(outputs, block.class_ids)
        rows, class_ids, row_ids = block.rows, block.class_ids, block.row_ids
        if self.noise is not None:
            kept = np.flatnonzero(plausibility(outputs, class_ids) >= self.noise)
            rows, class_ids, row_ids = rows[kept], class_ids[kept], row_ids[kept]
            owners, errors = owners[kept], errors[kept]
            times = None if times is None else times[kept]
        found += [
            Count.of(owners, n_cells, times),
            GradientSum.of(
                errors, rows, self.steps, None if times is None else times / self.heaviest
            ),
            BottomK.of(
                owners,
                draw_keys(row_ids, self.seed, times),
                row_ids,
                np.full(n_cells, self.n_members),
                (rows,),
            ),
        ]
        return Together((*found, *(task(block) for task in self.more)))


@dataclass(frozen=True, eq=False)
class Members:
    """What the pass has found.

    Parameters
    ----------
    cells : ndarray of shape (n,), int64
        Cell of each member, ascending; then by row id.
    row_ids : ndarray of shape (n,), int64
    sample : Sample
        Their rows and classes.
    sizes : ndarray of shape (k,), float64
        Rows of each cell that count, at least 1.
    """

    cells: Indices
    row_ids: Indices
    sample: Sample
    sizes: Float64

    @classmethod
    def of(cls, kept: BottomK, sizes: Float64, centers: Centers, balance: bool) -> Members:
        """Arrange the members of each cell; one that has none, or no choice, keeps its center."""
        n_cells = len(centers.row_ids)
        cells, row_ids, rows = kept.groups, kept.row_ids, kept.payload[0]
        if not balance:
            cells, row_ids, rows = cells[:0], row_ids[:0], rows[:0]
        alone = np.flatnonzero(np.bincount(cells, minlength=n_cells) == 0)
        cells = np.concatenate([cells, alone])
        row_ids = np.concatenate([row_ids, centers.row_ids[alone]])
        rows = np.concatenate([rows, centers.rows[alone]])
        order = np.lexsort((row_ids, cells))
        cells = cells[order]
        sample = Sample(rows[order], centers.class_ids[cells], np.ones(len(cells)))
        return cls(cells, row_ids[order], sample, np.maximum(sizes, 1.0))


def pilot_for(table: Table, settings: PilotSettings, sample: Sample) -> tuple[Pilot, float]:
    """Return the pilot that was given, or fit one; and the penalty to train with.

    Raises
    ------
    LabelError, ParameterError
        Where there is nothing to tell apart, or a model does not fit the data.
    """
    labels = table.classes.labels
    if len(labels) < 2:
        raise LabelError(
            f"{len(labels)} class leaves a pilot nothing to tell apart: pass labels of two classes "
            "at least, or use weights='assignment' with representative='medoid'"
        )
    loss = None if settings.loss is None else loss_named(settings.loss)
    if settings.pilot is not None:
        return pilot_from_model(settings.pilot, table.view.scaler, labels, loss), PENALTIES[-1]
    held_out = _as_sample(_held_out(table))
    pilot, l2 = choose_penalty(sample, held_out, loss or loss_named("logistic"), len(labels))
    return without_noise(pilot, sample, l2, settings.noise), l2


def balanced(
    table: Table,
    centers: Centers,
    settings: PilotSettings,
    probe: Any,
    run: Runtime,
) -> Weighed:
    """Choose members of the cells, and weigh them.

    Parameters
    ----------
    table : Table
    centers : Centers
        The chosen rows.
    settings : PilotSettings
    probe : Probe or None
        What the method wants measured in the pass.
    run : Runtime
    """
    asked = () if probe is None else (probe.prepared(table),)
    with run.stage("pilot"):
        sample = _as_sample(table.labelled(0, _pilot_rows(table)))
        pilot, l2 = pilot_for(table, settings, sample)
    with run.stage("weigh", table.n_rows):
        low, high = (edge.astype(np.float64) for edge in table.edges())
        steps = Steps.of(pilot.largest_error(low, high), low, high)
        seed = derived_seed(settings.seed, Purpose.CANDIDATES)
        task = BalanceTask(
            centers,
            pilot,
            steps,
            MEMBERS if settings.balance else 1,
            seed,
            settings.noise,
            asked,
            table.heaviest,
        )
        assignment, counted, total, kept, *found = table.fold(task, run).parts
    with run.stage("balance"):
        n_counted = max(int(counted.counts.sum()), 1)
        aim = Aim(pilot, total.value(steps) * (table.heaviest / n_counted), sample, l2)
        if settings.pilot is None:
            aim = aim.moved()
        sizes = counted.counts * (table.n_present / float(table.masses.sum()))
        members = Members.of(kept, sizes, centers, settings.balance)
        weighed = _weighed(table, centers, members, aim, settings)
    facts = {"center_score": assignment.score(), **weighed.facts}
    facts |= asked[0].facts(found[0]) if asked else {}
    return Weighed(weighed.row_ids, weighed.class_ids, weighed.weights, None, facts)


def _weighed(
    table: Table, centers: Centers, members: Members, aim: Aim, settings: PilotSettings
) -> Weighed:
    """Choose among the members, scale the weights to the sizes of the classes; or hold back."""
    everything = len(centers.row_ids) == table.n_present  # each row stands for itself
    found, metric = choose_members(
        aim,
        members.cells,
        members.sample,
        members.sizes,
        table.n_present,
        stream(settings.seed, Purpose.BALANCE),
        Search(calibration=None if everything else settings.calibration),
    )
    weights = to_class_sizes(found.weights, centers.class_ids, table.masses)
    own = Alternative(
        members.row_ids[found.chosen],
        centers.class_ids,
        members.sample.rows[found.chosen],
        weights,
    )
    use, verdict = own, dict[str, Any]()
    if settings.hold_back and len(centers.row_ids) <= PILOT_ROWS // 2:
        medoids = Alternative(centers.row_ids, centers.class_ids, centers.rows, members.sizes)
        drawn = table.labelled(0, PILOT_ROWS)
        others = {
            "stratified": lambda: stratified_from(drawn, centers, table.masses),
            "medoid": lambda: medoids,
        }
        use, verdict = held_back(_held_out(table), aim, own, others)
    before = gradient_error(
        aim.pilot.look(centers.rows, centers.class_ids), members.sizes, aim.gradient, metric
    )
    after = gradient_error(
        aim.pilot.look(use.rows, use.class_ids), use.weights, aim.gradient, metric
    )
    even = WeightFacts.of(use.weights)
    facts = {
        "pilot": {
            "loss": aim.pilot.loss.name,
            "l2": aim.l2,
            "rows": len(aim.sample),
            "free_parameters": aim.pilot.n_free,
            "runaway": aim.pilot.runaway,
        },
        "gradient_error": {"before": before, "after": after},
        "effective_sample_size": even.effective,
        "largest_weight": even.largest,
    }
    return use.weighed({**facts, "check": verdict} if verdict else facts)


def _pilot_rows(table: Table) -> int:
    """Return how many rows of the sample a pilot is fitted on: at most half of all rows."""
    return min(PILOT_ROWS, max(table.n_present // 2, 1))


def _held_out(table: Table) -> Block:
    """Return the part of the sample that no pilot is fitted on."""
    return table.labelled(_pilot_rows(table), PILOT_ROWS + HELD_OUT)


def _as_sample(block: Block) -> Sample:
    return Sample(block.rows, block.class_ids, np.ones(len(block.rows)))
