"""Blocks of work on threads.

The kernels release the GIL and write disjoint slots, so a plain thread pool is
enough: no threading layer that breaks after a fork, and no global setting.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def thread_count(n_threads: int | None) -> int:
    """Return the number of threads: as given, or the processors this process may use."""
    if n_threads is not None:
        return n_threads
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_all(function: Callable[[T], R], items: Sequence[T], n_threads: int | None) -> list[R]:
    """Apply a function to each item, results in the order of the items."""
    workers = min(thread_count(n_threads), len(items))
    if workers <= 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, items))


def run_blocks(
    function: Callable[[slice], None], n_rows: int, n_threads: int | None, minimum: int = 1024
) -> None:
    """Call ``function`` on contiguous slices that cover ``range(n_rows)``.

    The slices only divide the work: a function that treats each row by itself
    gives the same result for any number of threads.
    """
    n_blocks = max(1, min(thread_count(n_threads), n_rows // minimum))
    edges = [n_rows * block // n_blocks for block in range(n_blocks + 1)]
    slices = [slice(start, stop) for start, stop in pairwise(edges)]
    run_all(function, slices, n_threads)
