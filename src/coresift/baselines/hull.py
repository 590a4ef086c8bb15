"""FastCore-hull: Algorithm 1 with bounds from convex hulls (Section 5.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._rng import row_hash, stream
from coresift._stages import Progress, Stages
from coresift._typing import Buckets, Float64, Indices, Rows
from coresift.baselines.stratified import CENTER_ROWS, cluster, draw_planes
from coresift.core.coreset import Coreset
from coresift.core.facility_greedy import GREEDY, facility_greedy
from coresift.core.hull import HullObjective, Hulls, pair_up
from coresift.core.hyperplanes import MAX_PLANES
from coresift.core.parameters import check_choice, check_range
from coresift.core.scaler import SCALES
from coresift.core.summary import Summary
from coresift.core.weights import WEIGHTS, cluster_weights
from coresift.passes import (
    GREEDY_DRAWS,
    ROWS,
    Survey,
    assigned,
    derived_seed,
    gather,
    reported,
    survey,
)
from coresift.sources import Source


@dataclass(frozen=True)
class HullPlan:
    """Every choice that a selection depends on; `coresift.FastCoreHull` documents them.

    Raises
    ------
    ParameterError
        For a value outside its documented range.
    """

    budget: float
    n_planes: int = 48
    center: bool = True
    max_clusters: int | None = None
    greedy: str = "stochastic"
    n_candidates: int = 500
    weights: str = "assignment"
    scale: str | None = "minmax"
    seed: int = 0
    n_threads: int | None = None

    def __post_init__(self) -> None:
        check_choice("center", self.center, (True, False))
        check_choice("greedy", self.greedy, GREEDY)
        check_choice("weights", self.weights, WEIGHTS)
        check_choice("scale", self.scale, SCALES)
        check_range("n_planes", self.n_planes, MAX_PLANES)
        check_range("n_candidates", self.n_candidates)
        for name in ("max_clusters", "n_threads"):
            if getattr(self, name) is not None:
                check_range(name, getattr(self, name))


def fastcore_hull(source: Source, plan: HullPlan, progress: Progress | None = None) -> Coreset:
    """Choose a coreset by Algorithm 1 with hull bounds, one class after the other.

    Parameters
    ----------
    source : Source
        Read three or four times; its rows are held in memory, scaled, as float32.
    plan : HullPlan
    progress : callable or None
        Called with (stage, done, total) as the work goes on.

    Raises
    ------
    BudgetError, DataError, LabelError
        For rows, labels or a budget that cannot be used.
    """
    stages = Stages(progress)
    seen = survey(
        source,
        plan.budget,
        scale=plan.scale,
        seed=plan.seed,
        stages=stages,
        sample_size=CENTER_ROWS,
    )
    planes = draw_planes(seen, plan.n_planes, plan.center, plan.seed)
    clusters = cluster(seen, planes, plan.max_clusters, plan.n_threads, stages)
    rows, class_ids = gather(seen, stages)
    buckets = planes.buckets(rows, plan.n_threads)
    choices: list[_Choice] = []
    with stages("choose", seen.budget):
        for class_id in range(len(seen.classes)):
            here = np.flatnonzero(class_ids == class_id)
            own = clusters.of_class(class_id)
            choices.append(
                _choose(seen, class_id, own, rows[here], buckets[here], here, plan, stages)
            )
    del rows
    row_ids = np.concatenate([choice.row_ids for choice in choices])
    order = np.argsort(row_ids)
    if plan.weights == "assignment":
        chosen = row_ids[order]
        coreset = assigned(seen, chosen, class_ids[chosen], plan.n_threads, stages)
    else:
        weights = np.concatenate([choice.weights for choice in choices])
        coreset = Coreset(row_ids[order], weights[order])
    return reported(
        coreset,
        seen,
        class_ids[coreset.row_ids],
        stages,
        {
            "bound": sum(choice.bound for choice in choices) / source.n_rows,
            "n_clusters": len(clusters.sizes),
            "n_vertices": sum(choice.n_vertices for choice in choices),
        },
        [
            {"clusters": choice.n_clusters, "planes": planes_of}
            for choice, planes_of in zip(choices, clusters.planes.tolist(), strict=True)
        ],
    )


@dataclass(frozen=True, eq=False)
class _Choice:
    """What the greedy chose in one class: rows, weights by cluster, and the value of Eq. 8."""

    row_ids: Indices
    weights: Float64
    bound: float
    n_clusters: int
    n_vertices: int


def _choose(
    seen: Survey,
    class_id: int,
    clusters: Summary,
    rows: Rows,
    buckets: Buckets,
    row_ids: Indices,
    plan: HullPlan,
    stages: Stages,
) -> _Choice:
    """Build the hulls of a class (line 3) and run the greedy (lines 4-15)."""
    own_class = np.full(len(rows), class_id)
    members = clusters.clusters(own_class, buckets)
    pairs = pair_up(rows)
    hulls = Hulls.of(pairs, members, len(clusters.sizes), plan.n_threads)
    objective = HullObjective(pairs, hulls)
    picks = facility_greedy(
        objective,
        int(seen.quotas[class_id]),
        np.argsort(row_hash(row_ids, derived_seed(plan.seed, ROWS))),
        stream(plan.seed, GREEDY_DRAWS, class_id),
        method=plan.greedy,
        n_candidates=plan.n_candidates,
        n_threads=plan.n_threads,
        advance=stages.advance,
    )
    return _Choice(
        row_ids[picks],
        cluster_weights(clusters, objective.owners, picks, buckets[picks]),
        objective.score(),
        len(clusters.sizes),
        len(hulls.points),
    )
