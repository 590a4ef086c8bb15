"""One run of a comparison: select, train, measure."""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from coresift._rng import row_hash
from coresift._typing import Indices
from coresift.core.weights import Assignment, Centers
from coresift.report._data import Split
from coresift.report._models import Trained, train
from coresift.selectors import BaseSelector

_MOST_PAIRS = 4 * 10**9  # of rows and chosen rows; beyond, the score is taken on a sample
_CHUNK = 50_000


@dataclass(frozen=True, eq=False)
class Job:
    """What to run.

    Parameters
    ----------
    method : str
        Its name in the tables.
    selector : BaseSelector or None
        None takes all rows.
    budget : float or int or None
    seed : int
    model : BaseEstimator
    n_threads : int or None
    """

    method: str
    selector: BaseSelector | None
    budget: float | None
    seed: int
    model: BaseEstimator
    n_threads: int | None = None

    def facts(self) -> dict[str, Any]:
        """Return what decides the result, the data aside."""
        return {
            "method": self.method,
            "selector": repr(self.selector),
            "budget": self.budget,
            "seed": self.seed,
            "model": repr(self.model),
            "n_threads": self.n_threads,
        }

    def selected(self, split: Split) -> BaseSelector | None:
        """Return the fitted selector, or None where all rows are taken."""
        if self.selector is None:
            return None
        selector = clone(self.selector).set_params(budget=self.budget, random_state=self.seed)
        if "n_threads" in selector.get_params(deep=False):
            selector.set_params(n_threads=self.n_threads)
        fitted: BaseSelector = selector.fit(split.X, split.y)
        return fitted

    def warm_up(self, split: Split) -> None:
        """Compile and import on a few rows, so that no measured time holds it."""
        X, y = split.few()
        few = Split(X, y, X, y)
        job = Job(self.method, self.selector, split.n_classes, 0, self.model, self.n_threads)
        # What fails here fails in the run too, and is reported there.
        with contextlib.suppress(Exception):
            job.selected(few)
            train(clone(self.model), X, y, np.ones(len(y)), few, 0)


def execute(job: Job, split: Split) -> dict[str, Any]:
    """Run a job in this process.

    Returns
    -------
    dict
        Figures of the run, as JSON has them. ``peak_mib`` is the most memory that this process
        ever held, up to the end of the training.
    """
    start = time.perf_counter()
    selector = job.selected(split)
    taken = time.perf_counter() - start
    n_rows = len(split.X)
    if selector is None:
        rows, weights = np.arange(n_rows), np.ones(n_rows)
        X, y, taken = split.X, split.y, 0.0
    else:
        rows, weights = selector.sample_indices_, selector.sample_weight_
        X, y = split.X[rows], split.y[rows]
    with threadpool_limits(job.n_threads):
        trained = train(job.model, X, y, weights, split, job.seed)
    peak = peak_mib()
    score, score_rows = coreset_score(split, rows, job.n_threads)
    return {
        "rows": len(rows),
        "select_seconds": taken,
        "train_seconds": trained.seconds,
        "total_seconds": taken + trained.seconds,
        "peak_mib": peak,
        "score": score,
        "score_rows": score_rows,
        "accuracy": float((trained.predictions == split.y_test).mean()),
        "log_loss": _log_loss(trained, split),
        "curve": trained.curve,
        "notes": trained.notes,
    }


def _log_loss(trained: Trained, split: Split) -> float | None:
    if trained.chances is None:
        return None
    chances = np.zeros((len(split.y_test), split.n_classes))
    chances[:, trained.classes] = trained.chances
    chances /= chances.sum(axis=1, keepdims=True)  # float32 rows sum to 1 only nearly
    return float(log_loss(split.y_test, chances, labels=np.arange(split.n_classes)))


def coreset_score(split: Split, rows: Indices, n_threads: int | None) -> tuple[float, int]:
    """Return the mean distance to the nearest chosen row of the class (Eq. 5, divided by N).

    Returns
    -------
    score : float
    n_rows : int
        Rows that it is the mean of: all, or where those times the chosen rows pass
        4,000,000,000, as many of smallest hash as do not.
    """
    n_rows = len(split.X)
    if len(rows) == n_rows:
        return 0.0, n_rows
    centers = Centers.of(rows, split.X[rows], split.y[rows], split.n_classes)
    ids = np.arange(n_rows)
    size = min(n_rows, max(1, _MOST_PAIRS // len(rows)))
    if size < n_rows:
        ids = np.sort(np.argsort(row_hash(ids, 0), kind="stable")[:size])
    found = Assignment.empty(centers)
    for start in range(0, size, _CHUNK):
        part = ids[start : start + _CHUNK]
        owned = centers.owners(split.X[part], split.y[part], part, n_threads)
        found = found.merge(Assignment.of(split.y[part], *owned, centers))
    return float(found.distances.total()) / size, size


def peak_mib() -> float | None:
    """Return the most memory that this process has held at a time, in MiB, where it is known.

    The high-water mark of this program, not ``ru_maxrss``, which on Linux begins with that of
    the program that started it.
    """
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    if sys.platform == "win32":
        return None
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
