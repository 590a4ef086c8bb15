"""Weights by assignment: each row counts for its nearest chosen row of its class (Eq. 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from coresift._rng import Purpose, derived_seed, draw_keys
from coresift._runtime import Runtime
from coresift.core.centers import Assignment, Centers
from coresift.core.coreset import Choice, Weighed
from coresift.core.merge import BottomK, Mergeable, Together
from coresift.table import Block, Table
from coresift.weightings._balanced import balanced
from coresift.weightings._cells import CellWeights
from coresift.weightings._pilot import PILOT_ROWS
from coresift.weightings._refine import centers_of

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
        owners, distances = self.centers.owners(block.rows, block.class_ids, block.row_ids)
        facts = block.class_ids, owners, distances, self.centers, block.weights
        found: list[Any] = [Assignment.of(*facts)]
        if self.seed is not None:
            limits = np.ones(len(self.centers.row_ids), dtype=np.int64)
            keys = draw_keys(block.row_ids, self.seed, block.weights)
            found.append(BottomK.of(owners, keys, block.row_ids, limits))
        return Together((*found, *(task(block) for task in self.more)))


@dataclass(frozen=True)
class AssignmentWeights(CellWeights):
    """The sizes of the cells are the weights.

    ``representative`` is "medoid", "random" or "balanced": keep the most central row, or draw one
    of the cell, or choose the one of each cell that makes the weighted gradients add up.
    """

    name: ClassVar[str] = "assignment"

    @property
    def reads_gradients(self) -> bool:
        """Whether members are chosen by gradients."""
        return self.representative == "balanced"

    @property
    def sample_rows(self) -> int:
        """Rows of the first pass that a pilot is fitted on."""
        return PILOT_ROWS if self.representative == "balanced" else 0

    def weigh(self, table: Table, choice: Choice, run: Runtime) -> Weighed:
        """Refine the chosen rows, and weigh them by the sizes of their cells."""
        centers, scores = self.refined(table, choice, run)
        everything = len(choice.row_ids) == table.n_present  # each row stands for itself
        if self.representative == "balanced" and not everything:
            return balanced(table, centers, self.settings(), choice.probe, run)
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
        scores.append(assignment.score())
        if random:
            drawn = found.pop(0).row_ids
            order = np.argsort(drawn)
            weights = weights[order]
            centers = centers_of(table, drawn[order], centers.class_ids[order])
            again = table.fold(AssignRows(centers), run).parts[0]
            scores.append(again.score())
        facts = asked[0].facts(found[0]) if asked else {}
        if self.n_refinements or random or asked:
            facts = {"scores": scores, **facts}
        return Weighed(centers.row_ids, centers.class_ids, weights, scores[-1], facts)
