"""Rows of a class count alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coresift._runtime import Runtime
from coresift.core.coreset import Choice, Weighed
from coresift.core.prior import level
from coresift.table import Table
from coresift.weightings._base import Weighting


@dataclass(frozen=True)
class UniformWeights(Weighting):
    """The rows of a class over its chosen rows; without strata, all rows over all chosen ones.

    Of weighted rows, none gets less than its own weight: a row that is heavier than its share is
    sure to be there, and stands for itself alone.

    Parameters
    ----------
    stratify : bool
        Whether each class has its quota.
    """

    name: ClassVar[str] = "uniform"
    stratify: bool = True

    def weigh(self, table: Table, choice: Choice, run: Runtime) -> Weighed:
        """Weigh the chosen rows."""
        del run
        class_ids, masses = choice.class_ids, table.masses
        if not self.stratify:
            class_ids, masses = np.zeros_like(class_ids), masses.sum(keepdims=True)
        own = table.own_steps(choice.row_ids)
        if own is None:
            weights: Any = (masses / np.bincount(class_ids, minlength=len(masses)))[class_ids]
        else:
            weights = np.empty(len(class_ids))
            for class_id, mass in enumerate(masses.tolist()):
                here = class_ids == class_id
                weights[here] = level(own[here], mass)
        return Weighed(choice.row_ids, choice.class_ids, weights, by_class=self.stratify)
