"""A coreset beside uniform samples of the same size and beside everything."""

from __future__ import annotations

import statistics
import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from coresift._rng import stream
from coresift.selectors import FastCore


@dataclass(frozen=True)
class Result:
    """One line of a comparison: means over the seeds, and standard deviations.

    Parameters
    ----------
    method : str
    seeds : int
    rows : int
        Rows trained on.
    select_seconds, train_seconds : float
    accuracy, accuracy_spread, log_loss, log_loss_spread : float
        On the test rows.
    """

    method: str
    seeds: int
    rows: int
    select_seconds: float
    train_seconds: float
    accuracy: float
    accuracy_spread: float
    log_loss: float
    log_loss_spread: float

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, for JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Split:
    """Training and test rows."""

    X: Any
    y: Any
    X_test: Any
    y_test: Any

    def train(self, rows: Any, weights: Any) -> tuple[float, float, float]:
        """Train on weighted rows; return seconds, accuracy and log-loss on the test rows."""
        model = LogisticRegression(max_iter=5000)
        start = time.perf_counter()
        model.fit(self.X[rows], self.y[rows], sample_weight=weights)
        taken = time.perf_counter() - start
        chances = model.predict_proba(self.X_test)
        return (
            taken,
            float(accuracy_score(self.y_test, model.predict(self.X_test))),
            float(log_loss(self.y_test, chances, labels=model.classes_)),
        )


def _uniform(y: Any, k: int, seed: int) -> tuple[Any, Any]:
    """Draw k rows, each class in proportion to its size; return rows and weights."""
    rows, _ = train_test_split(np.arange(len(y)), train_size=k, stratify=y, random_state=seed)
    return rows, np.full(k, len(y) / k)


def compare_on_digits(budget: float = 0.1, seed: int = 0, n_seeds: int = 5) -> list[Result]:
    """Compare FastCore, uniform samples and everything on scikit-learn's digits.

    Parameters
    ----------
    budget : float
        Share of the training rows to select.
    seed : int
        First of the seeds.
    n_seeds : int
        Repetitions of FastCore and of uniform sampling.

    Returns
    -------
    list of Result
        FastCore, uniform, full.
    """
    X, y = load_digits(return_X_y=True)
    # numpy's global state stays as it is: the split is drawn from our own stream.
    held_out = int(stream(seed).integers(2**31))
    X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=held_out)
    scaler = make_pipeline(MinMaxScaler()).fit(X)
    split = Split(scaler.transform(X), y, scaler.transform(X_test), y_test)
    FastCore(budget, random_state=seed).fit(split.X, y)  # compiles the kernels

    def fastcore(seed: int) -> tuple[Any, Any]:
        selector = FastCore(budget, random_state=seed).fit(split.X, y)
        return selector.sample_indices_, selector.sample_weight_

    k = len(fastcore(seed)[0])
    seeds = range(seed, seed + n_seeds)
    return [
        _run("FastCore", split, fastcore, seeds),
        _run("uniform", split, lambda seed: _uniform(y, k, seed), seeds),
        _run("full", split, lambda _: (np.arange(len(y)), np.ones(len(y))), seeds[:1]),
    ]


def _run(name: str, split: Split, choose: Any, seeds: range) -> Result:
    figures = []
    for seed in seeds:
        start = time.perf_counter()
        rows, weights = choose(seed)
        figures.append((time.perf_counter() - start, *split.train(rows, weights)))
    columns = list(zip(*figures, strict=True))
    select, train, accuracy, loss = (statistics.fmean(column) for column in columns)
    spread = [statistics.pstdev(column) for column in columns]
    return Result(
        name,
        len(figures),
        len(rows),
        0.0 if name == "full" else select,
        train,
        accuracy,
        spread[2],
        loss,
        spread[3],
    )
