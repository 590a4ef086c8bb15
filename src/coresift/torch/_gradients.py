"""Gradients of each row's loss by the last layer: the features of deep selection (Eq. 10)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from coresift._errors import ParameterError
from coresift._rng import stream
from coresift._typing import Float32, Float64, Indices
from coresift.core.parameters import check_choice, check_range
from coresift.torch._loading import (
    BATCH_SIZE,
    check_all,
    n_rows_of,
    ordered_loader,
    slices_of,
)
from coresift.torch._losses import Loss, check_finite, check_labels, loss_of_rows
from coresift.torch._observe import (
    at_least_single,
    find_layer,
    pass_through,
    resolve_device,
    undisturbed,
)

WRT = ("logits", "weights")
N_COMPONENTS = 64
_COLUMNS = ("gradients", "errors", "inputs", "outputs", "losses", "labels")
_NUMBERS = {"norms", "losses", "labels"}  # what draws ask for, one of each row
Forward = Callable[[nn.Module, Any], tuple[Any, Any]]


@dataclass(frozen=True, eq=False)
class LastLayer:
    """What the last layer of a network says about each row, with its current parameters.

    Parameters
    ----------
    gradients : ndarray of shape (n_rows, n_outputs) or (n_rows, n_components), float32
        Of each row's loss, by the layer's output, or a projection of those by its weights.
    errors : ndarray of shape (n_rows, n_outputs) or None, float32
        Gradients by the layer's output.
    inputs : ndarray of shape (n_rows, n_inputs) or None, float32
        Of the layer, where they were asked for. The gradient by weights and bias of a row is the
        outer product of its error and ``[input, 1]``.
    outputs : ndarray of shape (n_rows, n_outputs) or None, float32
    losses : ndarray of shape (n_rows,), float32
    labels : ndarray of shape (n_rows, ...)
        The targets.
    matrix : ndarray of shape (n_inputs + 1, n_outputs), float64
        The layer's weights, its bias (or zeros) in the last row.
    has_bias : bool
    """

    gradients: Float32
    errors: Float32 | None
    inputs: Float32 | None
    outputs: Float32 | None
    losses: Float32
    labels: NDArray[Any]
    matrix: Float64
    has_bias: bool

    def weight_distances(self, left: Indices, right: Indices) -> Float64:
        """Return exact distances between gradients by weights and bias, in factored form.

        ``||e a' - f b'||^2 = |e|^2 |a|^2 + |f|^2 |b|^2 - 2 <e, f> <a, b>`` for errors e, f and
        inputs a, b (with their 1 for the bias): no outer product is made.

        Parameters
        ----------
        left, right : ndarray of shape (n_pairs,), int64
            Rows.

        Returns
        -------
        ndarray of shape (n_pairs,), float64

        Raises
        ------
        ParameterError
            Where the inputs of the layer were not kept.
        """
        if self.inputs is None or self.errors is None:
            raise ParameterError(
                "distances by weights need the inputs of the layer: pass keep_inputs=True"
            )
        if self.inputs.shape[1] != len(self.matrix) - 1:
            raise ParameterError(
                f"the layer's input has {self.inputs.shape[1]} numbers a row for "
                f"{len(self.matrix) - 1} inputs: gradients by weights need one vector a row"
            )
        e, f = (self.errors[rows].astype(np.float64) for rows in (left, right))
        a, b = (self.inputs[rows].astype(np.float64) for rows in (left, right))

        def dot(x: Float64, y: Float64) -> Float64:
            return np.asarray((x * y).sum(axis=1))

        one = float(self.has_bias)
        squared = dot(e, e) * (one + dot(a, a)) + dot(f, f) * (one + dot(b, b))
        squared -= 2 * dot(e, f) * (one + dot(a, b))
        return np.asarray(np.sqrt(np.maximum(squared, 0)))


def default_forward(model: nn.Module, batch: Any) -> tuple[Any, Any]:
    """Return (outputs, targets) of a batch (x, ..., y)."""
    *inputs, targets = parts_of(batch)
    return model(*inputs), targets


def parts_of(batch: Any) -> Any:
    """Return a batch, which has to be (x, ..., y).

    Raises
    ------
    ParameterError
    """
    if not isinstance(batch, (list, tuple)) or len(batch) < 2:
        raise ParameterError(
            f"a batch is {type(batch).__name__}, where (x, y) is needed: pass "
            "forward=lambda model, batch: (outputs, targets)"
        )
    return batch


def last_layer_gradients(
    model: nn.Module,
    data: Any,
    loss: Loss | None = None,
    layer: str | nn.Module | None = None,
    *,
    wrt: str = "logits",
    n_components: int = N_COMPONENTS,
    keep_inputs: bool = False,
    keep_outputs: bool = True,
    forward: Forward = default_forward,
    device: Any = None,
    autocast: torch.dtype | None = None,
    batch_size: int = BATCH_SIZE,
    num_workers: int = 0,
    random_state: int = 0,
) -> LastLayer:
    """Take the gradient of each row's loss by the last layer, with the current parameters.

    One forward pass without a graph: the gradient by the layer's output needs only what follows
    the layer. The model is left as it was: modes, running statistics, gradients, random state.

    Parameters
    ----------
    model : Module
    data : Dataset or DataLoader
        A loader must keep the order of the rows and leave none out.
    loss : Module or callable, default=CrossEntropyLoss()
        ``loss(outputs, targets)``; its ``reduction`` does not matter.
    layer : str, Module or None, default=None
        The last linear layer; None finds it.
    wrt : {"logits", "weights"}, default="logits"
        By the layer's output (Eq. 10), or by its weights and bias: then a seeded projection,
        whose distances are those of the gradients up to about ``sqrt(8 / n_components)``; the
        gradients themselves, n_outputs times n_inputs numbers a row, are never made.
    n_components : int, default=64
        Of the projection.
    keep_inputs : bool, default=False
        Keep the inputs of the layer too, for exact distances, DeepFool and Glister.
    keep_outputs : bool, default=True
        Keep outputs and errors; without, only gradients, losses and labels.
    forward : callable
        ``forward(model, batch)`` returns (outputs, targets); for batches that are not (x, ..., y).
    device : device or None
        Where to compute; None is where the model is. The model is moved there and back.
    autocast : dtype or None
        Mixed precision, for instance ``torch.bfloat16``. The layer's output, its gradient and
        the loss stay float32.
    batch_size, num_workers : int
        Where ``data`` is not a loader.
    random_state : int
        Of the projection.

    Returns
    -------
    LastLayer

    Raises
    ------
    DataError, LabelError, ParameterError
        For data without length or order, a model without a last linear layer, labels outside the
        outputs, a loss that is not finite, CUDA that is not there.

    Notes
    -----
    Memory: 4 bytes a row for each number of what is kept, and one batch.

    Examples
    --------
    >>> import torch
    >>> from torch.utils.data import TensorDataset
    >>> from coresift.torch import last_layer_gradients
    >>> data = TensorDataset(torch.eye(3), torch.tensor([0, 1, 1]))
    >>> model = torch.nn.Linear(3, 2)
    >>> _ = torch.nn.init.zeros_(model.weight), torch.nn.init.zeros_(model.bias)
    >>> last_layer_gradients(model, data).gradients.tolist()  # probability less one-hot label
    [[-0.5, 0.5], [0.5, -0.5], [0.5, -0.5]]
    """
    return last_layer(
        model,
        data,
        wrt=wrt,
        n_components=n_components,
        keep_inputs=keep_inputs,
        keep_outputs=keep_outputs,
        loss=loss,
        layer=layer,
        forward=forward,
        device=device,
        autocast=autocast,
        batch_size=batch_size,
        num_workers=num_workers,
        random_state=random_state,
    )


def last_layer(
    model: nn.Module,
    data: Any,
    *,
    wrt: str = "logits",
    n_components: int = N_COMPONENTS,
    keep_inputs: bool = False,
    keep_outputs: bool = True,
    stay: bool = False,
    **options: Any,
) -> LastLayer:
    """Return what `last_layer_gradients` does; with ``stay``, the gradients are a tensor there."""
    check_choice("wrt", wrt, WRT)
    check_range("n_components", n_components)
    gradients = "gradients" if wrt == "weights" else "errors"
    wanted = {"losses", "labels", gradients}
    wanted |= {"inputs"} if keep_inputs else set()
    wanted |= {"outputs", "errors"} if keep_outputs else set()
    staying = frozenset({gradients} if stay else ())
    arrays, found = look_at_all(model, data, wanted, staying, n_components=n_components, **options)
    kept: dict[str, Any] = {name: arrays.get(name) for name in _COLUMNS}
    if kept["gradients"] is None:
        kept["gradients"] = kept["errors"]
    return LastLayer(**kept, matrix=_matrix_of(found), has_bias=found.bias is not None)


def look_at_all(
    model: nn.Module,
    data: Any,
    wanted: set[str],
    staying: frozenset[str] = frozenset(),
    *,
    loss: Loss | None = None,
    layer: str | nn.Module | None = None,
    n_components: int = N_COMPONENTS,
    forward: Forward = default_forward,
    device: Any = None,
    autocast: torch.dtype | None = None,
    batch_size: int = BATCH_SIZE,
    num_workers: int = 0,
    random_state: int = 0,
) -> tuple[dict[str, Any], nn.Linear]:
    """Return the wanted columns of what `last_layer_gradients` sees, and the last layer.

    Columns are "gradients", "errors", "inputs", "outputs", "losses", "labels" and "norms": lengths
    of the gradients by the layer's weights and bias, exact, shape (n_rows,). They are arrays, or
    tensors on the device where they are ``staying``.
    """
    loader = ordered_loader(data, batch_size, num_workers)
    if type(data) is TensorDataset and wanted <= _NUMBERS:  # a third of the time of a small network
        loader = slices_of(data, batch_size)
    n_rows = n_rows_of(data.dataset if isinstance(data, DataLoader) else data)
    place, home = resolve_device(device, model), resolve_device(None, model)
    each = loss_of_rows(loss or nn.CrossEntropyLoss())
    found, project = None, None
    tables = _Tables(n_rows)
    if place != home:
        model.to(place)
    try:
        with undisturbed(model):
            for batch in loader:

                def run(batch: Any = batch) -> tuple[Any, Any]:
                    with precision(place, autocast):
                        return forward(model, move(batch, place))

                found = found or find_layer(model, layer, run)
                if project is None and "gradients" in wanted:
                    project = _Projection.draw(found, n_components, random_state, place)
                columns = _look(model, found, run, each, tables.filled, project)
                if "norms" in wanted:
                    columns["norms"] = _norms(columns, found)
                tables.append(
                    {
                        name: at_least_single(columns[name])
                        if name in staying
                        else _numpy(columns[name])
                        for name in wanted
                    }
                )
    finally:
        if place != home:
            model.to(home)
    check_all(tables.filled, n_rows)
    assert found is not None  # there is at least one row
    return tables.arrays, found


def _norms(columns: dict[str, Any], layer: nn.Linear) -> Any:
    """Return the lengths of outer products of errors and inputs, the 1 of the bias included."""
    errors, inputs = columns["errors"].float(), columns["inputs"].float()
    if inputs.shape[1] != layer.in_features:  # several vectors a row: by the layer's output
        return errors.norm(dim=1)
    one = float(layer.bias is not None)
    return errors.norm(dim=1) * (inputs.square().sum(dim=1) + one).sqrt()


class _Tables:
    """Columns of all rows, arrays or tensors, filled batch by batch."""

    def __init__(self, n_rows: int) -> None:
        self.arrays: dict[str, Any] = {}
        self.filled, self._n_rows = 0, n_rows

    def append(self, columns: dict[str, Any]) -> None:
        stop = self.filled + len(columns["losses"])
        check_all(max(stop, self._n_rows), self._n_rows)
        for name, values in columns.items():
            if name not in self.arrays:
                shape = self._n_rows, *values.shape[1:]
                is_tensor = isinstance(values, torch.Tensor)
                self.arrays[name] = (
                    values.new_empty(shape) if is_tensor else np.empty(shape, dtype=values.dtype)
                )
            self.arrays[name][self.filled : stop] = values
        self.filled = stop


def _look(
    model: nn.Module,
    layer: nn.Linear,
    run: Callable[[], tuple[Any, Any]],
    each: Loss,
    first_row: int,
    project: _Projection | None,
) -> dict[str, Any]:
    """Return the columns of a batch."""
    seen = pass_through(model, layer, run)
    result, targets = seen.result
    if not isinstance(result, torch.Tensor):
        raise ParameterError(
            f"the model returns {type(result).__name__}, where a loss needs a tensor: pass "
            "forward=lambda model, batch: (outputs, targets)"
        )
    check_labels(result, targets, first_row)
    with torch.enable_grad():
        losses = each(at_least_single(result), targets)
        check_finite(losses, lambda place: f"row {first_row + place}")
        if not losses.requires_grad:
            raise ParameterError(
                "the loss does not depend on the last layer: name another with layer=NAME"
            )
        (errors,) = torch.autograd.grad(losses.sum(), seen.outputs)
    if len(errors) != len(losses):
        raise ParameterError(
            f"the last layer's output has {len(errors)} rows for {len(losses)} of the data: its "
            "first axis must be the rows; name another layer with layer=NAME"
        )
    columns = {
        "errors": errors.flatten(1),
        "outputs": seen.outputs.detach().flatten(1),
        "losses": losses.detach(),
        "labels": targets,
        "inputs": seen.inputs.flatten(1),
    }
    if project is not None:
        if seen.inputs.dim() != 2:
            raise ParameterError(
                f"the last layer's input has shape {tuple(seen.inputs.shape)}, where gradients by "
                "weights need (n_rows, n_inputs): use wrt='logits'"
            )
        columns["gradients"] = project(errors.float(), seen.inputs.float())
    return columns


def _numpy(values: Any) -> NDArray[Any]:
    """Return a tensor as an array, floats in single precision."""
    found: NDArray[Any] = (values.float() if values.is_floating_point() else values).cpu().numpy()
    return found


@dataclass(frozen=True, eq=False)
class _Projection:
    """Seeded signs: component k of an outer product e a' is ``<left_k, e> <right_k, a>``.

    Its squared length is that of the outer product on average; products of projections are those
    of the outer products in the same way (a rank-one random projection).
    """

    left: Any  # (n_outputs, n_components)
    right: Any  # (n_inputs + 1, n_components)

    @classmethod
    def draw(
        cls, layer: nn.Linear, n_components: int, seed: int, device: torch.device
    ) -> _Projection:
        rng = stream(seed)
        sides = [
            rng.choice(np.array([-1, 1], dtype=np.float32), size=(n, n_components))
            for n in (layer.out_features, layer.in_features + 1)
        ]
        if layer.bias is None:
            sides[1][-1] = 0
        left, right = (torch.from_numpy(side).to(device) for side in sides)
        return cls(left / n_components**0.5, right)

    def __call__(self, errors: Any, inputs: Any) -> Any:
        return (errors @ self.left) * (inputs @ self.right[:-1] + self.right[-1])


def move(batch: Any, device: torch.device) -> Any:
    """Return a batch on a device, whatever its shape."""
    if isinstance(batch, torch.Tensor):
        return batch.to(device, non_blocking=True)
    if isinstance(batch, dict):
        return {name: move(part, device) for name, part in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):  # a named tuple
        return type(batch)(*(move(part, device) for part in batch))
    if isinstance(batch, (list, tuple)):
        return [move(part, device) for part in batch]
    if hasattr(batch, "to"):
        return batch.to(device)
    return batch


def precision(device: torch.device, dtype: torch.dtype | None) -> AbstractContextManager[Any]:
    """Return the context of mixed precision, or of none."""
    return nullcontext() if dtype is None else torch.autocast(device.type, dtype=dtype)


def _matrix_of(layer: Any) -> Float64:
    """Return weights and bias as a matrix of shape (n_inputs + 1, n_outputs)."""
    weight = layer.weight.detach().double().cpu()
    bias = weight.new_zeros(len(weight)) if layer.bias is None else layer.bias.detach().cpu()
    return np.asarray(torch.vstack([weight.T, bias.double()]).numpy())
