"""Rows that are added to a summary, and chosen from it: what `FastCore.partial_fit` does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from coresift._errors import ParameterError
from coresift._progress import Progress
from coresift.core.coreset import Coreset
from coresift.methods import FastCorePlan
from coresift.sources import Source
from coresift.summaries import Recipe, StoredSummary, summarise

_CHOOSING = "bound", "greedy", "n_candidates"
_MACHINE = "budget", "seed", "n_threads", "engine", "memory_limit"


def added(
    selector: Any,
    source: Source,
    known: StoredSummary | None,
    most_rows: int | None,
    progress: Progress | None,
) -> StoredSummary:
    """Return the summary of the rows that are known and those of a source.

    Raises
    ------
    ParameterError
        For parameters that a summary cannot follow, or that differ from those it was made with.
    """
    plan = selector.plan()
    recipe = recipe_of(plan, most_rows)
    facts: dict[str, Any] = {
        "engine": plan.engine,
        "n_threads": plan.n_threads,
        "progress": progress,
    }
    if known is None:
        return summarise(source, recipe=recipe, **facts)
    # The seed stays, so that None, which draws one each time, is no difference.
    asked = replace(recipe, seed=known.recipe.seed, most_rows=most_rows or known.recipe.most_rows)
    if difference := known.recipe.difference(asked):
        raise ParameterError(
            f"the rows before were added with other parameters ({difference}): set them back, or "
            "begin anew with clone(selector)"
        )
    new = summarise(source, like=known, first_row=known.next_row, **facts)
    return replace(known.merge(new), drift=new.drift)


def recipe_of(plan: FastCorePlan, most_rows: int | None) -> Recipe:
    """Return how rows are summarised for a plan.

    Raises
    ------
    ParameterError
        For parameters that need the rows again.
    """
    own = {field.name for field in fields(Recipe)} - {"most_rows"}
    allowed = {"weights": "cluster", "representative": "medoid", "target": "classes", "refine": 0}
    for field in fields(FastCorePlan):
        value = getattr(plan, field.name)
        usual = getattr(FastCorePlan, field.name, None)
        free = field.name in own or field.name in (*_CHOOSING, *_MACHINE)
        if not (free or value == usual or value == allowed.get(field.name)):
            raise ParameterError(
                f"{field.name}={value!r} needs rows that partial_fit no longer has: leave it out, "
                "or use fit on all rows"
            )
    if isinstance(plan.budget, Mapping):
        raise ParameterError(
            f"budget={plan.budget!r} is by class, and a summary takes one for all of them: give a "
            "fraction or a number of rows"
        )
    given = int(plan.budget) if isinstance(plan.budget, int) else Recipe.most_rows
    wanted = max(given, 1) if most_rows is None else most_rows
    return Recipe(most_rows=wanted, **{name: getattr(plan, name) for name in own})


def chosen(
    selector: Any, summary: StoredSummary, progress: Progress | None
) -> tuple[Coreset, dict[str, Any]]:
    """Choose from a summary; return what is to be reported, too."""
    plan = selector.plan()
    settings = {name: getattr(plan, name) for name in _CHOOSING}
    coreset = summary.select(plan.budget, n_threads=plan.n_threads, progress=progress, **settings)
    report = {} if coreset.report is None else coreset.report.as_dict()
    return coreset, report | ({} if summary.drift is None else {"drift": summary.drift.as_dict()})
