"""Rows that belong together, such as those of one patient: no group on both sides of a split."""

from __future__ import annotations

from typing import Any

import numpy as np

from coresift._errors import DataError, LabelError, ParameterError
from coresift._typing import Indices, Labels
from coresift.core.classes import number_labels
from coresift.core.prior import present_rows
from coresift.sources import Source, as_labels, as_source, count_missing_labels


def group_ids(groups: Any, X: Any, source: Source) -> Indices | None:
    """Return the group of each row that is read, shape (n_rows,), int64; None without groups.

    Parameters
    ----------
    groups : array-like of shape (n_input_rows,), str or None
        A string is the name of a column of X.
    X
        As for `coresift.compare`.
    source : Source
        Of X; rows that it leaves out, and those of weight 0, are left out here too.

    Raises
    ------
    DataError, ParameterError
        Where groups are missing, not one for each row, or fewer than 2.
    """
    if groups is None:
        return None
    labels = _column(X, groups) if isinstance(groups, str) else _values(groups, source)
    if missing := count_missing_labels(labels):
        raise DataError(
            f"groups are missing for {missing} of {len(labels)} rows: give each row one"
        )
    rows = np.arange(source.n_rows)
    _, ids = number_labels(labels[source.original(rows)])
    weights = source.weights_at(rows)
    ids = ids if weights is None else ids[present_rows(weights)]
    _, first, ids = np.unique(ids, return_index=True, return_inverse=True)
    n_groups = len(first)
    if n_groups < 2:
        raise DataError(
            f"there is {n_groups} group for {len(ids)} rows, and at least 2 are needed to put one "
            "aside: leave groups out, or give test rows"
        )
    # in the order in which they come, whatever the type of the values
    return np.argsort(np.argsort(first))[ids]


def _values(groups: Any, source: Source) -> Labels:
    try:
        labels = as_labels(groups, source.n_input_rows)
    except LabelError as error:
        raise ParameterError(f"groups cannot be used: {error}") from error
    assert labels is not None
    return labels


def _column(X: Any, name: str) -> Labels:
    if isinstance(X, Source):
        raise ParameterError(
            f"groups={name!r} is the name of a column, which a Source does not have: give the "
            "group of each row, and leave the column out of the features"
        )
    chunks = as_source(X, label=name, features=False).chunks()
    return np.concatenate([chunk.labels for chunk in chunks if chunk.labels is not None])
