"""Stratified sampling: rows from each LSH cluster in proportion to its size (Section 8.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coresift._rng import Purpose, derived_seed, draw_keys, row_hash
from coresift._runtime import Runtime
from coresift._typing import Buckets, Counts, Float64, Indices
from coresift.core.budget import filled, split_budget
from coresift.core.cluster_shares import FixedShares
from coresift.core.coreset import Choice, in_order
from coresift.core.hyperplanes import MAX_PLANES, Hyperplanes
from coresift.core.merge import BottomK, counted
from coresift.core.parameters import check_choice, check_range
from coresift.core.prior import level
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
        clusters, n_rows = count_clusters(table, planes, quotas, self.max_clusters, run)
        shares = _split(clusters, n_rows, quotas, derived_seed(self.seed, Purpose.TIES))
        task = DrawFromClusters(planes, clusters, shares, derived_seed(self.seed, Purpose.ROWS))
        with run.stage("choose", table.n_rows):
            drawn = table.fold(task, run)
        row_ids, drawn_from = in_order(drawn.row_ids, drawn.groups)
        weights = _weights(clusters, shares, drawn_from, table.own_steps(row_ids))
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
    """Keep, of each cluster, as many rows of smallest key (`draw_keys`) as its share.

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
        keys = draw_keys(
            row_ids, self.seed, None if block.weights is None else block.weights[wanted]
        )
        return BottomK.of(ids[wanted], keys, row_ids, self.shares)


def proportional(quota: int, sizes: Counts, ties: Buckets, masses: Counts | None = None) -> Counts:
    """Split the quota of a class over its clusters by largest remainder.

    Parameters
    ----------
    quota : int
        At most the sum of the sizes.
    sizes : ndarray of shape (T,), int64
    ties : ndarray of shape (T,), uint64
        Of equal remainders the smallest value goes first.
    masses : ndarray of shape (T,), int64, or None
        What the quota is proportional to; None is the sizes.

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
        return split_budget(quota, sizes, None if masses is None else masses.tolist())
    # In Python integers: quota * size may pass 64 bits.
    weights = (sizes if masses is None else masses).tolist()
    left, total, full = filled(quota, sizes.tolist(), weights)
    whole, rest = zip(*(divmod(left * weight, total) for weight in weights), strict=True)
    quotas = np.array(whole, dtype=np.int64)
    quotas[list(full)] = sizes[list(full)]
    open_to = (t for t in range(len(sizes)) if t not in full)
    first = sorted(open_to, key=lambda t: (-rest[t], int(ties[t])))
    quotas[first[: quota - int(quotas.sum())]] += 1
    return quotas


def _split(clusters: Summary, n_rows: Counts, quotas: Indices, seed: int) -> Indices:
    """Return how many rows to choose of each cluster, shape (T,), int64."""
    ties = row_hash(np.arange(len(clusters.sizes)), seed)
    shares = np.empty(len(clusters.sizes), dtype=np.int64)
    edges = np.searchsorted(clusters.cluster_class, np.arange(len(quotas) + 1)).tolist()
    for class_id, quota in enumerate(quotas.tolist()):
        here = slice(edges[class_id], edges[class_id + 1])  # clusters are sorted by class
        shares[here] = proportional(quota, n_rows[here], ties[here], clusters.sizes[here])
    return shares


def _weights(
    clusters: Summary, shares: Indices, drawn_from: Indices, own: Counts | None
) -> Float64:
    """Return the weight of each chosen row: its share of the rows that its cluster has.

    Where a cluster has no chosen row, the weights of its class are raised to its size. No row
    gets less than its own weight.
    """
    chosen, class_ids = shares > 0, clusters.cluster_class
    sizes = counted(class_ids, int(class_ids[-1]) + 1, clusters.sizes)
    represented = np.bincount(class_ids[chosen], clusters.sizes[chosen], minlength=len(sizes))
    raised = (sizes / represented)[class_ids]
    if own is None:
        return (clusters.sizes / np.maximum(shares, 1) * raised)[drawn_from]
    weights = np.empty(len(drawn_from))
    for cluster in np.unique(drawn_from):
        here = drawn_from == cluster
        weights[here] = level(own[here], clusters.sizes[cluster]) * raised[cluster]
    return weights
