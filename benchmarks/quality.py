"""Test log-loss, accuracy and score on the real data at several budgets, beside uniform and full.

python benchmarks/quality.py [--data covtype,movies,mnist] [--budgets 0.001,0.01,0.05,0.1]
                             [--seeds 5] [--l2 1e-4] [--variants refine=0,default,random]
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

from datasets import DATASETS, Array, Data
from measure import L2, Figures, print_table, score, spread, train, uniform

from coresift import FastCore

VARIANTS: dict[str, dict[str, Any]] = {
    "refine=0": {"refine": 0},
    "default": {},
    "random": {"representative": "random"},
}


def choose(name: str, data: Data, budget: float, seed: int) -> tuple[Array, Array, float]:
    """Return rows, weights and the exact score (Eq. 5)."""
    if name == "uniform":
        rows, weights = uniform(data.y, int(round(budget * len(data.y), 6)), seed)
        return rows, weights, score(data, rows)
    selector = FastCore(budget, random_state=seed, **VARIANTS[name]).fit(data.X, data.y)
    return selector.sample_indices_, selector.sample_weight_, selector.report_["score"]


def run(name: str, data: Data, budget: float, seeds: int, l2: float) -> list[Figures]:
    figures = []
    for seed in range(seeds):
        start = time.perf_counter()
        rows, weights, reached = choose(name, data, budget, seed)
        taken = time.perf_counter() - start
        tested = train(data, rows, weights, l2)
        figures.append({**tested, "score": reached, "seconds": taken, "rows": len(rows)})
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="covtype,movies,mnist")
    parser.add_argument("--budgets", default="0.001,0.01,0.05,0.1")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--l2", type=float, default=L2, help="on the mean loss; C is 1 / (l2 N)")
    parser.add_argument("--variants", default=",".join(VARIANTS))
    given = parser.parse_args()
    variants = given.variants.split(",")
    lines = []
    for data in (DATASETS[name]() for name in given.data.split(",")):
        full = train(data, None, None, given.l2)
        figures = [f"{full['accuracy']:.4f}", f"{full['log_loss']:.4f}"]
        lines.append([data.name, "full", str(len(data.y)), "", "", *figures, ""])
        for budget in map(float, given.budgets.split(",")):
            found = {
                name: run(name, data, budget, given.seeds, given.l2)
                for name in ("uniform", *variants)
            }
            base = statistics.fmean(f["log_loss"] for f in found["uniform"]) - full["log_loss"]
            for name, runs in found.items():
                excess = statistics.fmean(f["log_loss"] for f in runs) - full["log_loss"]
                columns = [
                    spread((f[key] for f in runs), digits)
                    for key, digits in (
                        ("seconds", 2),
                        ("score", 4),
                        ("accuracy", 4),
                        ("log_loss", 4),
                    )
                ]
                rows = str(runs[0]["rows"])
                lines.append(
                    [f"{data.name} {budget:g}", name, rows, *columns, f"{excess / base:.2f}"]
                )
    columns = ["data, budget", "method", "rows", "seconds", "score", "accuracy", "log-loss"]
    print_table(
        f"Weighted logistic regression, L2 {given.l2:g}, {given.seeds} seeds",
        [*columns, "excess / uniform's"],
        lines,
    )


if __name__ == "__main__":
    main()
