"""Looking at a network from outside: its last linear layer, and what passes through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from coresift._errors import ParameterError


def resolve_device(device: Any, model: nn.Module) -> torch.device:
    """Return the device as given, or that of the model's first parameter.

    Raises
    ------
    ParameterError
        Where CUDA is asked for and there is none.
    """
    if device is None:
        first = next(model.parameters(), None)
        return torch.device("cpu") if first is None else first.device
    found = torch.device(device)
    if found.type == "cuda" and not torch.cuda.is_available():
        raise ParameterError(
            f"device={str(device)!r}: this machine, or this build of torch, has no CUDA: use "
            "device='cpu'"
        )
    return found


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Put a model in evaluation for a while, and leave no trace.

    Batch normalisation uses its running statistics, where it has any, and does not change them;
    the mode of every module and torch's random state are as before afterwards.
    """
    modes = modes_of(model)
    model.eval()
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            yield
    finally:
        set_modes(modes)


Modes = list[tuple[nn.Module, bool]]


def modes_of(model: nn.Module) -> Modes:
    """Return which parts of a model are in training mode."""
    return [(module, module.training) for module in model.modules()]


def set_modes(modes: Modes) -> None:
    """Put the parts of a model in these modes."""
    for module, training in modes:
        module.training = training


def find_layer(
    model: nn.Module, layer: str | nn.Module | None, forward: Callable[[], Any]
) -> nn.Linear:
    """Return the linear layer whose output is the last of the network.

    Parameters
    ----------
    model : Module
    layer : str, Module or None
        A name as in ``model.named_modules()``, a part of the model, or None: the last part with
        parameters that a forward pass calls.
    forward : callable
        Makes a forward pass.

    Raises
    ------
    ParameterError
        Where there is no such layer, or it is not linear.
    """
    parts = dict(model.named_modules())
    if layer is None:
        name = _last_called(parts, forward)
        remedy = "name a linear layer that follows all others with layer=NAME"
    else:
        name = layer if isinstance(layer, str) else _name_of(layer, parts)
        remedy = "name one of " + (_linear_names(parts) or "a model that has one")
    if name not in parts:
        raise ParameterError(f"layer={layer!r} is not a part of the model: {remedy}")
    found = parts[name]
    if not isinstance(found, nn.Linear):
        raise ParameterError(
            f"the last layer {name!r} is {type(found).__name__}, where gradients need a Linear: "
            f"{remedy}"
        )
    return found


def _name_of(layer: nn.Module, parts: dict[str, nn.Module]) -> str:
    return next((name for name, part in parts.items() if part is layer), type(layer).__name__)


def _linear_names(parts: dict[str, nn.Module]) -> str:
    return ", ".join(repr(name) for name, part in parts.items() if isinstance(part, nn.Linear))


def _last_called(parts: dict[str, nn.Module], forward: Callable[[], Any]) -> str:
    """Return the name of the part with parameters of its own that is called last.

    A part that holds other such parts, as a whole model with an embedding of its own does, ends
    after them whatever its last layer is, and does not count.
    """
    called: list[str] = []
    own = {
        name: part
        for name, part in parts.items()
        if next(part.parameters(recurse=False), None) is not None
    }
    holders = {name for name in own if any(_is_inside(other, name) for other in own)}

    def note(name: str) -> Any:
        return lambda *_: called.append(name)

    hooks = [
        part.register_forward_hook(note(name)) for name, part in own.items() if name not in holders
    ]
    try:
        with torch.no_grad():
            forward()
    finally:
        for hook in hooks:
            hook.remove()
    if not called:
        raise ParameterError(
            "the model has no layer with parameters: gradients need one that ends in a Linear"
        )
    return called[-1]


def _is_inside(name: str, holder: str) -> bool:
    return name != holder and (not holder or name.startswith(f"{holder}."))


@dataclass
class Seen:
    """What passed through the last layer in one forward pass.

    Parameters
    ----------
    inputs : Tensor of shape (n, n_inputs)
        Detached.
    outputs : Tensor of shape (n, ...), float32 or float64
        A leaf that requires a gradient: whatever follows the layer is recorded, and nothing
        before it, so that gradients by it cost next to nothing.
    result : object
        What the model returned.
    """

    inputs: Any = None
    outputs: Any = None
    result: Any = None


def pass_through(model: nn.Module, layer: nn.Linear, forward: Callable[[], Any]) -> Seen:
    """Make a forward pass, cut off before the last layer's output.

    Raises
    ------
    ParameterError
        Where the layer is called twice or never.
    """
    seen, calls = Seen(), 0

    def cut(_: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any], outputs: Any) -> Any:
        nonlocal calls
        calls += 1
        seen.inputs = (*inputs, *named.values())[0].detach()
        # Inside the hook, not around the pass: from here on, up to the end of `no_grad` below.
        torch.set_grad_enabled(True)
        seen.outputs = at_least_single(outputs.detach()).requires_grad_()
        # A copy, which what follows may change in place; under autocast it casts as it likes.
        mixed = torch.is_autocast_enabled(outputs.device.type)
        return seen.outputs.to(seen.outputs.dtype if mixed else outputs.dtype, copy=True)

    hook = layer.register_forward_hook(cut, with_kwargs=True)
    try:
        with torch.no_grad():
            seen.result = forward()
    finally:
        hook.remove()
    if calls != 1:
        raise ParameterError(
            f"the last layer is called {calls} times in a forward pass: gradients by its output "
            "need a layer that is called once"
        )
    return seen


def at_least_single(values: Any) -> Any:
    """Return float16 and bfloat16 as float32, others as they are."""
    small = values.is_floating_point() and values.element_size() < 4
    return values.float() if small else values
