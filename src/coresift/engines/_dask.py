"""Parts on the workers of a Dask cluster: a tree of merges, no shuffle; only summaries travel."""

from __future__ import annotations

import hashlib
import pickle
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from coresift._errors import EngineError
from coresift._threads import thread_count, threads
from coresift.engines._base import Advance, Engine, Folded, M, Merger, Task, narrowed
from coresift.engines._cluster import (
    OnlyOnce,
    Remote,
    connected,
    finished,
    fold_there,
    is_loss,
    scattered,
)
from coresift.engines._parcel import Parcel

_LARGE = 2**20  # bytes of a part that holds its rows; a smaller one travels with each task
_ATTEMPTS = 3  # at a pass whose data have gone with the workers that held them


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
        self._held: dict[bytes, Any] = {}  # parts that hold their rows, by checksum

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
        for _ in range(_ATTEMPTS):
            told.begin()
            try:
                return self._attempt(task, parts, told)
            except Exception as error:
                if type(error).__name__ == "KilledWorker":  # a part that kills whoever reads it
                    break
                if not is_loss(error):
                    raise
                self._held.clear()
        raise EngineError(
            "workers of the Dask cluster have died, most often for want of memory: give each more "
            "memory, or fewer threads"
        )

    def _attempt(self, task: Task[M], parts: Sequence[Any], advance: Advance) -> Folded[M]:
        if self._client is None:
            self._client = self._stack.enter_context(connected(self._given))
        client = self._client
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
            sent = client.submit(fold_there, shared, own, self._sent(part), pure=False)
            waiting.append((sent, part.n_rows))
            if len(waiting) > most:  # results do not pile up
                take()
        while waiting:
            take()
        total = merger.total()
        return Folded(None, 0, {}) if total is None else total.value()

    def _sent(self, part: Any) -> Any:
        """Return a part as bytes, or where they are many, the place where the cluster has them."""
        packed = pickle.dumps(part, pickle.HIGHEST_PROTOCOL)
        if len(packed) < _LARGE:
            return packed
        key = hashlib.blake2b(packed, digest_size=20).digest()
        if key not in self._held:
            self._held[key] = self._client.scatter(packed, hash=False)
        return self._held[key]

    def n_workers(self, n_threads: int | None) -> int:
        """Return how many processes it starts here: none where a cluster was named."""
        with threads(n_threads):
            return thread_count() if self._given is None else 0

    def close(self) -> None:
        """Let go of rows, and of a client that was not given."""
        self._held.clear()
        self._stack.close()
        self._client = None
