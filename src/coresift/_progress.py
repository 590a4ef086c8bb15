"""How far a long call is, and how long its stages took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

Progress = Callable[[str, int, int], None]
Seconds = dict[str, float]

_WATCHED: ContextVar[Seconds | None] = ContextVar("coresift_spans", default=None)


@dataclass(frozen=True)
class Pace:
    """How far a stage is, and how fast.

    Parameters
    ----------
    stage : str
    done, total : int
        Steps: rows in a pass over them. A total of 0 is not known.
    seconds : float
        Since the stage began.
    n_bytes : int or None
        Bytes of the input that these rows take, where that is known.

    Examples
    --------
    >>> from coresift._progress import Pace
    >>> pace = Pace("survey", 500, 2_000, seconds=2.0)
    >>> pace.rate, pace.seconds_left
    (250.0, 6.0)
    """

    stage: str
    done: int
    total: int
    seconds: float
    n_bytes: int | None = None

    @property
    def rate(self) -> float | None:
        """Steps a second; None before the first."""
        return self.done / self.seconds if self.done and self.seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the end of the stage at this rate; None where that is not known."""
        if self.rate is None or not self.total:
            return None
        return max(0, self.total - self.done) / self.rate


def paced(
    tell: Callable[[Pace], None], *, n_rows: int | None = None, n_bytes: int | None = None
) -> Progress:
    """Return a ``progress`` callable that says how fast each stage is, too.

    Parameters
    ----------
    tell : callable
        Called with a `Pace`, as often as ``progress`` is.
    n_rows, n_bytes : int or None
        Of the input, where bytes are to be told.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift import FastCore, paced
    >>> X, y = load_digits(return_X_y=True)
    >>> stages = set()
    >>> selector = FastCore(0.1, random_state=0)
    >>> _ = selector.fit(X, y, progress=paced(lambda pace: stages.add(pace.stage)))
    >>> "survey" in stages
    True
    """
    began: dict[str, tuple[float, int]] = {}

    def progress(stage: str, done: int, total: int) -> None:
        now = time.perf_counter()
        start, before = began.get(stage, (now, 0))
        if stage not in began or done < before:  # a stage may be entered again
            start = now
        began[stage] = start, done
        passes = n_rows and n_bytes is not None and total and total % n_rows == 0
        read = int(n_bytes * done / n_rows) if passes and n_bytes and n_rows else None
        tell(Pace(stage, done, total, now - start, read))

    return progress


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
