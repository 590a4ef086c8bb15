"""Rows of a numpy array."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from coresift._errors import DataError, DataTypeError
from coresift._typing import Indices, Labels, RawRows
from coresift.sources._array_like import to_numpy
from coresift.sources._base import Chunk, Part, Source, part_rows
from coresift.sources._base import chunk_rows as rows_per_chunk
from coresift.sources._checks import as_labels, as_positions, check_shape
from coresift.sources._mapped import MappedArray


@dataclass(frozen=True, eq=False)
class ArrayPart(Part):
    """Rows of an array; of one that lies in a file, the pickle holds the place in the file.

    Parameters
    ----------
    array : ndarray of shape (n_rows, n_features)
        A view of these rows of the input.
    labels : ndarray of shape (n_rows,) or None
    dtype : dtype
        Of the chunks: float32 or float64.
    chunk_rows : int
        Rows per chunk.
    """

    array: np.ndarray[Any, np.dtype[Any]]
    labels: Labels | None
    dtype: np.dtype[Any]
    chunk_rows: int

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows from first to last."""
        for first in range(0, self.n_rows, self.chunk_rows):
            some = slice(first, first + self.chunk_rows)
            rows = np.ascontiguousarray(self.array[some], dtype=self.dtype)
            labels = None if self.labels is None else self.labels[some]
            yield Chunk(self.start + first, rows, labels)

    def __reduce__(self) -> tuple[Any, ...]:
        values = [getattr(self, field.name) for field in fields(self)]
        return _array_part, tuple(MappedArray.of(value) or value for value in values)


def _array_part(*stored: Any) -> ArrayPart:
    values: list[Any] = [
        value.open() if isinstance(value, MappedArray) else value for value in stored
    ]
    return ArrayPart(*values)


class ArraySource(Source):
    """Rows of a 2-D array of numbers or booleans.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features)
        float32 and float16 are read as float32, all else as float64. Chunks are views of the
        array where its type and layout allow it: the array is never copied as a whole (but an
        array of Python objects is converted once).
    y : array-like of shape (n_rows,) or None, default=None
        Labels.
    chunk_rows : int or None, default=None
        Rows per chunk; None takes about 32 MiB.

    Raises
    ------
    DataError
        If the array is not 2-D, is empty, masked, or holds other things than numbers.
    LabelError
        If the labels are not one per row.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.sources import ArraySource
    >>> source = ArraySource(np.array([[1, 2], [3, 4], [5, 6]]), chunk_rows=2)
    >>> [(chunk.start, chunk.rows.tolist()) for chunk in source.chunks()]
    [(0, [[1.0, 2.0], [3.0, 4.0]]), (2, [[5.0, 6.0]])]
    """

    def __init__(self, X: Any, y: Any = None, *, chunk_rows: int | None = None) -> None:
        self._array = _number_array(X)
        self.n_rows, n_features = check_shape(self._array.shape)
        self.feature_names = tuple(f"x{feature}" for feature in range(n_features))
        self._labels = as_labels(y, self.n_rows)
        self._dtype = float_type(self._array.dtype)
        self._chunk_rows = rows_per_chunk(n_features, chunk_rows)

    def parts(self) -> tuple[ArrayPart, ...]:
        """Return slices of the array."""
        size = part_rows(self.n_rows, self.n_features, self._chunk_rows)
        return tuple(
            self._part(slice(start, start + size)) for start in range(0, self.n_rows, size)
        )

    def _part(self, some: slice) -> ArrayPart:
        array = self._array[some]
        labels = None if self._labels is None else self._labels[some]
        fingerprint = f"{array.dtype.str}{array.shape}@{some.start}"
        return ArrayPart(
            some.start, len(array), fingerprint, array, labels, self._dtype, self._chunk_rows
        )

    def take(self, rows: Indices) -> RawRows:
        """Return the features of the rows at these positions, shape (len(rows), n_features)."""
        chosen = self._array[as_positions(rows, self.n_rows)]
        return np.ascontiguousarray(chosen, dtype=self._dtype)


def float_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type that rows of this type are read as: float32 where that loses nothing."""
    return np.dtype(np.float32 if dtype in (np.float32, np.float16) else np.float64)


def _number_array(X: Any) -> np.ndarray[Any, np.dtype[Any]]:
    """Return X as an array of real numbers or booleans, without a copy where it is one."""
    if isinstance(X, np.ma.MaskedArray):
        raise DataError(
            "the data are a masked array; coresift would lose the mask: pass X.filled(value), or "
            "the rows without masked values"
        )
    array: np.ndarray[Any, np.dtype[Any]] = to_numpy(X, "the data are", DataError)
    if array.dtype.kind == "O":
        return _from_objects(array)
    if array.dtype.kind not in "biuf":
        raise DataError(_not_numbers(str(array.dtype)))
    return array


def _from_objects(array: np.ndarray[Any, np.dtype[Any]]) -> np.ndarray[Any, np.dtype[Any]]:
    # astype would parse "1.5" and so hide that a column holds text
    text = next((value for value in array.flat if isinstance(value, str | bytes)), None)
    if text is not None:
        raise DataError(_not_numbers(f"objects such as {text!r}"))
    try:
        return array.astype(np.float64)
    except TypeError as error:
        raise DataTypeError(_not_numbers(f"objects ({error})")) from error
    except ValueError as error:
        raise DataError(_not_numbers(f"objects ({error})")) from error


def _not_numbers(what: str) -> str:
    unsupported = "Complex data not supported: " if what.startswith("complex") else ""
    return (
        f"{unsupported}the data are an array of {what}; coresift needs numbers or booleans: "
        "encode them, or pass a data frame, whose text columns are one-hot encoded"
    )
