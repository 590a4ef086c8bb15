"""Blocks of work on threads.

The kernels release the GIL and write disjoint slots, so a plain thread pool is
enough: no threading layer that breaks after a fork, and no global setting. How
many threads there are is said once, around the work, not to each function.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar, copy_context
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

T = TypeVar("T")
R = TypeVar("R")

_LIMIT: ContextVar[int] = ContextVar("coresift_threads", default=1)


@contextmanager
def threads(n_threads: int | None) -> Iterator[None]:
    """Let the work inside use so many threads; None or -1 is every processor of this process.

    BLAS uses one inside: threads of its own for each of ours would wait for each other.

    Examples
    --------
    >>> from coresift._threads import thread_count, threads
    >>> with threads(3):
    ...     thread_count()
    3
    >>> thread_count()
    1
    """
    token = _LIMIT.set(processor_count() if n_threads in (None, -1) else n_threads)
    try:
        with _pools(len(sys.modules)).select(user_api="blas").limit(limits=1):
            yield
    finally:
        _LIMIT.reset(token)


def thread_count() -> int:
    """Return how many threads may be used here: one, where nothing has been said."""
    return _LIMIT.get()


def processor_count() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_all(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Apply a function to each item, results in the order of the items.

    Where there are at least as many items as threads, each item gets one thread.
    """
    workers = min(thread_count(), len(items))
    if workers <= 1:
        return [function(item) for item in items]
    inner = 1 if len(items) >= thread_count() else thread_count()

    def run(item: T) -> R:
        _LIMIT.set(inner)  # in a context of its own, which ends with it
        return function(item)

    with ThreadPoolExecutor(workers) as pool:
        work = [pool.submit(copy_context().run, run, item) for item in items]
        return [done.result() for done in work]


def run_blocks(function: Callable[[slice], None], n_rows: int, minimum: int = 1024) -> None:
    """Call ``function`` on contiguous slices that cover ``range(n_rows)``.

    The slices only divide the work: a function that treats each row by itself
    gives the same result for any number of threads.
    """
    n_blocks = max(1, min(thread_count(), n_rows // minimum))
    edges = [n_rows * block // n_blocks for block in range(n_blocks + 1)]
    run_all(function, [slice(start, stop) for start, stop in pairwise(edges)])


def one_blas_thread() -> AbstractContextManager[Any]:
    """Let BLAS and OpenMP use one thread inside, so that their sums do not depend on how many.

    The limit of BLAS is the process's, that of OpenMP the calling thread's.
    """
    limit: AbstractContextManager[Any] = _pools(len(sys.modules)).limit(limits=1)
    return limit


@lru_cache(maxsize=1)
def _pools(n_modules: int) -> ThreadpoolController:
    """Return the thread pools of this process: finding them takes 6 ms, and imports bring more."""
    return ThreadpoolController()
