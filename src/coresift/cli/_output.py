"""What commands print: facts, tables, progress; names of users as plain text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from coresift._text import plain

if TYPE_CHECKING:
    from coresift.experiments import Comparison


@contextmanager
def progress_bars(quiet: bool) -> Iterator[Any]:
    """Show a bar for each stage on standard error, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = TextColumn("{task.description:<10}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total or None)
            bars.update(tasks[stage], completed=done)

        yield show


def print_json(facts: dict[str, Any]) -> None:
    """Print one object on one line; what JSON does not know is written as text."""
    print(json.dumps(facts, default=str))


def print_facts(facts: dict[str, Any], as_json: bool) -> None:
    """Print names and values, a line each."""
    if as_json:
        print_json(facts)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None)
    for name, value in facts.items():
        table.add_row(Text(plain(name.replace("_", " "))), Text(plain(_fact(value))))
    Console().print(table)


def print_check(found: dict[str, Any]) -> None:
    """Print what the self-test of a coreset found, and last the sentence that sums it up."""
    error = found["gradient_error"]
    facts = {
        "gradient error at the pilot": f"{error['uniform']:.3g} of uniform samples, "
        f"{error['coreset']:.3g} of this coreset",
        "effective sample size": f"{found['effective_sample_size']:.0%} of the rows",
        "largest weight": f"{found['largest_weight']:.1f} times the mean",
    }
    if "losses" in found:
        losses = found["losses"]
        name = f"{found['loss']} on {found['held_out_rows']:,} rows held out"
        uniform = f"{losses['uniform']:.4g} ± {losses['uniform_spread']:.2g}"
        facts[name] = (
            f"{losses['coreset']:.4g} of this coreset, {uniform} of uniform samples of its size, "
            f"{losses['pilot']:.4g} of the pilot"
        )
    print()
    for name, text in facts.items():
        print(f"{name}: {text}")
    print(found["sentence"])


def _fact(value: Any) -> str:
    """Write a number, a class, or a few of them, for a person."""
    if isinstance(value, dict) and "label" in value:
        return f"{value['label']}: {value['chosen']} of {value['rows']}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_fact(part)}" for name, part in value.items())
    if isinstance(value, list):
        return f"{len(value)}" if len(value) > 8 else "; ".join(map(_fact, value))
    return f"{value:,.4f}" if isinstance(value, float) else str(value)


def print_comparison(found: Comparison, as_json: bool) -> None:
    """Print the table of a comparison."""
    if as_json:
        print(found.to_json())
        return
    from rich.console import Console

    from coresift.report import rich_table

    # A table that is piped into a file has no width to keep to.
    console = Console()
    Console(width=None if console.is_terminal else 180).print(rich_table(found))
