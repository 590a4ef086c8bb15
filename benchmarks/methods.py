"""Methods side by side on a real data set: `coresift.compare` on the splits of this folder.

Run: python benchmarks/methods.py --data covtype --budget 0.01 --model logistic,svm,lasso
     python benchmarks/methods.py --data mnist --budget 0.1 --model cnn --methods fastcore

With every method this takes hours; ``--resume FILE`` stores each run.
"""

from __future__ import annotations

import argparse

from datasets import DATASETS
from side_by_side import compared, show

from coresift.experiments import NETWORKS
from coresift.report import write_html
from coresift.selectors import METHODS
from coresift.torch import NetworkClassifier


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=sorted(DATASETS), default="covtype")
    parser.add_argument("--rows", type=int, help="at most so many training rows")
    parser.add_argument("--budget", type=float, default=0.01)
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--model", default="logistic", help="one or more, with commas")
    parser.add_argument(
        "--schedule", default="20,20,10", help="of mlp and cnn: warm-up,epochs,rounds"
    )
    parser.add_argument("--wrt", default="weights", help="gradients of networks: weights, logits")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--time-limit", type=float)
    parser.add_argument("--resume")
    parser.add_argument("--report", help="HTML page to write")
    arguments = parser.parse_args()
    data = DATASETS[arguments.data]().first(arguments.rows)
    schedule = dict(
        zip(("warm_up", "epochs", "rounds"), map(int, arguments.schedule.split(",")), strict=True)
    )
    found = compared(
        data,
        arguments.methods.split(","),
        budget=arguments.budget,
        seeds=arguments.seeds,
        model={
            name: NetworkClassifier(name, wrt=arguments.wrt, **schedule)
            if name in NETWORKS
            else name
            for name in arguments.model.split(",")
        },
        n_threads=arguments.threads,
        time_limit=arguments.time_limit,
        resume=arguments.resume,
    )
    if arguments.report:
        write_html(found, arguments.report)
    show(found)


if __name__ == "__main__":
    main()
