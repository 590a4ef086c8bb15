"""What runs a selection: engine, threads, progress, and the seconds that each stage took."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Any, Self

from coresift._progress import Progress, Seconds, add_seconds
from coresift._threads import threads
from coresift.engines import Engine, Serial, Task, check_rows, make_engine
from coresift.engines._base import M
from coresift.engines._kept import KeptRun, contents
from coresift.sources import Source
from coresift.sources._spilled import spilled


class Runtime:
    """The machine side of a selection; none of it changes an answer.

    Parameters
    ----------
    engine : str or Engine, default="serial"
    n_threads : int or None, default=1
        None is every processor of this process.
    progress : callable or None, default=None
        Called with (stage, steps done, steps in all), from any thread but one at a time.

    Attributes
    ----------
    seconds : dict of str to float
        What each stage has taken so far.

    Examples
    --------
    >>> from coresift._runtime import Runtime
    >>> with Runtime(progress=print) as run:
    ...     with run.stage("work", 2):
    ...         run.advance(2)
    work 0 2
    work 2 2
    >>> list(run.seconds)
    ['work']
    """

    def __init__(
        self,
        engine: str | Engine = "serial",
        n_threads: int | None = 1,
        progress: Progress | None = None,
    ) -> None:
        self.seconds: Seconds = {}
        self._engine = make_engine(engine)
        self._n_threads, self._progress = n_threads, progress
        self._lock = threading.Lock()
        self._kept: KeptRun | None = None
        self._name, self._done, self._total = "", 0, 0

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        self._stack.enter_context(threads(self._n_threads))
        self._stack.enter_context(self._engine)
        return self

    def __exit__(self, *failure: object) -> None:
        self._stack.close()

    def keep(self, folder: str | PathLike[str], source: Source, facts: Mapping[str, Any]) -> None:
        """Keep the result of each part in a folder from now on, and take what it holds.

        Parameters
        ----------
        folder : path
        source : Source
            What the first pass reads.
        facts : mapping of str to object
            What else the run depends on.

        Raises
        ------
        FormatError
            If the folder keeps another run, which the error tells apart, or cannot be used.
        """
        own = {name: repr(value) for name, value in facts.items()}
        shape = f"{source.n_rows:,} rows of {source.n_features:,} features"
        data = {
            "coresift": version("coresift"),
            **own,
            "table": shape,
            "input": contents(source.parts()),
        }
        self._kept = KeptRun(Path(folder), data)

    def spilled(self, source: Source) -> Source:
        """Return the same rows, decoded once where this process reads them; see `spilled`."""
        if not isinstance(self._engine, Serial):
            return source
        return self._stack.enter_context(spilled(source))

    @contextmanager
    def stage(self, name: str, total: int = 0) -> Iterator[None]:
        """Enter a stage of so many steps; a stage entered twice adds up."""
        self._name, self._done, self._total = name, 0, total
        self.advance(0)
        start = time.perf_counter()
        try:
            yield
        finally:
            add_seconds(self.seconds, {name: time.perf_counter() - start})

    def advance(self, steps: int) -> None:
        """Count steps of the current stage."""
        with self._lock:
            self._done += steps
            if self._progress is not None:
                self._progress(self._name, self._done, self._total)

    def fold(self, task: Task[M], source: Source) -> M:
        """Merge ``task(chunk)`` over all chunks of a source.

        What the task counts to another stage by a `span` is booked there, not to this stage.

        Raises
        ------
        DataError
            Where another number of rows was read than the source has.
        """
        parts: Sequence[Any] = source.parts()
        if self._kept is not None:
            parts = self._kept.of_pass(parts)
        done = self._engine.fold(task, parts, self.advance)
        check_rows(done.n_rows, source.n_rows)
        assert done.value is not None  # a source has rows
        if isinstance(self._engine, Serial):  # elsewhere the spans are of other clocks
            add_seconds(self.seconds, done.seconds)
            add_seconds(self.seconds, {self._name: -sum(done.seconds.values())})
        return done.value
