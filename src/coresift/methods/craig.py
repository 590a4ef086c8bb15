"""Craig: facility location on exact distances, class by class (Section 2.3, the 3-loop method)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coresift._errors import ParameterError
from coresift._rng import Purpose, derived_seed, row_hash, stream
from coresift._runtime import Runtime
from coresift._typing import Counts, Indices, Rows
from coresift.core.coreset import Choice
from coresift.core.facility import (
    ROW_GREEDY,
    Dense,
    Neighbours,
    Recomputed,
    facility_greedy,
)
from coresift.core.members import Members
from coresift.core.memory import Extent
from coresift.core.objective import Objective
from coresift.core.parameters import check_choice, check_range
from coresift.methods._plan import Plan
from coresift.sources import Source
from coresift.table import Table

DISTANCES = ("auto", "dense", "recompute", "neighbours")


@dataclass(frozen=True)
class CraigPlan(Plan):
    """Every choice that a selection depends on; `coresift.Craig` documents them."""

    holds_rows: ClassVar[bool] = True

    distances: str = "auto"
    n_neighbours: int = 128
    max_bytes: int = 2**30
    greedy: str = "lazy"
    n_candidates: int = 500

    def __post_init__(self) -> None:
        check_choice("distances", self.distances, DISTANCES)
        check_choice("greedy", self.greedy, ROW_GREEDY)
        for name in ("n_neighbours", "max_bytes", "n_candidates"):
            check_range(name, getattr(self, name))
        super().__post_init__()

    def choose(self, table: Table, run: Runtime) -> Choice:
        """Choose by facility location on exact distances, one class after the other.

        Raises
        ------
        ParameterError
            Where the distances of a class would take more than ``max_bytes``.
        """
        quotas, n_features = table.quotas(self.budget), table.source.n_features
        stores = [self.store(size, n_features) for size in table.classes.sizes.tolist()]
        block = table.gather(run)
        rows, class_ids = block.rows, block.class_ids
        members = Members.of(class_ids, len(quotas))
        chosen: list[Indices] = []
        with run.stage("choose", int(quotas.sum())):
            for class_id, (quota, store) in enumerate(zip(quotas.tolist(), stores, strict=True)):
                here = members[class_id]
                rng = stream(self.seed, Purpose.GREEDY_DRAWS, class_id)
                own = rows[here], block.row_ids[here]
                chosen.append(here[self._in_class(*own, quota, store, rng, run)])
        places = np.sort(np.concatenate(chosen))
        facts = tuple({"distances": store} for store in stores)
        return Choice(block.row_ids[places], class_ids[places], class_facts=facts)

    def _in_class(
        self,
        rows: Rows,
        row_ids: Indices,
        quota: int,
        store: str,
        rng: np.random.Generator,
        run: Runtime,
    ) -> Indices:
        """Return the chosen rows of a class, as positions in ``rows``."""
        if quota == len(rows):
            run.advance(quota)
            return np.arange(quota)
        return facility_greedy(
            self._objective(rows, store),
            quota,
            np.argsort(row_hash(row_ids, derived_seed(self.seed, Purpose.ROWS))),
            rng,
            method=self.greedy,
            n_candidates=self.n_candidates,
            advance=run.advance,
        )

    def _objective(self, rows: Rows, store: str) -> Objective:
        if store == "dense":
            return Dense(rows)
        if store == "neighbours":
            return Neighbours(rows, self.n_neighbours)
        return Recomputed(rows)

    def store(self, n_rows: int, n_features: int) -> str:
        """Return how distances are stored for a class of so many rows: "auto" resolved.

        Raises
        ------
        ParameterError
            Where what was asked for takes more than ``max_bytes``.
        """
        dense = store_bytes("dense", n_rows, n_features, self.n_neighbours)
        if self.distances == "auto":
            return "dense" if dense <= self.store_limit else "recompute"
        needed = store_bytes(self.distances, n_rows, n_features, self.n_neighbours)
        if self.distances != "recompute" and needed > self.store_limit:
            raise ParameterError(
                f"distances={self.distances!r} takes {needed:,} bytes for a class of {n_rows:,} "
                f"rows, max_bytes={self.store_limit:,}: use distances='recompute', or raise "
                "max_bytes (and memory_limit)"
            )
        return self.distances

    @property
    def store_limit(self) -> int:
        """The most bytes for the distances of a class."""
        return self.room(2, self.max_bytes)

    def memory(self, extent: Extent) -> dict[str, int]:
        """Return about how many bytes each stage takes: all rows, and the largest class."""
        n_rows = extent.largest
        facts = n_rows, extent.n_features
        store = self.store(*facts) if self.distances == "auto" else self.distances
        stored = store_bytes(store, *facts, self.n_neighbours)  # `choose` refuses what is asked for
        # The rows of the class, its distances, and a queue of candidates.
        held = 2 * (extent.rows(4) + 16 * extent.n_rows) + extent.rows(4, n_rows)
        found = super().memory(extent)
        return {**found, "choose": found["survey"] + held + stored + 250 * n_rows}

    def cost(
        self, source: Source, sizes: Counts | None = None, quotas: Counts | None = None
    ) -> dict[str, Any]:
        """Say what a selection would take: `Plan.cost`, and how distances are stored.

        Raises
        ------
        ParameterError
            Where the distances of the largest class would take more than ``max_bytes``.
        """
        largest = self.extent(source, sizes, quotas).largest
        store = self.store(largest, source.n_narrow)
        return {**super().cost(source, sizes, quotas), "distances": store}


def store_bytes(distances: str, n_rows: int, n_features: int, n_neighbours: int) -> int:
    """Return the bytes that the distances of a class of so many rows take at most.

    Parameters
    ----------
    distances : {"dense", "recompute", "neighbours"}
        One number for each pair; or the rows in blocks, and a mean for each; or what building the
        lists of neighbours takes.
    n_rows, n_features, n_neighbours : int

    Examples
    --------
    >>> from coresift.methods.craig import store_bytes
    >>> store_bytes("dense", 10_000, 54, 128) > 10_000**2 * 4
    True
    >>> store_bytes("recompute", 212_404, 54, 128) < 2**28
    True
    """
    padded = n_rows + 32
    row = 4 * (n_features + 8)
    # Rows by place and as tiles, one box, mean and the like for 32; order, place, cover, radius.
    arranged = padded * (3 * row + row // 4 + 48)
    if distances == "dense":
        return 4 * n_rows * padded + 2 * row * padded
    if distances == "neighbours":
        return arranged + 44 * n_rows * min(n_neighbours, n_rows)
    return arranged
