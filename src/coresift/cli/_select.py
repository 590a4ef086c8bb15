"""``coresift select``: rows and their weights, from file to file."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coresift._errors import ColumnError, DataError, ParameterError
from coresift.cli._options import (
    AsJson,
    MemoryLimit,
    Scheduler,
    Seed,
    Threads,
    amounts,
    cluster,
    memory_limit,
    n_threads,
)
from coresift.cli._output import print_check, print_facts, progress_bars
from coresift.cli._reading import Reading, reads
from coresift.cli._summary_output import is_summary, summary_of, write_chosen

if TYPE_CHECKING:
    from coresift.summaries import StoredSummary


@reads(label=False)
def select(
    reading: Reading,
    *,
    budget: Annotated[
        str,
        typer.Option(
            help="Fraction of the rows (0.01, 1%) or number of rows (200); or by class: a=200,b=1%."
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Parquet or CSV file to write.")
    ] = None,
    weight: Annotated[
        str | None, typer.Option(help="Column of prior weights; 2 counts as the row twice.")
    ] = None,
    method: Annotated[str, typer.Option(help="One of {methods}.")] = "fastcore",
    seed: Seed = 0,
    threads: Threads = None,
    engine: Annotated[
        str, typer.Option(help="What runs the passes: serial, processes or dask; same coreset.")
    ] = "serial",
    scheduler: Scheduler = None,
    memory: MemoryLimit = "2GiB",
    weight_name: Annotated[
        str, typer.Option(help="Column to write the weights to.")
    ] = "sample_weight",
    row_name: Annotated[
        str, typer.Option(help="Column to write the positions in the input to.")
    ] = "row",
    update: Annotated[
        str | None, typer.Option(help="A summary of other rows: these are added, then chosen from.")
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="Folder that keeps finished parts: a run that was killed goes on."),
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Say whether the coreset is worth it; one more pass."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be done; read the labels only.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Choose rows and write them with their weights."""
    if output is None and not dry_run:
        raise ParameterError("no output: name a file with -o, or pass --dry-run")
    reading.check_outputs({"--output": output})
    if weight_name == row_name:
        raise ParameterError(f"--weight-name and --row-name are both {row_name!r}: change one")
    wanted = amounts(budget)
    if update is not None or is_summary(reading.source):
        if check or isinstance(wanted, dict):
            raise ParameterError("a summary takes one budget for all classes, and no --check")
        if resume is not None:
            raise ParameterError("--resume is given together with a summary: leave it out")
        _refuse_with_summary(update, reading, weight, method, engine, seed)
        stored, facts = summary_of(reading, update, threads)
        if output is None:
            facts = {"n_rows": stored.n_rows, "budget": wanted, "passes": 0}
        else:
            facts |= _from_summary(stored, wanted, output, (weight_name, row_name), threads)
        print_facts(facts, as_json)
        return
    from coresift.selectors import make_selector
    from coresift.sources import copy_rows, output_suffix

    if output is not None:
        output_suffix(output)
    selector = make_selector(method).set_params(
        budget=wanted,
        random_state=seed,
        n_threads=n_threads(threads),
        engine=cluster(engine, scheduler),
        memory_limit=memory_limit(memory),
    )
    plan = selector.plan()
    rows = reading.rows(weight=weight, features=plan.reads_features or check)
    _check_names(rows, weight_name, row_name)
    if dry_run:
        from coresift.core.memory import in_words
        from coresift.select import outlook

        cost = outlook(rows, plan, reading.rows(weight=weight, features=False))
        memory_in_stages = {stage: in_words(most) for stage, most in cost["memory"].items()}
        shown = {} if as_json else {"memory": memory_in_stages}
        print_facts({**cost, **shown, "passes": cost["passes"] + check}, as_json)
        return
    with progress_bars(as_json, rows) as progress:
        selector.fit(rows, progress=progress, check=check, resume=resume)
    chosen = rows.original(selector.sample_indices_)  # some may have been left out
    added = {weight_name: selector.sample_weight_, row_name: chosen}
    copy_rows(rows, chosen, Path(str(output)), added)
    facts = {**selector.report_, "output": str(output)}
    found = facts.pop("check", None) if check and not as_json else None
    print_facts(facts, as_json)
    if found is not None:
        print_check(found)


def _refuse_with_summary(
    update: str | None, reading: Reading, weight: str | None, method: str, engine: str, seed: int
) -> None:
    """Refuse options that a summary has fixed, or that need rows."""
    given = {
        "--weight": weight is not None,
        "--method": method != "fastcore",
        "--engine": engine != "serial",
        "--seed": seed != 0,
        "--missing": reading.missing != "error",
        "--label": reading.label is not None and update is None,
        "--drop": bool(reading.drop) and update is None,
    }
    wrong = [name for name, is_given in given.items() if is_given]
    if wrong:
        raise ParameterError(
            f"{wrong[0]} is given together with a summary, which says how rows are read and "
            "chosen: leave it out"
        )


def _from_summary(
    stored: StoredSummary, budget: float, output: Path, names: tuple[str, str], threads: int | None
) -> dict[str, Any]:
    """Choose from a summary, and fetch the chosen rows from the files that it was made of."""
    from coresift.sources import output_suffix

    output_suffix(output)
    coreset = stored.select(budget, n_threads=n_threads(threads))
    write_chosen(stored, coreset, output, names)
    report = {} if coreset.report is None else coreset.report.as_dict()
    return {**report, "output": str(output)}


def _check_names(rows: Any, weight_name: str, row_name: str) -> None:
    """Refuse names that the input has, before a row is read."""
    if not hasattr(rows, "input_names"):
        raise DataError(
            "the input is an array, which has no columns to copy: write it as Parquet or CSV, or "
            "select from Python"
        )
    wanted = {"--weight-name": weight_name, "--row-name": row_name}
    taken = {option: name for option, name in wanted.items() if name in rows.input_names}
    if taken:
        names = " and ".join(map(repr, taken.values()))
        others = " ".join(f"{option} {quote(f'{name}_2')}" for option, name in taken.items())
        raise ColumnError(
            f"the input has {names} already, where the weights and positions are written: choose "
            f"another name, such as {others}"
        )
