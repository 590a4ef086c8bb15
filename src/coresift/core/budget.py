"""How many rows to choose, in all and of each class."""

from __future__ import annotations

import heapq
import math
import numbers

import numpy as np

from coresift._errors import BudgetError
from coresift._typing import Counts


def resolve_budget(budget: float, n_rows: int) -> int:
    """Turn a budget into a number of rows.

    Parameters
    ----------
    budget : float or int
        A float in (0, 1] is a fraction (rounded down, at least one row), an int a number of rows.
    n_rows : int

    Raises
    ------
    BudgetError
        For anything else, and for an int above ``n_rows``.

    Examples
    --------
    >>> from coresift.core.budget import resolve_budget
    >>> resolve_budget(0.01, 435_759), resolve_budget(7, 10)
    (4357, 7)
    """
    given: object = budget
    if isinstance(given, (bool, np.bool_)) or not isinstance(given, numbers.Real):
        raise BudgetError(f"budget={budget!r}: must be a number of rows or a fraction in (0, 1]")
    if isinstance(given, numbers.Integral):
        if not 1 <= budget <= n_rows:
            raise BudgetError(
                f"budget={budget} rows: must be from 1 to the number of rows, {n_rows}; "
                "a fraction of the rows is written as a float, such as 0.01"
            )
        return int(budget)
    if not 0 < budget <= 1:  # also refuses NaN
        raise BudgetError(
            f"budget={budget}: a fraction must be in (0, 1]; a number of rows is written as an int"
        )
    # 0.29 * 100 is 28.999999999999996: rounding away the last bits keeps it at 29.
    return max(1, math.floor(round(float(budget) * n_rows, 6)))


def split_budget(budget: int, class_sizes: Counts) -> Counts:
    """Split a budget over classes by largest remainder, at least one row for each.

    Parameters
    ----------
    budget : int
        At most the sum of the sizes.
    class_sizes : ndarray of shape (n_classes,), int64
        All positive.

    Returns
    -------
    ndarray of shape (n_classes,), int64
        Sums to ``budget``; none is above its class size.

    Raises
    ------
    BudgetError
        Where there are more classes than rows to choose.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.budget import split_budget
    >>> split_budget(10, np.array([600, 390, 10])).tolist()
    [6, 3, 1]
    """
    sizes = [int(size) for size in class_sizes]
    if len(sizes) > budget:
        raise BudgetError(
            f"budget={budget} rows cannot hold one row of each of the {len(sizes)} classes: "
            f"raise the budget to at least {len(sizes)}, or bin the labels (a regression target "
            "has as many classes as values) or pass no labels"
        )
    total = sum(sizes)
    quotas = [max(1, budget * size // total) for size in sizes]
    # Exact integer remainders; what the small classes got on top is taken from the rest.
    shares = [budget * size - quota * total for size, quota in zip(sizes, quotas, strict=True)]
    left = budget - sum(quotas)
    step = 1 if left > 0 else -1
    limits = sizes if step > 0 else [1] * len(sizes)
    queue = [(-step * shares[c], c) for c in range(len(sizes)) if quotas[c] != limits[c]]
    heapq.heapify(queue)
    for _ in range(abs(left)):
        share, chosen = queue[0]
        quotas[chosen] += step
        if quotas[chosen] == limits[chosen]:
            heapq.heappop(queue)
        else:
            heapq.heapreplace(queue, (share + total, chosen))
    return np.array(quotas, dtype=np.int64)
