"""FastCore-hull: Algorithm 1 with bounds from convex hulls (Section 5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coresift._rng import Purpose, derived_seed, row_hash, stream
from coresift._runtime import Runtime
from coresift._typing import Indices
from coresift.core.cluster_shares import WonClusters
from coresift.core.coreset import Choice, in_order
from coresift.core.facility import ROW_GREEDY, facility_greedy
from coresift.core.hull import HullObjective, Hulls, pair_up
from coresift.core.hyperplanes import MAX_PLANES
from coresift.core.members import Members
from coresift.core.memory import Extent
from coresift.core.parameters import check_choice, check_range
from coresift.methods._clusters import CENTER_ROWS, cluster_facts, count_clusters
from coresift.methods._plan import Plan
from coresift.methods.fastcore import draw_planes
from coresift.table import Block, Table


@dataclass(frozen=True, eq=False)
class ClassHulls:
    """What the greedy chose in one class.

    Parameters
    ----------
    picks : ndarray of shape (quota,), int64
        Positions among the rows of the class.
    owners : ndarray of shape (T,), int64
        The pick of smallest bound of each cluster.
    bound : float
        Value of Eq. 8.
    n_vertices : int
    """

    picks: Indices
    owners: Indices
    bound: float
    n_vertices: int


@dataclass(frozen=True)
class FastCoreHullPlan(Plan):
    """Every choice that a selection depends on; `coresift.FastCoreHull` documents them."""

    has_clusters: ClassVar[bool] = True
    holds_rows: ClassVar[bool] = True
    sample_rows: ClassVar[int] = CENTER_ROWS

    n_planes: int = 48
    center: bool = True
    max_clusters: int | None = None
    greedy: str = "stochastic"
    n_candidates: int = 500

    def __post_init__(self) -> None:
        check_choice("center", self.center, (True, False))
        check_choice("greedy", self.greedy, ROW_GREEDY)
        check_range("n_planes", self.n_planes, MAX_PLANES)
        check_range("n_candidates", self.n_candidates)
        if self.max_clusters is not None:
            check_range("max_clusters", self.max_clusters)
        super().__post_init__()

    def memory(self, extent: Extent) -> dict[str, int]:
        """Return about how many bytes each stage takes: rows, hulls and their bounds (measured)."""
        found = super().memory(extent)
        return {**found, "choose": found["choose"] + 4 * extent.rows(4)}

    def choose(self, table: Table, run: Runtime) -> Choice:
        """Choose by Algorithm 1 with hull bounds, one class after the other."""
        quotas = table.quotas(self.budget)
        planes = draw_planes(table.sample(self.sample_rows), self.n_planes, self.center, self.seed)
        clusters, _ = count_clusters(table, planes, quotas, self.max_clusters, run)
        block = table.gather(run)
        rows, class_ids = block.rows, block.class_ids
        buckets = planes.buckets(rows)
        members = clusters.clusters(class_ids, buckets)
        own_rows = Members.of(class_ids, len(quotas))
        found: list[ClassHulls] = []
        chosen: list[Indices] = []
        with run.stage("choose", int(quotas.sum())):
            for class_id, quota in enumerate(quotas.tolist()):
                here = own_rows[class_id]
                first = int(np.searchsorted(clusters.cluster_class, class_id))
                rng = stream(self.seed, Purpose.GREEDY_DRAWS, class_id)
                own = self._in_class(block, here, members[here] - first, quota, rng, run)
                found.append(own)
                chosen.append(here[own.picks])
        places, picks = in_order(
            np.concatenate(chosen), np.concatenate([own.picks for own in found])
        )
        owners = tuple(own.owners for own in found)
        return Choice(
            block.row_ids[places],
            class_ids[places],
            WonClusters(clusters.of_class, owners, picks, buckets[places]),
            facts={
                "bound": sum(own.bound for own in found) / int(clusters.sizes.sum()),
                "n_clusters": len(clusters.sizes),
                "n_vertices": sum(own.n_vertices for own in found),
            },
            class_facts=cluster_facts(clusters, len(quotas)),
        )

    def _in_class(
        self,
        block: Block,
        here: Indices,
        members: Indices,
        quota: int,
        rng: np.random.Generator,
        run: Runtime,
    ) -> ClassHulls:
        """Build the hulls of a class (line 3) and run the greedy (lines 4-15).

        Parameters
        ----------
        here : ndarray of shape (n,), int64
            Where the rows of the class stand in the block.
        members : ndarray of shape (n,), int64
            The cluster of each.
        """
        pairs, row_ids = pair_up(block.rows[here]), block.row_ids[here]
        steps = None if block.weights is None else block.weights[here]
        hulls = Hulls.of(pairs, members, int(members.max()) + 1, steps)
        objective = HullObjective(pairs, hulls)
        picks = facility_greedy(
            objective,
            quota,
            np.argsort(row_hash(row_ids, derived_seed(self.seed, Purpose.ROWS))),
            rng,
            method=self.greedy,
            n_candidates=self.n_candidates,
            advance=run.advance,
        )
        return ClassHulls(picks, objective.owners, objective.score(), len(hulls.points))
