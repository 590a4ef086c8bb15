"""Pinned answers: what every method chooses from one table, as digests in ``golden.json``.

``python tests/golden.py`` writes the file anew. CONTRIBUTING.md says when that is right.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coresift import Craig, CraigPQ, FastCore, FastCoreHull, Stratified, Uniform
from coresift.selectors import METHODS, BaseSelector

GOLDEN = Path(__file__).with_suffix(".json")
SEEDS = (0, 1, 2)
BUDGET = 60

Make = Callable[..., BaseSelector]

# Few clusters and candidates, as on large tables: with the defaults, each row of a table this
# small is a cluster of its own, and all bounds and refinements agree.
COARSE = partial(FastCore, n_planes=6, max_candidates=200, weights="assignment")

# Settings other than the defaults of a method, each of which takes another way through the code.
SETTINGS: dict[str, Make] = {
    "start=codes": partial(FastCore, start="codes", weights="assignment"),
    "start=codes exact_below=500": partial(
        FastCore, start="codes", exact_below=500, weights="assignment"
    ),
    "start=sample exact_below=0": partial(
        FastCore, start="sample", exact_below=0, weights="assignment"
    ),
    "start=sample exact_below=500 refine=3": partial(
        FastCore, start="sample", exact_below=500, refine=3, weights="assignment"
    ),
    "coarse": COARSE,
    "coarse weights=cluster": partial(COARSE, weights="cluster"),
    "coarse refine=0": partial(COARSE, refine=0),
    "coarse refine=2": partial(COARSE, refine=2),
    "coarse representative=random": partial(COARSE, representative="random"),
    "coarse scale=standard": partial(COARSE, scale="standard"),
    "coarse scale=None": partial(COARSE, scale=None),
    "coarse bound=root": partial(COARSE, bound="root"),
    "coarse bound=sum": partial(COARSE, bound="sum"),
    "coarse greedy=lazy": partial(COARSE, greedy="lazy"),
    "coarse greedy=gradual": partial(COARSE, greedy="gradual"),
    "coarse greedy=stochastic": partial(COARSE, greedy="stochastic", n_candidates=20),
    "coarse n_threads=2": partial(COARSE, n_threads=2),
    "fastcore-hull weights=cluster": partial(FastCoreHull, weights="cluster"),
    "uniform stratify=False": partial(Uniform, stratify=False),
    "uniform weights=assignment": partial(Uniform, weights="assignment"),
    "stratified weights=assignment": partial(Stratified, weights="assignment"),
    "craig distances=neighbours": partial(Craig, distances="neighbours", n_neighbours=20),
    "craig greedy=stochastic": partial(Craig, greedy="stochastic", n_candidates=20),
    "craig-pq weights=code": partial(CraigPQ, weights="code"),
}
SELECTIONS: dict[str, Make] = {**METHODS, **SETTINGS}
KEYS = [f"{name} seed={seed}" for name in SELECTIONS for seed in SEEDS]


def table() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return rows (2000, 10), float32, and class numbers: repeats, a constant, a class of 4."""
    rng = np.random.default_rng(20230806)
    y = np.repeat(np.arange(5), [1050, 600, 260, 86, 4])
    X = rng.normal(size=(len(y), 10)) + rng.normal(scale=2, size=(5, 10))[y]
    X[:, 7] = rng.integers(0, 2, size=len(y))
    X[:, 8] = rng.integers(0, 5, size=len(y))
    X[:, 9] = 3.5
    X[900:1000] = X[1000:1100]
    order = rng.permutation(len(y))
    return X.astype(np.float32)[order], y[order]


def write_table(path: Path) -> Path:
    """Write the table to a Parquet file with the labels in column ``y``; return the path."""
    X, y = table()
    frame = pd.DataFrame(X, columns=[f"f{j}" for j in range(X.shape[1])]).assign(y=y)
    frame.to_parquet(path, row_group_size=700)
    return path


def selector(key: str) -> BaseSelector:
    """Return the selector of one line of the file."""
    name, seed = key.rsplit(" seed=", 1)
    return SELECTIONS[name](budget=BUDGET, random_state=int(seed))


def digests(fitted: BaseSelector) -> dict[str, Any]:
    """Return SHA-256 of the rows (int64) and of the weights (float64), little endian.

    Calibrated weights are numbers to six digits: matrix products and exponentials differ in their
    last bits from one kind of processor to another.
    """
    weights: Any = sha256(fitted.sample_weight_.astype("<f8").tobytes()).hexdigest()
    if "effective_sample_size" in fitted.report_:
        weights = [float(f"{weight:.6g}") for weight in fitted.sample_weight_]
    return {
        "rows": sha256(fitted.sample_indices_.astype("<i8").tobytes()).hexdigest(),
        "weights": weights,
    }


def same(found: dict[str, Any], pinned: dict[str, Any]) -> bool:
    """Return whether digests are equal; calibrated weights to a thousandth."""
    calibrated = isinstance(found["weights"], list) and isinstance(pinned["weights"], list)
    if not calibrated:
        return found == pinned
    near = np.allclose(found["weights"], pinned["weights"], rtol=1e-3)
    return bool(found["rows"] == pinned["rows"] and near)


def write() -> None:
    """Write the digests of all selections, one a line so that a diff names what changed."""
    X, y = table()
    lines = (f"{json.dumps(k)}: {json.dumps(digests(selector(k).fit(X, y)))}" for k in KEYS)
    GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    write()
    sys.stdout.write(f"{GOLDEN}: {len(KEYS)} selections\n")
