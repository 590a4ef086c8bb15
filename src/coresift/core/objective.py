"""The objectives that a greedy lowers, one class at a time.

`Objective` is what a greedy sees. `CodeObjective` is FastCore's (Eq. 8):
``score(R) = sum_t |C_t| min_{j in R} u_jt``, where u_jt bounds the distance between a code and
the rows of a cluster (`bounds`). `core.hull` and `core.facility` hold the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.sparse import csr_array

from coresift._kernels.bound import fill_table
from coresift._kernels.greedy import WIDTH, absorb, fill_gains, fill_owners, lazy_picks
from coresift._threads import run_blocks
from coresift._typing import Codes, Counts, Float32, Float64, Indices
from coresift.core.bounds import Bound
from coresift.core.candidates import Candidates
from coresift.core.codebook import Codebook
from coresift.core.kd_order import block_order
from coresift.core.summary import MAX_CODEWORDS, Summary


class Objective(Protocol):
    """Candidates of one class and the score of those chosen so far; lower is better.

    Gains fall as candidates are chosen, to the last bit.
    """

    has_cheap_upper: bool

    @property
    def counts(self) -> Counts:
        """Rows behind each candidate, shape (n_candidates,): one, where a candidate is a row."""

    def gains(self, which: Indices) -> Indices | Float64:
        """Return by how much each candidate in ``which`` lowers the score."""

    def upper(self, which: Indices) -> Indices | Float64:
        """Return what no gain is above, where that is cheaper, shape (len(which),)."""

    def absorb(self, candidate: int) -> None:
        """Choose a candidate: changes the state, which the objective owns."""

    def score(self) -> float:
        """Return the score of what is chosen so far."""


@dataclass(frozen=True, eq=False)
class CodeCounts:
    """How often each cluster of one class holds each code, cluster by cluster.

    Parameters
    ----------
    starts : ndarray of shape (T + 1,), int64
        The entries of cluster t are ``starts[t]:starts[t + 1]``.
    subspaces, codes, counts : ndarray of shape (n_entries,), int64
    """

    starts: Indices
    subspaces: Indices
    codes: Indices
    counts: Counts

    @classmethod
    def of(cls, summary: Summary) -> CodeCounts:
        """Unpack the entries of a one-class summary."""
        n_subspaces = summary.layout.n_subspaces
        slot, codes = np.divmod(summary.entries, MAX_CODEWORDS)
        cluster, subspaces = np.divmod(slot, n_subspaces)
        starts = np.searchsorted(cluster, np.arange(len(summary.sizes) + 1))
        return cls(starts, subspaces, codes, summary.entry_counts)

    def ordered(self, order: Indices) -> CodeCounts:
        """Return the counts with the clusters in another order."""
        lengths = np.diff(self.starts)[order]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        source = np.repeat(self.starts[:-1][order] - starts[:-1], lengths) + np.arange(starts[-1])
        return CodeCounts(starts, self.subspaces[source], self.codes[source], self.counts[source])

    def means(self, codebook: Codebook, sizes: Counts) -> Float64:
        """Return the mean of each cluster's decoded rows, shape (T, n_features), float64."""
        n_clusters = len(sizes)
        cluster = np.repeat(np.arange(n_clusters), np.diff(self.starts))
        means = np.empty((n_clusters, sum(len(part) for part in codebook.features)))
        for subspace, (features, words) in enumerate(
            zip(codebook.features, codebook.codewords, strict=True)
        ):
            here = self.subspaces == subspace
            histogram = csr_array(
                (self.counts[here].astype(np.float64), (cluster[here], self.codes[here])),
                shape=(n_clusters, words.shape[1]),
            )
            means[:, features] = (histogram @ words.T.astype(np.float64)) / sizes[:, None]
        return means


@dataclass(frozen=True, eq=False)
class Cover:
    """How well a set of chosen candidates covers each cluster; see `_kernels.greedy`."""

    key: Float32
    cover: Float32
    peak: Float32


@dataclass(frozen=True, eq=False)
class BoundTable:
    """Item-cluster bounds as sums over subspaces (Algorithm 1, line 3).

    Parameters
    ----------
    order : ndarray of shape (T,), int64
        Cluster of the summary in each place of the table.
    sizes : ndarray of shape (n_blocks * WIDTH,), float32
        Cluster sizes in that order, zero in the unused places.
    values : ndarray of shape (n_blocks, n_subspaces, n_codewords, WIDTH), float32
        Block by block, so that a block stays at hand while candidates take their turns.
    floor : ndarray of shape (n_subspaces, n_codewords, n_blocks), float32
    squared : bool
        Whether the bound is the root of the sum.
    worst : float
        Sum of a cluster that nothing covers: no sum is larger.
    """

    order: Indices
    sizes: Float32
    values: Float32
    floor: Float32
    squared: bool
    worst: float

    @classmethod
    def of(cls, summary: Summary, codebook: Codebook, bound: Bound) -> BoundTable:
        """Build the table of a one-class summary."""
        distances = codebook.sdc_table(bound.squared)
        counts = CodeCounts.of(summary)
        if len(summary.sizes) <= WIDTH:  # one block
            order = np.arange(len(summary.sizes))
        else:
            order = block_order(counts.means(codebook, summary.sizes), WIDTH)
        counts, sizes = counts.ordered(order), summary.sizes[order]
        n_subspaces, n_codewords = distances.shape[:2]
        n_blocks = -(-len(sizes) // WIDTH)
        values = np.empty((n_blocks, n_subspaces, n_codewords, WIDTH), dtype=np.float32)
        floor = np.empty((n_subspaces, n_codewords, n_blocks), dtype=np.float32)

        def fill(part: slice) -> None:
            fill_table(
                np.arange(part.start, part.stop),
                counts.starts,
                counts.subspaces,
                counts.codes,
                counts.counts,
                sizes,
                distances,
                bound.average,
                values,
                floor,
            )

        run_blocks(fill, n_blocks, minimum=4)
        padded = np.zeros(n_blocks * WIDTH, dtype=np.float32)
        padded[: len(sizes)] = sizes
        largest = np.float32(0)
        for subspace in distances:  # the same order of additions as in the kernel
            largest += subspace.max()
        return cls(order, padded, values, floor, bound.squared, float(largest))

    def uncovered(self) -> Cover:
        """Return the cover of the empty set: the worst bound everywhere."""
        key = np.where(self.sizes > 0, np.float32(self.worst), np.float32(0))
        cover = np.sqrt(key) if self.squared else key.copy()
        return Cover(key, cover, key.reshape(-1, WIDTH).max(axis=1))

    def row(self, code: Codes) -> Float32:
        """Return u_jt of one code, shape (T,), clusters in the order of the summary."""
        keys = self.values[:, 0, code[0]].flatten()
        for subspace in range(1, len(code)):
            keys += self.values[:, subspace, code[subspace]].reshape(-1)
        bounds = np.empty(len(self.order), dtype=np.float32)
        bounds[self.order] = (np.sqrt(keys) if self.squared else keys)[: len(self.order)]
        return bounds


class CodeObjective:
    """The Cluster-GA objective of one class (Eq. 8): candidates are codes, places are clusters.

    Parameters
    ----------
    candidates : Candidates
    table : BoundTable
    """

    has_cheap_upper = False

    def __init__(self, candidates: Candidates, table: BoundTable) -> None:
        self.candidates, self.table = candidates, table
        self.state = table.uncovered()
        self._arrays = table.values, table.floor, table.squared

    @classmethod
    def of(cls, summary: Summary, codebook: Codebook, bound: Bound) -> CodeObjective:
        """Build the objective of a one-class summary."""
        return cls(Candidates.of(summary.pool), BoundTable.of(summary, codebook, bound))

    @property
    def n_candidates(self) -> int:
        """Number of distinct codes (C)."""
        return len(self.candidates.counts)

    @property
    def counts(self) -> Counts:
        """Rows behind each candidate, shape (C,), int64."""
        return self.candidates.counts

    def gains(self, which: Indices) -> Float64:
        """Return the gain of each candidate in ``which``, shape (len(which),), float64."""
        gains, state = np.empty(len(which), dtype=np.float64), self.state

        def fill(part: slice) -> None:
            fill_gains(
                which[part],
                self.candidates.codes,
                *self._arrays,
                self.table.sizes,
                state.cover,
                state.peak,
                gains[part],
            )

        run_blocks(fill, len(which), minimum=64)
        return gains

    def upper(self, which: Indices) -> Float64:
        """Return the gains: nothing is cheaper."""
        return self.gains(which)

    def absorb(self, candidate: int) -> None:
        """Choose a candidate: changes the cover."""
        state = self.state
        absorb(candidate, self.candidates.codes, *self._arrays, state.key, state.cover, state.peak)

    def lazy_picks(self, heap: Indices, bounds: Float64, picks: Indices, gains: Float64) -> int:
        """Fill ``picks`` and ``gains`` by lazy greedy from the candidates in ``heap``.

        ``bounds`` holds an upper bound of the gain of each candidate. It, ``heap`` and the cover
        change. Returns how many picks have a gain.
        """
        codes, state = self.candidates.codes, self.state
        cover = state.key, state.cover, state.peak
        return lazy_picks(
            heap, codes, *self._arrays, self.table.sizes, *cover, bounds, picks, gains
        )

    def owners(self, picks: Indices) -> Indices:
        """Return the picked candidate of smallest bound (the lowest of equals) of each cluster.

        Returns
        -------
        ndarray of shape (T,), int64
            Clusters in the order of the summary.
        """
        chosen, table = np.unique(picks), self.table
        winner = np.zeros(len(table.sizes), dtype=np.int64)
        state = table.uncovered()
        fill_owners(
            chosen,
            self.candidates.codes,
            table.values,
            table.floor,
            state.key,
            state.peak,
            winner,
        )
        owners = np.empty(len(table.order), dtype=np.int64)
        owners[table.order] = chosen[winner[: len(table.order)]]
        return owners

    def bounds(self, candidate: int) -> Float32:
        """Return u_jt of one candidate, shape (T,), clusters in the order of the summary."""
        return self.table.row(self.candidates.codes[candidate])

    def score(self) -> float:
        """Return ``sum_t |C_t| cover_t`` (Eq. 8)."""
        return float((self.table.sizes.astype(np.float64) * self.state.cover).sum())
