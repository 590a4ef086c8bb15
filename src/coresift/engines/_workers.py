"""What worker processes of this machine do, and how they start and get their tasks."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from coresift._errors import EngineError
from coresift.engines._base import Folded, Task, fold_part

T = TypeVar("T")

_kept: tuple[bytes, Any] = b"", None  # in a worker: the task of the pass at hand


def deaths_told(results: Iterator[T]) -> Iterator[T]:
    """Yield the results of worker processes; tell of one that dies in words.

    Raises
    ------
    EngineError
    """
    try:
        yield from results
    except BrokenProcessPool as error:
        raise EngineError(
            "a worker process has died, most often for want of memory: use fewer with n_threads, "
            "or engine='serial'"
        ) from error


@contextmanager
def safe_start() -> Iterator[None]:
    """Let a process that starts here run no code of the current folder.

    Workers start when work is handed in, with ``-c``, which puts that folder first.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


def pickled_task(task: Task[Any]) -> bytes:
    """Return a task as workers get it.

    Raises
    ------
    EngineError
        Where it holds what cannot travel: a function that is defined inside another, or a lambda.
    """
    try:
        return pickle.dumps(task)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise EngineError(
            f"the task cannot be sent to worker processes ({error}): define the function that was "
            "given at the top of a module, or use engine='serial'"
        ) from error


def ready() -> None:
    """Let Ctrl-C be the business of the process that started this one."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def fold_there(task: bytes, part: Any) -> Folded[Any]:
    """Fold one part in a worker."""
    global _kept  # noqa: PLW0603
    if _kept[0] != task:
        _kept = task, pickle.loads(task)
    return fold_part(_kept[1], part, lambda _: None)
