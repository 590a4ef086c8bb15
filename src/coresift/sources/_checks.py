"""Checks that all sources share: shapes, labels, and what is not finite.

Sources are read in chunks, but an error must speak of the whole input. So the
checks of values come in pairs: one that counts in a chunk (counts add up), and
one that raises once, when all chunks have been counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from coresift._errors import ColumnError, DataError, LabelError
from coresift._typing import Counts, Indices, Labels
from coresift.sources._array_like import label_array, to_numpy
from coresift.sources._base import Source
from coresift.sources._obstacles import Obstacle, head


def raise_unusable(
    nan_counts: Counts, inf_counts: Counts, n_missing_labels: int, source: Source
) -> None:
    """Raise one error with all that is missing or infinite: in features, and labels.

    Parameters
    ----------
    nan_counts, inf_counts : ndarray of shape (n_features,), int64
        Sums of what `count_nonfinite` returned, over all chunks. A missing value of a one-hot
        encoded column is NaN in all of its features, and counts once.
    n_missing_labels : int
        Sum of what `count_missing_labels` returned, over all chunks.
    source : Source
        Whose rows these are: it knows the columns.

    Raises
    ------
    DataError
        If a feature is not finite; ``obstacles`` has the columns, and the labels if some are
        missing too.
    LabelError
        If labels alone are missing.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.sources import as_source, raise_unusable
    >>> source = as_source(np.zeros((5, 2)))
    >>> raise_unusable(np.array([0, 3]), np.array([0, 0]), 0, source)
    Traceback (most recent call last):
    ...
    coresift._errors.DataError: column 'x1' has 3 NaN and 0 infinite values; coresift needs \
finite numbers: pass as_source(..., missing='impute') or missing='drop', or leave the column out
    """
    can_drop = hasattr(source, "layout")
    found = _not_finite(nan_counts, inf_counts, source.groups, can_drop)
    if found and hasattr(source, "place_of"):
        place = source.place_of(found[0].column)
        found[0] = replace(
            found[0], what=f"{found[0].what}{f' (first in {place})' if place else ''}"
        )
    _raise(found, n_missing_labels, source.n_rows)


def _not_finite(
    nan_counts: Counts, inf_counts: Counts, groups: Sequence[tuple[str, int, bool]], can_drop: bool
) -> list[Obstacle]:
    """Return the columns with values that are not finite; of features of one column the worst."""
    found: list[Obstacle] = []
    if not (nan_counts.any() or inf_counts.any()):
        return found
    start = 0
    for name, size, _ in groups:
        n_nan = int(nan_counts[start : start + size].max(initial=0))
        n_inf = int(inf_counts[start : start + size].max(initial=0))
        start += size
        if n_nan or n_inf:
            what = f"has {n_nan} NaN and {n_inf} infinite values"
            option = ("missing", "impute") if n_nan and not n_inf else None
            found.append(Obstacle(name, what, option, can_drop))
    return found


def _raise(found: list[Obstacle], n_missing_labels: int, n_rows: int) -> None:
    obstacles = list(found)
    if n_missing_labels:
        what = f"is missing in {n_missing_labels} row{'s' if n_missing_labels > 1 else ''}"
        option = ("missing", "impute" if found else "drop")
        obstacles.append(Obstacle(None, what, option, is_label=True))
    if obstacles:
        error = _unfinished(obstacles) if found else _unlabelled(n_missing_labels, n_rows)
        error.obstacles = tuple(obstacles)
        raise error


def _unfinished(obstacles: Sequence[Obstacle]) -> DataError:
    ways = []
    if any(obstacle.option for obstacle in obstacles):
        ways.append("pass as_source(..., missing='impute') or missing='drop'")
    if any(obstacle.option is None for obstacle in obstacles):
        ways.append("replace infinite values")
    columns = "column" if len(obstacles) == 1 else "columns"
    ways.append(f"or leave the {columns} out")
    return DataError(f"{head(obstacles)}; coresift needs finite numbers: {', '.join(ways)}")


def _unlabelled(count: int, n_rows: int) -> LabelError:
    return LabelError(
        f"{count} of {n_rows} labels are missing; coresift needs one for each row: pass "
        "as_source(..., missing='drop'), or give the missing labels a value of their own"
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
    for size, what in zip(shape, ("rows", "feature(s)"), strict=True):
        if size == 0:  # as scikit-learn says it
            raise DataError(
                f"the data have 0 {what} (shape={tuple(shape)}) while a minimum of 1 is required: "
                "check how the data were read or filtered"
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
        Any sequence, array, Series or tensor; see `to_numpy`.
    n_rows : int
        Number of rows that the labels belong to.

    Raises
    ------
    LabelError
        If the labels are not one per row.
    """
    if y is None:
        return None
    labels = label_array(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels.ravel()
    if labels.dtype.kind == "c":
        raise LabelError(
            f"Complex data not supported: the labels are an array of {labels.dtype}, and have no "
            "order: convert them to text, or to numbers"
        )
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


def as_positions(rows: Any, n_rows: int) -> Indices:
    """Return row positions as int64.

    Parameters
    ----------
    rows : array-like of shape (n,)
        Whole numbers from 0 to ``n_rows - 1``, or a boolean mask of shape (n_rows,).
    n_rows : int
        Number of rows of the input.

    Raises
    ------
    DataError
        If a position is not a whole number or outside, or a mask has another length.

    Examples
    --------
    >>> from coresift.sources._checks import as_positions
    >>> as_positions([True, False, True], 3)
    array([0, 2])
    """
    given = to_numpy(rows, "the positions are", DataError).reshape(-1)
    if given.dtype.kind == "b":
        if len(given) != n_rows:
            raise DataError(
                f"the mask has {len(given)} values for {n_rows} rows; pass one for each row, or "
                "positions"
            )
        return np.flatnonzero(given)
    if not given.size:  # of whatever type, such as that of np.array([])
        return np.zeros(0, dtype=np.int64)
    outside = given[~_is_within(given, n_rows)]
    if len(outside):
        raise DataError(
            f"row {outside[0]} is outside the input of {n_rows} rows; pass whole numbers from 0 "
            f"to {n_rows - 1}"
        )
    return np.asarray(given, dtype=np.int64)


def _is_within(positions: Any, n_rows: int) -> Any:
    if positions.dtype.kind in "iu":
        return (positions >= 0) & (positions < n_rows)
    if positions.dtype.kind != "f":
        raise DataError(f"the positions are an array of {positions.dtype}; pass whole numbers")
    return (positions >= 0) & (positions < n_rows) & (positions == np.floor(positions))
