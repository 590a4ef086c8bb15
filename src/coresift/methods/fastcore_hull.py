"""FastCore-hull: Algorithm 1 with bounds from convex hulls (Section 5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coresift._rng import Purpose, derived_seed, row_hash, stream
from coresift._runtime import Runtime
from coresift._typing import Indices, Rows
from coresift.core.cluster_shares import WonClusters
from coresift.core.coreset import Choice, in_order
from coresift.core.facility import ROW_GREEDY, facility_greedy
from coresift.core.hull import HullObjective, Hulls, pair_up
from coresift.core.hyperplanes import MAX_PLANES
from coresift.core.members import Members
from coresift.core.parameters import check_choice, check_range
from coresift.methods._clusters import CENTER_ROWS, cluster_facts, count_clusters
from coresift.methods._plan import Plan
from coresift.methods.fastcore import draw_planes
from coresift.table import Table


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

    def choose(self, table: Table, run: Runtime) -> Choice:
        """Choose by Algorithm 1 with hull bounds, one class after the other."""
        quotas = table.quotas(self.budget)
        planes = draw_planes(table.sample(self.sample_rows), self.n_planes, self.center, self.seed)
        clusters = count_clusters(table, planes, quotas, self.max_clusters, run)
        rows, class_ids, _ = table.gather(run)
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
                own = self._in_class(rows[here], members[here] - first, here, quota, rng, run)
                found.append(own)
                chosen.append(here[own.picks])
        row_ids, picks = in_order(
            np.concatenate(chosen), np.concatenate([own.picks for own in found])
        )
        owners = tuple(own.owners for own in found)
        return Choice(
            row_ids,
            class_ids[row_ids],
            WonClusters(clusters.of_class, owners, picks, buckets[row_ids]),
            facts={
                "bound": sum(own.bound for own in found) / table.n_rows,
                "n_clusters": len(clusters.sizes),
                "n_vertices": sum(own.n_vertices for own in found),
            },
            class_facts=cluster_facts(clusters, len(quotas)),
        )

    def _in_class(
        self,
        rows: Rows,
        members: Indices,
        row_ids: Indices,
        quota: int,
        rng: np.random.Generator,
        run: Runtime,
    ) -> ClassHulls:
        """Build the hulls of a class (line 3) and run the greedy (lines 4-15)."""
        pairs = pair_up(rows)
        hulls = Hulls.of(pairs, members, int(members.max()) + 1)
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
