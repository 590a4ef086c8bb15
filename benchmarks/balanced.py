"""Balanced coresets: excess test log-loss as a share of a stratified sample's, on the real data.

python benchmarks/balanced.py [--data movies,covtype,mnist] [--budgets 0.001,0.003,0.01,0.05]
                              [--seeds 5] [--l2 1e-4,1e-6] [--cache DIR] [--tune]

Models are trained to convergence. `share` is the excess over the model of all rows divided by that
of a stratified sample of equal size, means over seeds; `distance` the same for the distance of the
coefficients. The pilot is the model of the 20,000 rows that it was fitted on, `one step` that model
moved by the gradient of all rows. With --tune a fifth of the training rows stands in for the test
rows: settings are chosen there. The models of all rows and the cells are kept in --cache.
"""

from __future__ import annotations

import argparse
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

from coresift import FastCore
from coresift._rng import row_hash
from coresift.core.budget import split_budget
from coresift.core.centers import Centers
from coresift.gradients import (
    Aim,
    Balanced,
    GradientSum,
    Logistic,
    Pilot,
    Sample,
    Search,
    Steps,
    WeightFacts,
    calibrate,
    choose_members,
    fit_on,
    held_out_losses,
    hold_back,
    to_class_sizes,
)

MEMBERS, SAMPLE, HELD_OUT = 30, 20_000, 5_000
PILOT_L2 = 1e-5
Coreset = tuple[Array, Array]


def spread(values: Array) -> str:
    """Write the mean and, for several values, the standard deviation."""
    mean = f"{np.mean(values):.3f}"
    return mean if len(values) == 1 else f"{mean} ± {np.std(values, ddof=1):.3f}"


def stratified(y: Array, budget: int, seed: int) -> Coreset:
    """Draw rows of each class by quota; every row of a class weighs the same."""
    sizes = np.bincount(y)
    quotas = split_budget(budget, sizes)
    rng = np.random.default_rng(seed)
    parts = [rng.choice(np.flatnonzero(y == c), q, replace=False) for c, q in enumerate(quotas)]
    rows = np.sort(np.concatenate(parts))
    return rows, (sizes / quotas)[y[rows]]


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

    def kept(self, name: str, make: Callable[[], Array]) -> Array:
        path = self.cache / f"{self.name}-{name}.npy"
        if not path.exists():
            np.save(path, make())
        return np.load(path)

    def fitted(self, sample: Sample, l2: float) -> Pilot:
        return fit_on(sample, Logistic(), self.n_classes, l2)

    def full(self, l2: float) -> Pilot:
        coef = self.kept(f"full-{l2:g}", lambda: self.fitted(self.train, l2).coef)
        return Pilot(coef, Logistic(), self.n_classes)

    def cells(self, budget: int, seed: int) -> Coreset:
        """Return FastCore's rows and the cell of each row."""

        def make() -> Array:
            X, y = self.train.rows, self.train.targets
            rows = FastCore(budget, random_state=seed, scale=None).fit(X, y).sample_indices_
            centers = Centers.of(rows, X[rows], y[rows], self.n_classes)
            owners, _ = centers.owners(X, y, np.arange(len(y)))
            return np.concatenate([rows, owners])

        both = self.kept(f"cells-{budget}-{seed}", make)
        return both[:budget], both[budget:]

    def coreset(self, chosen: Coreset) -> Sample:
        part = self.train.take(chosen[0])
        return Sample(part.rows, part.targets, chosen[1])


@dataclass(frozen=True)
class Prepared:
    """What the variants of one budget and seed share."""

    cells: Array
    medoids: Array
    sizes: Array
    candidates: Array  # row ids, by cell and id
    aim: Aim  # at the pilot of the sample
    moved: Aim  # at that pilot after one step
    held_out: Sample
    seconds: dict[str, float]


def timed(seconds: dict[str, float], name: str, function: Callable[[], Any]) -> Any:
    start = time.perf_counter()
    result = function()
    seconds[name] = time.perf_counter() - start
    return result


def total(pilot: Pilot, data: Sample, chunk: int = 8192) -> Array:
    """Return the mean gradient of all rows, as the pass that weighs the cells sums it."""
    low, high = data.rows.min(axis=0), data.rows.max(axis=0)
    steps = Steps.of(pilot.largest_error(low, high), low, high)
    found = GradientSum.empty(pilot.coef.shape[1], data.rows.shape[1])
    for start in range(0, len(data), chunk):
        rows, targets = (part[start : start + chunk] for part in (data.rows, data.targets))
        found = found.merge(GradientSum.of(pilot.errors(rows, targets), rows, steps))
    return found.value(steps) / len(data)


def candidates(cells: Array, seed: int) -> Array:
    """Return the members of smallest hash of each cell, by cell and row id."""
    order = np.lexsort((row_hash(np.arange(len(cells)), seed), cells))
    rank = np.arange(len(cells)) - np.searchsorted(cells[order], cells[order])
    kept = np.sort(order[rank < MEMBERS])
    return kept[np.argsort(cells[kept], kind="stable")]


def prepare(world: World, budget: int, seed: int) -> Prepared:
    medoids, cells = world.cells(budget, seed)
    n_rows, seconds = len(world.train), dict[str, float]()
    drawn = np.argsort(row_hash(np.arange(n_rows), 1000 + seed))
    n_sample = min(n_rows // 2, SAMPLE)
    sample = world.train.take(np.sort(drawn[:n_sample]))
    held_out = world.train.take(np.sort(drawn[n_sample : n_sample + HELD_OUT]))
    pilot = timed(seconds, "pilot", lambda: world.fitted(sample, PILOT_L2))
    aim = Aim(pilot, timed(seconds, "sum", lambda: total(pilot, world.train)), sample)
    moved = timed(seconds, "step", lambda: aim.moved(PILOT_L2))
    sizes = np.bincount(cells, minlength=budget).astype(float)
    return Prepared(
        cells, medoids, sizes, candidates(cells, 2000 + seed), aim, moved, held_out, seconds
    )


def sorted_rows(world: World, rows: Array, weights: Array) -> Coreset:
    """Return rows in ascending order, weights scaled to the sizes of the classes."""
    order = np.argsort(rows)
    y = world.train.targets
    return rows[order], to_class_sizes(weights[order], y[rows[order]], np.bincount(y))


def balanced(world: World, ready: Prepared, seed: int, aim: Aim, search: Search) -> Coreset:
    found: Balanced = choose_members(
        aim,
        ready.cells[ready.candidates],
        world.train.take(ready.candidates),
        ready.sizes,
        len(world.train),
        np.random.default_rng(seed),
        search,
    )[0]
    return sorted_rows(world, ready.candidates[found.chosen], found.weights)


def calibrated(world: World, ready: Prepared, chosen: Coreset) -> Coreset:
    """Return the same rows with weights calibrated."""
    part, aim = world.train.take(chosen[0]), ready.moved
    metric = aim.metric(len(part), len(part))
    errors, rows = metric.factors(aim.pilot.look(part.rows, part.targets))
    wanted = metric.gradient(aim.gradient)
    return sorted_rows(
        world, chosen[0], calibrate(errors, rows.astype(np.float64), chosen[1], wanted)
    )


def variants(world: World, ready: Prepared, budget: int, seed: int) -> dict[str, Coreset]:
    start = np.searchsorted(ready.cells[ready.candidates], np.arange(budget))
    rng = np.random.default_rng(seed)
    members = np.diff(np.append(start, len(ready.candidates)))
    drawn = ready.candidates[start + (rng.random(budget) * members).astype(int)]
    random = sorted_rows(world, drawn, ready.sizes)
    return {
        "stratified": stratified(world.train.targets, budget, seed),
        "medoid": (ready.medoids, ready.sizes),
        "random": random,
        "random+cal": calibrated(world, ready, random),
        "balanced": timed(
            ready.seconds,
            "choice",
            lambda: balanced(world, ready, seed, ready.moved, Search()),
        ),
    }


Line = dict[str, float]


def figures(world: World, budget: int, seed: int, l2s: list[float]) -> dict[str, dict[float, Line]]:
    """Return loss, accuracy and distance of each variant and L2."""
    ready = prepare(world, budget, seed)
    chosen = variants(world, ready, budget, seed)
    found: dict[str, dict[float, Line]] = {
        name: {} for name in [*chosen, "auto", "pilot", "one step"]
    }
    losses = held_out_losses(
        {name: world.coreset(chosen[name]) for name in chosen},
        Logistic(),
        world.n_classes,
        PILOT_L2,
        ready.held_out,
    )
    verdict = hold_back(losses, ready.held_out.weights, budget, ready.aim.pilot.n_free)
    for l2 in l2s:
        models = {name: world.fitted(world.coreset(rows), l2) for name, rows in chosen.items()}
        models |= {"pilot": ready.aim.pilot, "one step": ready.moved.pilot}
        models["auto"] = models[verdict.chosen]
        for name, model in models.items():
            apart = float(np.linalg.norm(model.coef - world.full(l2).coef))
            loss = float(model.values(world.test.rows, world.test.targets).mean())
            found[name][l2] = {"loss": loss, "distance": apart}
    print(f"{world.name} {budget} seed {seed}: {verdict.chosen} ({verdict.reason});", end=" ")
    print(WeightFacts.of(chosen["balanced"][1]), end=" ")
    print({name: round(taken, 2) for name, taken in ready.seconds.items()}, flush=True)
    return found


def lines(world: World, budget: int, runs: list[dict[str, dict[float, Line]]]) -> list[list[str]]:
    """Return a line of the table for each variant."""
    table = []
    for name in runs[0]:
        columns = []
        for l2 in runs[0][name]:
            full = world.full(l2)
            base = float(full.values(world.test.rows, world.test.targets).mean())
            excess = np.array([run[name][l2]["loss"] - base for run in runs])
            floor = np.mean([run["stratified"][l2]["loss"] - base for run in runs])
            apart = np.mean([run[name][l2]["distance"] for run in runs])
            floor_apart = np.mean([run["stratified"][l2]["distance"] for run in runs])
            columns += [f"{base + excess.mean():.4f}", spread(excess / floor)]
            columns += [f"{apart / floor_apart:.3f}"]
        table.append([f"{world.name} {budget}", name, *columns])
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="movies,covtype,mnist")
    parser.add_argument("--budgets", default="0.001,0.003,0.01,0.05")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--l2", default="1e-4,1e-6")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "balanced")
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
                runs = [figures(world, budget, seed, l2s) for seed in range(given.seeds)]
                table += lines(world, budget, runs)
    titles = [f"{column} at {l2:g}" for l2 in l2s for column in ("loss", "share", "distance")]
    print_table(
        "Excess test log-loss, share of a stratified sample's", ["data", "", *titles], table
    )


if __name__ == "__main__":
    main()
