"""``coresift summarise``: a summary of rows, from which coresets of any budget are chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coresift._errors import ParameterError
from coresift.cli._options import AsJson, Scheduler, Seed, Threads, cluster, n_threads
from coresift.cli._output import print_facts, progress_bars
from coresift.cli._reading import Reading, reads
from coresift.cli._summary_output import check_suffix, facts_of


@reads(label=False)
def summarise(
    reading: Reading,
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="Summary to write.")],
    like: Annotated[
        str | None, typer.Option(help="A summary that this one is to be merged with.")
    ] = None,
    first_row: Annotated[
        int, typer.Option(min=0, help="Position of the first row in the whole table.")
    ] = 0,
    most_rows: Annotated[
        int | None, typer.Option(min=1, help="Most rows of a class to choose from it (2000).")
    ] = None,
    seed: Seed = 0,
    threads: Threads = None,
    engine: Annotated[
        str, typer.Option(help="What runs the passes: serial, processes or dask; same summary.")
    ] = "serial",
    scheduler: Scheduler = None,
    as_json: AsJson = False,
) -> None:
    """Summarise rows; coresift select chooses from the summary."""
    reading.check_outputs({"--output": output})
    check_suffix(output)
    if reading.missing != "error":
        raise ParameterError(
            f"--missing {reading.missing} changes rows, which a summary cannot say: write the rows "
            "to a file first"
        )
    if like is not None and (seed or most_rows is not None):
        raise ParameterError("--like has the seed and --most-rows: leave these out")
    runs_on = cluster(engine, scheduler)
    from coresift.summaries import Recipe, load, summarise

    first = None if like is None else load(like)
    recipe = None
    if first is None:
        recipe = Recipe(seed=seed, most_rows=most_rows or Recipe.most_rows)
    rows = reading.rows()
    with progress_bars(as_json, rows) as progress:
        stored = summarise(
            rows,
            recipe=recipe,
            like=first,
            first_row=first_row,
            reading=reading.options,
            engine=runs_on,
            n_threads=n_threads(threads),
            progress=progress,
        )
    stored.save(output)
    print_facts(facts_of(stored, output), as_json)
