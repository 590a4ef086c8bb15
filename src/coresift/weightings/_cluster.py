"""Weights from clusters (Algorithm 1, line 17): no row is read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coresift._runtime import Runtime
from coresift.core.coreset import Choice, Weighed
from coresift.table import Table
from coresift.weightings._base import Weighting


@dataclass(frozen=True)
class ClusterWeights(Weighting):
    """Each cluster counts for the chosen row of smallest bound."""

    name: ClassVar[str] = "cluster"

    @classmethod
    def serves(cls, plan_type: Any) -> bool:
        """Tell whether the method has clusters."""
        return bool(plan_type.has_clusters)

    def weigh(self, table: Table, choice: Choice, run: Runtime) -> Weighed:
        """Weigh the chosen rows."""
        del run
        assert choice.shares is not None  # `serves` sees to it
        own = table.own_steps(choice.row_ids)
        weights = choice.shares.weights(choice, lambda: table.take(choice.row_ids), own)
        return Weighed(choice.row_ids, choice.class_ids, weights)
