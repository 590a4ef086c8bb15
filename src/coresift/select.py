"""The driver: profile -> choose -> weigh -> report, for every method and every weighting.

Algorithm 1 of the paper, one class at a time, as it stands here and in `methods.fastcore`:

====== ============================================================= =======================
lines  in the paper                                                  here
====== ============================================================= =======================
1      the budget, split over the classes                            `Table.quotas`
2      LSH clusters                                                  `FastCorePlan.train`
3      codes, and the bounds between codes and clusters              `EncodeTask`, `BoundTable`
4-15   greedy: sample, take the largest gain, update the bounds      `core.greedy`
16-17  weights of the chosen rows                                    `weightings`
18     the coreset                                                   `Coreset`
====== ============================================================= =======================
"""

from __future__ import annotations

from dataclasses import fields, replace
from os import PathLike
from typing import Any

import numpy as np

from coresift._progress import Progress
from coresift._runtime import Runtime
from coresift.core.coreset import Choice, ClassReport, Coreset, Report, Weighed
from coresift.core.memory import AMPLE_LIMIT
from coresift.core.prior import weight_of
from coresift.methods import Plan
from coresift.sources import Source
from coresift.sources._labels_only import LabelsOfSource
from coresift.table import Table
from coresift.weightings._check import self_check
from coresift.weightings._pilot import HELD_OUT, PILOT_ROWS


def select(
    source: Source,
    plan: Plan,
    progress: Progress | None = None,
    *,
    check: bool = False,
    resume: str | PathLike[str] | None = None,
) -> Coreset:
    """Choose a coreset.

    Parameters
    ----------
    source : Source
        Read a few times, a chunk at a time; `Plan.cost` says how often.
    plan : Plan
        The method, with all that it depends on.
    progress : callable or None
        Called with (stage, done, total) as the work goes on.
    check : bool
        Whether to say if the coreset is worth it, by models on rows held out; one more pass.
    resume : path or None
        A folder that keeps the result of each part of each pass. A run that was killed goes on
        from there, with the same answer.

    Raises
    ------
    BudgetError, DataError, LabelError
        For rows, labels or a budget that cannot be used.
    FormatError
        If the folder keeps another run.
    MemoryLimitError
        If it takes more memory than it may: known before the rows are read, or where it depends on
        the classes, once they are.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift.methods import FastCorePlan
    >>> from coresift.select import select
    >>> from coresift.sources import ArraySource
    >>> coreset = select(ArraySource(*load_digits(return_X_y=True)), FastCorePlan(0.1))
    >>> len(coreset.row_ids), float(coreset.weights.sum())
    (179, 1797.0)
    """
    plan = plan.fitted(plan.extent(source))
    source = source.in_chunks(plan.chunk_bytes)
    with Runtime(plan.engine, plan.n_threads, progress) as run:
        if resume is not None:
            members = plan.members_within(plan.extent(source))
            run.keep(resume, source, {**_depends_on(plan), "members": members, "check": check})
        source = run.spilled(source)
        table = profiled(source, plan, run, check)
        extent = plan.extent(table.source, table.classes.sizes, table.quotas(plan.budget))
        plan = plan.settled_for(table).fitted(extent)
        weighting = plan.weighting_within(extent)
        choice = plan.choose(table, run)  # lines 1-15
        weighed = weighting.weigh(table, choice, run)  # lines 16-17
        if check:
            weighed = _checked(table, weighed, plan, run)
        report = _report(source, table, choice, weighed, run)
    return Coreset(weighed.row_ids, table.weights_of(weighed), report)  # line 18


def _depends_on(plan: Plan) -> dict[str, Any]:
    """Return what the answer of a plan, and how rows are cut, depends on."""
    free = {"n_threads", "engine", "memory_limit"}
    own = {one.name: getattr(plan, one.name) for one in fields(plan) if one.name not in free}
    own = {name: _name(value) for name, value in own.items()}
    # a lower limit makes samples smaller; one above AMPLE_LIMIT changes nothing
    limit = None if plan.room(1, AMPLE_LIMIT) == AMPLE_LIMIT else plan.limit
    return {"method": type(plan).__name__, **own, "memory_limit": limit}


def _name(value: Any) -> Any:
    """Return a value whose text is the same in another process."""
    return getattr(value, "__qualname__", value)


def outlook(source: Source, plan: Plan, labels: Source | None = None) -> dict[str, Any]:
    """Say what a selection would take: `Plan.cost`; no feature is read.

    Parameters
    ----------
    source : Source
    plan : Plan
    labels : Source or None
        The labels of the source, where they can be read without the rest. They are read once.

    Raises
    ------
    BudgetError, DataError, LabelError
        For labels or a budget that cannot be used.
    """
    with Runtime(n_threads=plan.n_threads) as run:
        given = labels or LabelsOfSource(source)
        table = Table.of(given, None, 1, plan.seed, run, target=plan.target, budget=plan.budget)
        quotas = table.quotas(plan.budget)
    plan = plan.settled_for(replace(table, source=source))
    return plan.cost(source, table.classes.sizes, quotas)


def profiled(source: Source, plan: Plan, run: Runtime, check: bool = False) -> Table:
    """Read the source once, for a plan and its weighting."""
    least = PILOT_ROWS + HELD_OUT if check else 1

    def sample_size(numbers: bool) -> int:
        return max(least, plan.sample_rows, plan.settled(numbers).weighting().sample_rows)

    return Table.of(
        source,
        plan.scale,
        sample_size(plan.target == "regression"),
        plan.seed,
        run,
        target=plan.target,
        budget=plan.budget,
        numbers_sample=sample_size(True),
        narrow=all(getattr(plan, name, None) is None for name in ("pilot", "gradient")),
    )


def _checked(table: Table, weighed: Weighed, plan: Plan, run: Runtime) -> Weighed:
    """Add to the facts what models on rows held out say of the coreset."""
    pilot, loss = getattr(plan, "pilot", None), getattr(plan, "loss", None)
    found = self_check(table, weighed, pilot, loss, plan.seed, run)
    facts = {**weighed.facts, "check": {**weighed.facts.get("check", {}), **found}}
    return replace(weighed, facts=facts)


def _facts(source: Source, table: Table) -> dict[str, Any]:
    """Return what is known of labels and weights, with all notes on the input under ``notes``."""
    facts = dict(table.facts)
    notes = [*source.notes, *facts.pop("notes", [])]
    if table.source is not source:
        facts["projected"] = table.source.n_features
    return {**facts, "notes": notes} if notes else facts


def _report(source: Source, table: Table, choice: Choice, weighed: Weighed, run: Runtime) -> Report:
    """Say what is known of the rows that were chosen."""
    classes = table.classes
    chosen = np.bincount(weighed.class_ids, minlength=len(classes)).tolist()
    facts = choice.class_facts or ({},) * len(classes)
    if table.totals is not None:
        facts = tuple(
            {"weight": weight_of(total), **own}
            for total, own in zip(table.totals, facts, strict=True)
        )
    entries = zip(classes.labels, classes.sizes.tolist(), chosen, facts, strict=True)
    return Report(
        table.n_rows,
        source.n_features,
        len(weighed.row_ids),
        weighed.score,
        {**_facts(source, table), **weighed.facts, **choice.facts},
        tuple(ClassReport(*entry) for entry in entries),
        dict(run.seconds),
    )
