"""How close the item-cluster bound is to what it bounds, on a sample of pairs (Table 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from coresift._typing import Buckets, Codes, Counts, Float64, Indices, Rows
from coresift.core.bounds import Bound
from coresift.core.codebook import Codebook
from coresift.core.medoids import FixedPoint
from coresift.core.objective import CodeCounts
from coresift.core.summary import Summary


@dataclass(frozen=True, eq=False)
class Pairs:
    """A few rows of each class and the clusters that they are in: all pairs of a class.

    Parameters
    ----------
    class_ids : ndarray of shape (n_items,), int64
    rows : ndarray of shape (n_items, n_features), float32
        Scaled.
    codes : ndarray of shape (n_items, n_subspaces), uint8
    clusters : ndarray of shape (n_clusters,), int64
        Positions in the summary, ascending.
    """

    class_ids: Indices
    rows: Rows
    codes: Codes
    clusters: Indices

    @classmethod
    def of(
        cls, summary: Summary, class_ids: Indices, rows: Rows, buckets: Buckets, codes: Codes
    ) -> Pairs:
        """Take the clusters of encoded rows."""
        return cls(class_ids, rows, codes, np.unique(summary.clusters(class_ids, buckets)))

    def same_class(self, summary: Summary) -> NDArray[np.bool_]:
        """Return which items and clusters are of one class, shape (n_items, n_clusters)."""
        cluster_class = summary.cluster_class[self.clusters]
        return np.asarray(self.class_ids[:, None] == cluster_class[None])

    def bounds(self, summary: Summary, codebook: Codebook, bound: Bound) -> Float64:
        """Return u_it of every item and cluster, shape (n_items, n_clusters), float64."""
        distances = codebook.sdc_table(bound.squared).astype(np.float64)
        counts = CodeCounts.of(summary).ordered(self.clusters)
        bounds = np.zeros((len(self.rows), len(self.clusters)))
        for t, size in enumerate(summary.sizes[self.clusters]):
            part = slice(counts.starts[t], counts.starts[t + 1])
            for subspace, table in enumerate(distances):
                here = counts.subspaces[part] == subspace
                terms = table[self.codes[:, subspace]][:, counts.codes[part][here]]
                if bound.average:
                    bounds[:, t] += terms @ counts.counts[part][here] / size
                else:
                    bounds[:, t] += terms.max(axis=1)
        return np.sqrt(bounds) if bound.squared else bounds


@dataclass(frozen=True, eq=False)
class TrueDistances:
    """Largest and summed distance from items to the members of clusters; merges exactly.

    Parameters
    ----------
    largest : ndarray of shape (n_items, n_clusters), float64
    totals : ndarray of shape (n_items, n_clusters), int64
        In fixed-point steps.
    """

    largest: Float64
    totals: Counts

    @classmethod
    def of(
        cls,
        pairs: Pairs,
        summary: Summary,
        units: FixedPoint,
        rows: Rows,
        class_ids: Indices,
        buckets: Buckets,
        steps: Counts | None = None,
    ) -> TrueDistances:
        """Measure the members among rows of shape (n_rows, n_features).

        With ``steps``, a row counts so many times.
        """
        cluster = summary.clusters(class_ids, buckets)
        place = np.minimum(np.searchsorted(pairs.clusters, cluster), len(pairs.clusters) - 1)
        inside = np.flatnonzero(pairs.clusters[place] == cluster)
        inside = inside[np.argsort(place[inside], kind="stable")]
        found = cls.empty(pairs)
        if len(inside):
            present, starts = np.unique(place[inside], return_index=True)
            distances = cdist(pairs.rows.astype(np.float64), rows[inside].astype(np.float64))
            found.largest[:, present] = np.maximum.reduceat(distances, starts, axis=1)
            values = units.steps(distances)
            if steps is not None:
                values *= steps[inside]
            found.totals[:, present] = np.add.reduceat(values, starts, axis=1)
        return found

    @classmethod
    def empty(cls, pairs: Pairs) -> TrueDistances:
        """Return the distances to no rows."""
        shape = len(pairs.rows), len(pairs.clusters)
        return cls(np.zeros(shape), np.zeros(shape, dtype=np.int64))

    def merge(self, other: TrueDistances) -> TrueDistances:
        """Return the distances to both sets of rows."""
        return TrueDistances(np.maximum(self.largest, other.largest), self.totals + other.totals)


def bound_error(
    pairs: Pairs,
    truth: TrueDistances,
    summary: Summary,
    codebook: Codebook,
    bound: Bound,
    units: FixedPoint,
) -> dict[str, float | int | str]:
    """Return the mean relative error of the bound, ``mean |u_it - s_it| / s_it`` (Table 2).

    s_it is what the bound is above: the largest distance from the item to a row of the cluster,
    or the mean distance. Pairs without distance do not count.
    """
    bounds = pairs.bounds(summary, codebook, bound)
    mean = np.ldexp(truth.totals / summary.sizes[pairs.clusters], -units.bits)
    target = mean if bound.average else truth.largest
    usable = pairs.same_class(summary) & (target > 0)
    errors = np.abs(bounds[usable] - target[usable]) / target[usable]
    return {
        "target": bound.target,
        "pairs": int(usable.sum()),
        "mean_relative_error": float(errors.mean()) if len(errors) else 0.0,
    }
