"""Tasks as bytes in two pieces: the arrays that all parts of a pass share, and the rest."""

from __future__ import annotations

import io
import pickle
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_LEAST_BYTES = 4096  # smaller arrays travel with each part


class _Writer(pickle.Pickler):
    """Leave large arrays out, and note which."""

    def __init__(self, file: io.BytesIO, arrays: list[Array], collect: bool) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._arrays, self._collect = arrays, collect
        self._places = {id(array): place for place, array in enumerate(arrays)}

    def persistent_id(self, value: Any) -> int | None:
        """Return the place of an array that is left out."""
        if not isinstance(value, np.ndarray) or value.nbytes < _LEAST_BYTES:
            return None
        if self._collect and id(value) not in self._places:
            self._places[id(value)] = len(self._arrays)
            self._arrays.append(value)  # held, so that no other array gets its id
        return self._places.get(id(value))


class _Reader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, arrays: list[Array]) -> None:
        super().__init__(file)
        self._arrays = arrays

    def persistent_load(self, place: Any) -> Array:
        """Return an array that was left out."""
        array: Array = self._arrays[place]
        return array


class Parcel:
    """What the tasks of one pass have in common.

    Parameters
    ----------
    task : object
        The task as it is for no rows.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.engines._parcel import Parcel, opened
    >>> task = {"encoder": np.zeros(10_000), "part": 3}
    >>> parcel = Parcel(task)
    >>> rest = parcel.rest(task)
    >>> len(parcel.shared) > 80_000, len(rest) < 100
    (True, True)
    >>> opened(parcel.shared, rest)["part"]
    3
    """

    def __init__(self, task: Any) -> None:
        self._arrays: list[Array] = []
        self._written(task, collect=True)
        self.shared = pickle.dumps(self._arrays, pickle.HIGHEST_PROTOCOL)

    def rest(self, task: Any) -> bytes:
        """Return a task without the arrays that are shared."""
        return self._written(task, collect=False)

    def _written(self, task: Any, collect: bool) -> bytes:
        file = io.BytesIO()
        _Writer(file, self._arrays, collect).dump(task)
        return file.getvalue()


def opened(shared: bytes, rest: bytes) -> Any:
    """Return the task that a parcel holds."""
    return _Reader(io.BytesIO(rest), _arrays(shared)).load()


@lru_cache(maxsize=1)  # bytes that a worker holds are one object: they are read once
def _arrays(shared: bytes) -> list[Array]:
    arrays: list[Array] = pickle.loads(shared)
    return arrays
