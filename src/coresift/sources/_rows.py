"""Rows of the user's own object, by position, in the type that it has."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np

from coresift._errors import DataError
from coresift._typing import Indices
from coresift.sources._array_like import to_numpy
from coresift.sources._checks import as_positions
from coresift.sources._kinds import is_hugging_face


def take_like(X: Any, rows: Indices) -> Any:
    """Return rows of X as an object of the same type.

    Parameters
    ----------
    X : array, tensor, sparse matrix, frame or series, pyarrow table, HF dataset, or sequence
        What to choose from; of an array the first axis.
    rows : array-like of shape (n,), int64
        Positions, in the order wanted, or a mask with a boolean for each row.

    Returns
    -------
    object of the type of X
        Its n rows. pandas objects keep the index of these rows, sparse matrices their format. Rows
        of a range are a list, those of an object that can only be made an array are an array.

    Raises
    ------
    DataError
        If a position is not a whole number or outside X, or X is a path or an object without rows.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.sources import take_like
    >>> take_like(["a", "b", "c"], np.array([0, 2]))
    ['a', 'c']
    >>> take_like(np.array([[1, 2], [3, 4]]), np.array([1]))
    array([[3, 4]])
    """
    if isinstance(X, str | PathLike):
        raise DataError(
            f"rows of the file {str(X)!r} cannot be returned as a path; "
            "call FileSource(path).take_table(rows)"
        )
    in_arrow = _is_arrow(X)
    if isinstance(X, memoryview) or not (hasattr(X, "shape") or in_arrow or _is_sequence(X)):
        X = to_numpy(X, "the rows are", DataError)  # says so where it has none
    positions = as_positions(rows, n_rows_of(X))
    if is_hugging_face(X):
        return X.select(positions)
    if hasattr(X, "iloc"):  # pandas and those that mimic it
        return X.iloc[positions]
    if in_arrow:
        return X.take(positions)
    if hasattr(X, "tocsr"):
        return X.tocsr()[positions].asformat(X.format)
    if hasattr(X, "shape"):
        return X[positions]
    return _like_sequence(X, [X[position] for position in positions.tolist()])


def _is_sequence(X: Any) -> bool:
    return isinstance(X, Sequence | array | deque) and not isinstance(X, str | bytes)


def _is_arrow(X: Any) -> bool:
    return type(X).__module__.partition(".")[0] == "pyarrow" and hasattr(X, "take")


def n_rows_of(X: Any) -> int:
    """Return the number of rows of an array-like.

    Raises
    ------
    DataError
        If it has none.
    """
    if not hasattr(X, "shape"):
        sized = X if _is_arrow(X) or _is_sequence(X) else to_numpy(X, "the rows are", DataError)
        return len(np.atleast_1d(sized)) if isinstance(sized, np.ndarray) else len(sized)
    if not len(X.shape):
        raise DataError(f"{type(X).__qualname__} has no rows; pass an array or a frame")
    return int(X.shape[0])


def _like_sequence(X: Any, items: list[Any]) -> Any:
    if isinstance(X, array):
        return array(X.typecode, items)
    if (isinstance(X, tuple) and hasattr(X, "_fields")) or isinstance(X, range):
        return items
    try:
        return type(X)(items)
    except TypeError:  # a class of the user's, built from something else
        return items
