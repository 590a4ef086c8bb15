"""What a selection passes on: a choice of rows, their weights, and what is known about them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from coresift._typing import Counts, Float64, Indices, Rows


class ClusterShares(Protocol):
    """How the rows of each cluster are shared among the chosen rows (Algorithm 1, line 17)."""

    def weights(
        self, choice: Choice, rows: Callable[[], Rows], own: Counts | None = None
    ) -> Float64:
        """Return the weight of each chosen row, shape (k,), float64.

        Parameters
        ----------
        choice : Choice
        rows : callable
            Fetches the chosen rows, scaled, where they are needed.
        own : ndarray of shape (k,), int64, or None
            What each chosen row counted for in the clusters; None is once.
        """


@dataclass(frozen=True, eq=False)
class Choice:
    """What a method chose.

    Parameters
    ----------
    row_ids : ndarray of shape (k,), int64
        Positions of the chosen rows, ascending and distinct.
    class_ids : ndarray of shape (k,), int64
    shares : ClusterShares or None
        For ``weights="cluster"``, where the method has clusters.
    probe : object or None
        What the method wants measured where the rows are read once more, see `weightings`.
    facts : mapping
        What the method reports.
    class_facts : tuple of mapping
        What it reports for each class.
    """

    row_ids: Indices
    class_ids: Indices
    shares: ClusterShares | None = None
    probe: Any = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    class_facts: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, eq=False)
class Weighed:
    """Chosen rows with weights; the rows may be others of the same cells.

    Parameters
    ----------
    row_ids, class_ids : ndarray of shape (k,), int64
        Ascending row ids.
    weights : ndarray of shape (k,), float64
        Of weighted rows in steps, see `core.prior`.
    score : float or None
        Mean distance of a row to its nearest chosen row (Eq. 5), where it is known.
    facts : mapping
        What the weighting reports.
    by_class : bool
        Whether the weights of each class are to sum to the class, or only all of them to all rows.
    """

    row_ids: Indices
    class_ids: Indices
    weights: Float64
    score: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    by_class: bool = True


@dataclass(frozen=True)
class ClassReport:
    """One class of a report: its label, how many rows it has, and how many were chosen."""

    label: Hashable
    rows: int
    chosen: int
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, for JSON."""
        return {"label": self.label, "rows": self.rows, "chosen": self.chosen, **self.facts}


@dataclass(frozen=True)
class Report:
    """What is known about a coreset.

    Parameters
    ----------
    n_rows, n_features, n_chosen : int
    score : float or None
        Mean distance of a row to its nearest chosen row (Eq. 5); None where it is not measured.
    facts : mapping
        What method and weighting add: numbers, strings, lists and dicts.
    classes : tuple of ClassReport
    seconds : mapping of str to float
        By stage.
    """

    n_rows: int
    n_features: int
    n_chosen: int
    score: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    classes: tuple[ClassReport, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return everything, for JSON."""
        return {
            "n_rows": self.n_rows,
            "n_features": self.n_features,
            "n_chosen": self.n_chosen,
            "score": self.score,
            **self.facts,
            "classes": [entry.as_dict() for entry in self.classes],
            "seconds": {name: round(taken, 4) for name, taken in self.seconds.items()},
        }


@dataclass(frozen=True, eq=False)
class Coreset:
    """A weighted subset of the rows.

    Parameters
    ----------
    row_ids : ndarray of shape (k,), int64
        Positions of the chosen rows, ascending and distinct.
    weights : ndarray of shape (k,), float64
        Positive; sum to the number of rows, per class to the size of the class; where rows have
        prior weights, to the sums of those.
    report : Report or None
    """

    row_ids: Indices
    weights: Float64
    report: Report | None = None


def in_order(row_ids: Indices, *aligned: Any) -> tuple[Any, ...]:
    """Return row ids in ascending order, and arrays that belong to them in the same order."""
    order = np.argsort(row_ids)
    return tuple(array[order] for array in (row_ids, *aligned))
