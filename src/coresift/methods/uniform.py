"""Uniform sampling, by class or over all rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._rng import Purpose, derived_seed
from coresift._runtime import Runtime
from coresift.core.coreset import Choice, in_order
from coresift.core.parameters import check_choice
from coresift.methods._plan import Plan
from coresift.table import DrawRows, Table
from coresift.weightings._uniform import UniformWeights


@dataclass(frozen=True)
class UniformPlan(Plan):
    """Every choice that a uniform sample depends on; `coresift.Uniform` documents them."""

    weights: str = "uniform"
    stratify: bool = True

    def __post_init__(self) -> None:
        check_choice("stratify", self.stratify, (True, False))
        super().__post_init__()

    @property
    def reads_features(self) -> bool:
        """Whether it looks at the features: only for weights that measure distances."""
        return self.weights != UniformWeights.name

    def choose(self, table: Table, run: Runtime) -> Choice:
        """Draw rows uniformly, of each class its quota; heavier rows are drawn first."""
        if self.stratify:
            quotas = table.quotas(self.budget)
        else:
            quotas = np.array([table.n_chosen(self.budget)])
        seed = derived_seed(self.seed, Purpose.ROWS)
        with run.stage("choose", table.n_rows):
            drawn = table.fold(DrawRows(quotas, seed), run)
        return Choice(*in_order(drawn.row_ids, drawn.payload[0]))
