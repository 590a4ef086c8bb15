"""Choosing while training: what DeepFool and Glister share.

A first part of the budget is random. The model is trained on what is chosen for some epochs, the
next part is chosen by what the model knows, and so on (Appendix B.1: an update every 10 epochs of
40 makes four parts).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from coresift._rng import Purpose, derived_seed, draw_keys, row_hash, stream
from coresift._runtime import Runtime
from coresift._typing import Counts, Float64, Indices
from coresift.core.merge import BottomK, counted
from coresift.methods._plan import Plan
from coresift.methods._softmax import Softmax, Training
from coresift.table import Block

# (model, rows that may be chosen, how many of each class) -> rows
Choose = Callable[[Softmax, NDArray[np.bool_], Indices], Indices]


@dataclass(frozen=True)
class TrainingPlan(Plan):
    """What methods that train while they choose depend on (Appendix B.1)."""

    holds_rows: ClassVar[bool] = True

    weights: str = "uniform"
    epochs: int = 40
    update_every: int = 10
    learning_rate: float = 0.1
    batch_size: int = 32

    def __post_init__(self) -> None:
        _ = self.training  # checks its parameters
        super().__post_init__()

    @property
    def training(self) -> Training:
        """How the model is trained between two choices."""
        return Training(self.epochs, self.update_every, self.learning_rate, self.batch_size)


def choose_in_rounds(
    block: Block,
    quotas: Indices,
    training: Training,
    seed: int,
    choose: Choose,
    run: Runtime,
) -> Indices:
    """Train and choose in turns until the quotas are met.

    Parameters
    ----------
    block : Block
        All rows.
    quotas : ndarray of shape (n_classes,), int64
    choose : callable
        Its rows join the chosen ones.

    Returns
    -------
    ndarray of shape (sum of quotas,), int64
        Places in the block, ascending.
    """
    rows, class_ids, steps = block.rows, block.class_ids, block.weights
    parts = shares_of(quotas, training.n_rounds + 1)
    sizes = counted(class_ids, len(quotas), steps)
    rng = stream(seed, Purpose.GREEDY_DRAWS)
    model = Softmax.zero(rows.shape[1], len(quotas))
    chosen = random_of_each_class(class_ids, parts[0], derived_seed(seed, Purpose.ROWS), steps)
    open_to = np.ones(len(rows), dtype=bool)
    for number in range(training.n_rounds):
        open_to[chosen] = False
        so_far = parts[: number + 1].sum(axis=0)
        weights = class_weights(sizes, so_far)[class_ids[chosen]]
        start = number * training.update_every
        model = model.trained(rows[chosen], class_ids[chosen], weights, training, start, rng)
        chosen = np.concatenate([chosen, choose(model, open_to, parts[number + 1])])
        run.advance(1)
    return np.sort(chosen)


def shares_of(quotas: Indices, n_parts: int) -> Indices:
    """Split each quota into parts that differ by at most one, the larger ones first.

    Returns
    -------
    ndarray of shape (n_parts, n_classes), int64
        A class with a quota has a row in the first part.
    """
    part = np.arange(n_parts)[:, None]
    return np.asarray(quotas // n_parts + (part < quotas % n_parts), dtype=np.int64)


def best_of_each_class(
    values: Float64,
    class_ids: Indices,
    quotas: Indices,
    open_to: NDArray[np.bool_],
    seed: int,
) -> Indices:
    """Return the rows of smallest value of each class; equal values go by a hash of the row.

    Parameters
    ----------
    values : ndarray of shape (n_rows,), float64
    class_ids : ndarray of shape (n_rows,), int64
    quotas : ndarray of shape (n_classes,), int64
        How many rows of each class; at most those open.
    open_to : ndarray of shape (n_rows,), bool
        Rows that may be chosen.

    Returns
    -------
    ndarray of shape (sum of quotas,), int64
        Class by class, the best first.
    """
    here = np.flatnonzero(open_to)
    keys = values[here], row_hash(here, seed)
    return BottomK.of(class_ids[here], keys, here, quotas).row_ids


def random_of_each_class(
    class_ids: Indices, quotas: Indices, seed: int, steps: Counts | None = None
) -> Indices:
    """Return rows of each class of smallest key (`draw_keys`), class by class."""
    everything, values = np.ones(len(class_ids), dtype=bool), np.zeros(len(class_ids))
    if steps is not None:
        values = draw_keys(np.arange(len(class_ids)), seed, steps)[0]
    return best_of_each_class(values, class_ids, quotas, everything, seed)


def class_weights(sizes: Counts, quotas: Indices) -> Float64:
    """Return the weight of a chosen row of each class: its class over the chosen rows of it."""
    return np.asarray(sizes / quotas, dtype=np.float64)
