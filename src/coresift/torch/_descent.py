"""Weighted stochastic gradient descent of linear models (Section 8.1, Appendix B.1)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._errors import MissingDependencyError, ParameterError
from coresift._rng import stream
from coresift._typing import Float32, Float64, Indices, Rows
from coresift.core.parameters import check_choice, check_range

LOSSES = ("logistic", "svm", "lasso")
_CURVE_POINTS = 60


@dataclass(frozen=True)
class SGDSettings:
    """How to descend; the defaults are the paper's.

    Parameters
    ----------
    loss : {"logistic", "svm", "lasso"}
        Cross-entropy of the softmax; hinge ``max(0, 1 + max_{c != y} f_c - f_y)`` (Crammer and
        Singer); squared distance of the outputs to the one-hot label, with an L1 penalty in the
        place of the L2 penalty.
    learning_rate : float
        Of the first epoch; it falls to zero along half a cosine, epoch by epoch.
    batch_size : int
    epochs : int
    momentum : float
    penalty : float
        Coefficient of the L2 penalty (``penalty / 2 * ||W||^2``) or, for "lasso", of the L1
        penalty (``penalty * ||W||_1``). The intercept is free.

    Raises
    ------
    ParameterError
        For a value outside its range.
    """

    loss: str = "logistic"
    learning_rate: float = 0.1
    batch_size: int = 128
    epochs: int = 40
    momentum: float = 0.9
    penalty: float = 1e-4

    def __post_init__(self) -> None:
        check_choice("loss", self.loss, LOSSES)
        check_range("batch_size", self.batch_size)
        check_range("epochs", self.epochs)
        if not self.learning_rate > 0:
            raise ParameterError(f"learning_rate={self.learning_rate}: must be above 0")
        if not 0 <= self.momentum < 1:
            raise ParameterError(f"momentum={self.momentum}: must be at least 0 and below 1")
        if not self.penalty >= 0:
            raise ParameterError(f"penalty={self.penalty}: must be at least 0")


@dataclass(frozen=True, eq=False)
class Descent:
    """Where a descent arrived.

    Parameters
    ----------
    coef : ndarray of shape (n_classes, n_features), float32
    intercept : ndarray of shape (n_classes,), float32
    curve : list of (int, float)
        Iterations, and what ``watch`` returned after them.
    seconds : float
        Without the time spent in ``watch``.
    """

    coef: Float32
    intercept: Float32
    curve: list[tuple[int, float]]
    seconds: float


Watch = Callable[[Float32, Float32], float]


def descend(
    X: Rows,
    y: Indices,
    weights: Float64,
    n_classes: int,
    settings: SGDSettings,
    seed: int,
    watch: Watch | None = None,
    size: int | None = None,
) -> Descent:
    """Train a linear model on weighted rows.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features), float32
    y : ndarray of shape (n_rows,), int64
        From 0 to ``n_classes - 1``.
    weights : ndarray of shape (n_rows,), float64
        Each row's gradient is multiplied by its weight. The weights are divided by their mean
        first, so that the learning rate means the same for a coreset and for all rows.
    n_classes : int
    settings : SGDSettings
    seed : int
        Decides the order of the rows. The model starts at zero.
    watch : callable or None
        Called with (coef, intercept) after about 60 of the iterations, spread evenly on a
        logarithmic scale.
    size : int or None
        Rows of an epoch, from 1 to n_rows, which are drawn anew for each; None is all rows.

    Raises
    ------
    MissingDependencyError
        Where torch is not installed.
    """
    torch = import_torch()
    rows = torch.from_numpy(np.ascontiguousarray(X, dtype=np.float32))
    labels = torch.from_numpy(np.ascontiguousarray(y, dtype=np.int64))
    shares = torch.from_numpy((weights / weights.mean()).astype(np.float32))
    matrix = torch.zeros((X.shape[1], n_classes), requires_grad=True)
    intercept = torch.zeros(n_classes, requires_grad=True)
    loss_of = _loss(torch, settings.loss)
    is_lasso = settings.loss == "lasso"
    optimizer = torch.optim.SGD(
        [
            {"params": [matrix], "weight_decay": 0.0 if is_lasso else settings.penalty},
            {"params": [intercept]},
        ],
        lr=settings.learning_rate,
        momentum=settings.momentum,
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.epochs)
    rng = stream(seed)
    n_visited = len(X) if size is None else size
    points = watched_iterations(n_visited, settings) if watch is not None else frozenset()
    curve, iteration, watching = [], 0, 0.0
    with _one_thread(torch):
        start = time.perf_counter()
        for _ in range(settings.epochs):
            for batch in _batches(torch, rng, len(X), settings.batch_size, size):
                optimizer.zero_grad()
                outputs = torch.addmm(intercept, rows[batch], matrix)
                loss = (loss_of(outputs, labels[batch]) * shares[batch]).mean()
                if is_lasso:
                    loss = loss + settings.penalty * matrix.abs().sum()
                loss.backward()
                optimizer.step()
                iteration += 1
                if watch is not None and iteration in points:
                    since = time.perf_counter()
                    curve.append((iteration, watch(*_arrays(matrix, intercept))))
                    watching += time.perf_counter() - since
            schedule.step()
        taken = time.perf_counter() - start - watching
    return Descent(*_arrays(matrix, intercept), curve, taken)


@contextmanager
def _one_thread(torch: Any) -> Iterator[None]:
    """Let torch use one thread for a while.

    A batch is too small to share: on 2 busy processors 2 threads waited for each other and took
    127 times as long (15.2 s instead of 0.12 s for 400 batches of 128 rows of CovType).
    It also makes the result independent of the number of threads.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def import_torch() -> Any:
    """Return the module torch.

    Raises
    ------
    MissingDependencyError
        Where it is not installed.
    """
    try:
        import torch
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            'coresift.torch needs torch, which is not installed: run pip install "coresift[torch]"'
        ) from error
    return torch


def watched_iterations(n_rows: int, settings: SGDSettings) -> frozenset[int]:
    """Return the iterations after which ``watch`` is called, of epochs of so many rows.

    The last one is among them.
    """
    total = settings.epochs * -(-n_rows // settings.batch_size)
    return frozenset(np.geomspace(1, total, _CURVE_POINTS).round().astype(int).tolist())


def _batches(
    torch: Any, rng: np.random.Generator, n_rows: int, batch_size: int, size: int | None
) -> Iterator[Any]:
    """Yield the rows of an epoch in random order: all of them, or a uniform sample."""
    rows = rng.permutation(n_rows) if size is None else rng.choice(n_rows, size, replace=False)
    order = torch.from_numpy(rows)
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]


def _arrays(matrix: Any, intercept: Any) -> tuple[Float32, Float32]:
    return matrix.detach().numpy().T.copy(), intercept.detach().numpy().copy()


def _loss(torch: Any, name: str) -> Callable[[Any, Any], Any]:
    """Return the loss of each row, from outputs and labels."""
    functional = torch.nn.functional

    def hinge(outputs: Any, labels: Any) -> Any:
        own = outputs.gather(1, labels[:, None])
        margins = (1 + outputs - own).scatter(1, labels[:, None], 0.0)
        return margins.max(dim=1).values.clamp(min=0)

    def squares(outputs: Any, labels: Any) -> Any:
        return (outputs - functional.one_hot(labels, outputs.shape[1])).square().sum(dim=1)

    def entropy(outputs: Any, labels: Any) -> Any:
        return functional.cross_entropy(outputs, labels, reduction="none")

    return {"logistic": entropy, "svm": hinge, "lasso": squares}[name]
