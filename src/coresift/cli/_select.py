"""``coresift select``: rows and their weights, from file to file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coresift._errors import ParameterError
from coresift.cli._options import AsJson, Seed, Threads, amount, check_folders, n_threads
from coresift.cli._output import print_facts, progress_bars
from coresift.cli._reading import Reading, reads

if TYPE_CHECKING:
    from coresift.selectors import BaseSelector


@reads(label=False)
def select(
    reading: Reading,
    *,
    budget: Annotated[
        str, typer.Option(help="Fraction of the rows (0.01, 1%) or number of rows (200).")
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Parquet or CSV file to write.")
    ] = None,
    method: Annotated[str, typer.Option(help="One of {methods}.")] = "fastcore",
    seed: Seed = 0,
    threads: Threads = None,
    engine: Annotated[
        str, typer.Option(help="What runs the passes: serial or processes; same coreset.")
    ] = "serial",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be done; read no row.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Choose rows and write them with their weights."""
    if output is None and not dry_run:
        raise ParameterError("no output: name a file with -o, or pass --dry-run")
    check_folders({"-o": output})
    wanted = amount(budget)
    from coresift.selectors import make_selector
    from coresift.sources import output_suffix

    if output is not None:
        output_suffix(output)
    selector = make_selector(method).set_params(
        budget=wanted, random_state=seed, n_threads=n_threads(threads), engine=engine
    )
    rows = reading.rows()
    if dry_run:
        print_facts(selector.plan().cost(rows), as_json)
        return
    with progress_bars(as_json) as progress:
        selector.fit(rows, progress=progress)
    _write(rows, selector, Path(str(output)))
    print_facts({**selector.report_, "output": str(output)}, as_json)


def _write(source: Any, selector: BaseSelector, output: Path) -> None:
    """Write the chosen rows with the columns ``sample_weight`` and ``row``."""
    from coresift.sources import write_table

    table = source.take_table(selector.sample_indices_)
    added = {"sample_weight": selector.sample_weight_, "row": selector.sample_indices_}
    for name, column in added.items():
        if name in table.column_names:
            raise ParameterError(f"the input has a column {name!r}, which is written: rename it")
        table = table.append_column(name, [column])
    write_table(table, output)
