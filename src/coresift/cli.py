"""The command line: parse, call, write."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from coresift import CoresiftError, FastCore, ParameterError
from coresift.core.parameters import check_choice
from coresift.experiments import (
    DEFAULT_MODEL,
    MODELS,
    NETWORKS,
    BudgetStep,
    Comparison,
    PlanesStep,
    compare_on_digits,
    suggest_budget,
    suggest_planes,
)
from coresift.experiments import compare as run_comparison
from coresift.plan import outlook
from coresift.report import rich_table, write_html
from coresift.selectors import FULL, METHODS, BaseSelector, make_selector
from coresift.sources import as_source, output_suffix, write_table
from coresift.torch import NetworkClassifier

app = typer.Typer(
    help="Pick a small weighted subset of a training set that trains like the whole.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same coreset.")]


Drop = Annotated[str, typer.Option(help="Columns that are no features, with commas between.")]


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


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
    drop: Drop = "",
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
        _check_folder(output)
    selector = make_selector(method).set_params(
        budget=_budget(budget), random_state=seed, n_threads=threads
    )
    rows = as_source(source, label=label, max_levels=max_levels, drop=_names(drop))
    if dry_run:
        if not isinstance(selector, FastCore):
            raise ParameterError(f"--dry-run knows fastcore only, not {method!r}: leave it out")
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
def compare(
    source: Annotated[Path, typer.Argument(help="Parquet or CSV file, or a folder of them.")],
    label: Annotated[str, typer.Option(help="Column that holds the classes.")],
    budget: Annotated[str, typer.Option(help="One or more, such as 0.001,0.01,500.")] = "0.01",
    methods: Annotated[
        str,
        typer.Option(help=f"Of {', '.join((*METHODS, FULL))}; uniform and full always take part."),
    ] = "fastcore",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each method.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="First seed.")] = 0,
    model: Annotated[
        str,
        typer.Option(
            help=f"One or more of {', '.join(MODELS)}, on the same selections; or of "
            f"{', '.join(NETWORKS)}, which select as they train."
        ),
    ] = DEFAULT_MODEL,
    warm_up: Annotated[
        int | None, typer.Option(min=0, help="Networks: epochs on all rows first (20).")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Networks: epochs on each coreset (20).")
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(min=1, help="Networks: coresets, one after the other (10).")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Networks: rows of a step (128).")
    ] = None,
    wrt: Annotated[
        str | None, typer.Option(help="Networks: gradients by the last layer's weights or logits.")
    ] = None,
    tune: Annotated[
        bool, typer.Option("--tune", help="Tune learning rate and batch size in each run.")
    ] = False,
    drop: Drop = "",
    test: Annotated[Path | None, typer.Option(help="File of test rows.")] = None,
    test_size: Annotated[float, typer.Option(help="Share put aside where no --test.")] = 0.25,
    threads: Annotated[int | None, typer.Option(help="Default: every processor.")] = None,
    time_limit: Annotated[float | None, typer.Option(help="Seconds for a run.")] = None,
    resume: Annotated[
        Path | None, typer.Option(help="File that keeps each run; runs in it are not repeated.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="CSV file to write.")] = None,
    report: Annotated[Path | None, typer.Option(help="HTML page to write.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run methods side by side: time, memory, accuracy."""
    for path in (csv, report, resume):
        _check_folder(path)
    algorithm_2 = {
        "warm_up": warm_up,
        "epochs": epochs,
        "rounds": rounds,
        "batch_size": batch_size,
        "wrt": wrt,
    }
    with _progress(as_json) as progress:
        found = run_comparison(
            as_source(source, label=label, drop=_names(drop)),
            budget=[_budget(text.strip()) for text in budget.split(",")],
            methods=[name.strip() for name in methods.split(",")],
            seeds=range(seed, seed + seeds),
            model=_models(_names(model), tune, algorithm_2),
            test=None if test is None else as_source(test, label=label, drop=_names(drop)),
            test_size=test_size,
            split_seed=seed,
            n_threads=threads,
            time_limit=time_limit,
            resume=resume,
            progress=progress,
        )
    if csv is not None:
        csv.write_text(found.to_csv(), encoding="utf-8")
    if report is not None:
        write_html(found, report)
    _print_comparison(found, as_json)


def _models(names: list[str], tune: bool, algorithm_2: dict[str, Any]) -> dict[str, Any]:
    """Return what is trained, by the names for the tables."""
    given = {name: value for name, value in algorithm_2.items() if value is not None}
    if given and not set(names) & set(NETWORKS):
        option = f"--{next(iter(given)).replace('_', '-')}"
        raise ParameterError(
            f"{option} has no meaning for --model {','.join(names)}: it is for "
            f"{' and '.join(NETWORKS)}, so leave it out"
        )
    check_choice("wrt", given.get("wrt", "weights"), ("weights", "logits"))
    models: dict[str, Any] = {name: name for name in names}
    for name in names:
        if name in NETWORKS:
            models[name] = NetworkClassifier(name, **given)
    return models if not tune else {f"{name} (tuned)": _tuned(name) for name in names}


def _tuned(name: str) -> Any:
    if name == DEFAULT_MODEL or name not in MODELS:
        known = ", ".join(other for other in MODELS if other != DEFAULT_MODEL)
        raise ParameterError(f"--tune has no meaning for --model {name!r}: use one of {known}")
    return MODELS[name]().set_params(learning_rate="tuned", batch_size="tuned")


def _check_folder(output: Path | None) -> None:
    if output is not None and not output.absolute().parent.is_dir():
        raise ParameterError(f"the folder of {str(output)!r} does not exist: create it first")


def _print_comparison(found: Comparison, as_json: bool) -> None:
    if as_json:
        print(found.to_json())
        return
    # A table that is piped into a file has no width to keep to.
    console = Console()
    Console(width=None if console.is_terminal else 180).print(rich_table(found))


@app.command()
def size(
    source: Annotated[Path, typer.Argument(help="Parquet or CSV file, or a folder of them.")],
    label: Annotated[str, typer.Option(help="Column that holds the classes.")],
    method: Annotated[str, typer.Option(help=f"One of {', '.join(METHODS)}.")] = "fastcore",
    model: Annotated[str, typer.Option(help=f"One of {', '.join(MODELS)}.")] = DEFAULT_MODEL,
    start: Annotated[float, typer.Option(help="First share of the rows.")] = 0.001,
    factor: Annotated[float, typer.Option(help="From one share to the next.")] = 3.0,
    drop: Drop = "",
    tolerance: Annotated[float, typer.Option(help="A rise of accuracy that is none.")] = 0.005,
    seeds: Annotated[int, typer.Option(min=1, help="Selections for each share.")] = 3,
    seed: Seed = 0,
    threads: Annotated[int | None, typer.Option(help="Default: every processor.")] = None,
    as_json: AsJson = False,
) -> None:
    """Suggest a budget: larger and larger coresets until the accuracy is stable."""

    def show(step: BudgetStep) -> None:
        print(
            f"{step.budget:>9.3%} {step.rows:>9,} rows   accuracy {step.accuracy:.4f} "
            f"± {step.accuracy_spread:.4f}   {step.seconds:.2f} s"
        )

    found = suggest_budget(
        as_source(source, label=label, drop=_names(drop)),
        method=method,
        model=model,
        start=start,
        factor=factor,
        tolerance=tolerance,
        seeds=seeds,
        random_state=seed,
        n_threads=threads,
        on_step=None if as_json else show,
    )
    if as_json:
        print(json.dumps(found.as_dict()))
        return
    why = "more rows bring no more" if found.is_stable else "the accuracy was still rising"
    print(f"suggested: --budget {found.budget:.4g} ({why}; {found.seconds:.1f} s)")


@app.command()
def planes(
    source: Annotated[Path, typer.Argument(help="Parquet or CSV file, or a folder of them.")],
    label: Annotated[str | None, typer.Option(help="Column that holds the classes.")] = None,
    drop: Drop = "",
    tolerance: Annotated[float, typer.Option(help="How far below the best is enough.")] = 0.02,
    sample: Annotated[int, typer.Option(min=1, help="Rows that are clustered.")] = 50_000,
    seed: Seed = 0,
    threads: Annotated[int | None, typer.Option(help="Default: every processor.")] = None,
    as_json: AsJson = False,
) -> None:
    """Suggest a number of hyperplanes: the fewest that reach the plateau of cluster quality."""

    def show(step: PlanesStep) -> None:
        print(
            f"{step.n_planes:>3} planes {step.n_clusters:>9,} clusters   score {step.score:.4f}   "
            f"{step.alone:.0%} of the rows alone"
        )

    found = suggest_planes(
        as_source(source, label=label, drop=_names(drop)),
        tolerance=tolerance,
        sample_size=sample,
        random_state=seed,
        n_threads=threads,
        on_step=None if as_json else show,
    )
    if as_json:
        print(json.dumps(found.as_dict()))
        return
    print(f"suggested: n_planes={found.n_planes} ({found.seconds:.1f} s)")


@app.command()
def demo(seed: Seed = 0, as_json: AsJson = False) -> None:
    """Compare a coreset of scikit-learn's digits with uniform samples and with everything."""
    with _progress(as_json) as progress:
        found = compare_on_digits(seed=seed, progress=progress)
    _print_comparison(found, as_json)


if __name__ == "__main__":
    main()
