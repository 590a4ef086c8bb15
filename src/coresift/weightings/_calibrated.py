"""Calibrated weights: sizes of cells, moved a little so that weighted gradients add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from coresift._errors import ParameterError
from coresift._runtime import Runtime
from coresift.core.coreset import Choice, Weighed
from coresift.gradients import Calibration, Logistic, check_noise, loss_named
from coresift.table import Table
from coresift.weightings._assignment import AssignmentWeights
from coresift.weightings._balanced import balanced
from coresift.weightings._cells import CellWeights
from coresift.weightings._pilot import HELD_OUT, PILOT_ROWS


@dataclass(frozen=True)
class CalibratedWeights(CellWeights):
    """Weights for which a linear model of the coreset has the gradient of all rows.

    ``representative`` is "medoid" or "balanced": weigh the chosen rows, or choose members of their
    cells that balance first.
    """

    name: ClassVar[str] = "calibrated"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.representative == "random":
            raise ParameterError(
                "weights='calibrated' with representative='random': use 'balanced' or 'medoid', "
                "or weights='assignment'"
            )
        loss = Logistic() if self.loss is None else loss_named(self.loss)
        check_noise(self.noise, loss)

    @property
    def reads_gradients(self) -> bool:
        """Always: they are what weights are calibrated by."""
        return True

    @property
    def sample_rows(self) -> int:
        """Rows of the first pass that the pilot is fitted on, and of those held out."""
        return PILOT_ROWS + HELD_OUT

    def weigh(self, table: Table, choice: Choice, run: Runtime) -> Weighed:
        """Weigh the chosen rows, or members of their cells."""
        if len(choice.row_ids) == table.n_present:  # each row stands for itself
            return AssignmentWeights(seed=self.seed).weigh(table, choice, run)
        centers, _ = self.refined(table, choice, run)
        settings = self.settings(
            balance=self.representative == "balanced", calibration=Calibration(), hold_back=True
        )
        return balanced(table, centers, settings, choice.probe, run)
