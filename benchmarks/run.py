"""The benchmarks in one command: small on generated rows, full on the real data.

python benchmarks/run.py [--size small|full]
"""

from __future__ import annotations

import argparse

from datasets import covtype, generated
from side_by_side import compared, show

METHODS = ("fastcore", "fastcore-medoid", "fastcore-paper", "kmeans-snap", "uniform-assignment")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("small", "full"), default="small")
    if parser.parse_args().size == "small":
        # in this process: quicker, and without a figure of memory
        show(compared(generated(), METHODS, budget=0.02, seeds=3, isolate=False))
    else:
        show(compared(covtype(), METHODS, budget=0.01, seeds=5))


if __name__ == "__main__":
    main()
