"""Rows of the user's own object, by position, in the type that it has."""

from __future__ import annotations

from os import PathLike
from typing import Any

from coresift._errors import DataError
from coresift._typing import Indices
from coresift.sources._checks import as_positions


def take_like(X: Any, rows: Indices) -> Any:
    """Return rows of X as an object of the same type.

    Parameters
    ----------
    X : ndarray, sparse matrix, pandas or polars frame or series, pyarrow table or array, or list
        What to choose from; of an array the first axis.
    rows : ndarray of shape (n,), int64
        Positions, in the order wanted.

    Returns
    -------
    object of the type of X
        Its n rows. pandas objects keep the index of these rows, sparse matrices their format.

    Raises
    ------
    DataError
        If a position is outside X, or X is a path or an object without rows.

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
    package = type(X).__module__.partition(".")[0]
    if not hasattr(X, "__len__") and not hasattr(X, "shape"):
        raise DataError(f"{type(X).__qualname__} has no rows; pass an array or a frame")
    positions = as_positions(rows, X.shape[0] if hasattr(X, "shape") else len(X))
    if hasattr(X, "iloc"):  # pandas and those that mimic it
        return X.iloc[positions]
    if package == "pyarrow":
        return X.take(positions)
    if hasattr(X, "tocsr"):
        return X.tocsr()[positions].asformat(X.format)
    if isinstance(X, list | tuple):
        return type(X)([X[position] for position in positions])
    return X[positions]
