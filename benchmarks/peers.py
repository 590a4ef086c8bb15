"""FastCore beside what else chooses rows: seconds, memory, score and test log-loss, in one table.

python benchmarks/peers.py [--data covtype,mnist,movies] [--budgets 0.001,0.01,0.05,0.1]
                           [--rows 0] [--methods fastcore,...] [--seeds 1]

Needs benchmarks/requirements-peers.txt. One thread for everyone. All choose class by class, in
features scaled to [0, 1]; means are replaced by rows of their own; weights are by assignment.
Scaling, replacing and weighing are part of the seconds. FasterPAM and Craig run where a class has
at most 10,000 rows. ``--rows`` takes only so many rows of each data set.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from datasets import DATASETS, Data
from kmedoids import fasterpam
from side_by_side import print_table
from sklearn.metrics import log_loss
from sklearn.metrics.pairwise import euclidean_distances
from superkmeans import SuperKMeans
from threadpoolctl import threadpool_limits

from coresift import Craig, FastCore, KMeansSnap, Uniform
from coresift.core.budget import resolve_budget, split_budget
from coresift.core.nearest import CenterTiles
from coresift.experiments import L2Logistic
from coresift.experiments._memory import Memory
from coresift.methods.kmeans_snap import snap

Array = np.ndarray[Any, Any]
Rows = Callable[[Array, int, int], Array]  # rows of a class, how many, seed: positions
MOST_ROWS = 10_000  # of a class, for all distances


def nearest(rows: Array, centers: Array) -> tuple[Array, Array]:
    """Return the nearest center of each row, and its distance."""
    return CenterTiles.of(centers).nearest(rows)


def super_means(rows: Array, quota: int, seed: int) -> Array:
    if quota == 1:
        return snap(rows.mean(axis=0, keepdims=True), rows)
    means = SuperKMeans(quota, rows.shape[1], n_threads=1, seed=seed).train(rows)
    return snap(np.asarray(means, dtype=np.float32), rows)


def pam(rows: Array, quota: int, seed: int) -> Array:
    distances = euclidean_distances(rows).astype(np.float32)
    found = fasterpam(distances, quota, random_state=seed, n_cpu=1)
    return np.asarray(found.medoids, dtype=np.int64)


def by_class(choose: Rows, X: Array, y: Array, budget: float, seed: int) -> tuple[Array, Array]:
    """Return chosen rows and how many rows of their class each is nearest to."""
    low, high = X.min(axis=0), X.max(axis=0)
    X = ((X - low) / np.where(high > low, high - low, 1)).astype(np.float32)
    _, class_ids, sizes = np.unique(y, return_inverse=True, return_counts=True)
    quotas = split_budget(resolve_budget(budget, len(y)), sizes)
    chosen, weights = [], []
    for class_id, quota in enumerate(quotas.tolist()):
        here = np.flatnonzero(class_ids == class_id)
        rows = np.ascontiguousarray(X[here])
        own = choose(rows, quota, seed)
        owners, _ = nearest(rows, rows[own])
        chosen.append(here[own])
        weights.append(np.bincount(owners, minlength=quota))
    return np.concatenate(chosen), np.concatenate(weights).astype(float)


MEDOIDS = partial(FastCore, representative="medoid")


def fitted(kind: Any, X: Array, y: Array, budget: float, seed: int) -> tuple[Array, Array]:
    selector = kind(budget, random_state=seed, n_threads=1).fit(X, y)
    return selector.sample_indices_, selector.sample_weight_


METHODS: dict[str, Callable[[Array, Array, float, int], tuple[Array, Array]]] = {
    "fastcore": partial(fitted, MEDOIDS),
    "fastcore refine=3": partial(fitted, partial(MEDOIDS, refine=3)),
    "fastcore codes": partial(fitted, partial(MEDOIDS, start="codes")),
    "superkmeans snapped": partial(by_class, super_means),
    "minibatch snapped": partial(fitted, KMeansSnap),
    "uniform": partial(fitted, partial(Uniform, weights="assignment")),
    "fasterpam": partial(by_class, pam),
    "craig": partial(fitted, Craig),
}


def score(data: Data, chosen: Array) -> float:
    """Return the mean distance of a row to the nearest chosen row of its class (Eq. 5)."""
    scaled, total = data.minmax(), 0.0
    for label in np.unique(data.y):
        own = scaled.X[chosen[data.y[chosen] == label]]
        total += float(nearest(scaled.X[data.y == label], own)[1].sum(dtype=np.float64))
    return total / len(data.y)


def loss(data: Data, chosen: Array, weights: Array) -> float:
    """Return the log-loss on the test rows of a logistic model of the chosen rows."""
    scaled = data.minmax()
    kept = weights > 0
    model = L2Logistic().fit(scaled.X[chosen[kept]], data.y[chosen[kept]], weights[kept])
    return float(log_loss(data.y_test, model.predict_proba(scaled.X_test), labels=model.classes_))


def measured(send: Connection, data: Data, method: str, budget: float, seed: int) -> None:
    """Choose rows once, in a process of its own."""
    small = data.first(3000)
    with threadpool_limits(1):
        METHODS[method](small.X, small.y, 0.05, 0)  # compiled, loaded
        memory, wall, used = Memory.begin(), time.perf_counter(), time.process_time()
        chosen, weights = METHODS[method](data.X, data.y, budget, seed)
        used, wall = time.process_time() - used, time.perf_counter() - wall
        mib = memory.end()[1] or 0.0
        send.send((used, wall, mib, score(data, chosen), loss(data, chosen, weights)))


def in_process(data: Data, method: str, budget: float, seed: int) -> Any:
    receive, send = multiprocessing.get_context("fork").Pipe(duplex=False)
    given = send, data, method, budget, seed
    process = multiprocessing.get_context("fork").Process(target=measured, args=given)
    process.start()
    send.close()
    try:
        return receive.recv()
    finally:
        process.join()


def lines(data: Data, budgets: list[float], methods: list[str], seeds: int) -> list[list[str]]:
    largest = int(np.unique(data.y, return_counts=True)[1].max())
    found = []
    for budget in budgets:
        for method in methods:
            if method in ("fasterpam", "craig") and largest > MOST_ROWS:
                continue
            runs = [in_process(data, method, budget, seed) for seed in range(seeds)]
            used, wall, mib, distance, test = np.mean(runs, axis=0)
            figures = [f"{used:.2f}", f"{wall:.2f}", f"{mib:.0f}", f"{distance:.4f}", f"{test:.4f}"]
            found.append([f"{data.name} {len(data.y)}", f"{budget:g}", method, *figures])
            print(*found[-1], flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="covtype,mnist,movies")
    parser.add_argument("--budgets", default="0.001,0.01,0.05,0.1")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    budgets = [float(budget) for budget in given.budgets.split(",")]
    table = [
        line
        for name in given.data.split(",")
        for line in lines(
            DATASETS[name]().first(given.rows or None),
            budgets,
            given.methods.split(","),
            given.seeds,
        )
    ]
    columns = ["data", "budget", "method", "processor s", "wall s", "MiB", "score", "log-loss"]
    print_table("One thread, class by class", columns, table)


if __name__ == "__main__":
    main()
