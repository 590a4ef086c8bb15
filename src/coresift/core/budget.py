"""How many rows to choose, in all and of each class."""

from __future__ import annotations

import heapq
import math
import numbers
from collections.abc import Mapping, Sequence

import numpy as np

from coresift._errors import BudgetError
from coresift._typing import Budget, Counts


def resolve_budget(budget: Budget, n_rows: int, rows: str = "rows") -> int:
    """Turn a budget into a number of rows.

    Parameters
    ----------
    budget : float or int
        A float in (0, 1] is a fraction (rounded down, at least one row), an int a number of rows.
    n_rows : int
    rows : str
        What they are called in the error.

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
    if isinstance(budget, Mapping):
        raise BudgetError(
            f"budget={budget!r}: here it must be a number of rows or a fraction in (0, 1] of all; "
            "budgets by class are for selectors that keep to the classes"
        )
    if isinstance(given, (bool, np.bool_)) or not isinstance(given, numbers.Real):
        raise BudgetError(f"budget={budget!r}: must be a number of rows or a fraction in (0, 1]")
    if isinstance(given, numbers.Integral):
        if not 1 <= budget <= n_rows:
            raise BudgetError(
                f"budget={budget} rows: must be from 1 to the number of {rows}, {n_rows}; "
                "a fraction of the rows is written as a float, such as 0.01"
            )
        return int(budget)
    if not 0 < budget <= 1:  # also refuses NaN
        raise BudgetError(
            f"budget={budget}: a fraction must be in (0, 1]; a number of rows is written as an int"
        )
    # 0.29 * 100 is 28.999999999999996: rounding away the last bits keeps it at 29.
    return max(1, math.floor(round(float(budget) * n_rows, 6)))


def split_budget(budget: int, class_sizes: Counts, masses: Sequence[int] | None = None) -> Counts:
    """Split a budget over classes by largest remainder, at least one row for each.

    Parameters
    ----------
    budget : int
        At most the sum of the sizes.
    class_sizes : ndarray of shape (n_classes,), int64
        All positive.
    masses : sequence of int, of length n_classes, or None
        What the budget is proportional to, all positive; None is the sizes. What a class has no
        rows for goes to the others.

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
    >>> split_budget(10, np.array([600, 390, 3]), masses=[600, 390, 990]).tolist()
    [4, 3, 3]
    """
    sizes = [int(size) for size in class_sizes]
    if len(sizes) > budget:
        raise BudgetError(
            f"budget={budget} rows cannot hold one row of each of the {len(sizes)} classes: "
            f"raise the budget to at least {len(sizes)}, or bin the labels (a regression target "
            "has as many classes as values) or pass no labels"
        )
    weights = sizes if masses is None else [int(mass) for mass in masses]
    left, total, full = filled(budget, sizes, weights)
    targets = [
        size * total if c in full else left * weight
        for c, (size, weight) in enumerate(zip(sizes, weights, strict=True))
    ]
    # Exact integer remainders; what the small classes got on top is taken from the rest.
    quotas = [max(1, target // total) for target in targets]
    shares = [target - quota * total for target, quota in zip(targets, quotas, strict=True)]
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


def filled(budget: int, sizes: list[int], weights: list[int]) -> tuple[int, int, set[int]]:
    """Find the classes that are chosen whole: their share of the budget is their size or more.

    Returns
    -------
    left : int
        The budget for the others.
    total : int
        Their weights; 1 where there are none.
    full : set of int
    """
    left, full = budget, set[int]()
    while len(full) < len(sizes):
        rest = [c for c in range(len(sizes)) if c not in full]
        total = sum(weights[c] for c in rest)
        new = {c for c in rest if left * weights[c] >= sizes[c] * total}
        if not new:
            return left, total, full
        full |= new
        left -= sum(sizes[c] for c in new)
    return left, 1, full
