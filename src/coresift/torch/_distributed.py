"""What a process has to know of the others."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

R = TypeVar("R")


def rank_and_world() -> tuple[int, int]:
    """Return the number of this process, and how many there are."""
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def is_first() -> bool:
    """Tell whether this is the only process, or the first."""
    return rank_and_world()[0] == 0


def on_first(function: Callable[[], R]) -> R:
    """Call a function on the first process and return its result on every one.

    An error is raised on every one too: none waits for a result that never comes.
    """
    if rank_and_world()[1] == 1:
        return function()
    told: list[Any] = [None, None]
    if is_first():
        try:
            told[0] = function()
        except Exception as error:
            told[1] = _sendable(error)
    torch.distributed.broadcast_object_list(told, src=0)
    if told[1] is not None:
        raise told[1]
    result: R = told[0]
    return result


def _sendable(error: Exception) -> Exception:
    """Return an error that other processes can read."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def added_up(value: Any) -> Any:
    """Return the sum of a tensor over all processes."""
    if rank_and_world()[1] > 1:
        torch.distributed.all_reduce(value)
    return value


def unwrapped(model: nn.Module) -> nn.Module:
    """Return the model itself: a forward pass of its wrapper would wait for other processes."""
    return model.module if isinstance(model, DistributedDataParallel) else model
