"""Selection time and memory as the number of rows grows, at one budget, and encoding speed.

python benchmarks/scaling.py [--budget 1000] [--threads 1]
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
from datasets import covtype
from side_by_side import compared, print_table
from sklearn.naive_bayes import GaussianNB

from coresift._threads import threads
from coresift.core.codebook import Codebook
from coresift.core.encoder import Encoder
from coresift.core.hyperplanes import Hyperplanes
from coresift.core.scaler import Moments, Scaler


def encoding(n_threads: int | None) -> float:
    """Return rows a second, best of three: 64 planes, 3 subspaces of 256 codewords."""
    rows = covtype().X
    scaler = Scaler.from_moments(Moments.of(rows, "minmax"), "minmax")
    rng = np.random.default_rng(0)
    planes = Hyperplanes.draw(rows.shape[1], 64, rng)
    book = Codebook.train(scaler.transform(rows[:8192]), 3, 256, rng, "blocks")
    encoder = Encoder(scaler, planes, book)
    encoder.encode(rows[:1000])
    seconds = []
    with threads(n_threads):
        for _ in range(3):
            start = time.perf_counter()
            encoder.encode(rows)
            seconds.append(time.perf_counter() - start)
    return len(rows) / min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=int, default=1000)
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    data = covtype()
    whole = len(data.y)
    lines, base = [], 0.0
    for n_rows in (whole // 4, whole // 2, whole):
        found = compared(
            data.first(n_rows),
            ["fastcore"],
            budget=given.budget,
            seeds=3,
            model=GaussianNB(),  # which takes no time
            n_threads=given.threads,
        )
        runs = [run for run in found.runs if run["method"] == "fastcore"]
        seconds = statistics.median(run["select_seconds"] for run in runs)
        base = base or seconds
        memory = max(run["select_mib"] for run in runs)
        lines.append([str(n_rows), f"{seconds:.2f}", f"{seconds / base:.2f}", f"{memory:.0f}"])
    columns = ["rows", "selection s (median of 3)", "times the first", "peak MiB over the data"]
    print_table(f"CovType, {given.budget} rows to choose", columns, lines)
    speeds = [[str(n), f"{encoding(n) / 1e6:.2f}"] for n in (1, 2)]
    columns = ["threads", "million rows a second"]
    print_table("Encoding, 54 features, 64 planes, M=3, B=256, scaling included", columns, speeds)


if __name__ == "__main__":
    main()
