"""FastCore on CovType at 1 %: time by stage, memory, Eq. 5 score and test figures.

python benchmarks/covtype.py [--seeds 5] [--rows N] [--budget 0.01]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from datasets import DATASETS, Data
from measure import Figures, in_child, print_table, run_selector, score, spread, train, uniform

from coresift import FastCore

Methods = Mapping[str, Callable[..., Any]]
STAGES = ("survey", "cluster", "train", "summarise", "choose", "weigh", "refine")
SELECTORS: Methods = {"paper": FastCore.paper, "FastCore": FastCore}


def run(
    name: str, methods: Methods, data: Data, budget: float, n_rows: int | None, seeds: range
) -> list[Figures]:
    """Select with each seed, then train and score; uniform and full take the same path."""
    figures = []
    for seed in seeds:
        if name == "full":
            figures.append({**train(data, None, None), "score": 0.0})
            break
        if name == "uniform":
            rows, weights = uniform(data.y, int(budget * len(data.y)), seed)
            found: Figures = {"rows": rows, "weights": weights}
        else:
            selector = methods[name](budget, random_state=seed)
            found = in_child(run_selector, data.name, n_rows, selector)
        tested = train(data, found["rows"], found["weights"])
        figures.append({**found, **tested, "score": score(data, found["rows"])})
    return figures


def line(name: str, figures: list[Figures], n_rows: int, stages: Sequence[str]) -> list[str]:
    def column(key: str, digits: int) -> str:
        return spread([f[key] for f in figures if key in f], digits)

    reports: list[dict[str, Any]] = [f["report"] for f in figures if "report" in f]

    def stage(key: str) -> str:
        return spread((r["seconds"].get(key, 0.0) for r in reports[:1]), 2)

    peak = [f["peak_bytes"] / 2**20 for f in figures if "peak_bytes" in f]
    return [
        name,
        str(len(figures[0]["rows"]) if "rows" in figures[0] else n_rows),
        spread((r["n_clusters"] for r in reports[:1]), 0),
        *(stage(key) for key in stages),
        column("select_seconds", 2),
        spread(peak[:1], 0),
        column("score", 4),
        column("train_seconds", 1),
        column("accuracy", 4),
        column("log_loss", 4),
    ]


def print_comparison(
    name: str,
    budget: float,
    n_rows: int | None,
    n_seeds: int,
    methods: Methods = SELECTORS,
    stages: Sequence[str] = STAGES,
) -> None:
    """Print one table: each method, uniform and full on one data set."""
    data = DATASETS[name]().first(n_rows)
    lines = [
        line(
            method, run(method, methods, data, budget, n_rows, range(n_seeds)), len(data.y), stages
        )
        for method in (*methods, "uniform", "full")
    ]
    columns = ["method", "rows", "clusters", *(f"{stage} s" for stage in stages), "selection s"]
    columns += ["peak MiB", "score", "training s", "accuracy", "log-loss"]
    title = f"{name}, {len(data.y)} training rows, budget {budget:g}, {n_seeds} seeds"
    print_table(title, columns, lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=float, default=0.01)
    parser.add_argument("--rows", type=int, help="use only so many training rows")
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    print_comparison("covtype", given.budget, given.rows, given.seeds)


if __name__ == "__main__":
    main()
