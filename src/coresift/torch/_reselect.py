"""Choosing in gradient space: lines 4-6 and 9-11 of Algorithm 2."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from sklearn.base import clone
from torch import nn
from torch.utils.data import Subset, TensorDataset

from coresift._errors import LabelError, ParameterError
from coresift._rng import Purpose, derived_seed
from coresift._typing import Indices
from coresift.core.budget import resolve_budget, split_budget
from coresift.core.coreset import Coreset, Report
from coresift.core.scaler import LARGEST
from coresift.methods._rounds import best_of_each_class, class_weights
from coresift.methods._softmax import Softmax
from coresift.methods.deepfool import margins
from coresift.methods.glister import choose as glister_choose
from coresift.methods.glister import validation_rows
from coresift.select import select
from coresift.selectors import BaseSelector, DeepFool, Glister, Uniform, make_selector
from coresift.sources import ArraySource
from coresift.torch._gradients import (
    LastLayer,
    default_forward,
    last_layer,
    parts_of,
)
from coresift.torch._loading import n_rows_of, ordered_loader
from coresift.torch._observe import resolve_device
from coresift.torch._on_device import choose_on_device, stays

# (what the last layer says, class of each row, rows to choose of each, plan) -> rows
_Choose = Callable[[LastLayer, Indices, Indices, Any], Indices]


def reselect(
    model: nn.Module,
    data: Any,
    selector: str | BaseSelector = "fastcore",
    *,
    budget: float | None = None,
    seed: int | None = None,
    **options: Any,
) -> Coreset:
    """Choose weighted rows by the gradients of a network with its current parameters.

    Parameters
    ----------
    model : Module
    data : Dataset or DataLoader
        All rows, in their order.
    selector : str or selector, default="fastcore"
        A name of `coresift.selectors.METHODS`, whose features are then not scaled (the distances
        are those of Eq. 10); or a selector, as it is. `DeepFool` and `Glister` do not look at
        distances: they take the last layer for the softmax regression on its inputs that it is,
        and choose by margin, or by the loss on rows put aside after a step.
    budget : float or int or None
        As for a selector; None keeps the selector's own.
    seed : int or None
        None keeps the selector's own.
    **options
        As for `last_layer_gradients`: loss, layer, device, autocast and so on, but that ``wrt`` is
        "weights" unless it is given.

    Returns
    -------
    Coreset
        ``row_ids``, ``weights`` and a ``report`` with the seconds of both steps.

    Raises
    ------
    BudgetError, DataError, LabelError, ParameterError
        As `last_layer_gradients`; for labels that are all equal; and for a budget that cannot be
        met.

    Notes
    -----
    Deviation: Eq. 10 takes gradients by the last layer's output, or by its weights; authors of
    such methods mostly take the former, ``wrt="logits"``. Rows with the same error can have inputs
    that pull the weights in other directions, and a row that stands for all of them then misleads:
    on CovType (MLP, 1 %, two coresets of two epochs) the test accuracy is 0.711 by logits, 0.811
    by weights, 0.800 with uniform samples.

    Examples
    --------
    >>> import torch
    >>> from torch.utils.data import TensorDataset
    >>> from coresift.torch import reselect
    >>> data = TensorDataset(torch.randn(60, 3), torch.arange(60) % 2)
    >>> coreset = reselect(torch.nn.Linear(3, 2), data, budget=10, seed=0)
    >>> len(coreset.row_ids), float(coreset.weights.sum())
    (10, 60.0)
    """
    chosen = resolve_selector(selector, budget)
    start = time.perf_counter()
    if isinstance(chosen, Uniform) and options.get("forward", default_forward) is default_forward:
        labels, loss = _read_labels(data, options), None  # chance asks no model
        ready = time.perf_counter()
        coreset = _choose_by(chosen, np.zeros((len(labels), 1)), _classes_in(labels), seed)
    else:
        stay = stays(resolve_device(options.get("device"), model), chosen)
        seen = last_layer(model, data, stay=stay, **_asked_for(chosen, options))
        ready, loss = time.perf_counter(), float(seen.losses.mean(dtype=np.float64))
        coreset = choose_rows(seen, chosen, seed)
    seconds = {"gradients": ready - start, "choose": time.perf_counter() - ready}
    assert coreset.report is not None  # `select` and the rules below write one
    facts = {**coreset.report.facts, "loss": loss, "deep_seconds": seconds}
    return replace(coreset, report=replace(coreset.report, facts=facts))


def facts_of(coreset: Coreset, epoch: int) -> dict[str, Any]:
    """Return what a history tells of a coreset that `reselect` chose before an epoch."""
    assert coreset.report is not None
    facts = coreset.report.facts
    return {"epoch": epoch, "loss": facts["loss"], **facts["deep_seconds"]}


def tensors_of(coreset: Coreset | None) -> dict[str, Any] | None:
    """Return what a checkpoint keeps of a coreset."""
    if coreset is None:
        return None
    return {
        "row_ids": torch.from_numpy(coreset.row_ids),
        "weights": torch.from_numpy(coreset.weights),
    }


def coreset_of(kept: dict[str, Any] | None) -> Coreset | None:
    """Return the coreset that `tensors_of` kept."""
    if kept is None:
        return None
    return Coreset(kept["row_ids"].cpu().numpy(), kept["weights"].cpu().numpy())


def _asked_for(selector: BaseSelector, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of `last_layer_gradients` for what a method looks at."""
    if isinstance(selector, tuple(_BY_LAST_LAYER)):
        return {**options, "keep_inputs": True, "keep_outputs": True, "wrt": "logits"}
    return {"wrt": "weights", "keep_outputs": False, **options}


def check_ahead(
    model: nn.Module,
    dataset: Any,
    selector: BaseSelector,
    *,
    redraw: str | None = None,
    **options: Any,
) -> None:
    """Look at the first rows and, where that is cheap, the labels, before a long training.

    Draws need no row of each class in each epoch, but where they begin with a coreset, and uniform
    ones no model.

    Raises
    ------
    BudgetError, DataError, LabelError, ParameterError
        What `reselect` would raise after it, for a layer, a loss, labels or a budget.
    """
    first = Subset(dataset, range(min(n_rows_of(dataset), 16)))
    if redraw != "uniform" and (redraw is not None or not isinstance(selector, Uniform)):
        last_layer(model, first, **{**_asked_for(selector, options), "num_workers": 0})
    if redraw in (None, "members") and isinstance(dataset, TensorDataset):
        labels = _classes_in(dataset.tensors[-1].numpy(force=True))
        if labels is not None:
            sizes = np.unique(labels, return_counts=True)[1]
            split_budget(resolve_budget(selector.budget, len(labels)), sizes)


def _read_labels(data: Any, options: dict[str, Any]) -> Any:
    if isinstance(data, TensorDataset):
        return data.tensors[-1].numpy(force=True)
    sizes = {name: options[name] for name in ("batch_size", "num_workers") if name in options}
    return np.concatenate(
        [np.asarray(parts_of(batch)[-1]) for batch in ordered_loader(data, **sizes)]
    )


def resolve_selector(selector: str | BaseSelector, budget: float | None) -> BaseSelector:
    """Return a selector of its own, with the budget.

    One by name does not scale its features and keeps to medoids, as Algorithm 2 does: the rows are
    gradients already, and a pilot's gradients of them would say nothing.

    Raises
    ------
    ParameterError
        For an unknown name.
    """
    if isinstance(selector, str):
        found = make_selector(selector)
        suited: dict[str, str | None] = {"scale": None}
        if found.get_params(deep=False).get("representative") == "auto":
            suited["representative"] = "medoid"
        found.set_params(**{k: v for k, v in suited.items() if k in found.get_params(deep=False)})
    else:
        found = clone(selector)
    return found if budget is None else found.set_params(budget=budget)


def check_batch(selector: BaseSelector, n_rows: int, batch_size: int) -> None:
    """Refuse a coreset that does not fill a batch.

    Raises
    ------
    BudgetError, ParameterError
    """
    chosen = resolve_budget(selector.budget, n_rows)
    if chosen < batch_size:
        raise ParameterError(
            f"a coreset of {chosen} rows is smaller than batch_size={batch_size}: lower the batch "
            f"size to at most {chosen}, or raise the budget"
        )


def choose_rows(seen: LastLayer, selector: BaseSelector, seed: int | None = None) -> Coreset:
    """Choose rows by what the last layer says about them.

    Parameters
    ----------
    seen : LastLayer
        With the inputs of the layer for `DeepFool` and `Glister`.
    selector : BaseSelector
    seed : int or None
        None keeps the selector's own.

    Raises
    ------
    BudgetError, LabelError, ParameterError
    """
    labels = _classes_in(seen.labels)
    for kind, choose in _BY_LAST_LAYER.items():
        if isinstance(selector, kind):
            return _by_last_layer(seen, labels, _seeded(selector, seed), choose)
    gradients: Any = seen.gradients
    if isinstance(gradients, torch.Tensor):
        if bool((gradients.abs() <= LARGEST).all()):
            return choose_on_device(gradients, labels, _seeded(selector, seed).plan())
        gradients = gradients.numpy(force=True)  # refused below
    return _choose_by(selector, gradients, labels, seed)


def _choose_by(selector: BaseSelector, rows: Any, labels: Any, seed: int | None) -> Coreset:
    return select(ArraySource(rows, labels), _seeded(selector, seed).plan())


def _seeded(selector: BaseSelector, seed: int | None) -> Any:
    own = clone(selector)
    return own if seed is None else own.set_params(random_state=seed)


def _classes_in(labels: Any) -> Any:
    """Return targets that are class numbers, or None for others.

    Raises
    ------
    LabelError
        Where all are equal.
    """
    if labels.ndim != 1 or labels.dtype.kind not in "iubU":  # text where no model is asked
        return None
    if (labels == labels[0]).all():
        raise LabelError(
            f"all {len(labels)} labels are {labels[0]}, 1 class: a classifier needs at least 2"
        )
    return labels


def _by_last_layer(seen: LastLayer, labels: Any, selector: Any, choose: _Choose) -> Coreset:
    """Meet the quota of each class by a rule, and weigh the rows of a class alike."""
    name = type(selector).__name__
    if labels is None or seen.outputs is None or seen.outputs.shape[1] <= int(labels.max()):
        raise ParameterError(
            f"{name} needs class labels and a last layer with an output for each class: use "
            "another method"
        )
    if seen.inputs is None or seen.inputs.shape[1] != len(seen.matrix) - 1:
        raise ParameterError(
            f"{name} needs the inputs of the last layer, one vector a row: pass keep_inputs=True, "
            "or use another method"
        )
    class_ids = np.asarray(labels, dtype=np.int64)  # a class is an output: some may have no rows
    sizes = np.bincount(class_ids, minlength=seen.outputs.shape[1])
    quotas = np.zeros_like(sizes)
    quotas[sizes > 0] = split_budget(resolve_budget(selector.budget, len(labels)), sizes[sizes > 0])
    rows = np.sort(choose(seen, class_ids, quotas, selector.plan()))
    weights = class_weights(sizes, np.maximum(quotas, 1))[class_ids[rows]]
    return Coreset(rows, weights, Report(len(labels), seen.inputs.shape[1], len(rows)))


def _deepfool(seen: LastLayer, class_ids: Indices, quotas: Indices, plan: Any) -> Indices:
    """Return the rows whose last layer's input is closest to the decision boundary."""
    assert seen.outputs is not None  # checked by the caller, for mypy
    near = margins(seen.outputs.astype(np.float64), seen.matrix)
    everything = np.ones(len(class_ids), dtype=bool)
    return best_of_each_class(
        near, class_ids, quotas, everything, derived_seed(plan.seed, Purpose.TIES)
    )


def _glister(seen: LastLayer, class_ids: Indices, quotas: Indices, plan: Any) -> Indices:
    """Return the rows whose gradient step of the last layer lowers the loss on others most."""
    aside = validation_rows(np.bincount(class_ids, minlength=len(quotas)), quotas, class_ids, plan)
    open_to = np.ones(len(class_ids), dtype=bool)
    open_to[aside] = len(aside) == len(class_ids)
    model = Softmax(seen.matrix, np.zeros_like(seen.matrix))
    assert seen.inputs is not None  # checked by the caller, for mypy
    return glister_choose(model, seen.inputs, class_ids, aside, open_to, quotas, plan)


_BY_LAST_LAYER: dict[type[BaseSelector], _Choose] = {DeepFool: _deepfool, Glister: _glister}
