"""Exact greedy facility location: coresift and apricot-select, on the same rows in one run.

    python benchmarks/craig_apricot.py [--rows 10000] [--budget 100] [--repeats 3]

apricot-select is not a dependency of coresift. If it is not installed (`pip install
apricot-select==0.6.1`), only coresift is measured, and the exit status is 3. The score is the mean
distance of a row to its nearest chosen row, computed in float64 for both. The table shows the
smallest wall time and processor time of the repetitions and the median wall time; the first call of
each library, which compiles, does not count. The two take turns, so that other work on the machine
affects both.

The rows are the first of a shuffle of CovType, scaled to [0, 1], without labels, read from
CORESIFT_DATA or else from ../shared/data.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from datasets import read
from sklearn.metrics import pairwise_distances, pairwise_distances_argmin_min
from sklearn.preprocessing import minmax_scale

from coresift import Craig

Choose = Callable[[np.ndarray, int], Any]


def covtype(n_rows: int) -> np.ndarray:
    table = read("covtype").drop_columns(["Cover_Type"])
    features = np.column_stack([column.to_numpy() for column in table.columns])
    rows = np.random.default_rng(0).permutation(len(features))[:n_rows]
    return minmax_scale(features[rows].astype(np.float64)).astype(np.float32)


def score_of(X: np.ndarray, chosen: np.ndarray) -> float:
    exact = X.astype(np.float64)
    _, distances = pairwise_distances_argmin_min(exact, exact[chosen])
    return float(distances.mean())


def ours(distances: str) -> Choose:
    def choose(X: np.ndarray, budget: int) -> Any:
        selector = Craig(budget, distances=distances, scale=None, random_state=0)
        return selector.fit(X).sample_indices_

    return choose


def apricots() -> dict[str, Choose]:
    try:
        from apricot import FacilityLocationSelection
    except ImportError:
        return {}

    def with_optimizer(optimizer: str) -> Choose:
        def choose(X: np.ndarray, budget: int) -> Any:
            # metric="euclidean" would square the distances: another objective.
            similarity = -pairwise_distances(X)
            similarity -= similarity.min()  # apricot wants no negative values
            model = FacilityLocationSelection(budget, metric="precomputed", optimizer=optimizer)
            return model.fit(similarity).ranking

        return choose

    return {f"apricot {name}": with_optimizer(name) for name in ("two-stage", "lazy")}


def measure(sides: dict[str, Choose], X: np.ndarray, budget: int, repeats: int) -> dict[str, Any]:
    seconds, processor = {name: [] for name in sides}, {name: [] for name in sides}
    scores = {}
    for choose in sides.values():
        choose(X[:500], min(budget, 20))  # compiles
    for _ in range(repeats):
        for name, choose in sides.items():
            start, processor_start = time.perf_counter(), time.process_time()
            chosen = np.asarray(choose(X, budget))
            seconds[name].append(time.perf_counter() - start)
            processor[name].append(time.process_time() - processor_start)
            assert len(np.unique(chosen)) == budget
            scores[name] = score_of(X, chosen)
    return {
        name: {
            "seconds": min(seconds[name]),
            "median_seconds": float(np.median(seconds[name])),
            "processor_seconds": min(processor[name]),
            "score": scores[name],
        }
        for name in sides
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--budget", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    X = covtype(options.rows)
    others = apricots()
    sides = {f"coresift {name}": ours(name) for name in ("dense", "recompute")} | others
    results = measure(sides, X, options.budget, options.repeats)
    if not options.json:
        for name, found in results.items():
            print(
                f"{name:<20} {found['seconds']:8.3f} s   median {found['median_seconds']:8.3f} s   "
                f"{found['processor_seconds']:8.3f} s of processors   score {found['score']:.6f}"
            )
    facts: dict[str, Any] = {"rows": options.rows, "budget": options.budget, "results": results}
    if others:
        rival = min((results[name] for name in others), key=lambda found: found["seconds"])
        own = [results[name] for name in sides if name not in others]
        facts["times_faster"] = [rival["seconds"] / found["seconds"] for found in own]
        facts["score_no_worse"] = all(f["score"] <= rival["score"] * (1 + 1e-9) for f in own)
    if options.json:
        print(json.dumps(facts))
    elif others:
        dense, recompute = facts["times_faster"]
        print(
            f"{dense:.1f} (dense) and {recompute:.1f} (recompute) times as fast as apricot's best"
        )
    else:
        print("apricot-select is not installed: pip install apricot-select==0.6.1")
    return 0 if others else 3


if __name__ == "__main__":
    sys.exit(main())
