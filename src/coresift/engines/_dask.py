"""Parts on the workers of a Dask cluster: a tree of merges, no shuffle; only summaries travel."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from coresift._threads import thread_count, threads
from coresift.engines._base import Advance, Engine, Folded, M, Merger, Task, narrowed
from coresift.engines._cluster import (
    HeldParts,
    OnlyOnce,
    Remote,
    again_after_losses,
    connected,
    finished,
    fold_there,
    scattered,
)
from coresift.engines._parcel import Parcel


class Dask(Engine):
    """Workers of a Dask cluster; each task takes one thread.

    Parameters
    ----------
    cluster : distributed.Client, str or None
        A client, or the address of a scheduler. None is the client of this process, or where it
        has none, a cluster on this machine with as many workers as threads may be used.

    Notes
    -----
    Tasks are idempotent: what is lost with a worker is computed again. What all tasks of a pass
    need goes to each worker once. Files are read by the workers, under the same paths; rows that
    are in memory go to the workers once, for all passes.
    """

    name = "dask"

    def __init__(self, cluster: Any = None) -> None:
        self._given, self._stack = cluster, ExitStack()
        self._client: Any = None
        self._held = HeldParts()

    @classmethod
    def of(cls, given: Any) -> Dask | None:
        """Return the engine of a client of Dask, None of anything else."""
        is_client = type(given).__module__.partition(".")[0] == "distributed"
        return cls(given) if is_client and hasattr(given, "scatter") else None

    def fold(self, task: Task[M], parts: Sequence[Any], advance: Advance) -> Folded[M]:
        """Merge ``task(chunk)`` over all chunks of all parts.

        Raises
        ------
        EngineError
            Where workers die again and again, or the cluster cannot be reached.
        """
        told = OnlyOnce(advance)
        return again_after_losses(lambda: self._attempt(task, parts, told), self._held, told)

    def _attempt(self, task: Task[M], parts: Sequence[Any], advance: Advance) -> Folded[M]:
        client = self._client or self._stack.enter_context(connected(self._given))
        self._client = client
        parcel = Parcel(task.of_rows(0, 0) if hasattr(task, "of_rows") else task)
        shared = scattered(client, parcel.shared)
        most = 2 * sum(client.nthreads().values())
        merger: Merger[Remote] = Merger()
        waiting: deque[tuple[Any, int]] = deque()

        def take() -> None:
            folded, n_rows = waiting.popleft()
            merger.add(Remote(client, finished(folded)))
            advance(n_rows)

        for part in parts:
            own = parcel.rest(narrowed(task, part))
            sent = client.submit(fold_there, shared, own, self._held.sent(client, part), pure=False)
            waiting.append((sent, part.n_rows))
            if len(waiting) > most:  # results do not pile up
                take()
        while waiting:
            take()
        total = merger.total()
        return Folded(None, 0, {}) if total is None else total.value()

    def n_workers(self, n_threads: int | None) -> int:
        """Return how many processes it starts here: none where a cluster was named."""
        with threads(n_threads):
            return thread_count() if self._given is None else 0

    def close(self) -> None:
        """Let go of rows, and of a client that was not given."""
        self._held.clear()
        self._stack.close()
        self._client = None
