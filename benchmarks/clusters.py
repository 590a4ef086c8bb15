"""FastCore with LSH, k-means and mixture clusters (Appendix A.0.5, Table 6).

python benchmarks/clusters.py [--data movies] [--budget 0.01] [--seeds 3]
"""

from __future__ import annotations

import argparse
from functools import partial

from covtype import print_comparison
from datasets import DATASETS

from coresift import FastCore
from coresift.settings import CLUSTERERS

METHODS = {kind: partial(FastCore, clusters=kind) for kind in CLUSTERERS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=DATASETS, default="movies")
    parser.add_argument("--budget", type=float, default=0.01)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    print_comparison(given.data, given.budget, None, given.seeds, METHODS)


if __name__ == "__main__":
    main()
