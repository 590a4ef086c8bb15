"""FastCore on CovType at 1 %: time by stage, memory, Eq. 5 score and test figures.

python benchmarks/covtype.py [--seeds 5] [--rows N] [--budget 0.01] [--threads 1]
                             [--methods fastcore,fastcore-medoid,fastcore-paper,...]
                             [--resume FILE]

Uniform samples and training on all rows are always included. The same on the command line, with
other test rows: coresift compare covtype.parquet --label Cover_Type --model logistic-l2
"""

from __future__ import annotations

import argparse

from datasets import covtype
from side_by_side import compared, show

METHODS = "fastcore,fastcore-medoid,fastcore-paper,kmeans-snap,uniform-assignment"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--budget", type=float, default=0.01)
    parser.add_argument("--rows", type=int, help="use only so many training rows")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--methods", default=METHODS)
    parser.add_argument("--resume", help="file that keeps each run")
    given = parser.parse_args()
    show(
        compared(
            covtype().first(given.rows),
            given.methods.split(","),
            budget=given.budget,
            seeds=given.seeds,
            n_threads=given.threads,
            resume=given.resume,
        )
    )


if __name__ == "__main__":
    main()
