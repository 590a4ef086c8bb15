"""What commands print: facts, tables, progress; names of users as plain text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from coresift._text import plain

if TYPE_CHECKING:
    from coresift import Pace
    from coresift.experiments import Comparison


@contextmanager
def progress_bars(quiet: bool, source: Any = None) -> Iterator[Any]:
    """Show a bar for each stage on standard error, where that is a terminal.

    Beside it rows, bytes of the files of the source, rows a second, and the time that is left.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from coresift import paced

    console = Console(stderr=True)
    pace = TextColumn("{task.fields[pace]}")
    columns = TextColumn("{task.description:<10}"), BarColumn(20), TimeElapsedColumn(), pace
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def show(now: Pace) -> None:
            if now.stage not in tasks:
                tasks[now.stage] = bars.add_task(now.stage, total=now.total or None, pace="")
            bars.update(tasks[now.stage], completed=now.done, pace=pace_in_words(now))

        sizes = [file.stamp.size for file in getattr(source, "files", ())]
        n_rows = getattr(source, "n_input_rows", None)
        yield paced(show, n_rows=n_rows, n_bytes=sum(sizes) or None)


def pace_in_words(pace: Pace) -> str:
    """Return how far a stage is, for a person.

    Examples
    --------
    >>> from coresift import Pace
    >>> from coresift.cli._output import pace_in_words
    >>> pace_in_words(Pace("survey", 500_000, 2_000_000, 2.0, n_bytes=3 * 2**29))
    '500,000/2,000,000  1.5GiB  250,000/s  0:00:06 left'
    >>> pace_in_words(Pace("cluster", 0, 0, 2.0))
    ''
    """
    from coresift.core.memory import in_words

    if not pace.total:
        return ""
    words = [f"{pace.done:,}/{pace.total:,}"]
    if pace.n_bytes:
        words.append(in_words(pace.n_bytes))
    if pace.rate is not None:
        words.append(f"{pace.rate:,.0f}/s")
    if pace.seconds_left:
        words.append(f"{timedelta(seconds=math.ceil(pace.seconds_left))} left")
    return "  ".join(words)


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
