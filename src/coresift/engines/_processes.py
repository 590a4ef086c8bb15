"""Parts on several processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from typing import Any

from coresift._errors import EngineError
from coresift._progress import add_seconds
from coresift._threads import thread_count, threads
from coresift.engines._base import Advance, Engine, Folded, M, Merger, Task, fold_part, narrowed

_kept: tuple[bytes, Any] = b"", None  # in a worker: the task of the pass at hand


class Processes(Engine):
    """Worker processes, started afresh (spawn), one thread each.

    Parameters
    ----------
    n_workers : int or None
        None is as many as threads may be used.

    Notes
    -----
    A task travels once for each part, and is unpickled once for each pass and worker; at most two
    parts for each worker are in work, so that results do not pile up.
    """

    name = "processes"

    def __init__(self, n_workers: int | None = None) -> None:
        self._asked = n_workers
        self._pool: ProcessPoolExecutor | None = None
        self._n_workers = 0

    def fold(self, task: Task[M], parts: Sequence[Any], advance: Advance) -> Folded[M]:
        """Merge ``task(chunk)`` over all chunks of all parts.

        Raises
        ------
        EngineError
            Where a worker dies.
        """
        merger: Merger[M] = Merger()
        total: Folded[M] = Folded(None, 0, {})
        try:
            for done in self._results(task, parts):
                advance(done.n_rows)
                total.n_rows += done.n_rows
                add_seconds(total.seconds, done.seconds)
                if done.value is not None:
                    merger.add(done.value)
        except BrokenProcessPool as error:
            raise EngineError(
                f"one of {self._n_workers} worker processes has died, most often for want of "
                "memory: use fewer with n_threads, or engine='serial'"
            ) from error
        total.value = merger.total()
        return total

    def _results(self, task: Task[Any], parts: Sequence[Any]) -> Iterator[Folded[Any]]:
        """Yield what each part gives, in the order of the parts."""
        whole = _pickled(task)
        pool = self._started()
        waiting: deque[Future[Folded[Any]]] = deque()
        try:
            for part in parts:
                own = narrowed(task, part)
                travels = whole if own is task else pickle.dumps(own)
                with safe_start():
                    waiting.append(pool.submit(_fold, travels, part))
                if len(waiting) > 2 * self._n_workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._n_workers = thread_count() if self._asked is None else self._asked
            context = multiprocessing.get_context("spawn")
            with safe_start():  # queues start a process of their own
                self._pool = ProcessPoolExecutor(self._n_workers, context, _ready)
        return self._pool

    def n_workers(self, n_threads: int | None) -> int:
        """Return how many processes it starts, where so many threads may be used."""
        with threads(n_threads):
            return thread_count() if self._asked is None else self._asked

    def close(self) -> None:
        """Stop the workers."""
        if self._pool is not None:
            with suppress(BrokenProcessPool):
                self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


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


def _pickled(task: Task[Any]) -> bytes:
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


def _ready() -> None:
    """Let Ctrl-C be the business of the process that started this one."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _fold(task: bytes, part: Any) -> Folded[Any]:
    """Fold one part in a worker."""
    global _kept  # noqa: PLW0603
    if _kept[0] != task:
        _kept = task, pickle.loads(task)
    return fold_part(_kept[1], part, lambda _: None)
