"""Networks on rows that are kept or drawn anew in each epoch: accuracy, log-loss, seconds.

Run: python benchmarks/deep.py --data covtype --network mlp --budgets 0.01 --out runs.jsonl
     python benchmarks/deep.py --out runs.jsonl --table --picture frontier.png

Each run is a line of FILE; a run that is there is not made again. ``--limit`` seconds after its
start the script begins no other run. Every run takes one thread; seconds are of the processor.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from datasets import DATASETS, Data
from side_by_side import print_table
from sklearn.metrics import log_loss

from coresift.torch import NetworkClassifier, Schedule

# name: (selector, redraw); the budget of "reduced" is its part of the steps of all epochs
METHODS: dict[str, tuple[str | None, str | None]] = {
    "uniform": ("uniform", None),
    "fastcore": ("fastcore", None),
    "uniform-each-epoch": ("uniform", "uniform"),
    "gradients-each-epoch": ("uniform", "gradients"),
    "losses-each-epoch": ("uniform", "losses"),
    "members-each-epoch": ("fastcore", "members"),
    "reduced": ("uniform", None),
    "full": (None, None),
}
_KEYS = ("data", "network", "method", "budget", "schedule", "seed")


def measured(data: Data, network: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Train once and return the figures on the test rows."""
    selector, redraw = METHODS[facts["method"]]
    names = ("warm_up", "epochs", "rounds", "finish")
    given = zip(names, map(int, facts["schedule"].split(",")), strict=False)
    schedule, budget = Schedule(**dict(given)), facts["budget"]
    if facts["method"] == "reduced":
        schedule = Schedule.reduced(schedule.total, budget)
    model = NetworkClassifier(
        network,
        selector,
        budget=budget,
        schedule=schedule,
        redraw=redraw,
        random_state=facts["seed"],
        n_threads=1,
    )
    start = time.process_time()
    model.fit(data.X, data.y)
    seconds = time.process_time() - start
    chances = model.predict_proba(data.X_test).astype(np.float64)
    return {
        "accuracy": float((model.classes_[chances.argmax(axis=1)] == data.y_test).mean()),
        "log_loss": float(log_loss(data.y_test, chances / chances.sum(axis=1, keepdims=True))),
        "seconds": seconds,
        "steps": model.trainer_.history_[-1]["iterations"],
        "select_seconds": model.select_seconds_,
    }


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def run(arguments: argparse.Namespace) -> None:
    """Make the runs that the file does not have, while there is time."""
    done = {tuple(record[key] for key in _KEYS) for record in read(arguments.out)}
    data = DATASETS[arguments.data]().minmax()
    until = time.monotonic() + arguments.limit
    runs = itertools.product(range(arguments.seeds), arguments.budgets, arguments.methods)
    for seed, budget, method in runs:
        share = None if method == "full" else budget
        values = (arguments.data, arguments.network, method, share, arguments.schedule, seed)
        if values in done or time.monotonic() > until:
            continue
        done.add(values)
        facts = dict(zip(_KEYS, values, strict=True))
        record = {**facts, **measured(data, arguments.network, facts)}
        with arguments.out.open("a") as file:
            file.write(json.dumps(record) + "\n")
        print(record, flush=True)


def table(records: list[dict[str, Any]]) -> None:
    """Print mean and spread over the seeds of each method and budget."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for record in records:
        groups.setdefault(tuple(record[key] for key in _KEYS[:-1]), []).append(record)

    def figure(group: list[dict[str, Any]], name: str, digits: int) -> str:
        values = [record[name] for record in group]
        return f"{statistics.fmean(values):.{digits}f} ± {statistics.pstdev(values):.{digits}f}"

    print_table(
        "Networks on test rows; seconds of one processor",
        [*_KEYS[:-1], "seeds", "accuracy", "log-loss", "seconds", "steps"],
        [
            [
                *("all rows" if part is None else str(part) for part in key),
                str(len(group)),
                figure(group, "accuracy", 4),
                figure(group, "log_loss", 4),
                figure(group, "seconds", 1),
                str(group[0]["steps"]),
            ]
            for key, group in sorted(groups.items(), key=str)
        ],
    )


def picture(records: list[dict[str, Any]], path: Path) -> None:
    """Draw test accuracy against seconds, a line through the budgets of each method."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    pairs = sorted({(record["data"], record["network"]) for record in records})
    figure, axes = plt.subplots(1, len(pairs), figsize=(5 * len(pairs), 4.6), squeeze=False)
    lines: dict[str, Any] = {}
    for axis, pair in zip(axes[0], pairs, strict=True):
        own = [record for record in records if (record["data"], record["network"]) == pair]
        for number, method in enumerate(METHODS):
            points = _means([record for record in own if record["method"] == method])
            if points:
                seconds, accuracy, budgets = zip(*points, strict=True)
                marker = "*" if method == "full" else "o"
                (lines[method],) = axis.plot(
                    seconds, accuracy, marker + "-", color=f"C{number}", markersize=5
                )
            if points and method in ("gradients-each-epoch", "reduced"):
                for x, y, budget in zip(seconds, accuracy, budgets, strict=True):
                    axis.annotate(
                        f"{budget:.0%}", (x, y), (0, 6), textcoords="offset points", ha="center"
                    )
        axis.set(title=" ".join(pair), xlabel="seconds of one processor", ylabel="test accuracy")
        axis.set_xscale("log")
        axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.margins(0.1)
        axis.grid(alpha=0.3)
    names = [method for method in METHODS if method in lines]
    figure.tight_layout(rect=(0, 0.12, 1, 1))
    figure.legend([lines[name] for name in names], names, loc="lower center", ncols=4)
    figure.savefig(path, dpi=110)


def _means(records: list[dict[str, Any]]) -> list[tuple[float, float, Any]]:
    """Return mean seconds and accuracy over the seeds of each budget, from small to large."""
    found = []
    for budget in sorted({record["budget"] for record in records}, key=lambda value: value or 1):
        same = [record for record in records if record["budget"] == budget]
        seconds, accuracy = (
            statistics.fmean(record[key] for record in same) for key in ("seconds", "accuracy")
        )
        found.append((seconds, accuracy, budget))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=sorted(DATASETS), default="covtype")
    parser.add_argument("--network", choices=("mlp", "cnn"), default="mlp")
    parser.add_argument("--budgets", type=lambda text: list(map(float, text.split(","))))
    parser.add_argument("--methods", type=lambda text: text.split(","), default=list(METHODS))
    parser.add_argument("--schedule", default="5,20,3", help="warm-up,epochs,rounds,finish")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=float("inf"), help="seconds")
    parser.add_argument("--out", type=Path, required=True, help="file of runs, one a line")
    parser.add_argument("--table", action="store_true", help="print what the file has")
    parser.add_argument("--picture", type=Path, help="draw what the file has")
    arguments = parser.parse_args()
    if arguments.budgets:
        run(arguments)
    records = read(arguments.out)
    if arguments.table or arguments.budgets:
        table(records)
    if arguments.picture:
        picture(records, arguments.picture)


if __name__ == "__main__":
    main()
