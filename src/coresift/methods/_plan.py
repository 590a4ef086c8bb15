"""What a method is: a frozen plan with one verb, `choose`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, ClassVar, TypeVar

import numpy as np

from coresift._runtime import Runtime
from coresift._threads import run_all, thread_count, threads
from coresift._typing import Budget, Counts, Indices
from coresift.core.class_budget import most_rows
from coresift.core.coreset import Choice
from coresift.core.memory import (
    PROCESS_BYTES,
    Extent,
    as_bytes,
    check_memory,
    room,
)
from coresift.core.parameters import check_choice, check_threads
from coresift.core.scaler import SCALES
from coresift.core.target import TARGETS
from coresift.engines import Engine, make_engine
from coresift.sources import CHUNK_BYTES, Source
from coresift.table import Table
from coresift.weightings import Weighting, weighting_type
from coresift.weightings._pilot import FEWEST_MEMBERS, MEMBERS

R = TypeVar("R")

# Chunks as float64 that are held at a time, by stage: read and decoded, scaled, and what the
# kernels and the allocator keep (measured on Parquet, docs/scale.md).
READING, REFINING, WEIGHING = 6, 12, 12
_CELL_VALUES = 60  # bytes for each value of a chosen row: points, sums, and rows that are tried
_MEMBER_VALUES = 16  # and for each value of a member
_ROW_CELLS = 16  # bytes for the cell of each row


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
    memory_limit: int | str | None = None

    def __post_init__(self) -> None:
        as_bytes("memory_limit", self.memory_limit)
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

    @property
    def limit(self) -> int | None:
        """The most bytes that the process may take, None where there is no limit."""
        return as_bytes("memory_limit", self.memory_limit)

    def room(self, share: int, most: int) -> int:
        """Return what one thing may take of the limit, see `core.memory.room`."""
        return room(self.limit, share, most)

    @property
    def n_at_once(self) -> int:
        """How many classes are worked on at a time, at most."""
        with threads(self.n_threads):
            return thread_count()

    @property
    def chunk_bytes(self) -> int:
        """Bytes of the rows to read at a time."""
        return self.room(64, CHUNK_BYTES)

    def extent(
        self, source: Source, sizes: Counts | None = None, quotas: Counts | None = None
    ) -> Extent:
        """Return what the memory of a selection depends on."""
        if quotas is not None:
            known = int(quotas.sum())
        elif isinstance(self.budget, Mapping):
            known = 1  # it is checked where the classes are known
        else:
            known = most_rows(self.budget, source.n_rows)
        facts = source.n_rows, source.n_narrow, known
        return Extent(*facts, self.chunk_bytes, sizes, quotas)

    def memory(self, extent: Extent) -> dict[str, int]:
        """Return about how many bytes each stage takes, over those of a process.

        What depends on classes is left out where nobody has looked at them.
        """
        read, weighting = READING * extent.chunk, self.weighting()
        sample = extent.rows(24, max(self.sample_rows, weighting.sample_rows))
        found = {"survey": read + sample, "choose": read + sample}
        if self.holds_rows:
            found["choose"] += 2 * (extent.rows(4) + 16 * extent.n_rows)
        if weighting.reads_cells:
            cells = extent.rows(_CELL_VALUES, extent.n_chosen)
            if self.notes_cells(extent.n_rows):
                cells_of_rows = _ROW_CELLS * extent.n_rows
                found["refine"] = REFINING * extent.chunk + cells_of_rows + cells
            found["weigh"] = READING * extent.chunk + sample + cells
            if weighting.reads_gradients:
                members = self.members_within(extent) * self._member_bytes(extent)
                found["weigh"] = self._balance_bytes(extent) + members
        return found

    def notes_cells(self, n_rows: int) -> bool:
        """Whether passes before the last note the cell of each of so many rows."""
        del n_rows
        return getattr(self, "n_refinements", 0) > 0

    def members_within(self, extent: Extent) -> int:
        """Return how many rows of each cell are held to choose from: fewer under a low limit.

        As many as fit beside all else in one process, whatever the engine is.
        """
        if self.limit is None:
            return MEMBERS
        left = self.limit - PROCESS_BYTES - self._balance_bytes(extent)
        return int(np.clip(left // self._member_bytes(extent), FEWEST_MEMBERS, MEMBERS))

    def weighting_within(self, extent: Extent) -> Weighting:
        """Return how the chosen rows are weighed, with as many members of cells as fit."""
        weighting = self.weighting()
        if not weighting.reads_gradients:
            return weighting
        own: dict[str, Any] = {"n_members": self.members_within(extent)}
        return replace(weighting, **own)

    def _member_bytes(self, extent: Extent) -> int:
        return max(1, extent.rows(_MEMBER_VALUES, extent.n_chosen))

    def _balance_bytes(self, extent: Extent) -> int:
        """Return what the pass that adds up gradients takes, without the members of cells."""
        sample = extent.rows(24, max(self.sample_rows, self.weighting().sample_rows))
        outputs = 32 * extent.n_classes * extent.chunk_rows
        cells = extent.rows(_CELL_VALUES, extent.n_chosen)
        return WEIGHING * extent.chunk + sample + outputs + cells

    def needed(self, extent: Extent) -> dict[str, int]:
        """Return about how many bytes all processes take together, while each stage runs."""
        workers = make_engine(self.engine).n_workers(self.n_threads)
        processes = (1 + workers) * PROCESS_BYTES
        return {
            stage: processes + max(1, workers) * taken
            for stage, taken in self.memory(extent).items()
        }

    def fitted(self, extent: Extent) -> Plan:
        """Return the plan with as many worker processes as fit; at least one.

        Raises
        ------
        MemoryLimitError
            Where it does not fit at all.
        """
        plan, limit = self, self.limit
        n_workers = make_engine(plan.engine).n_workers(plan.n_threads)
        while limit and n_workers > 1 and max(plan.needed(extent).values()) > limit:
            n_workers -= 1
            plan = replace(plan, n_threads=n_workers)
            if make_engine(plan.engine).n_workers(plan.n_threads) > n_workers:
                break  # their number was given
        check_memory(plan.needed(extent), limit, extent)
        return plan

    def cost(
        self, source: Source, sizes: Counts | None = None, quotas: Counts | None = None
    ) -> dict[str, Any]:
        """Say what a selection would take, without reading a row.

        Parameters
        ----------
        source : Source
        sizes, quotas : ndarray of shape (n_classes,), int64, or None
            Rows of each class, and how many of them are chosen; None is one class.

        Returns
        -------
        dict
            Rows, features, budget, passes, and about how many bytes all processes take together:
            at most, and in each stage.

        Raises
        ------
        BudgetError
            For a budget that cannot be met.
        """
        budget = most_rows(self.budget, source.n_rows)
        if sizes is None or quotas is None:
            sizes, quotas = np.array([source.n_rows]), np.array([budget])
        memory = self.needed(self.extent(source, sizes, quotas))
        return {
            "n_rows": source.n_rows,
            "n_features": source.n_features,
            "budget": int(quotas.sum()),
            "passes": 2 + self.weighting_passes,
            "max_bytes": max(memory.values()),
            "memory": memory,
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
