"""Weights by assignment: each row counts for its nearest chosen row of its class (Eq. 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from coresift._errors import ParameterError
from coresift._rng import Purpose, derived_seed, row_hash
from coresift._runtime import Runtime
from coresift.core.centers import Assignment, Centers
from coresift.core.coreset import Choice, Weighed
from coresift.core.medoids import FixedPoint
from coresift.core.merge import BottomK, Mergeable, Together
from coresift.table import Block, Table
from coresift.weightings._balanced import PILOT_ROWS, PilotSettings, balanced
from coresift.weightings._base import Weighting
from coresift.weightings._refine import better_medoids, centers_of

REPRESENTATIVES = ("medoid", "random", "balanced")


class Probe(Protocol):
    """What a method wants measured in the pass that weighs its rows."""

    def prepared(self, table: Table) -> PreparedProbe:
        """Return the task of that pass."""


class PreparedProbe(Protocol):
    """A task, and what its result says."""

    def __call__(self, block: Block) -> Mergeable:
        """Look at a block."""

    def facts(self, result: Any) -> Mapping[str, Any]:
        """Return what is reported."""


@dataclass(frozen=True, eq=False)
class AssignRows:
    """Count the rows of each cell and their distances; and whatever else is asked for.

    Parameters
    ----------
    centers : Centers
    seed : int or None
        Of the draw of one row a cell, where one is wanted.
    more : tuple of callable
        Further tasks on the same blocks.
    """

    centers: Centers
    seed: int | None = None
    more: tuple[Callable[[Block], Any], ...] = ()

    def __call__(self, block: Block) -> Together:
        """Look at a block."""
        owners, distances = self.centers.owners(*block)
        found: list[Any] = [Assignment.of(block.class_ids, owners, distances, self.centers)]
        if self.seed is not None:
            limits = np.ones(len(self.centers.row_ids), dtype=np.int64)
            hashes = row_hash(block.row_ids, self.seed)
            found.append(BottomK.of(owners, (hashes,), block.row_ids, limits))
        return Together((*found, *(task(block) for task in self.more)))


@dataclass(frozen=True)
class AssignmentWeights(Weighting):
    """Cells of the chosen rows: their members may take their places, their sizes are weights.

    Parameters
    ----------
    n_refinements : int
        How often each chosen row is replaced by a better medoid of its cell.
    representative : {"medoid", "random", "balanced"}
        Keep the most central row, or draw one of the cell, or choose the one of each cell that
        makes the weighted gradients add up.
    seed : int
    stratify : bool
        Whether each class is sure to have a chosen row.
    pilot, loss, noise
        For "balanced", as `PilotSettings` has them.
    """

    name: ClassVar[str] = "assignment"
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
                "weights='assignment' with stratify=False: a class may be missing, and its rows "
                "would have no one to stand for them: use stratify=True or weights='uniform'"
            )

    @property
    def sample_rows(self) -> int:
        """Rows of the first pass that a pilot is fitted on."""
        return PILOT_ROWS if self.representative == "balanced" else 0

    def weigh(self, table: Table, choice: Choice, run: Runtime) -> Weighed:
        """Refine the chosen rows, and weigh them by the sizes of their cells."""
        centers = centers_of(table, choice.row_ids, choice.class_ids)
        scores: list[float] = []
        units = FixedPoint.of(*table.edges(), table.n_rows)
        for _ in range(self.n_refinements):
            with run.stage("refine", 3 * table.n_rows):
                centers, score = better_medoids(table, centers, units, run)
                scores.append(score)
        if self.representative == "balanced":
            settings = PilotSettings(self.pilot, self.loss, self.noise, seed=self.seed)
            return balanced(table, centers, settings, choice.probe, run)
        with run.stage("weigh", table.n_rows):
            return self._counted(table, centers, choice.probe, scores, run)

    def _counted(
        self,
        table: Table,
        centers: Centers,
        probe: Probe | None,
        scores: list[float],
        run: Runtime,
    ) -> Weighed:
        """Weigh the chosen rows, and ask the probe of the method what it has seen."""
        asked = () if probe is None else (probe.prepared(table),)
        random = self.representative == "random"
        seed = derived_seed(self.seed, Purpose.REPRESENTATIVE) if random else None
        assignment, *found = table.fold(AssignRows(centers, seed, asked), run).parts
        weights = assignment.weights(centers)
        scores.append(assignment.score(table.n_rows))
        if random:
            drawn = found.pop(0).row_ids
            order = np.argsort(drawn)
            weights = weights[order]
            centers = centers_of(table, drawn[order], centers.class_ids[order])
            again = table.fold(AssignRows(centers), run).parts[0]
            scores.append(again.score(table.n_rows))
        facts = asked[0].facts(found[0]) if asked else {}
        if self.n_refinements or random or asked:
            facts = {"scores": scores, **facts}
        return Weighed(centers.row_ids, centers.class_ids, weights, scores[-1], facts)
