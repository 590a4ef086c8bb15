"""Members that balance: of each cell the row that makes the weighted gradients add up.

A *member* is a row of the cell of a chosen row. One pass counts the cells, keeps some members of
each, and adds up the gradients of all rows at a pilot; the rest needs no row again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._rng import Purpose, derived_seed, draw_keys, stream
from coresift._runtime import Runtime
from coresift._typing import Float64, Indices
from coresift.core.centers import Assignment, Centers
from coresift.core.coreset import Weighed
from coresift.core.merge import BottomK, Count, Together
from coresift.gradients import (
    Aim,
    GradientSum,
    Pilot,
    Sample,
    Search,
    Steps,
    WeightFacts,
    choose_members,
    gradient_error,
    plausibility,
    to_class_sizes,
)
from coresift.table import Block, Table
from coresift.weightings._hold_back import Alternative, held_back, stratified_from
from coresift.weightings._pilot import (
    MEMBERS,
    PILOT_ROWS,
    Goals,
    PilotSettings,
    pilot_for,
    pilot_sample,
    rows_held_out,
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

    def __call__(self, block: Block) -> Together:
        """Look at a block."""
        owners, distances = self.centers.owners(block.rows, block.class_ids, block.row_ids)
        n_cells, times = len(self.centers.row_ids), block.weights
        facts = block.class_ids, owners, distances, self.centers, times
        found: list[Any] = [Assignment.of(*facts)]
        outputs, goals = self.pilot.outputs(block.rows), self.goals.of(block)
        errors = self.pilot.loss.errors(outputs, goals)
        own = BottomK.of(*_centers_of(self.centers, owners, block.row_ids, goals))
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
            BottomK.of(
                owners,
                draw_keys(row_ids, self.seed, times),
                row_ids,
                np.full(n_cells, self.n_members),
                (rows, goals),
            ),
            own,
        ]
        return Together((*found, *(task(block) for task in self.more)))


def _centers_of(
    centers: Centers, owners: Indices, row_ids: Indices, goals: Indices | Float64
) -> tuple[Any, ...]:
    """Return the rows that are centers, each with its goal, for `BottomK.of`."""
    here = np.flatnonzero(centers.row_ids[owners] == row_ids)
    ones = np.ones(len(centers.row_ids), dtype=np.int64)
    return owners[here], (np.zeros(len(here)),), row_ids[here], ones, (goals[here],)


@dataclass(frozen=True, eq=False)
class Members:
    """What the pass has found.

    Parameters
    ----------
    cells : ndarray of shape (n,), int64
        Cell of each member, ascending; then by row id.
    row_ids : ndarray of shape (n,), int64
    sample : Sample
        Their rows and goals.
    sizes : ndarray of shape (k,), float64
        Rows of each cell that count, at least 1.
    """

    cells: Indices
    row_ids: Indices
    sample: Sample
    sizes: Float64

    @classmethod
    def of(
        cls,
        kept: BottomK,
        sizes: Float64,
        centers: Centers,
        goals: Indices | Float64,
        balance: bool,
    ) -> Members:
        """Arrange the members of each cell; one that has none, or no choice, keeps its center.

        Parameters
        ----------
        goals : ndarray of shape (k,)
            Of the centers.
        """
        n_cells, (rows, own_goals) = len(centers.row_ids), kept.payload
        cells, row_ids = kept.groups, kept.row_ids
        if not balance:
            cells, row_ids, rows, own_goals = cells[:0], row_ids[:0], rows[:0], own_goals[:0]
        alone = np.flatnonzero(np.bincount(cells, minlength=n_cells) == 0)
        cells = np.concatenate([cells, alone])
        row_ids = np.concatenate([row_ids, centers.row_ids[alone]])
        rows = np.concatenate([rows, centers.rows[alone]])
        own_goals = np.concatenate([own_goals, goals[alone]])
        order = np.lexsort((row_ids, cells))
        sample = Sample(rows[order], own_goals[order], np.ones(len(order)))
        return cls(cells[order], row_ids[order], sample, np.maximum(sizes, 1.0))


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
        goals = Goals.in_table(table)
        sample = pilot_sample(table, goals)
        pilot, l2 = pilot_for(table, settings, goals, sample)
    with run.stage("weigh", table.n_rows):
        low, high = (edge.astype(np.float64) for edge in table.edges())
        steps = Steps.of(pilot.largest_error(low, high, goals.largest), low, high)
        task = BalanceTask(
            centers,
            pilot,
            goals,
            steps,
            MEMBERS if settings.balance else 1,
            derived_seed(settings.seed, Purpose.CANDIDATES),
            settings.noise,
            asked,
            table.heaviest,
        )
        assignment, counted, total, kept, own, *found = table.fold(task, run).parts
    with run.stage("balance"):
        n_counted = max(int(counted.counts.sum()), 1)
        aim = Aim(pilot, total.value(steps) * (table.heaviest / n_counted), sample, l2)
        if settings.pilot is None:
            aim = aim.moved()
        sizes = counted.counts * (table.n_present / float(table.masses.sum()))
        members = Members.of(kept, sizes, centers, own.payload[0], settings.balance)
        medoids = Alternative(
            centers.row_ids, centers.class_ids, centers.rows, own.payload[0], members.sizes
        )
        weighed = _weighed(table, medoids, members, aim, goals, settings)
    facts = {"center_score": assignment.score(), **weighed.facts}
    facts |= asked[0].facts(found[0]) if asked else {}
    return Weighed(weighed.row_ids, weighed.class_ids, weighed.weights, None, facts)


def _weighed(
    table: Table,
    medoids: Alternative,
    members: Members,
    aim: Aim,
    goals: Goals,
    settings: PilotSettings,
) -> Weighed:
    """Choose among the members, scale the weights to the sizes of the classes; or hold back."""
    everything = len(medoids.row_ids) == table.n_present  # each row stands for itself
    found, metric = choose_members(
        aim,
        members.cells,
        members.sample,
        members.sizes,
        table.n_present,
        stream(settings.seed, Purpose.BALANCE),
        Search(calibration=None if everything else settings.calibration),
        medoids.class_ids if goals.are_numbers else None,
    )
    chosen = members.sample.take(found.chosen)
    own = Alternative(
        members.row_ids[found.chosen],
        medoids.class_ids,
        chosen.rows,
        chosen.targets,
        to_class_sizes(found.weights, medoids.class_ids, table.masses),
    )
    use, verdict = own, dict[str, Any]()
    if settings.hold_back and len(medoids.row_ids) <= PILOT_ROWS // 2:
        drawn = table.labelled(0, PILOT_ROWS)
        others = {
            "stratified": lambda: stratified_from(drawn, medoids, table.masses, goals),
            "medoid": lambda: medoids,
        }
        use, verdict = held_back(rows_held_out(table), aim, own, others, goals)

    def error(of: Alternative) -> float:
        looked = aim.pilot.look(of.rows, of.goals)
        return gradient_error(looked, of.weights, aim.gradient, metric)

    even = WeightFacts.of(use.weights)
    facts = {
        "pilot": {
            "loss": aim.pilot.loss.name,
            "l2": aim.l2,
            "rows": len(aim.sample),
            "free_parameters": aim.pilot.n_free,
            "runaway": aim.pilot.runaway,
        },
        "gradient_error": {"before": error(medoids), "after": error(use)},
        "effective_sample_size": even.effective,
        "largest_weight": even.largest,
    }
    return use.weighed({**facts, "check": verdict} if verdict else facts)
