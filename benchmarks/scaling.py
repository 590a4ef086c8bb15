"""Selection time against rows, classes and columns of sparse rows; and encoding speed.

python benchmarks/scaling.py [--what rows,classes,sparse,encoding] [--budget 1000] [--threads 1]
"""

from __future__ import annotations

import argparse
import statistics
import time
from functools import partial
from typing import Any

import numpy as np
from datasets import covtype
from scipy.sparse import csr_array
from side_by_side import compared, print_table
from sklearn.naive_bayes import GaussianNB

from coresift import FastCore, Stratified, Uniform
from coresift._threads import threads
from coresift.core.codebook import Codebook
from coresift.core.encoder import Encoder
from coresift.core.hyperplanes import Hyperplanes
from coresift.core.scaler import Moments, Scaler
from coresift.selectors import BaseSelector


def encoding(n_threads: int | None) -> float:
    """Return rows a second, best of three: 64 planes, 3 subspaces of 256 codewords."""
    X = covtype().X
    scaler = Scaler.from_moments(Moments.of(X, "minmax"), "minmax")
    rng = np.random.default_rng(0)
    planes = Hyperplanes.draw(X.shape[1], 64, rng)
    book = Codebook.train(scaler.transform(X[:8192]), 3, 256, rng, "blocks")
    encoder = Encoder(scaler, planes, book)
    encoder.encode(X[:1000])
    seconds = []
    with threads(n_threads):
        for _ in range(3):
            start = time.perf_counter()
            encoder.encode(X)
            seconds.append(time.perf_counter() - start)
    return len(X) / min(seconds)


def rows(budget: int, n_threads: int | None) -> None:
    """Print time and memory of selection from a quarter, a half and all of CovType."""
    data = covtype()
    whole = len(data.y)
    lines, base = [], 0.0
    for n_rows in (whole // 4, whole // 2, whole):
        found = compared(
            data.first(n_rows),
            ["fastcore-medoid"],
            budget=budget,
            seeds=3,
            model=GaussianNB(),  # which takes no time
            n_threads=n_threads,
        )
        runs = [run for run in found.runs if run["method"] == "fastcore-medoid"]
        seconds = statistics.median(run["select_seconds"] for run in runs)
        base = base or seconds
        memory = max(run["select_mib"] for run in runs)
        lines.append([str(n_rows), f"{seconds:.2f}", f"{seconds / base:.2f}", f"{memory:.0f}"])
    columns = ["rows", "selection s (median of 3)", "times the first", "peak MiB over the data"]
    print_table(f"CovType, {budget} rows to choose", columns, lines)


def taken(selector: BaseSelector, X: Any, y: Any) -> float:
    """Return the processor time of a selection."""
    start = time.process_time()
    selector.fit(X, y)
    return time.process_time() - start


def classes(n_threads: int | None) -> None:
    """Print the processor time of methods for 500 to 100,000 classes of about 20 rows."""
    rng = np.random.default_rng(0)
    methods: dict[str, Any] = {
        "FastCore": partial(FastCore, representative="medoid"),
        "with codes": partial(FastCore, start="codes", representative="medoid"),
        "Stratified": Stratified,
        "Uniform": Uniform,
    }
    lines = []
    for n_classes in (500, 2000, 10_000, 100_000):
        y = np.r_[np.arange(n_classes), rng.integers(0, n_classes, 19 * n_classes)]
        X = rng.normal(size=(len(y), 16)).astype(np.float32)
        options = {"random_state": 0, "n_threads": n_threads}
        seconds = [taken(make(0.1, **options), X, y) for make in methods.values()]
        lines.append([str(n_classes), *(f"{value:.2f}" for value in seconds)])
    columns = ["classes", *(f"{name} s" for name in methods)]
    print_table("Processor time, 16 features, 10 %", columns, lines)


def sparse(n_threads: int | None) -> None:
    """Print the processor time for sparse rows of 50 entries, whatever the columns."""
    medoids = partial(FastCore, representative="medoid")
    rng = np.random.default_rng(0)
    lines = []
    for n_rows, n_columns in ((1000, 10_000), (1000, 40_000), (11_000, 130_000), (50_000, 10**6)):
        columns = rng.integers(0, n_columns, size=50 * n_rows)
        ends = 50 * np.arange(n_rows + 1)
        X = csr_array((rng.random(50 * n_rows), columns, ends), shape=(n_rows, n_columns))
        y = np.arange(n_rows) % 4
        options = {"random_state": 0, "n_threads": n_threads}
        seconds = [taken(make(0.05, **options), X, y) for make in (medoids, Uniform)]
        lines.append([str(n_rows), str(n_columns), *(f"{value:.2f}" for value in seconds)])
    print_table("Sparse rows, 5 %", ["rows", "columns", "FastCore s", "Uniform s"], lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--what", default="rows,classes,sparse,encoding")
    parser.add_argument("--budget", type=int, default=1000)
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    what = given.what.split(",")
    if "rows" in what:
        rows(given.budget, given.threads)
    if "classes" in what:
        classes(given.threads)
    if "sparse" in what:
        sparse(given.threads)
    if "encoding" in what:
        speeds = [[str(n), f"{encoding(n) / 1e6:.2f}"] for n in (1, 2)]
        title = "Encoding, 54 features, 64 planes, M=3, B=256, scaling included"
        print_table(title, ["threads", "million rows a second"], speeds)


if __name__ == "__main__":
    main()
