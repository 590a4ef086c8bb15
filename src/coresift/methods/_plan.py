"""What a method is: a frozen plan with one verb, `choose`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np

from coresift._runtime import Runtime
from coresift._threads import run_all
from coresift._typing import Budget, Indices
from coresift.core.class_budget import most_rows
from coresift.core.coreset import Choice
from coresift.core.parameters import check_choice, check_threads
from coresift.core.scaler import SCALES
from coresift.core.target import TARGETS
from coresift.engines import Engine, make_engine
from coresift.sources import CHUNK_BYTES, Source
from coresift.table import Table
from coresift.weightings import Weighting, weighting_type

R = TypeVar("R")


@dataclass(frozen=True)
class Plan(ABC):
    """Every choice that a selection depends on; the estimators of `coresift` document them.

    Raises
    ------
    ParameterError
        For a value outside its documented range.
    """

    has_clusters: ClassVar[bool] = False  # whether `choose` says how clusters share their rows
    holds_rows: ClassVar[bool] = False  # whether it reads all rows into memory
    sample_rows: ClassVar[int] = 1  # how many rows the first pass keeps, for training

    budget: Budget
    _: KW_ONLY
    weights: str = "assignment"
    scale: str | None = "minmax"
    target: str = "auto"
    seed: int = 0
    n_threads: int | None = None
    engine: str | Engine = "serial"

    def __post_init__(self) -> None:
        check_choice("scale", self.scale, SCALES)
        check_choice("target", self.target, TARGETS)
        check_threads(self.n_threads)
        make_engine(self.engine)
        self.weighting()

    @abstractmethod
    def choose(self, table: Table, run: Runtime) -> Choice:
        """Choose rows: the budget, in each class its quota.

        Raises
        ------
        BudgetError
            For a budget that cannot be met.
        """

    def weighting(self) -> Weighting:
        """Return how the chosen rows are weighed."""
        return weighting_type(self.weights, type(self)).of(self)

    def settled(self, numbers: bool) -> Plan:
        """Return the plan for any table of classes, or of numbers to predict."""
        del numbers
        return self

    def settled_for(self, table: Table) -> Plan:
        """Return the plan for this table."""
        return self.settled(table.has_numbers)

    def cost(self, source: Source) -> dict[str, Any]:
        """Say what a selection would take, without reading a row.

        Returns
        -------
        dict
            Rows, features, budget, passes, and the most bytes over the data itself.

        Raises
        ------
        BudgetError
            For a budget that cannot be met.
        """
        held = 2 * source.n_rows * (4 * source.n_features + 16) if self.holds_rows else 0
        sample = max(self.sample_rows, self.weighting().sample_rows) * source.n_features * 8
        return {
            "n_rows": source.n_rows,
            "n_features": source.n_features,
            "budget": most_rows(self.budget, source.n_rows),
            "passes": 2 + self.weighting_passes,
            "max_bytes": 4 * CHUNK_BYTES + sample + held,
        }

    @property
    def reads_features(self) -> bool:
        """Whether it looks at the features, and so needs some that it can use."""
        return True

    @property
    def weighting_passes(self) -> int:
        """Passes over the rows once they are chosen."""
        if not self.weighting().reads_cells:
            return 0
        weighting = self.weighting()
        random = getattr(weighting, "representative", "medoid") == "random"
        again = getattr(weighting, "rounds", 1) - 1 if weighting.reads_gradients else 0
        return 1 + 3 * getattr(self, "n_refinements", 0) + random + again


def choose_by_class(choose: Callable[[int], R], quotas: Indices) -> list[R]:
    """Return ``choose(class_id)`` of each class, side by side, those of large quotas first."""
    largest_first = np.argsort(-quotas, kind="stable")
    done = run_all(choose, largest_first.tolist())
    return [done[place] for place in np.argsort(largest_first)]
