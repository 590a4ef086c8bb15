"""FastCore with LSH, k-means and mixture clusters (Appendix A.0.5, Table 6).

python benchmarks/clusters.py [--data movies] [--budget 0.01] [--seeds 3]
                              [--n-clusters 8192]
"""

from __future__ import annotations

import argparse

from datasets import DATASETS
from side_by_side import compared, show

from coresift import FastCore
from coresift.methods._fastcore_parameters import CLUSTERERS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=DATASETS, default="movies")
    parser.add_argument("--budget", type=float, default=0.01)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--n-clusters", type=int, help="k-means with so many as well")
    given = parser.parse_args()
    methods = {kind: FastCore(clusters=kind, representative="medoid") for kind in CLUSTERERS}
    if given.n_clusters:
        name = f"kmeans {given.n_clusters}"
        methods[name] = FastCore(
            clusters="kmeans", n_clusters=given.n_clusters, representative="medoid"
        )
    show(compared(DATASETS[given.data](), methods, budget=given.budget, seeds=given.seeds))


if __name__ == "__main__":
    main()
