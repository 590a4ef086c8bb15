"""Rows of a class count alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coresift._runtime import Runtime
from coresift.core.coreset import Choice, Weighed
from coresift.table import Table
from coresift.weightings._base import Weighting


@dataclass(frozen=True)
class UniformWeights(Weighting):
    """The rows of a class over its chosen rows; without strata, all rows over all chosen ones.

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
        class_ids, sizes = choice.class_ids, table.classes.sizes
        if self.stratify:
            weights: Any = (sizes / np.bincount(class_ids, minlength=len(sizes)))[class_ids]
        else:
            weights = np.full(len(class_ids), table.n_rows / len(class_ids))
        return Weighed(choice.row_ids, class_ids, weights)
