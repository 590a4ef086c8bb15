"""A coreset as a data set, and the order in which its rows are visited."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler, TensorDataset

from coresift._errors import DataError, ParameterError
from coresift._rng import stream
from coresift._typing import Float64, Indices
from coresift.core.parameters import check_range
from coresift.sources import as_positions
from coresift.torch._distributed import rank_and_world
from coresift.torch._loading import n_rows_of


class WeightedSubset(Dataset[Any]):  # type: ignore[misc]
    """Chosen rows of a data set, each with its weight.

    Parameters
    ----------
    dataset : Dataset
        Map-style; its items are tuples such as (x, y).
    indices : array-like of shape (k,), int
        Positions in ``dataset``, or a mask with a boolean for each of its rows.
    weights : array-like of shape (k,) or None, default=None
        Positive; None weighs all the same.
    normalize : bool, default=True
        Divide the weights by their mean: a learning rate then means the same for a coreset, whose
        weights sum to the number of rows, and for all rows.

    Attributes
    ----------
    indices : ndarray of shape (k,), int64
    weights : ndarray of shape (k,), float64
        As given.

    Raises
    ------
    DataError
        For a data set without length, positions outside it, and weights that are no weights.

    Notes
    -----
    Item i is ``(*dataset[indices[i]], w_i)`` with ``w_i`` a float32 tensor. Of a `TensorDataset`
    a list of positions gives a batch.

    Examples
    --------
    >>> import torch
    >>> from torch.utils.data import TensorDataset
    >>> from coresift.torch import WeightedSubset
    >>> data = TensorDataset(torch.arange(4.0), torch.tensor([0, 0, 1, 1]))
    >>> [tuple(map(float, item)) for item in WeightedSubset(data, [0, 3], [1.0, 3.0])]
    [(0.0, 0.0, 0.5), (3.0, 1.0, 1.5)]
    """

    def __init__(
        self, dataset: Any, indices: Any, weights: Any = None, *, normalize: bool = True
    ) -> None:
        n_rows = n_rows_of(dataset)
        self.dataset = dataset
        self.indices: Indices = as_positions(indices, n_rows)
        if not len(self.indices):
            raise DataError("the coreset has no rows: give at least one position")
        ones = np.ones(len(self.indices))
        self.weights: Float64 = ones if weights is None else np.asarray(weights, dtype=np.float64)
        if self.weights.shape != self.indices.shape:
            raise DataError(
                f"{len(self.indices)} positions have weights of shape {self.weights.shape}: give "
                "one for each"
            )
        useless = self.weights[~(np.isfinite(self.weights) & (self.weights > 0))]
        if len(useless):
            raise DataError(f"weight {useless[0]} is not a positive number: leave such rows out")
        shares = self.weights / self.weights.mean() if normalize else self.weights
        self._shares = torch.from_numpy(shares.astype(np.float32))
        self._places = torch.from_numpy(self.indices)

    @property
    def takes_lists(self) -> bool:
        """Whether a list of positions gives a batch."""
        return type(self.dataset) is TensorDataset

    @cached_property
    def is_of_tuples(self) -> bool:
        """Whether items are tuples, which the weight is put behind; others come beside it."""
        return isinstance(self.dataset[int(self.indices[0])], (tuple, list))

    def __len__(self) -> int:
        """Return the number of chosen rows."""
        return len(self.indices)

    def __getitem__(self, place: Any) -> Any:
        """Return the row, or for a list of places the batch, with its weight behind."""
        if self.takes_lists:
            return *self.dataset[self._places[place]], self._shares[place]
        item = self.dataset[int(self.indices[place])]
        return (
            (*item, self._shares[place])
            if isinstance(item, (tuple, list))
            else (item, self._shares[place])
        )


class CoresetSampler(Sampler[int]):  # type: ignore[misc]
    """Visit the rows of a coreset in a seeded order, a share of them on each process.

    Parameters
    ----------
    n_rows : int or sized
        Number of rows, or what has them.
    weights : array-like of shape (n_rows,) or None, default=None
        None visits each row once an epoch, for a loss that weighs them. Weights draw as many rows
        in proportion to them instead, with repetition, for a loss that does not.
    shuffle : bool, default=True
        Without, rows come in their order (where they are not drawn).
    seed : int, default=0
        With the epoch it decides the order: on every process the same.
    num_replicas, rank : int or None, default=None
        Processes, and the number of this one; None asks ``torch.distributed`` where that runs.
        Each gets as many rows as the others: the order is continued from its start where it does
        not divide evenly.

    Notes
    -----
    Orders are numpy's, not ``torch.multinomial``'s, which is limited to 2^24 rows. An epoch's order
    depends on seed and epoch only, so that a run resumes at any epoch with `set_epoch`, and within
    one with `load_state_dict`. Memory: 8 bytes a row for the order, 8 for the weights, and the rows
    of one process as Python's numbers.

    Examples
    --------
    >>> from coresift.torch import CoresetSampler
    >>> sampler = CoresetSampler(6, seed=1)
    >>> sorted(sampler), list(sampler) == list(sampler)
    ([0, 1, 2, 3, 4, 5], True)
    >>> first, second = (CoresetSampler(6, seed=1, num_replicas=2, rank=rank) for rank in (0, 1))
    >>> sorted([*first, *second])
    [0, 1, 2, 3, 4, 5]
    """

    def __init__(
        self,
        n_rows: Any,
        weights: Any = None,
        *,
        shuffle: bool = True,
        seed: int = 0,
        num_replicas: int | None = None,
        rank: int | None = None,
    ) -> None:
        self.n_rows = len(n_rows) if hasattr(n_rows, "__len__") else operator.index(n_rows)
        check_range("n_rows", self.n_rows)
        own, world = rank_and_world()
        self.num_replicas = world if num_replicas is None else num_replicas
        self.rank = own if rank is None else rank
        check_range("num_replicas", self.num_replicas)
        check_range("rank", self.rank, self.num_replicas - 1, 0)
        self.shuffle, self.seed, self.epoch = shuffle, seed, 0
        self._skipped = 0
        self._cumulated = None if weights is None else _cumulated(weights, self.n_rows)

    def set_epoch(self, epoch: int) -> None:
        """Go to an epoch: another order, the same on every process."""
        check_range("epoch", epoch, lowest=0)
        self.epoch, self._skipped = epoch, 0

    def state_dict(self, done: int = 0) -> dict[str, int]:
        """Return where a run is, for a checkpoint.

        Parameters
        ----------
        done : int, default=0
            Rows of the epoch that this process has trained on. The sampler cannot tell: loading
            processes fetch rows ahead.
        """
        return {"seed": self.seed, "epoch": self.epoch, "done": self._skipped + done}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from a checkpoint: the next run through the rows gives what is left of the epoch.

        Raises
        ------
        ParameterError
            For the state of another seed, or of more rows than there are.
        """
        if state["seed"] != self.seed:
            raise ParameterError(
                f"the state is of seed {state['seed']} in place of {self.seed}, which is another "
                "order: make the sampler with that seed"
            )
        self.set_epoch(state["epoch"])  # no row is skipped
        check_range("done", state["done"], len(self), lowest=0)
        self._skipped = state["done"]

    def order(self) -> Indices:
        """Return the positions of this epoch, of all processes, shape (n_rows,), int64."""
        rng = stream(self.seed, self.epoch)
        if self._cumulated is not None:
            total = self._cumulated[-1]
            # Rounding can make a draw equal to the sum of all, which is past the last row.
            drawn = np.minimum(rng.random(self.n_rows) * total, np.nextafter(total, 0))
            return np.asarray(np.searchsorted(self._cumulated, drawn, side="right"))
        if self.shuffle:
            return rng.permutation(self.n_rows)
        return np.arange(self.n_rows)

    def __len__(self) -> int:
        """Return the number of rows that this process visits, or has left."""
        return int(np.ceil(self.n_rows / self.num_replicas)) - self._skipped

    def __iter__(self) -> Iterator[int]:
        """Yield the positions of this process."""
        order = self.order()
        n_each = int(np.ceil(self.n_rows / self.num_replicas))
        wanted = np.arange(self.rank, n_each * self.num_replicas, self.num_replicas)
        yield from order[wanted[self._skipped :] % self.n_rows].tolist()


def _cumulated(weights: Any, n_rows: int) -> Float64:
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != (n_rows,) or not (np.isfinite(given) & (given >= 0)).all() or not given.any():
        raise ParameterError(
            f"weights of shape {given.shape} for {n_rows} rows: give one for each, none below 0 "
            "and not all 0"
        )
    return np.asarray(np.cumsum(given))
