"""The command line: parse, call, write."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from coresift import CoresiftError, FastCore, ParameterError
from coresift.plan import outlook
from coresift.report import Result, compare_on_digits
from coresift.selectors import BaseSelector
from coresift.sources import as_source, output_suffix, write_table

app = typer.Typer(
    help="Pick a small weighted subset of a training set that trains like the whole.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
METHODS: dict[str, Callable[..., FastCore]] = {
    "fastcore": FastCore,
    "fastcore-paper": FastCore.paper,
}

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same coreset.")]


def main() -> None:
    """Run the command line; bad input ends with exit status 2 and one line."""
    try:
        app()
    except CoresiftError as error:
        print(f"coresift: {error}", file=sys.stderr)
        sys.exit(2)


@app.callback()
def _commands() -> None:
    """Pick a small weighted subset of a training set that trains like the whole."""


def _budget(text: str) -> float:
    """Read a budget: digits are a number of rows, a decimal number is a share of the rows."""
    try:
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        raise ParameterError(
            f"--budget {text!r} is no number: give a share such as 0.01 or a number of rows"
        ) from None


@contextmanager
def _progress(quiet: bool) -> Iterator[Any]:
    """Show a bar for each stage on standard error, where that is a terminal."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description:<10}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total or None)
            bars.update(tasks[stage], completed=done)

        yield show


@app.command()
def select(
    source: Annotated[Path, typer.Argument(help="Parquet or CSV file, or a folder of them.")],
    budget: Annotated[str, typer.Option(help="Share of the rows (0.01) or number of rows (200).")],
    label: Annotated[str | None, typer.Option(help="Column that holds the classes.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Parquet or CSV file to write.")
    ] = None,
    method: Annotated[str, typer.Option(help=f"One of {', '.join(METHODS)}.")] = "fastcore",
    seed: Seed = 0,
    threads: Annotated[int | None, typer.Option(help="Default: every processor.")] = None,
    max_levels: Annotated[int, typer.Option(help="Most levels of a text column.")] = 100,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be done; read no row.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Choose rows and write them with their weights."""
    if output is None and not dry_run:
        raise ParameterError("no output: name a file with -o, or pass --dry-run")
    if output is not None:
        output_suffix(output)
        if not output.absolute().parent.is_dir():
            raise ParameterError(f"the folder of {str(output)!r} does not exist: create it first")
    if method not in METHODS:
        raise ParameterError(f"--method {method!r} is not known: use one of {', '.join(METHODS)}")
    selector = METHODS[method](_budget(budget), random_state=seed, n_threads=threads)
    rows = as_source(source, label=label, max_levels=max_levels)
    if dry_run:
        _print_facts(outlook(rows, selector.plan()), as_json)
        return
    with _progress(as_json) as progress:
        selector.fit(rows, progress=progress)
    _write(rows, selector, Path(str(output)))
    _print_facts({**selector.report_, "output": str(output)}, as_json)


def _write(source: Any, selector: BaseSelector, output: Path) -> None:
    """Write the chosen rows with the columns ``sample_weight`` and ``row``."""
    table = source.take_table(selector.sample_indices_)
    added = {"sample_weight": selector.sample_weight_, "row": selector.sample_indices_}
    for name, column in added.items():
        if name in table.column_names:
            raise ParameterError(f"the input has a column {name!r}, which is written: rename it")
        table = table.append_column(name, [column])
    write_table(table, output)


def _print_facts(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(facts, default=str))
        return
    table = Table(show_header=False, box=None)
    for name, value in facts.items():
        table.add_row(name.replace("_", " "), _fact(value))
    Console().print(table)


def _fact(value: Any) -> str:
    """Write a number, a class, or a few of them, for a person."""
    if isinstance(value, dict) and "label" in value:
        return f"{value['label']}: {value['chosen']} of {value['rows']}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_fact(part)}" for name, part in value.items())
    if isinstance(value, list):
        return f"{len(value)}" if len(value) > 8 else "; ".join(map(_fact, value))
    return f"{value:,.4f}" if isinstance(value, float) else str(value)


@app.command()
def demo(seed: Seed = 0, as_json: AsJson = False) -> None:
    """Compare a coreset of scikit-learn's digits with uniform samples and with everything."""
    results = compare_on_digits(seed=seed)
    if as_json:
        print(json.dumps({"data": "digits", "results": [result.as_dict() for result in results]}))
    else:
        Console().print(_table(results))


def _table(results: list[Result]) -> Table:
    table = Table(title="scikit-learn's digits, weighted logistic regression, 5 seeds")
    for name in ("method", "rows", "selection [s]", "training [s]", "accuracy", "log-loss"):
        table.add_column(name, justify="left" if name == "method" else "right")
    for result in results:
        table.add_row(
            result.method,
            str(result.rows),
            f"{result.select_seconds:.3f}",
            f"{result.train_seconds:.3f}",
            _spread(result.accuracy, result.accuracy_spread, result.seeds),
            _spread(result.log_loss, result.log_loss_spread, result.seeds),
        )
    return table


def _spread(mean: float, spread: float, seeds: int) -> str:
    return f"{mean:.4f} ± {spread:.4f}" if seeds > 1 else f"{mean:.4f}"


if __name__ == "__main__":
    main()
