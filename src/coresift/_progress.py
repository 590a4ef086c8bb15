"""How far a long call is, and how long its stages took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Progress = Callable[[str, int, int], None]
Seconds = dict[str, float]

_WATCHED: ContextVar[Seconds | None] = ContextVar("coresift_spans", default=None)


@contextmanager
def span(name: str) -> Iterator[None]:
    """Count the time inside to a name, where anybody watches.

    Work that a pass does for another stage (clusters, while it encodes) says so with a span,
    wherever it runs; the engine brings the times home with the results.
    """
    seconds = _WATCHED.get()
    if seconds is None:
        yield
        return
    start = time.perf_counter()
    try:
        yield
    finally:
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start


@contextmanager
def watched_spans() -> Iterator[Seconds]:
    """Collect the spans inside.

    Examples
    --------
    >>> from coresift._progress import span, watched_spans
    >>> with watched_spans() as seconds:
    ...     with span("cluster"):
    ...         pass
    >>> list(seconds)
    ['cluster']
    """
    seconds: Seconds = {}
    token = _WATCHED.set(seconds)
    try:
        yield seconds
    finally:
        _WATCHED.reset(token)


def add_seconds(total: Seconds, more: Seconds) -> None:
    """Add times by name to a running total."""
    for name, taken in more.items():
        total[name] = total.get(name, 0.0) + taken
