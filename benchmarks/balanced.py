"""Balanced coresets: excess test log-loss as a share of a stratified sample's, on the real data.

python benchmarks/balanced.py [--data movies,covtype,mnist] [--budgets 0.001,0.003,0.01,0.05]
                              [--seeds 5] [--l2 1e-4,1e-6] [--methods NAMES] [--runs FILE]
                              [--cache DIR] [--tune]

Selectors run as a user runs them, on one thread; multinomial logistic regression is then trained
to convergence on what they chose. `share` is the excess over the model of all rows divided by the
mean excess of a stratified sample of equal size; `distance` the same for the distance of the
coefficients. The pilot is the model of the 20,000 rows that gradients are looked at with. With
--tune a fifth of the training rows stands in for the test rows: settings are chosen there.
--runs keeps a line of JSON for each run and goes on where it stopped; --cache keeps the models of
all rows.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from datasets import DATASETS, Array, Data
from side_by_side import print_table
from threadpoolctl import threadpool_limits

from coresift import FastCore, KMeansSnap, Stratified
from coresift._rng import row_hash
from coresift.gradients import Logistic, Pilot, Sample, fit_on

PILOT_ROWS = 20_000
MOST_CENTERS = 10_000  # of k-means: more take minutes
Selector = Callable[..., Any]
SELECTORS: dict[str, Selector] = {
    "stratified": Stratified,
    "stratified, assignment": lambda k, **o: Stratified(k, weights="assignment", **o),
    "kmeans-snap": KMeansSnap,
    "medoid": lambda k, **o: FastCore(k, representative="medoid", **o),
    "random": lambda k, **o: FastCore(k, representative="random", **o),
    "medoid + calibrated": lambda k, **o: FastCore(
        k, representative="medoid", weights="calibrated", **o
    ),
    "balanced (default)": FastCore,
}
Run = dict[str, Any]


def spread(values: Array) -> str:
    """Write the mean and, for several values, the standard deviation."""
    mean = f"{np.mean(values):.3f}"
    return mean if len(values) == 1 else f"{mean} ± {np.std(values, ddof=1):.3f}"


@dataclass(frozen=True)
class World:
    """A data set, scaled, with class numbers; and where models of it are kept."""

    name: str
    train: Sample
    test: Sample
    cache: Path

    @classmethod
    def of(cls, data: Data, cache: Path, tune: bool) -> World:
        labels, y = np.unique(data.y, return_inverse=True)
        scaled = data.minmax()
        train = Sample(scaled.X, y, np.ones(len(y)))
        test = Sample(
            scaled.X_test, np.searchsorted(labels, data.y_test), np.ones(len(data.y_test))
        )
        if not tune:
            return cls(data.name, train, test, cache)
        last = row_hash(np.arange(len(y)), 77) % np.uint64(5) == 0
        parts = train.take(np.flatnonzero(~last)), train.take(np.flatnonzero(last))
        return cls(f"{data.name}-tune", *parts, cache)

    @property
    def n_classes(self) -> int:
        return int(self.train.targets.max()) + 1

    def fitted(self, sample: Sample, l2: float) -> Pilot:
        return fit_on(sample, Logistic(), self.n_classes, l2)

    def kept(self, name: str, sample: Callable[[], Sample], l2: float) -> Pilot:
        path = self.cache / f"{self.name}-{name}-{l2:g}.npy"
        if not path.exists():
            np.save(path, self.fitted(sample(), l2).coef)
        return Pilot(np.load(path), Logistic(), self.n_classes)

    def full(self, l2: float) -> Pilot:
        return self.kept("full", lambda: self.train, l2)

    def pilot(self, seed: int, l2: float) -> Pilot:
        def drawn() -> Sample:
            order = np.argsort(row_hash(np.arange(len(self.train)), 1000 + seed))
            return self.train.take(np.sort(order[: min(len(order) // 2, PILOT_ROWS)]))

        return self.kept(f"pilot{seed}", drawn, l2)

    def judged(self, model: Pilot, l2: float) -> dict[str, float]:
        """Return test loss, accuracy, and distance to the model of all rows."""
        outputs = model.outputs(self.test.rows)
        named = outputs[:, 0] > 0 if outputs.shape[1] == 1 else outputs.argmax(axis=1)
        return {
            "loss": float(model.loss.values(outputs, self.test.targets).mean()),
            "accuracy": float((named == self.test.targets).mean()),
            "distance": float(np.linalg.norm(model.coef - self.full(l2).coef)),
        }


def coreset(world: World, selector: Any) -> tuple[Sample, Run]:
    """Return what a selector chooses, and what is to be told of it."""
    start = time.process_time()
    selector.fit(world.train.rows, world.train.targets)
    facts: Run = {"seconds": time.process_time() - start}
    report = selector.report_
    facts["stages"] = {name: round(taken, 3) for name, taken in report["seconds"].items()}
    facts |= {key: report[key] for key in ("pilot", "check") if key in report}
    part = world.train.take(selector.sample_indices_)
    return Sample(part.rows, part.targets, selector.sample_weight_), facts


def runs_of(
    world: World, budget: int, seed: int, l2s: list[float], methods: list[str]
) -> list[Run]:
    """Return a run of each method."""
    found = []
    for name in methods:
        selector = SELECTORS[name]
        if selector is KMeansSnap and budget > MOST_CENTERS:
            continue
        chosen, facts = coreset(world, selector(budget, random_state=seed, n_threads=1))
        figures = {f"{l2:g}": world.judged(world.fitted(chosen, l2), l2) for l2 in l2s}
        found.append({"method": name, "figures": figures, **facts})
    figures = {f"{l2:g}": world.judged(world.pilot(seed, l2), l2) for l2 in l2s}
    found.append({"method": "pilot", "figures": figures})
    where = {"data": world.name, "budget": budget, "seed": seed}
    return [{**where, **run} for run in found]


def lines(world: World, budget: int, runs: list[Run], l2s: list[float]) -> list[list[str]]:
    """Return a line of the table for each method."""
    table = []
    for name in dict.fromkeys(run["method"] for run in runs):
        columns = []
        for l2 in l2s:
            full = world.judged(world.full(l2), l2)["loss"]

            def figures(method: str, key: str, l2: float = l2) -> Array:
                own = [run["figures"] for run in runs if run["method"] == method]
                return np.array([figure[f"{l2:g}"][key] for figure in own])

            excess, floor = figures(name, "loss") - full, figures("stratified", "loss") - full
            apart = figures(name, "distance").mean() / figures("stratified", "distance").mean()
            columns.append(f"{spread(excess / floor.mean())}, {apart:.2f}")
        seconds = [run["seconds"] for run in runs if run["method"] == name and "seconds" in run]
        columns.append(f"{np.mean(seconds):.2f}" if seconds else "-")
        table.append([f"{world.name} {budget}", name, *columns])
    return table


def read(path: Path) -> list[Run]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def measured(world: World, budget: int, given: argparse.Namespace, l2s: list[float]) -> list[Run]:
    """Run what has not been run yet; return the runs of all seeds."""
    for seed in range(given.seeds):
        done = [run for run in read(given.runs) if _is(run, world, budget) and run["seed"] == seed]
        if done:
            continue
        new = runs_of(world, budget, seed, l2s, given.methods.split(";"))
        with given.runs.open("a") as file:
            file.writelines(json.dumps(run) + "\n" for run in new)
        print(f"{world.name} {budget} seed {seed}", flush=True)
    return [run for run in read(given.runs) if _is(run, world, budget)]


def _is(run: Run, world: World, budget: int) -> bool:
    return bool(run["data"] == world.name and run["budget"] == budget)


def main() -> None:
    scratch = Path(tempfile.gettempdir()) / "balanced"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="movies,covtype,mnist")
    parser.add_argument("--budgets", default="0.001,0.003,0.01,0.05")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--l2", default="1e-4,1e-6")
    parser.add_argument(
        "--methods", default=";".join(SELECTORS), help="separated by ';', stratified among them"
    )
    parser.add_argument("--cache", type=Path, default=scratch)
    parser.add_argument("--runs", type=Path, default=scratch / "runs.jsonl")
    parser.add_argument("--tune", action="store_true")
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    l2s = [float(value) for value in given.l2.split(",")]
    table = []
    with threadpool_limits(1):
        for name in given.data.split(","):
            world = World.of(DATASETS[name](), given.cache, given.tune)
            for share in map(float, given.budgets.split(",")):
                budget = max(round(share * len(world.train)), world.n_classes)
                table += lines(world, budget, measured(world, budget, given, l2s), l2s)
    print_table(
        "Excess test log-loss and distance of coefficients, as shares of a stratified sample's",
        ["data, rows", "", *(f"L2 {l2:g}" for l2 in l2s), "seconds"],
        table,
    )


if __name__ == "__main__":
    main()
