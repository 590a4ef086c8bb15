"""Selection time against rows at one budget, and encoding speed.

python benchmarks/scaling.py [--budget 1000]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from datasets import covtype
from measure import Figures, in_child, print_table, run_selector

from coresift import FastCore
from coresift.core.codebook import Codebook
from coresift.core.encoder import Encoder
from coresift.core.hyperplanes import Hyperplanes
from coresift.core.scaler import Moments, Scaler


def encoding(n_threads: int) -> Figures:
    """Encode all rows with 64 planes, 3 subspaces of 256 codewords; best of three."""
    rows = covtype().X
    scaler = Scaler.from_moments(Moments.of(rows, "minmax"), "minmax")
    rng = np.random.default_rng(0)
    planes = Hyperplanes.draw(rows.shape[1], 64, rng)
    book = Codebook.train(scaler.transform(rows[:8192]), 3, 256, rng, "blocks")
    encoder = Encoder(scaler, planes, book)
    encoder.encode(rows[:1000], n_threads)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        encoder.encode(rows, n_threads)
        seconds.append(time.perf_counter() - start)
    return {"rows_per_second": len(rows) / min(seconds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=int, default=1000)
    given = parser.parse_args()
    whole = len(covtype().y)
    lines, base = [], 0.0
    for n_rows in (whole // 4, whole // 2, whole):
        runs = [
            in_child(run_selector, "covtype", n_rows, FastCore(given.budget, random_state=seed))
            for seed in range(3)
        ]
        seconds = sorted(run["select_seconds"] for run in runs)[1]
        base = base or seconds
        peak = max(run["peak_bytes"] for run in runs) / 2**20
        lines.append([str(n_rows), f"{seconds:.2f}", f"{seconds / base:.2f}", f"{peak:.0f}"])
    columns = ["rows", "selection s (median of 3)", "times the first", "peak MiB over the data"]
    print_table(f"CovType, {given.budget} rows to choose", columns, lines)
    speeds = [[str(n), f"{in_child(encoding, n)['rows_per_second'] / 1e6:.2f}"] for n in (1, 2)]
    columns = ["threads", "million rows a second"]
    print_table("Encoding, 54 features, 64 planes, M=3, B=256, scaling included", columns, speeds)


if __name__ == "__main__":
    main()
