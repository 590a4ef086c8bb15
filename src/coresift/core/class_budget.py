"""How many rows to choose of each class, where each class has a budget of its own."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from coresift._errors import BudgetError
from coresift._typing import Budget, Counts, Indices
from coresift.core.budget import resolve_budget

_SHOWN = 5  # classes that a message names


def class_quotas(
    budget: Mapping[Any, float], labels: Sequence[Hashable], class_sizes: Counts
) -> Indices:
    """Turn a budget for each class into numbers of rows.

    Parameters
    ----------
    budget : mapping of label to float or int
        A float in (0, 1] is a share of the rows of the class (rounded down, at least one row), an
        int a number of rows. A label may be written as text, where none is that text.
    labels : sequence of length n_classes
    class_sizes : ndarray of shape (n_classes,), int64

    Returns
    -------
    ndarray of shape (n_classes,), int64

    Raises
    ------
    BudgetError
        For a class that has no budget, a budget that has no class, and one that the class cannot
        meet.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.class_budget import class_quotas
    >>> class_quotas({"yes": 100, "no": 0.01}, ("no", "yes"), np.array([5000, 200])).tolist()
    [50, 100]
    """
    if list(labels) == [None]:
        raise BudgetError(
            f"budget={_short(budget)} is one for each class, but there are no labels: give them, "
            "or one number of rows"
        )
    own = {_label_of(key, labels): amount for key, amount in budget.items()}
    _refuse([key for key in own if key not in labels], "is not a class", labels)
    _refuse([label for label in labels if label not in own], "has no budget", labels)
    quotas = [
        resolve_budget(own[label], size, f"rows of class {label!r}")
        for label, size in zip(labels, class_sizes.tolist(), strict=True)
    ]
    return np.array(quotas, dtype=np.int64)


def most_rows(budget: Budget, n_rows: int) -> int:
    """Return the most rows that a budget can come to, whatever the classes are.

    Raises
    ------
    BudgetError
        For a budget that no classes of these rows can meet.

    Examples
    --------
    >>> from coresift.core.class_budget import most_rows
    >>> most_rows({"yes": 100, "no": 0.01, "perhaps": 0.02}, 5000), most_rows(0.1, 5000)
    (200, 500)
    """
    if not isinstance(budget, Mapping):
        return resolve_budget(budget, n_rows)
    counts, largest = 0, 0.0
    for amount in budget.values():
        rows = resolve_budget(amount, n_rows)
        if isinstance(amount, int | np.integer):
            counts += rows
        else:
            largest = max(largest, amount)
    return min(n_rows, counts + math.ceil(largest * n_rows))


def _label_of(key: Any, labels: Sequence[Hashable]) -> Any:
    """Return the label of a key: itself, or the one that is written so."""
    if key in labels or not isinstance(key, str):
        return key
    return next((label for label in labels if str(label) == key), key)


def _refuse(wrong: Sequence[Any], what: str, labels: Sequence[Hashable]) -> None:
    if not wrong:
        return
    more = f", like {len(wrong) - 1} more," if len(wrong) > 1 else ""
    shown = ", ".join(map(repr, labels[:_SHOWN])) + (", ..." if len(labels) > _SHOWN else "")
    raise BudgetError(
        f"budget by class: {wrong[0]!r}{more} {what}; the classes are {shown}: give each of them "
        "a number of rows or a fraction in (0, 1]"
    )


def _short(budget: Mapping[Any, float]) -> str:
    text = repr(dict(budget))
    return text if len(text) <= 60 else f"{text[:57]}..."
