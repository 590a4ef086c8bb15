"""`coresift.compare` on the data sets of this folder: what the other scripts measure with."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from datasets import Data
from rich.console import Console
from rich.table import Table

from coresift import compare
from coresift.experiments import Comparison
from coresift.report import rich_table

MODEL = "logistic-l2"


def compared(data: Data, methods: Sequence[str] | Mapping[str, Any], **options: Any) -> Comparison:
    """Run methods on a data set, with its own test rows; options are those of `compare`."""
    common = {"model": MODEL, "test": (data.X_test, data.y_test), "progress": _tell}
    return compare(data.X, data.y, methods=methods, **{**common, **options})


def _tell(stage: str, done: int, total: int) -> None:
    print(f"\r{stage} {done}/{total}", end="\n" if done == total else "", file=sys.stderr)


def show(found: Comparison) -> None:
    """Print the table of a comparison, and the seconds of each stage of selection."""
    Console(width=200).print(rich_table(found))
    stages: dict[str, dict[str, list[float]]] = {}
    first = [run for run in found.runs if run["model"] == found.models[0] and run.get("stages")]
    for run in first:
        line = stages.setdefault(f"{run['method']}, {run['budget']}", {})
        for stage, seconds in run["stages"].items():
            line.setdefault(stage, []).append(seconds)
    columns = list(dict.fromkeys(stage for line in stages.values() for stage in line))
    lines = [
        [name, *(f"{statistics.fmean(line[key]):.2f}" if key in line else "-" for key in columns)]
        for name, line in stages.items()
    ]
    if lines:
        print_table("Seconds of selection, by stage", ["method, budget", *columns], lines)


def print_table(title: str, columns: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    table = Table(title=title)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    for line in lines:
        table.add_row(*line)
    Console(width=200).print(table)
