"""Stratified sampling: rows from each LSH cluster in proportion to its size (Section 8.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._rng import row_hash, stream
from coresift._stages import Progress, Stages
from coresift._typing import Buckets, Counts, Float64, Indices
from coresift.core.budget import split_budget
from coresift.core.coreset import Coreset
from coresift.core.hyperplanes import MAX_PLANES, Hyperplanes
from coresift.core.parameters import check_choice, check_range
from coresift.core.pool import Pool
from coresift.core.scaler import SCALES
from coresift.core.summary import Layout, Summary
from coresift.core.weights import WEIGHTS
from coresift.engines import map_reduce
from coresift.passes import (
    PLANES,
    ROWS,
    TIES,
    Survey,
    assigned,
    derived_seed,
    reported,
    row_ids_of,
    survey,
)
from coresift.sources import Chunk, Source

CLUSTERS_PER_PICK = 10
CENTER_ROWS = 2**14  # rows whose mean is the middle of the data


@dataclass(frozen=True)
class StratifiedPlan:
    """Every choice that a stratified sample depends on; `coresift.Stratified` documents them.

    Raises
    ------
    ParameterError
        For a value outside its documented range.
    """

    budget: float
    n_planes: int = 48
    center: bool = True
    max_clusters: int | None = None
    weights: str = "cluster"
    scale: str | None = "minmax"
    seed: int = 0
    n_threads: int | None = None

    def __post_init__(self) -> None:
        check_range("n_planes", self.n_planes, MAX_PLANES)
        check_choice("center", self.center, (True, False))
        check_choice("weights", self.weights, WEIGHTS)
        check_choice("scale", self.scale, SCALES)
        for name in ("max_clusters", "n_threads"):
            if getattr(self, name) is not None:
                check_range(name, getattr(self, name))


def draw_planes(seen: Survey, n_planes: int, center: bool, seed: int) -> Hyperplanes:
    """Draw hyperplanes for scaled rows, through the middle of the sample or the origin."""
    sample = seen.scaler.transform(seen.sample.rows)
    middle = sample.mean(axis=0, dtype=np.float64).astype(np.float32) if center else None
    return Hyperplanes.draw(sample.shape[1], n_planes, stream(seed, PLANES), middle)


def cluster(
    seen: Survey,
    planes: Hyperplanes,
    max_clusters: int | None,
    n_threads: int | None,
    stages: Stages,
) -> Summary:
    """Read the data once and count the rows of each cluster; at most ``max_clusters`` a class.

    Returns
    -------
    Summary
        Without codes and candidates: clusters and their sizes only.
    """
    sizes = seen.classes.sizes
    limits = CLUSTERS_PER_PICK * seen.quotas if max_clusters is None else max_clusters
    limits = np.minimum(np.broadcast_to(limits, sizes.shape), sizes)
    layout = Layout(0, planes.n_planes, tuple(limits.tolist()), (0,) * len(sizes), 0)

    def add_up(chunk: Chunk) -> Summary:
        buckets = planes.buckets(seen.scaler.transform(chunk.rows), n_threads)
        no_codes = np.empty((len(buckets), 0), dtype=np.uint8)
        return Summary.of(seen.class_ids(chunk), buckets, no_codes, row_ids_of(chunk), layout)

    with stages("cluster", seen.source.n_rows):
        chunks = stages.watch(seen.source.chunks())
        return map_reduce(add_up, chunks, Summary.merge, Summary.empty(layout))


def proportional(quota: int, sizes: Counts, ties: Buckets) -> Counts:
    """Split the quota of a class over its clusters by largest remainder.

    Parameters
    ----------
    quota : int
        At most the sum of the sizes.
    sizes : ndarray of shape (T,), int64
    ties : ndarray of shape (T,), uint64
        Of equal remainders the smallest value goes first.

    Returns
    -------
    ndarray of shape (T,), int64
        Sums to the quota; at least one for each cluster where there are no more
        clusters than rows to choose.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.baselines.stratified import proportional
    >>> ties = np.array([2, 0, 1], dtype=np.uint64)
    >>> proportional(2, np.array([2, 2, 2]), ties).tolist()
    [0, 1, 1]
    """
    if len(sizes) <= quota:
        return split_budget(quota, sizes)
    # In Python integers: quota * size may pass 64 bits.
    n_rows = int(sizes.sum())
    whole, rest = zip(*(divmod(quota * int(size), n_rows) for size in sizes), strict=True)
    quotas = np.array(whole, dtype=np.int64)
    first = sorted(range(len(sizes)), key=lambda t: (-rest[t], int(ties[t])))
    quotas[first[: quota - int(quotas.sum())]] += 1
    return quotas


def stratified(source: Source, plan: StratifiedPlan, progress: Progress | None = None) -> Coreset:
    """Draw rows from LSH clusters in proportion to their sizes.

    Parameters
    ----------
    source : Source
        Read three times, and once more for ``weights="assignment"``.
    plan : StratifiedPlan
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
    quotas = _quotas(seen, clusters, derived_seed(plan.seed, TIES))
    with stages("choose", source.n_rows):
        pool = _draw(seen, planes, clusters, quotas, plan, stages)
    order = np.argsort(pool.row_ids)
    row_ids, drawn_from = pool.row_ids[order], pool.class_ids[order]
    class_ids = clusters.cluster_class[drawn_from]
    if plan.weights == "assignment":
        coreset = assigned(seen, row_ids, class_ids, plan.n_threads, stages)
    else:
        coreset = Coreset(row_ids, _weights(seen, clusters, quotas)[drawn_from])
    return reported(
        coreset,
        seen,
        class_ids,
        stages,
        {"n_clusters": len(clusters.sizes), "n_clusters_chosen": int((quotas > 0).sum())},
        [
            {"clusters": int(count), "planes": int(planes_of)}
            for count, planes_of in zip(
                np.bincount(clusters.cluster_class, minlength=len(seen.classes)),
                clusters.planes,
                strict=True,
            )
        ],
    )


def _quotas(seen: Survey, clusters: Summary, seed: int) -> Indices:
    """Return how many rows to choose of each cluster, shape (T,), int64."""
    ties = row_hash(np.arange(len(clusters.sizes)), seed)
    quotas = np.empty(len(clusters.sizes), dtype=np.int64)
    for class_id, quota in enumerate(seen.quotas.tolist()):
        here = clusters.cluster_class == class_id
        quotas[here] = proportional(quota, clusters.sizes[here], ties[here])
    return quotas


def _draw(
    seen: Survey,
    planes: Hyperplanes,
    clusters: Summary,
    quotas: Indices,
    plan: StratifiedPlan,
    stages: Stages,
) -> Pool:
    """Read the data and keep, of each cluster, as many rows of smallest hash as its quota."""
    limits, seed = tuple(quotas.tolist()), derived_seed(plan.seed, ROWS)

    def draw(chunk: Chunk) -> Pool:
        buckets = planes.buckets(seen.scaler.transform(chunk.rows), plan.n_threads)
        ids = clusters.clusters(seen.class_ids(chunk), buckets)
        wanted = quotas[ids] > 0
        no_codes = np.empty((int(wanted.sum()), 0), dtype=np.uint8)
        return Pool.of(ids[wanted], row_ids_of(chunk)[wanted], no_codes, limits, seed)

    none = np.zeros(0, dtype=np.int64)
    zero = Pool.of(none, none, np.empty((0, 0), dtype=np.uint8), limits, seed)
    return map_reduce(draw, stages.watch(seen.source.chunks()), Pool.merge, zero)


def _weights(seen: Survey, clusters: Summary, quotas: Indices) -> Float64:
    """Return the weight of a chosen row of each cluster: its share of the rows that it stands for.

    Where a cluster has no chosen row, the weights of its class are raised to its size.
    """
    chosen = quotas > 0
    class_ids = clusters.cluster_class
    represented = np.bincount(
        class_ids[chosen], clusters.sizes[chosen], minlength=len(seen.classes)
    )
    raised = seen.classes.sizes / represented
    return clusters.sizes / np.maximum(quotas, 1) * raised[class_ids]
