"""What an engine is: one verb over the parts of a source."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from coresift._errors import DataError
from coresift._progress import Seconds, add_seconds, watched_spans
from coresift.core.merge import Mergeable
from coresift.engines._kept import KeptPart

M = TypeVar("M", bound=Mergeable)
Advance = Callable[[int], None]


class _HasChunks(Protocol):
    def chunks(self) -> Any: ...


Task = Callable[[Any], M]  # a frozen dataclass: chunk -> Mergeable


@dataclass
class Folded(Generic[M]):
    """What came out of some parts: the merged value, rows read, and seconds by span."""

    value: M | None
    n_rows: int
    seconds: Seconds


class Engine(ABC):
    """How the sum over the parts of a source is computed.

    A file ``engines/_NAME.py`` with a subclass of this name is all that an engine takes; it is
    found by its ``name``.
    """

    name: ClassVar[str]

    @classmethod
    def of(cls, given: Any) -> Engine | None:
        """Return the engine that an object of another library stands for, mostly None."""
        del given
        return None

    def __deepcopy__(self, memo: Any) -> Self:
        return self  # what it holds is one of its kind: scikit-learn's clone shares it

    @abstractmethod
    def fold(self, task: Task[M], parts: Sequence[_HasChunks], advance: Advance) -> Folded[M]:
        """Merge ``task(chunk)`` over all chunks of all parts.

        Parameters
        ----------
        task : callable
            A frozen dataclass that pickles: chunk to result.
        parts : sequence of Part
        advance : callable
            Called with numbers of rows as they are done.
        """

    def n_workers(self, n_threads: int | None) -> int:
        """Return how many processes it starts on this machine with so many threads."""
        del n_threads
        return 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:  # noqa: B027  # most engines hold nothing
        """Let go of what the engine holds: processes, connections."""


class Merger(Generic[M]):
    """Results merged with their like, as a binary counter carries.

    What waits to be merged is less than half as large as what came before it: of results that
    grow with the rows, each takes part in few merges; of those that have reached their limit,
    few exist at a time.
    """

    def __init__(self) -> None:
        self._carries: list[tuple[int, M]] = []

    def add(self, result: M) -> None:
        """Take one more result."""
        size = n_bytes(result)
        while self._carries and 2 * size > self._carries[-1][0]:
            result = self._carries.pop()[1].merge(result)
            size = n_bytes(result)
        self._carries.append((size, result))

    def total(self) -> M | None:
        """Return the merged value, None of nothing."""
        total: M | None = None
        while self._carries:
            _, result = self._carries.pop()
            total = result if total is None else result.merge(total)
        return total


def merged(results: Iterable[Folded[M]], advance: Advance = lambda _: None) -> Folded[M]:
    """Merge the results of parts as they come, and tell how many rows each has."""
    merger: Merger[M] = Merger()
    total: Folded[M] = Folded(None, 0, {})
    for done in results:
        advance(done.n_rows)
        total.n_rows += done.n_rows
        add_seconds(total.seconds, done.seconds)
        if done.value is not None:
            merger.add(done.value)
    total.value = merger.total()
    return total


def n_bytes(value: Any) -> int:
    """Return about how many bytes a result takes; what is not known counts as 8.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.merge import Count
    >>> from coresift.engines._base import n_bytes
    >>> n_bytes(Count(np.zeros(1000))), n_bytes((1, "a"))
    (8000, 16)
    """
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    if isinstance(value, list | tuple):
        return sum(map(n_bytes, value))
    if isinstance(value, Mapping):
        return 16 * len(value)
    if is_dataclass(value):
        return sum(n_bytes(getattr(value, field.name)) for field in fields(value))
    return 8


def narrowed(task: Task[M], part: Any) -> Task[M]:
    """Return what a part needs of a task: all, or what its ``of_rows(start, n_rows)`` gives."""
    if not hasattr(task, "of_rows"):
        return task
    own: Task[M] = task.of_rows(part.start, part.n_rows)
    return own


def fold_part(task: Task[M], part: _HasChunks, advance: Advance) -> Folded[M]:
    """Merge ``task(chunk)`` over the chunks of one part, here and now, or take what was kept."""
    told = 0

    def tell(n_rows: int) -> None:
        nonlocal told
        told += n_rows
        advance(n_rows)

    if not isinstance(part, KeptPart):
        return Folded(*_fold(task, part, tell))
    value, n_rows, seconds = part.result(lambda: _fold(task, part, tell))
    if not told:
        advance(n_rows)
    return Folded(value, n_rows, seconds)


def _fold(task: Task[M], part: _HasChunks, advance: Advance) -> tuple[M | None, int, Seconds]:
    merger: Merger[M] = Merger()
    n_rows = 0
    with watched_spans() as seconds:
        for chunk in part.chunks():
            merger.add(task(chunk))
            n_rows += len(chunk.rows)
            advance(len(chunk.rows))
    return merger.total(), n_rows, seconds


def check_rows(n_rows: int, expected: int) -> None:
    """Refuse a pass that has read another number of rows than the source has.

    Raises
    ------
    DataError
    """
    if n_rows != expected:
        raise DataError(
            f"a pass over the input has read {n_rows:,} rows, the input has {expected:,}: it has "
            "changed in between, or its chunks are not all of its rows; select again"
        )
