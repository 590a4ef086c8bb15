"""A Dask cluster: how it is reached, and what its workers do. All that travels is bytes."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from coresift._errors import EngineError, MissingDependencyError
from coresift._progress import add_seconds
from coresift._threads import thread_count
from coresift.engines._base import Advance, Folded, fold_part
from coresift.engines._parcel import opened
from coresift.engines._processes import safe_start

_LOSSES = {"CommClosedError", "FutureCancelledError", "FutureLostError"}  # errors of Dask
_PATIENCE = 120  # seconds for workers to start, or to start again


@contextmanager
def connected(given: Any) -> Iterator[Any]:
    """Reach a cluster: as given, at an address, that of this process, or workers of its own.

    Raises
    ------
    EngineError
        Where no scheduler answers.
    MissingDependencyError
    """
    try:
        import distributed
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "engine='dask' needs distributed, which is not installed: run pip install "
            '"coresift[dask]"'
        ) from error
    client = given
    if given is None:
        with suppress(ValueError):  # this process has none
            client = distributed.default_client()
    if client is not None and not isinstance(client, str):
        yield client  # not ours to close
        return
    with _new_client(given) as client:
        yield client


def _new_client(address: str | None) -> Any:
    from distributed import Client

    own = {"n_workers": thread_count(), "threads_per_worker": 1, "dashboard_address": None}
    try:
        with safe_start():
            return Client(address, set_as_default=False, **({} if address else own))
    except (OSError, ValueError) as error:
        raise EngineError(
            f"no scheduler of Dask answers at {address!r} ({error}): check the address, such as "
            "tcp://host:8786"
        ) from error


def scattered(client: Any, data: bytes) -> Any:
    """Send data to all workers."""
    try:
        return client.scatter(data, broadcast=True, hash=False, timeout=_PATIENCE)
    except TimeoutError as error:
        raise EngineError(
            "the Dask cluster has no workers: start some, such as dask worker ADDRESS"
        ) from error


def is_loss(error: Exception) -> bool:
    """Tell whether data have gone with the workers that held them: a pass may begin anew."""
    return isinstance(error, CancelledError) or type(error).__name__ in _LOSSES


class OnlyOnce:
    """Progress of a pass that may begin anew: nothing is told twice."""

    def __init__(self, advance: Advance) -> None:
        self._advance, self._told, self._done = advance, 0, 0

    def begin(self) -> None:
        """Begin anew."""
        self._done = 0

    def __call__(self, n_rows: int) -> None:
        """Count rows."""
        self._done += n_rows
        if self._done > self._told:
            self._advance(self._done - self._told)
            self._told = self._done


@dataclass(frozen=True)
class Remote:
    """A result on the cluster; it is merged there."""

    client: Any
    future: Any

    def merge(self, other: Remote) -> Remote:
        """Return the result for both sets of rows, as it will be."""
        pair = self.future, other.future
        # before parts that wait: the fewer results there are at a time, the better
        return Remote(self.client, self.client.submit(merge_there, *pair, pure=False, priority=1))

    def value(self) -> Folded[Any]:
        """Fetch the result."""
        found: Folded[Any] = pickle.loads(self.future.result())
        return found


def finished(future: Any) -> Any:
    """Wait for a result, which stays where it is; raise what its task raised."""
    error = future.exception()
    if error is not None:
        raise error
    return future


def fold_there(shared: bytes, task: bytes, part: bytes) -> bytes:
    """Fold one part on a worker."""
    folded = fold_part(opened(shared, task), pickle.loads(part), lambda _: None)
    return pickle.dumps(folded, pickle.HIGHEST_PROTOCOL)


def merge_there(left: bytes, right: bytes) -> bytes:
    """Merge two results on a worker."""
    one, other = pickle.loads(left), pickle.loads(right)
    add_seconds(one.seconds, other.seconds)
    values = [folded.value for folded in (one, other) if folded.value is not None]
    value = values[0].merge(values[1]) if len(values) == 2 else (values or [None])[0]
    merged = Folded(value, one.n_rows + other.n_rows, one.seconds)
    return pickle.dumps(merged, pickle.HIGHEST_PROTOCOL)
