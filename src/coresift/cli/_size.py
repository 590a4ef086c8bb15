"""``coresift size``: how many rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from coresift.cli._help import DEFAULT_MODEL
from coresift.cli._options import AsJson, Groups, Seed, Threads, n_threads
from coresift.cli._reading import Reading, reads

if TYPE_CHECKING:
    from coresift.experiments import BudgetStep


@reads(label=True)
def size(
    reading: Reading,
    *,
    method: Annotated[str, typer.Option(help="One of {methods}.")] = "fastcore",
    model: Annotated[str, typer.Option(help="One of {models}.")] = DEFAULT_MODEL,
    start: Annotated[float, typer.Option(help="First fraction of the rows.")] = 0.001,
    factor: Annotated[float, typer.Option(help="From one fraction to the next.")] = 3.0,
    tolerance: Annotated[
        float, typer.Option(help="Accuracy gains below this count as no improvement.")
    ] = 0.005,
    seeds: Annotated[int, typer.Option(min=1, help="Selections for each fraction.")] = 3,
    seed: Seed = 0,
    groups: Groups = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Suggest a budget: larger and larger coresets until the accuracy is stable."""
    from coresift.experiments import suggest_budget

    found = suggest_budget(
        reading.rows(groups=groups),
        method=method,
        model=model,
        start=start,
        factor=factor,
        tolerance=tolerance,
        seeds=seeds,
        random_state=seed,
        groups=reading.column(groups),
        n_threads=n_threads(threads),
        on_step=None if as_json else _show,
    )
    if as_json:
        print(json.dumps(found.as_dict()))
        return
    why = "more rows bring no more" if found.is_stable else "the accuracy was still rising"
    print(f"suggested: --budget {found.budget:.4g} ({why}; {found.seconds:.1f} s)")


def _show(step: BudgetStep) -> None:
    print(
        f"{step.budget:>9.3%} {step.rows:>9,} rows   accuracy {step.accuracy:.4f} "
        f"± {step.accuracy_spread:.4f}   {step.seconds:.2f} s"
    )
