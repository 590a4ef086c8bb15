"""A Dask cluster: how it is reached, and what its workers do. All that travels is bytes."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from coresift._errors import EngineError, MissingDependencyError
from coresift._progress import add_seconds
from coresift._threads import thread_count
from coresift.engines._base import Advance, Folded, fold_part
from coresift.engines._parcel import opened
from coresift.engines._workers import safe_start

R = TypeVar("R")

_LARGE = 2**20  # bytes of a part that holds its rows; a smaller one travels with each task
_ATTEMPTS = 3  # at a pass whose data have gone with the workers that held them
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
        with client.as_current():  # for rows that are computed; it is not ours to close
            yield client
        return
    with _new_client(given) as client, client.as_current():
        yield client


def _new_client(address: str | None) -> Any:
    from distributed import Client

    own = {"n_workers": thread_count(), "threads_per_worker": 1, "dashboard_address": ":0"}
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


class HeldParts:
    """Parts as they travel: those that hold many rows go to the cluster once, for all passes."""

    def __init__(self) -> None:
        self._held: dict[bytes, Any] = {}  # by checksum

    def sent(self, client: Any, part: Any) -> Any:
        """Return a part as bytes, or where they are many, the place where the cluster has them."""
        packed = pickle.dumps(part, pickle.HIGHEST_PROTOCOL)
        if len(packed) < _LARGE:
            return packed
        key = hashlib.blake2b(packed, digest_size=20).digest()
        if key not in self._held:
            self._held[key] = client.scatter(packed, hash=False)
        return self._held[key]

    def clear(self) -> None:
        """Let go of the rows."""
        self._held.clear()


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


def again_after_losses(attempt: Callable[[], R], held: HeldParts, told: OnlyOnce) -> R:
    """Return what a pass gives; it begins anew where data have gone with their workers.

    Raises
    ------
    EngineError
        Where workers die again and again.
    """
    for _ in range(_ATTEMPTS):
        told.begin()
        try:
            return attempt()
        except Exception as error:
            if type(error).__name__ == "KilledWorker":  # a part that kills whoever reads it
                break
            if not is_loss(error):
                raise
            held.clear()
    raise EngineError(
        "workers of the Dask cluster have died, most often for want of memory: give each more "
        "memory, or fewer threads"
    )


@dataclass(frozen=True)
class Remote:
    """A result on the cluster; it is merged there."""

    client: Any
    future: Any
    nbytes: int = 1  # of parts that are in it: what is like it is not known here

    def merge(self, other: Remote) -> Remote:
        """Return the result for both sets of rows, as it will be."""
        pair = self.future, other.future
        # before parts that wait: the fewer results there are at a time, the better
        merged = self.client.submit(merge_there, *pair, pure=False, priority=1)
        return Remote(self.client, merged, self.nbytes + other.nbytes)

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
