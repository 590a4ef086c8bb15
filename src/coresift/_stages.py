"""How far a long call is, and how long each of its stages took."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Protocol, TypeVar

Progress = Callable[[str, int, int], None]


class _HasRows(Protocol):
    @property
    def rows(self) -> Sized: ...


C = TypeVar("C", bound=_HasRows)


class Stages:
    """Times named stages and tells a callback about steps inside them.

    Parameters
    ----------
    progress : callable or None
        Called with (stage, steps done, steps in all), from any thread but one at a time.

    Examples
    --------
    >>> from coresift._stages import Stages
    >>> stages = Stages(print)
    >>> with stages("work", 2):
    ...     stages.advance(2)
    work 0 2
    work 2 2
    >>> list(stages.seconds)
    ['work']
    """

    def __init__(self, progress: Progress | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._lock = threading.Lock()
        self._name, self._done, self._total = "", 0, 0

    @contextmanager
    def __call__(self, name: str, total: int = 0) -> Iterator[None]:
        """Enter a stage of so many steps; a stage entered twice adds up."""
        self._name, self._done, self._total = name, 0, total
        self.advance(0)
        start = time.perf_counter()
        try:
            yield
        finally:
            taken = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + taken

    @contextmanager
    def apart(self, name: str) -> Iterator[None]:
        """Count the time inside to another stage, not to the current one."""
        start = time.perf_counter()
        try:
            yield
        finally:
            taken = time.perf_counter() - start
            for stage, part in ((name, taken), (self._name, -taken)):
                self.seconds[stage] = self.seconds.get(stage, 0.0) + part

    def advance(self, steps: int) -> None:
        """Count steps of the current stage."""
        with self._lock:
            self._done += steps
            if self._progress is not None:
                self._progress(self._name, self._done, self._total)

    def watch(self, chunks: Iterable[C]) -> Iterator[C]:
        """Yield chunks, counting the rows of each when the next is asked for."""
        for chunk in chunks:
            yield chunk
            self.advance(len(chunk.rows))
