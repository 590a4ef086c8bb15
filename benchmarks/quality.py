"""Log-loss, accuracy and score on the real data at several budgets, with uniform and all rows.

python benchmarks/quality.py [--data covtype,movies,mnist] [--budgets 0.001,0.01,0.05,0.1]
                             [--seeds 5] [--l2 1e-4] [--variants fastcore,medoid,random,kmeans-snap]
                             [--threads 1] [--resume FILE]
"""

from __future__ import annotations

import argparse
from typing import Any

from datasets import DATASETS
from side_by_side import compared, print_table

from coresift import FastCore
from coresift.experiments import Comparison, L2Logistic, Result

VARIANTS: dict[str, Any] = {
    "refine=0": FastCore(refine=0, representative="medoid"),
    "fastcore": "fastcore",
    "medoid": "fastcore-medoid",
    "random": FastCore(representative="random"),
    "uniform-assignment": "uniform-assignment",
    "kmeans-snap": "kmeans-snap",
}
FIGURES = (("select_seconds", 2), ("score", 4), ("accuracy", 4), ("log_loss", 4))


def written(result: Result, name: str, digits: int) -> str:
    figure = result.figures.get(name)
    if figure is None:
        return "-"
    mean = f"{figure.mean:.{digits}f}"
    return mean if result.runs == 1 else f"{mean} ± {figure.spread:.{digits}f}"


def lines(name: str, found: Comparison) -> list[list[str]]:
    """Return a line for each result; the last column is its excess over full, as uniform's is 1."""
    full = found.result("full").mean("log_loss")
    written_lines = []
    for result in found.results:
        what = name if result.budget is None else f"{name} {result.budget:g}"
        columns = [written(result, *figure) for figure in FIGURES]
        uniform = found.result("uniform", result.budget).mean("log_loss")
        loss = result.mean("log_loss")
        known = result.budget is not None and None not in (full, uniform, loss)
        share = f"{(loss - full) / (uniform - full):.2f}" if known else ""  # type: ignore[operator]
        written_lines.append([what, result.method, str(result.rows), *columns, share])
    return written_lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="covtype,movies,mnist")
    parser.add_argument("--budgets", default="0.001,0.01,0.05,0.1")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--l2", type=float, default=1e-4, help="penalty on the mean loss")
    parser.add_argument("--variants", default="fastcore,medoid,random")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--resume", help="file that keeps each run")
    given = parser.parse_args()
    table = []
    for name in given.data.split(","):
        found = compared(
            DATASETS[name](),
            {variant: VARIANTS[variant] for variant in given.variants.split(",")},
            budget=[float(budget) for budget in given.budgets.split(",")],
            seeds=given.seeds,
            model=L2Logistic(given.l2),
            n_threads=given.threads,
            resume=given.resume,
        )
        table += lines(name, found)
    columns = ["data, budget", "method", "rows", "seconds", "score", "accuracy", "log-loss"]
    print_table(
        f"Weighted logistic regression, L2 {given.l2:g}, {given.seeds} seeds",
        [*columns, "excess / uniform's"],
        table,
    )


if __name__ == "__main__":
    main()
