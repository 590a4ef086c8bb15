"""Craig: facility location on exact distances, class by class (Section 2.3, the 3-loop method)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coresift._errors import ParameterError
from coresift._rng import Purpose, derived_seed, row_hash, stream
from coresift._runtime import Runtime
from coresift._typing import Indices, Rows
from coresift.core.coreset import Choice
from coresift.core.facility import (
    ROW_GREEDY,
    Dense,
    Neighbours,
    Recomputed,
    facility_greedy,
)
from coresift.core.members import Members
from coresift.core.objective import Objective
from coresift.core.parameters import check_choice, check_range
from coresift.methods._plan import Plan
from coresift.sources import CHUNK_BYTES, Source
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
        rows, class_ids, _ = table.gather(run)
        members = Members.of(class_ids, len(quotas))
        chosen: list[Indices] = []
        with run.stage("choose", int(quotas.sum())):
            for class_id, (quota, store) in enumerate(zip(quotas.tolist(), stores, strict=True)):
                here = members[class_id]
                rng = stream(self.seed, Purpose.GREEDY_DRAWS, class_id)
                chosen.append(here[self._in_class(rows[here], here, quota, store, rng, run)])
        row_ids = np.sort(np.concatenate(chosen))
        facts = tuple({"distances": store} for store in stores)
        return Choice(row_ids, class_ids[row_ids], class_facts=facts)

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
            return "dense" if dense <= self.max_bytes else "recompute"
        needed = store_bytes(self.distances, n_rows, n_features, self.n_neighbours)
        if self.distances != "recompute" and needed > self.max_bytes:
            raise ParameterError(
                f"distances={self.distances!r} takes {needed:,} bytes for a class of {n_rows:,} "
                f"rows, max_bytes={self.max_bytes:,}: use distances='recompute' or raise max_bytes"
            )
        return self.distances

    def cost(self, source: Source) -> dict[str, Any]:
        """Say what a selection would take: `Plan.cost`, as if all rows were of one class.

        Raises
        ------
        ParameterError
            Where the distances of all rows would take more than ``max_bytes``.
        """
        n_rows, n_features = source.n_rows, source.n_features
        store = self.store(n_rows, n_features)
        stored = store_bytes(store, n_rows, n_features, self.n_neighbours)
        # All rows, those of one class, its distances, and a queue of candidates.
        held = 2 * n_rows * (4 * n_features + 8) + stored + 250 * n_rows
        return {**super().cost(source), "distances": store, "max_bytes": 4 * CHUNK_BYTES + held}


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
