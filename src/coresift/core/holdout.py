"""Rows put aside for a test, class by class or group by group."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from coresift._errors import ParameterError
from coresift._rng import row_hash
from coresift._typing import Indices
from coresift.core.budget import split_budget
from coresift.core.merge import BottomK


def holdout(class_ids: Indices, share: float, seed: int) -> NDArray[np.bool_]:
    """Draw rows to put aside, each class in proportion to its size.

    Parameters
    ----------
    class_ids : ndarray of shape (n_rows,), int64
        The class of each row.
    share : float
        Share of the rows to put aside, in (0, 1); rounded up to a number of rows.
    seed : int

    Returns
    -------
    ndarray of shape (n_rows,), bool
        The rows put aside: those of smallest hash. At least one row of each class stays.

    Raises
    ------
    ParameterError
        For a share outside (0, 1), and where no class has a row to spare.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.holdout import holdout
    >>> labels = np.repeat([0, 1], [12, 4])
    >>> np.bincount(labels[holdout(labels, 0.25, seed=0)]).tolist()
    [3, 1]
    """
    if not 0 < share < 1:
        raise ParameterError(f"a share of {share} cannot be put aside: use one between 0 and 1")
    sizes = np.bincount(class_ids)
    large = np.flatnonzero(sizes > 1)
    if not len(large):
        raise ParameterError(
            "no class has more than 1 row, so that none can be put aside: give test rows"
        )
    wanted = max(len(large), math.ceil(round(share * len(class_ids), 6)))
    quotas = np.zeros(len(sizes), dtype=np.int64)
    quotas[large] = split_budget(min(wanted, int(sizes[large].sum())), sizes[large])
    quotas = np.minimum(quotas, sizes - 1)
    ids = np.arange(len(class_ids), dtype=np.int64)
    mask = np.zeros(len(class_ids), dtype=bool)
    mask[BottomK.of(class_ids, (row_hash(ids, seed),), ids, quotas).row_ids] = True
    return mask


def holdout_groups(
    groups: Indices, class_ids: Indices, share: float, seed: int
) -> NDArray[np.bool_]:
    """Draw whole groups to put aside, as near to a share of the rows as they come.

    Parameters
    ----------
    groups, class_ids : ndarray of shape (n_rows,), int64
        The group and the class of each row.
    share : float
        Share of the rows to put aside, in (0, 1).
    seed : int

    Returns
    -------
    ndarray of shape (n_rows,), bool
        The rows put aside. At least one row of each class stays.

    Raises
    ------
    ParameterError
        Where each group has all rows of a class.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.holdout import holdout_groups
    >>> patients = np.repeat(np.arange(8), 5)
    >>> aside = holdout_groups(patients, np.arange(40) % 2, 0.25, seed=0)
    >>> int(aside.sum()), len(set(patients[aside]) & set(patients[~aside]))
    (10, 0)
    """
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    members = np.split(order, starts[1:])
    left = np.bincount(class_ids)
    wanted, taken = share * len(groups), 0
    aside = np.zeros(len(groups), dtype=bool)
    for place in np.argsort(row_hash(np.arange(len(members)), seed)).tolist():
        rows = members[place]
        classes, sizes = np.unique(class_ids[rows], return_counts=True)
        nearer = not taken or abs(taken + len(rows) - wanted) < abs(taken - wanted)
        if nearer and (left[classes] > sizes).all():
            aside[rows] = True
            left[classes] -= sizes
            taken += len(rows)
        if taken >= wanted:
            break
    if not taken:
        raise ParameterError(
            f"each of {len(members)} groups has all rows of a class, so that none can be put "
            "aside: give test rows"
        )
    return aside
