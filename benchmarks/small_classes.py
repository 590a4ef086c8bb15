"""Exact distances or codes in classes of one size: score, and processor time of selection.

python benchmarks/small_classes.py [--data movies,covtype] [--sizes 100,500,1000,2000,5000]
                                   [--budgets 0.01,0.05,0.1] [--seeds 2]

Rows of the classes are drawn from the real data. Times are of one thread, of the whole selection.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from datasets import DATASETS, Data
from side_by_side import print_table

from coresift import FastCore

Array = np.ndarray[Any, Any]


def rows_of_classes(data: Data, size: int) -> tuple[Array, Array]:
    """Return at most so many rows of each class, in random order."""
    rng = np.random.default_rng(1)
    ids = [rng.permutation(np.flatnonzero(data.y == label))[:size] for label in np.unique(data.y)]
    chosen = rng.permutation(np.concatenate(ids))
    return data.X[chosen], data.y[chosen]


def measured(X: Array, y: Array, budget: float, exact_below: int, seeds: int) -> Array:
    """Return score and seconds: means over seeds."""
    runs = []
    for seed in range(seeds):
        options: dict[str, Any] = {"start": "codes", "representative": "medoid", "n_threads": 1}
        selector = FastCore(budget, exact_below=exact_below, random_state=seed, **options)
        start = time.process_time()
        report = selector.fit(X, y).report_
        runs.append((report["score"], time.process_time() - start))
    return np.mean(runs, axis=0)


def lines(data: Data, sizes: list[int], budgets: list[float], seeds: int) -> Iterator[list[str]]:
    for size in sizes:
        X, y = rows_of_classes(data, size)
        for budget in budgets:
            if int(budget * len(X)) < 2 * len(np.unique(y)):
                continue
            codes = measured(X, y, budget, 0, seeds)
            exact = measured(X, y, budget, size + 1, seeds)
            scores = [f"{codes[0]:.4f}", f"{exact[0]:.4f}", f"{exact[0] / codes[0]:.3f}"]
            seconds = [f"{value:.2f}" for value in (codes[1], exact[1])]
            yield [data.name, str(size), f"{budget:g}", *scores, *seconds]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="movies,covtype")
    parser.add_argument("--sizes", default="100,500,1000,2000,5000")
    parser.add_argument("--budgets", default="0.01,0.05,0.1")
    parser.add_argument("--seeds", type=int, default=2)
    given = parser.parse_args()
    sizes = [int(size) for size in given.sizes.split(",")]
    budgets = [float(budget) for budget in given.budgets.split(",")]
    found = [
        line
        for name in given.data.split(",")
        for line in lines(DATASETS[name](), sizes, budgets, given.seeds)
    ]
    columns = ["data", "rows a class", "budget", "score, codes", "score, exact", "ratio"]
    columns += ["codes s", "exact s"]
    print_table("Exact distances or codes in small classes", columns, found)


if __name__ == "__main__":
    main()
