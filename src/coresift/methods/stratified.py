"""Stratified sampling: rows from each LSH cluster in proportion to its size (Section 8.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coresift._rng import Purpose, derived_seed, row_hash
from coresift._runtime import Runtime
from coresift._typing import Buckets, Counts, Float64, Indices
from coresift.core.budget import split_budget
from coresift.core.cluster_shares import FixedShares
from coresift.core.coreset import Choice, in_order
from coresift.core.hyperplanes import MAX_PLANES, Hyperplanes
from coresift.core.merge import BottomK
from coresift.core.parameters import check_choice, check_range
from coresift.core.summary import Summary
from coresift.methods._clusters import CENTER_ROWS, cluster_facts, count_clusters
from coresift.methods._plan import Plan
from coresift.methods.fastcore import draw_planes
from coresift.table import Block, Table


@dataclass(frozen=True)
class StratifiedPlan(Plan):
    """Every choice that a stratified sample depends on; `coresift.Stratified` documents them."""

    has_clusters: ClassVar[bool] = True
    sample_rows: ClassVar[int] = CENTER_ROWS

    weights: str = "cluster"
    n_planes: int = 48
    center: bool = True
    max_clusters: int | None = None

    def __post_init__(self) -> None:
        check_range("n_planes", self.n_planes, MAX_PLANES)
        check_choice("center", self.center, (True, False))
        if self.max_clusters is not None:
            check_range("max_clusters", self.max_clusters)
        super().__post_init__()

    def choose(self, table: Table, run: Runtime) -> Choice:
        """Draw rows from LSH clusters in proportion to their sizes."""
        quotas = table.quotas(self.budget)
        planes = draw_planes(table.sample(self.sample_rows), self.n_planes, self.center, self.seed)
        clusters = count_clusters(table, planes, quotas, self.max_clusters, run)
        shares = _split(clusters, quotas, derived_seed(self.seed, Purpose.TIES))
        task = DrawFromClusters(planes, clusters, shares, derived_seed(self.seed, Purpose.ROWS))
        with run.stage("choose", table.n_rows):
            drawn = table.fold(task, run)
        row_ids, drawn_from = in_order(drawn.row_ids, drawn.groups)
        weights = _weights(table.classes.sizes, clusters, shares)[drawn_from]
        return Choice(
            row_ids,
            clusters.cluster_class[drawn_from],
            FixedShares(weights),
            facts={
                "n_clusters": len(clusters.sizes),
                "n_clusters_chosen": int((shares > 0).sum()),
            },
            class_facts=cluster_facts(clusters, len(quotas)),
        )


@dataclass(frozen=True, eq=False)
class DrawFromClusters:
    """Keep, of each cluster, as many rows of smallest hash as its share.

    Parameters
    ----------
    planes : Hyperplanes
    clusters : Summary
    shares : ndarray of shape (T,), int64
    seed : int
        Of the row hash.
    """

    planes: Hyperplanes
    clusters: Summary
    shares: Indices
    seed: int

    def __call__(self, block: Block) -> BottomK:
        """Draw from a block."""
        ids = self.clusters.clusters(block.class_ids, self.planes.buckets(block.rows))
        wanted = np.flatnonzero(self.shares[ids] > 0)
        row_ids = block.row_ids[wanted]
        return BottomK.of(ids[wanted], (row_hash(row_ids, self.seed),), row_ids, self.shares)


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
    >>> from coresift.methods.stratified import proportional
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


def _split(clusters: Summary, quotas: Indices, seed: int) -> Indices:
    """Return how many rows to choose of each cluster, shape (T,), int64."""
    ties = row_hash(np.arange(len(clusters.sizes)), seed)
    shares = np.empty(len(clusters.sizes), dtype=np.int64)
    edges = np.searchsorted(clusters.cluster_class, np.arange(len(quotas) + 1)).tolist()
    for class_id, quota in enumerate(quotas.tolist()):
        here = slice(edges[class_id], edges[class_id + 1])  # clusters are sorted by class
        shares[here] = proportional(quota, clusters.sizes[here], ties[here])
    return shares


def _weights(sizes: Counts, clusters: Summary, shares: Indices) -> Float64:
    """Return the weight of a chosen row of each cluster: its share of the rows that it stands for.

    Where a cluster has no chosen row, the weights of its class are raised to its size.
    """
    chosen = shares > 0
    class_ids = clusters.cluster_class
    represented = np.bincount(class_ids[chosen], clusters.sizes[chosen], minlength=len(sizes))
    raised = sizes / represented
    return clusters.sizes / np.maximum(shares, 1) * raised[class_ids]
