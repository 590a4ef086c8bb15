"""Checks that all sources share: shapes, labels, and what is not finite.

Sources are read in chunks, but an error must speak of the whole input. So the
checks of values come in pairs: one that counts in a chunk (counts add up), and
one that raises once, when all chunks have been counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from coresift._errors import ColumnError, DataError, LabelError
from coresift._typing import Counts, Indices, Labels


def raise_nonfinite(nan_counts: Counts, inf_counts: Counts, column_names: Sequence[str]) -> None:
    """Raise one error if any value of the input was not finite.

    Parameters
    ----------
    nan_counts, inf_counts : ndarray of shape (n_features,), int64
        Sums of what `count_nonfinite` returned, over all chunks.
    column_names : sequence of str, length n_features
        `Source.column_names`: features of one one-hot encoded column share its name, and a
        missing value of it, which is NaN in all of them, is counted once.

    Raises
    ------
    DataError
        If any count is positive; names the first such column and how many more there are.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.sources import raise_nonfinite
    >>> raise_nonfinite(np.array([0, 3]), np.array([0, 0]), ["height", "age"])
    Traceback (most recent call last):
    ...
    coresift._errors.DataError: column 'age' has 3 NaN and 0 infinite values; coresift needs \
finite numbers: impute or drop these rows
    """
    bad = np.flatnonzero((nan_counts > 0) | (inf_counts > 0))
    if not len(bad):
        return
    first = int(bad[0])
    n_others = len({column_names[feature] for feature in bad.tolist()}) - 1
    others = f" ({n_others} more such column{'s' * (n_others > 1)})" if n_others else ""
    raise DataError(
        f"column {column_names[first]!r} has {nan_counts[first]} NaN and {inf_counts[first]} "
        f"infinite values{others}; coresift needs finite numbers: impute or drop these rows"
    )


def raise_missing_labels(count: int, n_rows: int) -> None:
    """Raise one error if any label of the input was missing.

    Parameters
    ----------
    count : int
        Sum of what `count_missing_labels` returned, over all chunks.
    n_rows : int
        Number of rows of the input.

    Raises
    ------
    LabelError
        If ``count`` is positive.

    Examples
    --------
    >>> from coresift.sources import raise_missing_labels
    >>> raise_missing_labels(0, n_rows=10)
    """
    if count:
        raise LabelError(
            f"{count} of {n_rows} labels are missing; coresift needs one for each row: "
            "drop these rows, or give the missing labels a value of their own"
        )


def check_shape(shape: Sequence[int]) -> tuple[int, int]:
    """Return (n_rows, n_features), or raise `DataError` if that is not the shape of a table."""
    if len(shape) == 1:
        raise DataError(
            f"the data have shape {tuple(shape)}, 1 dimension instead of 2; reshape them: "
            "X.reshape(-1, 1) if they are one feature, X.reshape(1, -1) if they are one row"
        )
    if len(shape) != 2:
        raise DataError(
            f"the data have shape {tuple(shape)}, {len(shape)} dimensions instead of 2; reshape "
            "them: X.reshape(len(X), -1) makes one row of each item"
        )
    if shape[0] == 0 or shape[1] == 0:
        raise DataError(
            f"the data have {shape[0]} rows and {shape[1]} features; coresift needs at least one "
            "of each: check how the data were read or filtered"
        )
    return int(shape[0]), int(shape[1])


def check_distinct(names: Sequence[str]) -> None:
    """Raise `ColumnError` if two columns have the same name."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ColumnError(f"column {name!r} occurs more than once; rename or drop one of them")
        seen.add(name)


def as_labels(y: Any, n_rows: int) -> Labels | None:
    """Return labels as a 1-D array, or None if there are none.

    Parameters
    ----------
    y : array-like of shape (n_rows,) or (n_rows, 1), or None
        List, ndarray, Series or Arrow array.
    n_rows : int
        Number of rows that the labels belong to.

    Raises
    ------
    LabelError
        If the labels are not one per row.
    """
    if y is None:
        return None
    labels = _to_array(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels.ravel()
    if labels.ndim != 1:
        raise LabelError(
            f"the labels have shape {labels.shape}; coresift takes one label per row, shape "
            f"({n_rows},): choose one output column"
        )
    if len(labels) != n_rows:
        raise LabelError(
            f"there are {len(labels)} labels for {n_rows} rows; pass exactly one label per row"
        )
    return labels


def _to_array(y: Any) -> Labels:
    """Convert to numpy without turning a missing value into the string 'nan' or a masked number."""
    if isinstance(y, np.ma.MaskedArray):
        values = np.array(y.data, dtype=object)
        values[np.ma.getmaskarray(y)] = None
        return values
    try:
        labels = np.asarray(y)
    except ValueError as error:
        raise LabelError(
            f"the labels do not form an array ({error}); pass one number or string per row"
        ) from error
    if labels.dtype.kind in "US" and isinstance(y, list | tuple):
        return np.asarray(y, dtype=object)
    return labels


def as_positions(rows: Any, n_rows: int) -> Indices:
    """Return row positions as int64, or raise `DataError` if one is not in ``range(n_rows)``."""
    positions = np.asarray(rows, dtype=np.int64).reshape(-1)
    outside = positions[(positions < 0) | (positions >= n_rows)]
    if len(outside):
        raise DataError(
            f"row {outside[0]} is outside the input of {n_rows} rows; pass positions from 0 to "
            f"{n_rows - 1}"
        )
    return positions
