"""The mergeable summary: integers that add up, and nothing else.

The bound ``u_it`` depends on row i only through its code, and on cluster t only
through the codes seen in it (Section 5.2). So the greedy needs, per class, how
often each cluster holds each code, and a pool of candidate rows. Counts add,
pools unite and keep the smallest hashes: `merge` is associative and commutative
with `empty` as its zero, and it is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coresift._errors import ParameterError
from coresift._kernels.segments import find_in_segments
from coresift._rng import draw_keys
from coresift._threads import run_blocks
from coresift._typing import Buckets, Codes, Counts, Indices
from coresift.core.entries import of_both, of_rows
from coresift.core.hyperplanes import MAX_PLANES as MAX_BITS
from coresift.core.hyperplanes import prefix
from coresift.core.merge import BottomK

MAX_CODEWORDS = 256


@dataclass(frozen=True)
class Layout:
    """What two summaries must share to be merged.

    Parameters
    ----------
    n_subspaces : int
    n_bits : int
        Bits of a bucket that tell rows apart, from the highest on.
    max_clusters : tuple of int
        Per class, the most clusters to keep.
    max_candidates : tuple of int
        Per class, the most rows to keep as candidates.
    seed : int
        Of the row hash that draws the candidates.
    """

    n_subspaces: int
    n_bits: int
    max_clusters: tuple[int, ...]
    max_candidates: tuple[int, ...]
    seed: int

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.max_clusters)


def _group(keys: Sequence[NDArray[np.generic]]) -> tuple[Indices, Indices]:
    """Sort by several keys (most significant first); return the order and the group starts."""
    n = len(keys[0])
    order = np.argsort(keys[0], kind="stable") if len(keys) == 1 else np.lexsort(keys[::-1])
    if n == 0:
        return order, np.zeros(0, dtype=np.int64)
    changed = np.zeros(n - 1, dtype=bool)
    for key in keys:
        ordered = key[order]
        changed |= ordered[1:] != ordered[:-1]
    return order, np.concatenate([[0], np.flatnonzero(changed) + 1])


def _add(values: Counts, order: Indices, starts: Indices) -> Counts:
    """Add the values of each group."""
    return np.add.reduceat(values[order], starts) if len(starts) else values[:0]


def _at(left: NDArray[Any], right: NDArray[Any], places: Indices) -> NDArray[Any]:
    """Return what stands at places, those of the right behind those of the left."""
    return np.concatenate([left, right])[places]


def _bits_within(buckets: Buckets, n_bits: int, limit: int) -> int:
    """Return the most bits (a prefix) that cut sorted distinct buckets into at most ``limit``."""
    if len(buckets) <= limit:
        return n_bits
    split = buckets[1:] ^ buckets[:-1]
    # The highest differing bit tells from how many bits on two neighbours are apart.
    # As a float the value may be rounded up to the next power of two: one bit too high.
    highest = np.minimum(np.log2(split.astype(np.float64)).astype(np.int64), MAX_BITS - 1)
    highest -= (np.uint64(1) << highest.astype(np.uint64)) > split
    apart_from = MAX_BITS - highest
    clusters = 1 + np.cumsum(np.bincount(apart_from, minlength=MAX_BITS + 2))
    return int(np.flatnonzero(clusters[: n_bits + 1] <= limit)[-1])


@dataclass(frozen=True, eq=False)
class Summary:
    """What the greedy needs to know of the data.

    Parameters
    ----------
    layout : Layout
    bits : ndarray of shape (n_classes,), int64
        How many bits the clusters of each class use: all, or the largest
        prefix with at most ``layout.max_clusters`` clusters.
    cluster_class : ndarray of shape (T,), int64
    cluster_bucket : ndarray of shape (T,), uint64
        Sorted by (class, bucket); bits past the prefix are zero.
    sizes : ndarray of shape (T,), int64
        Rows; of weighted rows, their weights in steps, and `entry_counts` likewise.
    entries : ndarray of shape (n_entries,), int64
        ``(cluster * n_subspaces + subspace) * 256 + code``, sorted: the places
        where `code_counts` of shape (T, M, B) is positive.
    entry_counts : ndarray of shape (n_entries,), int64
    pool : BottomK
        Candidate rows: of each class those of smallest key (`draw_keys`); they carry their codes.
    """

    layout: Layout
    bits: Indices
    cluster_class: Indices
    cluster_bucket: Buckets
    sizes: Counts
    entries: Indices
    entry_counts: Counts
    pool: BottomK

    @classmethod
    def of(
        cls,
        class_ids: Indices,
        buckets: Buckets,
        codes: Codes,
        row_ids: Indices,
        layout: Layout,
        steps: Counts | None = None,
        *,
        keep_buckets: bool = False,
    ) -> Summary:
        """Summarise encoded rows.

        Parameters
        ----------
        class_ids : ndarray of shape (n_rows,), int64
        buckets : ndarray of shape (n_rows,), uint64
        codes : ndarray of shape (n_rows, n_subspaces), uint8
        row_ids : ndarray of shape (n_rows,), int64
        layout : Layout
        steps : ndarray of shape (n_rows,), int64, or None
            How many times a row counts, and how likely it is a candidate; None is once.
        keep_buckets : bool
            Whether candidates carry their buckets too, for those who do not have the rows.
        """
        n_rows = len(class_ids)
        times = np.ones(n_rows, dtype=np.int64) if steps is None else steps
        order, starts = _group([class_ids, buckets])
        entries, counts = of_rows(order, starts, codes, steps)
        summary = cls(
            layout,
            np.full(layout.n_classes, layout.n_bits, dtype=np.int64),
            class_ids[order][starts].astype(np.int64),
            buckets[order][starts],
            _add(times, order, starts),
            entries,
            counts,
            BottomK.of(
                class_ids,
                draw_keys(row_ids, layout.seed, steps),
                row_ids,
                np.array(layout.max_candidates, dtype=np.int64),
                (codes, buckets) if keep_buckets else (codes,),
            ),
        )
        return summary._bounded()

    @classmethod
    def empty(cls, layout: Layout, weighted: bool = False) -> Summary:
        """Return the summary of no rows."""
        none = np.zeros(0, dtype=np.int64)
        codes = np.zeros((0, layout.n_subspaces), dtype=np.uint8)
        steps = none if weighted else None
        return cls.of(none, none.astype(np.uint64), codes, none, layout, steps)

    def merge(self, other: Summary) -> Summary:
        """Return the summary of both sets of rows.

        Raises
        ------
        ParameterError
            Where the layouts differ.
        """
        if self.layout != other.layout:
            raise ParameterError(
                f"cannot merge summaries of different layouts: {self.layout} and {other.layout}"
            )
        bits = np.minimum(self.bits, other.bits)
        left, right = self.coarsen(bits), other.coarsen(bits)
        order, starts = _group(
            [
                np.concatenate([left.cluster_class, right.cluster_class]),
                np.concatenate([left.cluster_bucket, right.cluster_bucket]),
            ]
        )
        pool = self.pool.merge(other.pool)
        return replace(left._together(right, order, starts), pool=pool)._bounded()

    def coarsen(self, bits: Indices) -> Summary:
        """Return the summary of the same rows, clustered by the first ``bits`` of each class."""
        if (bits >= self.bits).all():
            return self
        cut = prefix(self.cluster_bucket, bits[self.cluster_class])
        coarse = replace(self, cluster_bucket=cut, bits=np.minimum(bits, self.bits))
        order, starts = _group([coarse.cluster_class, coarse.cluster_bucket])
        return coarse._together(coarse._nothing(), order, starts)

    def limited(self, layout: Layout) -> Summary:
        """Return the summary of the same rows under limits that are no larger.

        It is the one that these limits would have given from the start: a prefix of a prefix is a
        prefix, and of the smallest keys the smallest are kept.
        """
        limits = np.array(layout.max_candidates, dtype=np.int64)
        return replace(self, layout=layout, pool=self.pool.limited(limits))._bounded()

    def renumbered(self, class_ids: Indices, layout: Layout) -> Summary:
        """Return the summary among more classes.

        Parameters
        ----------
        class_ids : ndarray of shape (n_classes,), int64
            New numbers of the classes, ascending.
        layout : Layout
            Of all classes; the limits of these classes stay.
        """
        bits = np.full(layout.n_classes, layout.n_bits, dtype=np.int64)
        bits[class_ids] = self.bits
        limits = np.array(layout.max_candidates, dtype=np.int64)
        pool = replace(self.pool, limits=limits, groups=class_ids[self.pool.groups])
        classes = class_ids[self.cluster_class]
        return replace(self, layout=layout, bits=bits, cluster_class=classes, pool=pool)

    def of_class(self, class_id: int) -> Summary:
        """Return the part of one class; its entries count clusters from 0."""
        clusters = slice(*np.searchsorted(self.cluster_class, [class_id, class_id + 1]))
        per_cluster = self.layout.n_subspaces * MAX_CODEWORDS
        edges = np.array([clusters.start, clusters.stop]) * per_cluster
        here = slice(*np.searchsorted(self.entries, edges))
        return replace(
            self,
            cluster_class=self.cluster_class[clusters],
            cluster_bucket=self.cluster_bucket[clusters],
            sizes=self.sizes[clusters],
            entries=self.entries[here] - clusters.start * per_cluster,
            entry_counts=self.entry_counts[here],
            pool=self.pool.of_group(class_id),
        )

    def clusters(self, class_ids: Indices, buckets: Buckets) -> Indices:
        """Return the cluster of each row that was summarised, shape (n_rows,), int64."""
        clusters = np.empty(len(buckets), dtype=np.int64)
        if not len(buckets):
            return clusters
        first, last = int(class_ids.min()), int(class_ids.max())
        edges = np.searchsorted(self.cluster_class, np.arange(first, last + 2))
        segments, cut = class_ids - first, prefix(buckets, self.bits[class_ids])

        def find(part: slice) -> None:
            find_in_segments(segments[part], cut[part], edges, self.cluster_bucket, clusters[part])

        run_blocks(find, len(buckets))
        return clusters

    def _nothing(self) -> Summary:
        """Return no clusters."""
        none = np.zeros(0, dtype=np.int64)
        return replace(
            self,
            cluster_class=none,
            cluster_bucket=none.astype(np.uint64),
            sizes=none,
            entries=none,
            entry_counts=none,
        )

    def _together(self, other: Summary, order: Indices, starts: Indices) -> Summary:
        """Put clusters of both together, those of ``other`` numbered behind."""
        width = self.layout.n_subspaces * MAX_CODEWORDS
        mine, theirs = ((side.entries, side.entry_counts) for side in (self, other))
        entries, counts = of_both(order, starts, mine, theirs, len(self.sizes), width)
        chosen = order[starts]
        return replace(
            self,
            cluster_class=_at(self.cluster_class, other.cluster_class, chosen),
            cluster_bucket=_at(self.cluster_bucket, other.cluster_bucket, chosen),
            sizes=_add(np.concatenate([self.sizes, other.sizes]), order, starts),
            entries=entries,
            entry_counts=counts,
        )

    def _bounded(self) -> Summary:
        """Coarsen the classes that have more clusters than the layout allows.

        A part of the rows never needs fewer bits than the whole, so bounding
        parts on the way gives the same summary as bounding once at the end.
        """
        bits, limits = self.bits.copy(), self.layout.max_clusters
        edges = np.searchsorted(self.cluster_class, np.arange(len(bits) + 1))
        for class_id in np.flatnonzero(np.diff(edges) > limits).tolist():
            clusters = self.cluster_bucket[edges[class_id] : edges[class_id + 1]]
            bits[class_id] = _bits_within(clusters, int(bits[class_id]), limits[class_id])
        return self.coarsen(bits)
