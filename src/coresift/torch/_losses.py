"""Losses row by row, and their weighted mean."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

from coresift._errors import LabelError, ParameterError

Loss = Callable[[Any, Any], Any]


def loss_of_rows(loss: Loss) -> Loss:
    """Return a loss that gives a number for each row.

    Parameters
    ----------
    loss : Module or callable
        ``loss(outputs, targets)``. One with a ``reduction`` is asked for none; another has to
        return a value for each row. More values for a row are averaged (those that it ignores as
        zeros), or added up where the reduction is ``"sum"`` or ``"batchmean"``. Class weights
        multiply a row's loss; the mean is not divided by them, as torch's is, which would make
        the gradient depend on which rows meet in a batch.
    """
    each: Any = loss
    adds = getattr(loss, "reduction", None) in ("sum", "batchmean")
    if hasattr(loss, "reduction"):
        each = copy.copy(loss)
        each.reduction = "none"
    elif not isinstance(loss, nn.Module) and "reduction" in _parameters_of(loss):
        each = partial(each, reduction="none")

    def rows(outputs: Any, targets: Any) -> Any:
        losses = each(outputs, targets)
        if losses.dim() == 0 or len(losses) != len(targets):
            raise ParameterError(
                f"the loss gives shape {tuple(losses.shape)} for {len(targets)} rows: give one "
                "with a value for each row, such as CrossEntropyLoss(reduction='none')"
            )
        flat = losses.flatten(1) if losses.dim() > 1 else losses[:, None]
        return flat.sum(dim=1) if adds else flat.mean(dim=1)

    return rows


def _parameters_of(function: Any) -> Any:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}


def weighted_loss(outputs: Any, targets: Any, weights: Any, loss: Loss | None = None) -> Any:
    """Return the mean of the losses of a batch, each times the weight of its row (line 9).

    Parameters
    ----------
    outputs : Tensor of shape (n, ...)
    targets : Tensor of shape (n, ...)
    weights : Tensor of shape (n,)
        As `WeightedSubset` gives them: with a mean of 1 over the coreset, so that a learning rate
        means the same for a coreset and for all rows. They are not divided by their sum in the
        batch: that would make the gradient depend on which rows meet in a batch.
    loss : Module or callable, default=CrossEntropyLoss()

    Returns
    -------
    Tensor of shape ()

    Raises
    ------
    ParameterError
        For a loss that gives one number for a batch and has no ``reduction``.

    Examples
    --------
    >>> import torch
    >>> from coresift.torch import weighted_loss
    >>> outputs, targets = torch.zeros(2, 4), torch.tensor([0, 1])
    >>> bool(weighted_loss(outputs, targets, torch.tensor([0.5, 1.5])) == torch.tensor(4.0).log())
    True
    """
    losses = loss_of_rows(loss or nn.CrossEntropyLoss())(outputs, targets)
    return (losses * weights.to(losses.dtype)).mean()


def check_labels(outputs: Any, targets: Any, first_row: int | None) -> None:
    """Refuse class numbers that are no position of an output; name the row where it is known.

    Raises
    ------
    LabelError
        For these, and for targets that are no tensor, such as text.
    """
    if not isinstance(targets, torch.Tensor):
        one = targets[0] if isinstance(targets, (list, tuple)) and targets else targets
        raise LabelError(
            f"a batch has labels such as {str(one)[:40]!r} ({type(one).__name__}), where a loss "
            "needs a tensor of numbers: number the classes from 0 in the data set, for instance "
            "with sklearn.preprocessing.LabelEncoder"
        )
    if targets.dim() != 1 or outputs.dim() != 2 or targets.is_floating_point():
        return  # targets of another kind
    n_outputs = outputs.shape[1]
    wrong = (targets < 0) | (targets >= n_outputs)
    if n_outputs > 1 and bool(wrong.any()):
        row = int(wrong.nonzero()[0])
        where = "" if first_row is None else f" of row {first_row + row}"
        raise LabelError(
            f"label {int(targets[row])}{where} is outside the {n_outputs} "
            f"outputs of the model: labels must be from 0 to {n_outputs - 1}; leave rows out "
            "that have none"
        )


def check_finite(losses: Any, what: Callable[[int], str]) -> None:
    """Refuse losses that are NaN or infinite; ``what(i)`` names the one at place i.

    Raises
    ------
    ParameterError
    """
    losses = losses.detach()
    odd = ~torch.isfinite(losses)
    if bool(odd.any()):
        place = int(odd.nonzero()[0])
        raise ParameterError(
            f"the loss of {what(place)} is {float(losses[place])}: look for such values in the "
            "data, or lower the learning rate"
        )
