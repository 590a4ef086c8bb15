"""What weightings share that look at the cells of the chosen rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from coresift._errors import ParameterError
from coresift._runtime import Runtime
from coresift.core.centers import Centers
from coresift.core.coreset import Choice
from coresift.core.medoids import FixedPoint
from coresift.table import Table
from coresift.weightings._base import Weighting
from coresift.weightings._pilot import MEMBERS, PilotSettings
from coresift.weightings._refine import better_medoids, centers_of


@dataclass(frozen=True)
class CellWeights(Weighting):
    """Cells of the chosen rows: their members may take their places.

    Parameters
    ----------
    n_refinements : int
        How often each chosen row is replaced by a better medoid of its cell.
    representative : str
        Which row of a cell stands for it.
    seed : int
    stratify : bool
        Whether each class is sure to have a chosen row.
    pilot, loss, noise, gradient, rounds
        For rows that balance, as `PilotSettings` has them.
    n_members : int
        How many rows of each cell there are to choose from, where rows balance.
    """

    reads_cells: ClassVar[bool] = True
    n_refinements: int = 0
    representative: str = "medoid"
    seed: int = 0
    stratify: bool = True
    pilot: Any = None
    loss: str | None = None
    noise: float | None = None
    gradient: Any = None
    rounds: int = 1
    n_members: int = MEMBERS

    def __post_init__(self) -> None:
        if not self.stratify:
            raise ParameterError(
                f"weights={self.name!r} with stratify=False: a class may be missing, and its rows "
                "would have no one to stand for them: use stratify=True or weights='uniform'"
            )
        if self.gradient is not None:
            self._check_gradient()

    def _check_gradient(self) -> None:
        """Refuse what has no meaning with gradients that are given."""
        if not callable(self.gradient):
            raise ParameterError(
                f"gradient={self.gradient!r} cannot be called: give a function of rows and labels"
            )
        pilot = {"pilot": self.pilot, "loss": self.loss, "noise": self.noise}
        odd = [name for name, value in pilot.items() if value is not None]
        odd += ["rounds"] if self.rounds > 1 else []
        if odd:
            raise ParameterError(
                f"gradient= and {odd[0]}= say two things: gradients that are given have no pilot "
                f"of ours; leave out {odd[0]}="
            )

    def settings(self, **more: Any) -> PilotSettings:
        """Return what is asked for of the pilot."""
        own = self.pilot, self.loss, self.noise
        return PilotSettings(
            *own,
            seed=self.seed,
            gradient=self.gradient,
            rounds=self.rounds,
            n_members=self.n_members,
            **more,
        )

    def refined(self, table: Table, choice: Choice, run: Runtime) -> tuple[Centers, list[float]]:
        """Fetch the chosen rows and refine them.

        Returns
        -------
        Centers
        scores : list of float
            Eq. 5 before each refinement.
        """
        centers = centers_of(table, choice.row_ids, choice.class_ids)
        units = FixedPoint.of(*table.edges(), table.n_steps)
        scores: list[float] = []
        for _ in range(self.n_refinements):
            with run.stage("refine", 3 * table.n_rows):
                centers, score = better_medoids(table, centers, units, run)
                scores.append(score)
        return centers, scores
