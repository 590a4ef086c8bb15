"""Numbers to predict: what ridge regression on each coreset does on rows that no one has seen.

python benchmarks/regression.py [--data ratings,elevation] [--budgets 0.003,0.01,0.05] [--seeds 5]

`ratings` are those of `movies` as numbers, `elevation` is that of CovType from all its other
columns, the cover type left out. Share is the excess of the mean squared error over ridge on all
rows, as a share of that of uniform rows: 0 is as good as all rows, 1 no better than uniform rows.
The pilot is ridge on 20,000 rows drawn at random, half of all rows at most.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
from datasets import Array, Data, covtype_elevation, movie_ratings
from side_by_side import print_table
from sklearn.linear_model import Ridge
from threadpoolctl import threadpool_limits

from coresift import FastCore, Uniform
from coresift._rng import row_hash

TABLES: dict[str, Callable[[], Data]] = {
    "ratings": movie_ratings,
    "elevation": covtype_elevation,
}
KINDS: dict[str, Callable[..., Any]] = {
    "uniform": Uniform,
    "uniform, calibrated": lambda budget, **more: Uniform(budget, weights="calibrated", **more),
    "medoid": lambda budget, **more: FastCore(budget, representative="medoid", **more),
    "random member": lambda budget, **more: FastCore(budget, representative="random", **more),
    "FastCore (balanced, calibrated)": FastCore,
}
PENALTY = 1e-4  # on the mean squared error
PILOT_ROWS = 20_000


def predicted(data: Data, rows: Array, weights: Array) -> Array:
    """Return what ridge regression on weighted rows says of the test rows."""
    model = Ridge(PENALTY * weights.sum())
    return model.fit(data.X[rows], data.y[rows], sample_weight=weights).predict(data.X_test)


def figures(data: Data, rows: Array, weights: Array) -> tuple[float, float]:
    """Return mean squared and mean absolute error."""
    errors = predicted(data, rows, weights) - data.y_test
    return float((errors**2).mean()), float(np.abs(errors).mean())


def spread(values: Array, digits: int) -> str:
    return f"{np.mean(values):.{digits}f} ± {np.std(values):.{digits}f}"


def line(name: str, what: str, runs: Array, data: Data, full: float, uniform: float) -> list[str]:
    """Return a line of the table from pairs of errors, one for each seed."""
    r2 = 1 - runs[:, 0] / data.y_test.var()
    share = (runs[:, 0] - full) / (uniform - full)
    return [name, what, spread(r2, 4), spread(runs[:, 1], 4), spread(share, 3)]


def lines(data: Data, budget: float, seeds: int) -> list[list[str]]:
    """Return the lines of a data set and budget."""
    n_rows = len(data.y)
    full = np.array([figures(data, np.arange(n_rows), np.ones(n_rows))])
    runs: dict[str, list[tuple[float, float]]] = {kind: [] for kind in [*KINDS, "the pilot"]}
    for seed in range(seeds):
        for kind, make in KINDS.items():
            selector = make(budget, target="regression", random_state=seed, n_threads=1)
            selector.fit(data.X, data.y)
            runs[kind].append(figures(data, selector.sample_indices_, selector.sample_weight_))
        drawn = np.argsort(row_hash(np.arange(n_rows), 1000 + seed))
        rows = np.sort(drawn[: min(PILOT_ROWS, n_rows // 2)])
        runs["the pilot"].append(figures(data, rows, np.ones(len(rows))))
    uniform = float(np.mean([mse for mse, _ in runs["uniform"]]))
    name = f"{data.name}, {round(budget * n_rows):,}"
    table = {kind: np.array(pairs) for kind, pairs in runs.items()} | {"all rows": full}
    return [line(name, kind, r, data, float(full[0, 0]), uniform) for kind, r in table.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=",".join(TABLES))
    parser.add_argument("--budgets", default="0.003,0.01,0.05")
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    table = []
    with threadpool_limits(1):
        for name in given.data.split(","):
            data = TABLES[name]().minmax()
            for budget in map(float, given.budgets.split(",")):
                table += lines(data, budget, given.seeds)
    columns = ["data, rows", "coreset", "R2", "mean absolute error", "share"]
    print_table("Ridge regression", columns, table)


if __name__ == "__main__":
    main()
