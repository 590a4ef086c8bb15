"""Time, memory and quality of a selection, each in a process of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from datasets import DATASETS, Array, Data
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss

from coresift.core.centers import Centers

L2 = 1e-4  # Section 8.1: on the mean loss, so C is 1 / (L2 * number of rows)
Figures = dict[str, Any]


def _memory(field: str) -> int:
    """Return VmRSS (now) or VmHWM (highest) of this process in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith(field)))


def _reset_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _in_child(send: Any, function: Callable[..., Figures], arguments: tuple[Any, ...]) -> None:
    send.send(function(*arguments))
    send.close()


def in_child(function: Callable[..., Figures], *arguments: Any) -> Figures:
    """Call a module-level function in a fresh process, so that its peak memory is its own."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    child = context.Process(target=_in_child, args=(send, function, arguments))
    child.start()
    send.close()
    try:
        return receive.recv()
    except EOFError:
        raise SystemExit(f"{function.__name__}{arguments} failed: see above") from None
    finally:
        child.join()


def run_selector(name: str, n_rows: int | None, selector: Any, warm_rows: int = 5000) -> Figures:
    """Select on a data set after a warm-up on a few of its rows; return rows, weights, figures.

    The kernels come compiled from the cache; the warm-up loads them.
    """
    data = DATASETS[name]().first(n_rows)
    warm = type(selector)(**{**selector.get_params(), "budget": 0.05})
    warm.fit(data.X[:warm_rows], data.y[:warm_rows])
    before = _memory("VmRSS")
    _reset_peak()
    start = time.perf_counter()
    selector.fit(data.X, data.y)
    taken = time.perf_counter() - start
    return {
        "rows": selector.sample_indices_,
        "weights": selector.sample_weight_,
        "report": selector.report_,
        "select_seconds": taken,
        "peak_bytes": _memory("VmHWM") - before,
    }


def uniform(y: Array, budget: int, seed: int) -> tuple[Array, Array]:
    """Draw rows uniformly within each class by quota; every row of a class weighs the same."""
    from coresift.core.budget import split_budget

    labels, class_ids, sizes = np.unique(y, return_inverse=True, return_counts=True)
    quotas = split_budget(budget, sizes)
    rng = np.random.default_rng(seed)
    rows = np.concatenate(
        [
            rng.choice(np.flatnonzero(class_ids == c), quotas[c], replace=False)
            for c in range(len(labels))
        ]
    )
    rows.sort()
    return rows, (sizes / quotas)[class_ids[rows]]


def score(data: Data, rows: Array) -> float:
    """Return Eq. 5's score: the mean distance of a row to the nearest chosen row of its class."""
    scaled = data.minmax()
    labels, class_ids = np.unique(data.y, return_inverse=True)
    centers = Centers.of(rows, scaled.X[rows], class_ids[rows], len(labels))
    ids = np.arange(len(data.y))
    _, distances = centers.owners(scaled.X, class_ids, ids, n_threads=None)
    return float(distances.mean(dtype=np.float64))


def train(data: Data, rows: Array | None, weights: Array | None, l2: float = L2) -> Figures:
    """Train a weighted logistic regression on scaled rows; return its test figures."""
    scaled = data.minmax()
    chosen = slice(None) if rows is None else rows
    X, y = scaled.X[chosen].astype(np.float64), data.y[chosen]
    model = LogisticRegression(C=1 / (l2 * len(data.y)), max_iter=5000)
    start = time.perf_counter()
    model.fit(X, y, sample_weight=weights)
    taken = time.perf_counter() - start
    chances = model.predict_proba(scaled.X_test.astype(np.float64))
    return {
        "train_seconds": taken,
        "accuracy": float(accuracy_score(data.y_test, model.classes_[chances.argmax(axis=1)])),
        "log_loss": float(log_loss(data.y_test, chances, labels=model.classes_)),
    }


def spread(values: Iterable[float], digits: int = 4) -> str:
    """Write the mean and, for several values, the standard deviation."""
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    mean = f"{statistics.fmean(known):.{digits}f}"
    return mean if len(known) == 1 else f"{mean} ± {statistics.stdev(known):.{digits}f}"


def print_table(title: str, columns: list[str], lines: list[list[str]]) -> None:
    table = Table(title=title)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    for line in lines:
        table.add_row(*line)
    Console(width=200).print(table)
