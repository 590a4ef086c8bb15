"""Parts on several processes of this machine."""

from __future__ import annotations

import multiprocessing
import pickle
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any

from coresift._threads import thread_count, threads
from coresift.engines._base import Advance, Engine, Folded, M, Task, merged, narrowed
from coresift.engines._workers import (
    deaths_told,
    fold_there,
    pickled_task,
    ready,
    safe_start,
)


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
        return merged(deaths_told(self._results(task, parts)), advance)

    def _results(self, task: Task[Any], parts: Sequence[Any]) -> Iterator[Folded[Any]]:
        """Yield what each part gives, in the order of the parts."""
        whole = pickled_task(task)
        pool = self._started()
        waiting: deque[Future[Folded[Any]]] = deque()
        try:
            for part in parts:
                own = narrowed(task, part)
                travels = whole if own is task else pickle.dumps(own)
                with safe_start():
                    waiting.append(pool.submit(fold_there, travels, part))
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
                self._pool = ProcessPoolExecutor(self._n_workers, context, ready)
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
