"""What each kind of coreset does for models that are not linear, on rows that no one has seen.

python benchmarks/other_models.py --out FILE [--data movies,mnist,covtype] [--budgets 0.01,0.05]
                                  [--seeds 3] [--kinds NAMES] [--models NAMES] [--minutes 10]

FILE keeps a JSON object a line for each run; what is there is not run again, so that a call that
stops after some minutes can be repeated. The tables are printed from the file.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from datasets import DATASETS, Array, Data
from side_by_side import print_table
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import log_loss
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

from coresift import FastCore, KMeansSnap, Uniform

KINDS: dict[str, Callable[[float, int], Any]] = {
    "uniform": lambda budget, seed: Uniform(budget, random_state=seed),
    "medoid": lambda budget, seed: FastCore(budget, representative="medoid", random_state=seed),
    "random": lambda budget, seed: FastCore(budget, representative="random", random_state=seed),
    "balanced": lambda budget, seed: FastCore(
        budget, representative="balanced", weights="calibrated", random_state=seed
    ),
    "kmeans-snap": lambda budget, seed: KMeansSnap(budget, random_state=seed),
}
MODELS: dict[str, Callable[[int], Any]] = {
    "boosting": lambda seed: HistGradientBoostingClassifier(random_state=seed),
    "forest": lambda seed: RandomForestClassifier(random_state=seed),
    "1-nn": lambda seed: KNeighborsClassifier(1),
    "svm": lambda seed: LinearSVC(C=1.0, random_state=seed),
    "mlp": lambda seed: MLPClassifier(max_iter=100, random_state=seed),
}
TRAIN_ROWS = {"mnist": 10_000}  # of all training rows; None is all
TEST_ROWS = 10_000


def world(name: str) -> Data:
    """Return a data set scaled to [0, 1], with at most so many rows."""
    data = DATASETS[name]().first(TRAIN_ROWS.get(name)).minmax()
    return Data(name, data.X, data.y, data.X_test[:TEST_ROWS], data.y_test[:TEST_ROWS])


def measured(model: Any, data: Data, rows: Array, weights: Array) -> dict[str, float]:
    """Train on weighted rows; return what the test rows say."""
    X, y = data.X[rows], data.y[rows]
    if has_fit_parameter(model, "sample_weight"):  # weights of mean 1: no penalty changes
        model.fit(X, y, sample_weight=weights / weights.mean())
    else:
        model.fit(X, y)
    found = {"accuracy": float((model.predict(data.X_test) == data.y_test).mean())}
    if hasattr(model, "predict_proba") and not isinstance(model, KNeighborsClassifier):
        chances = np.clip(model.predict_proba(data.X_test), 1e-6, 1)  # a tree may be sure
        chances /= chances.sum(axis=1, keepdims=True)
        found["log_loss"] = float(log_loss(data.y_test, chances, labels=model.classes_))
    return found


def missing(given: argparse.Namespace, done: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Return what is still to be run, all seeds of a kind together."""
    known = {tuple(run[key] for key in ("data", "budget", "kind", "seed", "model")) for run in done}
    for name in given.data.split(","):
        for budget in map(float, given.budgets.split(",")):
            for seed in range(given.seeds):
                for kind in given.kinds.split(","):
                    models = [
                        model
                        for model in given.models.split(",")
                        if (name, budget, kind, seed, model) not in known
                    ]
                    if models:
                        yield {"data": name, "budget": budget, "kind": kind, "seed": seed} | {
                            "models": models
                        }


def run_all(given: argparse.Namespace, done: list[dict[str, Any]]) -> None:
    """Run what is missing, until the time is up."""
    start, data = time.perf_counter(), None
    for job in missing(given, done):
        if time.perf_counter() - start > 60 * given.minutes:
            return
        models = job.pop("models")
        if data is None or data.name != job["data"]:
            data = world(job["data"])
        selector = KINDS[job["kind"]](job["budget"], job["seed"])
        began = time.process_time()
        selector.set_params(n_threads=1).fit(data.X, data.y)
        seconds = time.process_time() - began
        for name in models:
            model = MODELS[name](job["seed"])
            found = measured(model, data, selector.sample_indices_, selector.sample_weight_)
            line = {**job, "model": name, "selection": round(seconds, 2), **found}
            print(line, flush=True)
            with given.out.open("a") as file:
                file.write(json.dumps(line) + "\n")


def cell(runs: list[dict[str, Any]], figure: str) -> str:
    values = [run[figure] for run in runs if figure in run]
    if not values:
        return "-"
    return f"{np.mean(values):.3f} ± {np.std(values):.3f}"


def show(done: list[dict[str, Any]]) -> None:
    """Print a table for each data set and budget: a line for each kind, two columns a model."""
    models = [model for model in MODELS if any(run["model"] == model for run in done)]
    for name, budget in dict.fromkeys((run["data"], run["budget"]) for run in done):
        here = [run for run in done if (run["data"], run["budget"]) == (name, budget)]
        lines = []
        for kind in dict.fromkeys(run["kind"] for run in here):
            line = [kind]
            for model in models:
                own = [run for run in here if run["kind"] == kind and run["model"] == model]
                line += [f"{cell(own, 'accuracy')} / {cell(own, 'log_loss')}"]
            lines.append(line)
        print_table(f"{name}, {budget:.0%}: accuracy / log-loss", ["rows", *models], lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="movies,mnist,covtype")
    parser.add_argument("--budgets", default="0.01,0.05")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()

    def kept() -> list[dict[str, Any]]:
        lines = given.out.read_text().splitlines() if given.out.exists() else []
        return [json.loads(line) for line in lines]

    with threadpool_limits(1):
        run_all(given, kept())
    show(kept())


if __name__ == "__main__":
    main()
