"""Calibrated weights: sizes of cells, moved a little so that weighted gradients add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coresift._errors import ParameterError
from coresift._runtime import Runtime
from coresift.core.coreset import Choice, Weighed
from coresift.core.medoids import FixedPoint
from coresift.gradients import Calibration, check_noise, loss_named
from coresift.table import Table
from coresift.weightings._balanced import HELD_OUT, PILOT_ROWS, PilotSettings, balanced
from coresift.weightings._base import Weighting
from coresift.weightings._refine import better_medoids, centers_of


@dataclass(frozen=True)
class CalibratedWeights(Weighting):
    """Weights for which a linear model of the coreset has the gradient of all rows.

    Parameters
    ----------
    n_refinements : int
        How often each chosen row is replaced by a better medoid of its cell.
    representative : {"medoid", "balanced"}
        Weigh the chosen rows, or choose members of their cells that balance first.
    seed : int
    stratify : bool
        Whether each class is sure to have a chosen row.
    pilot, loss, noise
        As `PilotSettings` has them.
    """

    name: ClassVar[str] = "calibrated"
    reads_cells: ClassVar[bool] = True
    n_refinements: int = 0
    representative: str = "medoid"
    seed: int = 0
    stratify: bool = True
    pilot: Any = None
    loss: str | None = None
    noise: float | None = None

    def __post_init__(self) -> None:
        if not self.stratify:
            raise ParameterError(
                "weights='calibrated' with stratify=False: a class may be missing, and its rows "
                "would have no one to stand for them: use stratify=True or weights='uniform'"
            )
        if self.representative == "random":
            raise ParameterError(
                "weights='calibrated' with representative='random': use 'balanced' or 'medoid', "
                "or weights='assignment'"
            )
        check_noise(self.noise, loss_named(self.loss or "logistic"))

    @property
    def sample_rows(self) -> int:
        """Rows of the first pass that the pilot is fitted on, and of those held out."""
        return PILOT_ROWS + HELD_OUT

    def weigh(self, table: Table, choice: Choice, run: Runtime) -> Weighed:
        """Weigh the chosen rows, or members of their cells."""
        centers = centers_of(table, choice.row_ids, choice.class_ids)
        units = FixedPoint.of(*table.edges(), table.n_rows)
        for _ in range(self.n_refinements):
            with run.stage("refine", 3 * table.n_rows):
                centers, _ = better_medoids(table, centers, units, run)
        settings = PilotSettings(
            self.pilot,
            self.loss,
            self.noise,
            balance=self.representative == "balanced",
            calibration=Calibration(),
            hold_back=True,
            seed=self.seed,
        )
        return balanced(table, centers, settings, choice.probe, run)
