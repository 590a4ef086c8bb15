"""Members that balance: of each cell the row that makes the weighted gradients add up.

A *member* is a row of the cell of a chosen row. One pass counts the cells, keeps some members of
each, and adds up the gradients of all rows at a pilot; the rest needs no row again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from coresift._rng import Purpose, derived_seed, stream
from coresift._runtime import Runtime
from coresift._typing import Hashes
from coresift.core.centers import Assignment, Centers
from coresift.core.coreset import Weighed
from coresift.core.merge import Count, Together
from coresift.gradients import (
    Aim,
    GivenGradient,
    GradientSum,
    Metric,
    Pilot,
    Sample,
    Search,
    Steps,
    WeightFacts,
    choose_members,
    fit_on,
    gradient_error,
    plausibility,
    to_class_sizes,
)
from coresift.table import Block, Table
from coresift.weightings._given import GivenPilot, GivenTask, mean_gradient
from coresift.weightings._hold_back import Alternative, held_back, stratified_from
from coresift.weightings._members import Members, centers_of_block, highest_hashes, members_of_block
from coresift.weightings._pilot import (
    PILOT_ROWS,
    Goals,
    PilotSettings,
    held_out,
    pilot_for,
    pilot_rows,
    pilot_sample,
    steps_for,
)


@dataclass(frozen=True, eq=False)
class BalanceTask:
    """Assign rows to cells, add up their gradients, and keep members of each cell.

    Parameters
    ----------
    centers : Centers
    pilot : Pilot
    goals : Goals
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
    highest : ndarray of shape (n_centers,), uint64, or None
        Up to which hash rows can be members.
    """

    centers: Centers
    pilot: Pilot
    goals: Goals
    steps: Steps
    n_members: int
    seed: int
    noise: float | None = None
    more: tuple[Callable[[Block], Any], ...] = ()
    heaviest: float = 1.0
    highest: Hashes | None = None

    def __call__(self, block: Block) -> Together:
        """Look at a block."""
        owners, distances = self.centers.owners(block.rows, block.class_ids, block.row_ids)
        n_cells, times = len(self.centers.row_ids), block.weights
        facts = block.class_ids, owners, distances, self.centers, times
        found: list[Any] = [Assignment.of(*facts)]
        outputs, goals = self.pilot.outputs(block.rows), self.goals.of(block)
        errors = self.pilot.loss.errors(outputs, goals)
        carried = block.rows, goals
        own = centers_of_block(self.centers, owners, block.row_ids, carried)
        rows, row_ids = block.rows, block.row_ids
        if self.noise is not None:
            kept = np.flatnonzero(plausibility(outputs, block.class_ids) >= self.noise)
            rows, goals, row_ids = rows[kept], goals[kept], row_ids[kept]
            owners, errors = owners[kept], errors[kept]
            times = None if times is None else times[kept]
        found += [
            Count.of(owners, n_cells, times),
            GradientSum.of(
                errors, rows, self.steps, None if times is None else times / self.heaviest
            ),
            members_of_block(
                n_cells,
                owners,
                row_ids,
                times,
                self.n_members,
                self.seed,
                (rows, goals),
                self.highest,
            ),
            own,
        ]
        return Together((*found, *(task(block) for task in self.more)))


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
    if settings.gradient is not None:
        pass_ = _given_pass(table, centers, settings, asked, run)
        with run.stage("balance"):
            own, metric = _chosen(table, pass_, settings)
            weighed = own.weighed(_facts(pass_, own, metric))
        return _with_facts(weighed, pass_, asked)
    with run.stage("pilot"):
        goals, sample = pilot_sample(table)
        pilot, l2 = pilot_for(table, settings, goals, sample)
    facts = table, centers, goals, sample, l2
    first = pass_ = _pass(*facts, pilot, settings, asked, run)
    with run.stage("balance"):
        own, metric = _chosen(table, pass_, settings)
    for _ in range(1, settings.rounds):
        with run.stage("pilot"):
            pilot = fit_on(own.sample, pilot.loss, goals.n_classes, l2)
        pass_ = _pass(*facts, pilot, replace(settings, pilot=pilot), (), run)
        with run.stage("balance"):
            own, metric = _chosen(table, pass_, settings)
    with run.stage("balance"):
        use, verdict = own, dict[str, Any]()
        if settings.hold_back and len(own.row_ids) <= PILOT_ROWS // 2:
            use, verdict = _held_back(table, first, own, goals)
        said = _facts(pass_, use, metric)
        weighed = use.weighed({**said, "check": verdict} if verdict else said)
    return _with_facts(weighed, first, asked)


@dataclass(frozen=True, eq=False)
class Pass:
    """What a pass has found.

    Parameters
    ----------
    assignment : Assignment
    aim : Aim
    medoids : Alternative
        The centers with the sizes of their cells.
    members : Members
    more : tuple
        Results of further tasks.
    """

    assignment: Assignment
    aim: Aim[Any]
    medoids: Alternative
    members: Members
    more: tuple[Any, ...]

    @classmethod
    def of(
        cls,
        table: Table,
        centers: Centers,
        parts: tuple[Any, ...],
        aim: Aim[Any],
        balance: bool,
    ) -> Pass:
        """Arrange the results of a task: assignment, counts, sum, members, centers, more."""
        assignment, counted, _, kept, own, *more = parts
        sizes = counted.counts * (table.n_present / float(table.masses.sum()))
        members = Members.of(kept, sizes, own, balance)
        if 2 * len(sizes) < aim.pilot.n_free:
            # A model can fit each of so few rows, and then one far from its center bends it.
            members = members.nearer_half(own.payload[0])
        facts = centers.row_ids, centers.class_ids, *own.payload, members.sizes
        return cls(assignment, aim, Alternative(*facts), members, tuple(more))


def _pass(
    table: Table,
    centers: Centers,
    goals: Goals,
    sample: Sample,
    l2: float,
    pilot: Pilot,
    settings: PilotSettings,
    more: tuple[Any, ...],
    run: Runtime,
) -> Pass:
    """Read all rows once, for the gradients at a pilot."""
    with run.stage("weigh", table.n_rows):
        steps = steps_for(table, pilot, goals)
        task = BalanceTask(
            centers,
            pilot,
            goals,
            steps,
            settings.n_kept,
            derived_seed(settings.seed, Purpose.CANDIDATES),
            settings.noise,
            more,
            table.heaviest,
            highest_hashes(centers, table.classes.sizes, settings.n_kept),
        )
        parts = table.fold(task, run).parts
    with run.stage("balance"):
        n_counted = max(int(parts[1].counts.sum()), 1)
        aim = Aim(pilot, parts[2].value(steps) * (table.heaviest / n_counted), sample, l2)
        if settings.pilot is None:
            aim = aim.moved()
        return Pass.of(table, centers, parts, aim, settings.balance)


def _given_pass(
    table: Table,
    centers: Centers,
    settings: PilotSettings,
    more: tuple[Any, ...],
    run: Runtime,
) -> Pass:
    """Read all rows once, for gradients that are given."""
    given = GivenGradient(settings.gradient, seed=derived_seed(settings.seed, Purpose.PROJECTION))
    with run.stage("pilot"):
        looked = given.look(*table.raw_labelled(0, pilot_rows(table)))
        pilot = GivenPilot.of(looked)
    with run.stage("weigh", table.n_rows):
        seed = derived_seed(settings.seed, Purpose.CANDIDATES)
        highest = highest_hashes(centers, table.classes.sizes, settings.n_kept)
        kept = settings.n_kept, seed, highest
        task = GivenTask(table.view, centers, given, pilot, *kept, more)
        parts = run.fold(task, table.source).parts
    n_counted = max(int(parts[1].counts.sum()), 1)
    sample = Sample(looked.rows, looked.errors, np.ones(len(looked)))
    aim = Aim(pilot, mean_gradient(parts[2], pilot, n_counted), sample, 0.0)
    return Pass.of(table, centers, parts, aim, settings.balance)


def _chosen(table: Table, pass_: Pass, settings: PilotSettings) -> tuple[Alternative, Metric]:
    """Choose among the members, and scale the weights to the sizes of the classes."""
    medoids, members = pass_.medoids, pass_.members
    found, metric = choose_members(
        pass_.aim,
        members.cells,
        members.sample,
        members.sizes,
        table.n_present,
        stream(settings.seed, Purpose.BALANCE),
        Search(calibration=settings.calibration),
        medoids.class_ids if table.has_numbers else None,
    )
    chosen = members.sample.take(found.chosen)
    weights = to_class_sizes(found.weights, medoids.class_ids, table.masses)
    row_ids = members.row_ids[found.chosen]
    return Alternative(row_ids, medoids.class_ids, chosen.rows, chosen.targets, weights), metric


def _held_back(
    table: Table, pass_: Pass, own: Alternative, goals: Goals
) -> tuple[Alternative, dict[str, Any]]:
    """Return the coreset to use, and what rows held out say."""
    drawn, medoids = table.labelled(0, PILOT_ROWS), pass_.medoids
    others = {
        "stratified": lambda: stratified_from(drawn, medoids, table.masses, goals),
        "medoid": lambda: medoids,
    }
    return held_back(held_out(table), pass_.aim, own, others, goals)


def _facts(pass_: Pass, use: Alternative, metric: Metric) -> dict[str, Any]:
    """Say what was balanced, and how well."""
    aim, even = pass_.aim, WeightFacts.of(use.weights)

    def error(of: Alternative) -> float:
        looked = aim.pilot.look(of.rows, of.goals)
        return gradient_error(looked, of.weights, aim.gradient, metric)

    loss = getattr(aim.pilot, "loss", None)
    return {
        "pilot": {
            "loss": "given" if loss is None else loss.name,
            **({} if loss is None else {"l2": aim.l2}),
            "rows": len(aim.sample),
            "free_parameters": aim.pilot.n_free,
            "runaway": getattr(aim.pilot, "runaway", False),
        },
        "gradient_error": {"before": error(pass_.medoids), "after": error(use)},
        "effective_sample_size": even.effective,
        "largest_weight": even.largest,
    }


def _with_facts(weighed: Weighed, pass_: Pass, asked: tuple[Any, ...]) -> Weighed:
    """Add the score of the centers, and what the method wanted measured."""
    facts = {"center_score": pass_.assignment.score(), **weighed.facts}
    facts |= asked[0].facts(pass_.more[0]) if asked else {}
    return Weighed(weighed.row_ids, weighed.class_ids, weighed.weights, None, facts)
