"""Draws for deep networks: other rows in every epoch, by what the network makes of them."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import TensorDataset

from coresift._errors import DataError, ParameterError
from coresift._typing import Indices
from coresift.core.coreset import Coreset
from coresift.core.draws import Draws
from coresift.core.nearest import CenterTiles
from coresift.core.parameters import check_choice
from coresift.selectors import BaseSelector
from coresift.torch._gradients import LastLayer, last_layer, look_at_all
from coresift.torch._loading import BATCH_SIZE, n_rows_of, ordered_loader
from coresift.torch._observe import resolve_device
from coresift.torch._on_device import nearest, stays
from coresift.torch._reselect import choose_rows, resolve_selector
from coresift.torch._subset import CoresetSampler, WeightedSubset

REDRAWS = ("gradients", "losses", "members", "uniform")
LOOKING = ("loss", "layer", "forward", "device", "autocast", "num_workers")


def draw(
    model: nn.Module | None,
    data: Any,
    budget: float,
    by: str = "gradients",
    *,
    selector: str | BaseSelector = "fastcore",
    uniform: float = 0.5,
    seed: int = 0,
    **options: Any,
) -> Draws:
    """Return a plan that draws rows anew for each epoch, by what a network makes of them now.

    Parameters
    ----------
    model : Module or None
        None for "uniform", which asks no model.
    data : Dataset or DataLoader
        All rows, in their order.
    budget : float or int
        Rows of an epoch.
    by : {"gradients", "losses", "members", "uniform"}, default="gradients"
        What the probability of a row follows: the norm of its gradient by the last layer's weights,
        its loss, or nothing. With "members", a coreset is chosen, and in its place about one of the
        rows that are nearest to each chosen row is drawn.
    selector : str or selector, default="fastcore"
        What chooses for "members", as for `reselect`.
    uniform : float, default=0.5
        Share of the probability that is the same for all rows. It caps the weights, at
        ``1 / uniform`` times their mean.
    seed : int, default=0
    **options
        As for `last_layer_gradients`: loss, layer, forward, device, autocast, batch_size and
        num_workers.

    Returns
    -------
    Draws
        ``draws.at(epoch)`` returns rows and weights. `DrawSampler` visits them.

    Raises
    ------
    BudgetError, DataError, LabelError, ParameterError
        As `last_layer_gradients`, and for a budget that cannot be met.

    Notes
    -----
    One forward pass over all rows. Where labels are class numbers, each epoch has each class in
    proportion to its rows.

    Examples
    --------
    >>> import torch
    >>> from torch.utils.data import TensorDataset
    >>> from coresift.torch import draw
    >>> data = TensorDataset(torch.randn(60, 3), torch.arange(60) % 2)
    >>> draws = draw(torch.nn.Linear(3, 2), data, budget=10)
    >>> rows, weights = draws.at(epoch=0)
    >>> len(rows), bool(weights.max() <= 12)
    (10, True)
    """
    own = resolve_selector(selector, budget)
    return draw_with_facts(model, data, own, by, uniform=uniform, seed=seed, **options)[0]


def draw_with_facts(
    model: nn.Module | None,
    data: Any,
    selector: BaseSelector,
    by: str,
    *,
    uniform: float = 0.5,
    seed: int = 0,
    **options: Any,
) -> tuple[Draws, dict[str, Any]]:
    """Return what `draw` does, with the mean loss over all rows and the seconds of both steps."""
    budget = selector.budget
    check_choice("redraw", by, REDRAWS)
    start = time.perf_counter()
    if by == "uniform":
        n_rows = len(ordered_loader(data).dataset)
        draws = Draws.of(budget, n_rows, uniform=1.0, seed=seed)
        return draws, {"loss": None, "gradients": 0.0, "choose": time.perf_counter() - start}
    if model is None:
        raise ParameterError(f"model=None with by={by!r}, which asks a model: use by='uniform'")
    if by == "members":
        stay = stays(resolve_device(options.get("device"), model), selector)
        seen = last_layer(model, data, wrt="weights", keep_outputs=False, stay=stay, **options)
        losses, ready = seen.losses, time.perf_counter()
        draws = _members(seen, selector, uniform, seed)
    else:
        column = "norms" if by == "gradients" else "losses"
        options = {"batch_size": _batch_size(data), **options}
        columns, _ = look_at_all(model, data, {column, "losses", "labels"}, **options)
        losses, ready = columns["losses"], time.perf_counter()
        classes = _classes_in(columns["labels"])
        draws = Draws.of(
            budget, len(losses), columns[column], classes=classes, uniform=uniform, seed=seed
        )
    return draws, {
        "loss": float(losses.mean(dtype=np.float64)),
        "gradients": ready - start,
        "choose": time.perf_counter() - ready,
    }


def check_redraw(redraw: Any, selector: Any) -> None:
    """Refuse a way to draw that is not known, and one without a budget.

    Raises
    ------
    ParameterError
    """
    check_choice("redraw", redraw, (None, *REDRAWS))
    if redraw is not None and selector is None:
        raise ParameterError(
            f"redraw={redraw!r} with selector=None, which trains on all rows: name a selector, "
            "whose budget says how many rows are drawn, or leave redraw out"
        )


def _batch_size(data: Any) -> int:
    """Return rows of a batch: more where rows are small, which takes half the time (CovType)."""
    if type(data) is not TensorDataset:
        return BATCH_SIZE
    numbers: int = max(1, sum(tensor[0].numel() for tensor in data.tensors[:-1]))
    return max(BATCH_SIZE, min(4 * BATCH_SIZE, BATCH_SIZE * 784 // numbers))


def _classes_in(labels: Any) -> Any:
    return labels if labels.ndim == 1 and labels.dtype.kind in "iub" else None


def _members(seen: LastLayer, selector: BaseSelector, uniform: float, seed: int) -> Draws:
    """Return draws along the rows that are nearest to each row of a coreset."""
    classes = _classes_in(seen.labels)
    coreset = choose_rows(seen, selector, seed)
    groups = np.zeros(len(seen.losses)) if classes is None else classes
    cells = np.empty(len(groups), dtype=np.int64)
    for group in np.unique(groups[coreset.row_ids]):
        own = np.flatnonzero(groups == group)
        chosen = np.flatnonzero(groups[coreset.row_ids] == group)
        cells[own] = chosen[_nearest(seen.gradients, own, coreset.row_ids[chosen])]
    sizes = np.bincount(cells)
    return Draws.of(
        selector.budget,
        len(cells),
        1 / sizes[cells],
        classes=classes,
        cells=cells,
        uniform=uniform,
        seed=seed,
    )


def _nearest(gradients: Any, own: Indices, chosen: Indices) -> Indices:
    """Return which of the chosen rows is nearest to each of some rows, wherever they are."""
    if isinstance(gradients, torch.Tensor):
        found, _ = nearest(gradients[own], gradients[chosen])
        return np.asarray(found.numpy(force=True))
    return CenterTiles.of(gradients[chosen]).nearest(gradients[own])[0]


def subset_of(draws: Draws, dataset: Any, epoch: int) -> WeightedSubset:
    """Return the rows of an epoch; their weights leave the gradient unbiased and its scale."""
    rows, weights = draws.at(epoch)
    shares = weights * (draws.n_drawn / len(draws.shares))
    return WeightedSubset(dataset, rows, shares, normalize=False)


def coreset_at(draws: Draws, epoch: int) -> Coreset:
    """Return the rows of an epoch as a coreset."""
    return Coreset(*draws.at(epoch))


class DrawSampler(CoresetSampler):
    """Visit the rows that are drawn for an epoch, in a seeded order, on each process its share.

    Parameters
    ----------
    draws : Draws
    seed : int or None, default=None
        Of the order; None is that of the draws.
    num_replicas, rank : int or None, default=None
        As for `CoresetSampler`.

    Notes
    -----
    It yields positions in the data set itself. ``dataset(data)`` gives the rows with the weights
    that they have wherever they are drawn, so that one loader serves all epochs.

    Examples
    --------
    >>> import torch
    >>> from torch.utils.data import DataLoader, TensorDataset
    >>> from coresift.torch import DrawSampler, draw
    >>> data = TensorDataset(torch.randn(60, 3), torch.arange(60) % 2)
    >>> sampler = DrawSampler(draw(torch.nn.Linear(3, 2), data, budget=10))
    >>> loader = DataLoader(sampler.dataset(data), batch_size=5, sampler=sampler)
    >>> sampler.set_epoch(3)
    >>> [len(weights) for x, y, weights in loader]
    [5, 5]
    """

    def __init__(
        self,
        draws: Draws,
        *,
        seed: int | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
    ) -> None:
        super().__init__(
            draws.n_drawn,
            seed=draws.seed if seed is None else seed,
            num_replicas=num_replicas,
            rank=rank,
        )
        self.draws = draws

    def dataset(self, data: Any) -> WeightedSubset:
        """Return all rows of a data set, each with its weight where it is drawn.

        Raises
        ------
        DataError
            For a data set of another length than the one that the draws were made for.
        """
        n_rows = len(self.draws.shares)
        if n_rows_of(data) != n_rows:
            raise DataError(
                f"the data set has {len(data)} rows, and the draws are of {n_rows}: "
                "give the data set that they were made for, or make them anew"
            )
        shares = self.draws.weights * (self.draws.n_drawn / len(self.draws.shares))
        return WeightedSubset(data, np.arange(len(shares)), shares, normalize=False)

    def order(self) -> Any:
        """Return the rows of this epoch, of all processes, shape (n_drawn,), int64."""
        return self.draws.at(self.epoch)[0][super().order()]


def tensors_of_draws(draws: Draws | None) -> dict[str, Any] | None:
    """Return what a checkpoint keeps of draws."""
    if draws is None:
        return None
    return {
        "shares": torch.from_numpy(draws.shares),
        "runs": torch.from_numpy(draws.runs),
        "n_drawn": draws.n_drawn,
        "one": draws.one,
        "seed": draws.seed,
    }


def draws_of(kept: dict[str, Any] | None) -> Draws | None:
    """Return the draws that `tensors_of_draws` kept."""
    if kept is None:
        return None
    arrays = {name: kept[name].cpu().numpy() for name in ("shares", "runs")}
    return Draws(**arrays, n_drawn=kept["n_drawn"], one=kept["one"], seed=kept["seed"])
