"""The result: which rows, with which weights, and what is known about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from coresift._typing import Float64, Indices


@dataclass(frozen=True, eq=False)
class Coreset:
    """A weighted subset of the rows.

    Parameters
    ----------
    row_ids : ndarray of shape (k,), int64
        Positions of the chosen rows, ascending and distinct.
    weights : ndarray of shape (k,), float64
        Positive; sum to the number of rows, per class to the size of the class.
    report : dict
        Numbers, strings, lists and dicts only, so that it can be written as JSON.
    """

    row_ids: Indices
    weights: Float64
    report: dict[str, Any] = field(default_factory=dict)
