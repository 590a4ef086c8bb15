"""The Cluster-GA objective of one class (Eq. 8), over item-cluster bounds (Section 5.2).

``score(R) = sum_t |C_t| min_{j in R} u_jt``, where the bound u_jt between a code
and a cluster is one of

* ``"sum"``  ``sum_l max_{k in C_t} cb_l[q_j][q_k]``, as the paper has it;
* ``"root"`` ``sqrt(sum_l max_{k in C_t} cb_l[q_j][q_k]^2)``, never larger, still
  above the code distance to every member of the cluster;
* ``"rms"``  ``sqrt(sum_l mean_{k in C_t} cb_l[q_j][q_k]^2)``, the root-mean-square
  code distance to the members, never larger than either: by Jensen's inequality
  ``|C_t|`` times it still bounds the sum of the distances, which is what Eq. 6
  needs and where the paper takes a maximum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from coresift._errors import ParameterError
from coresift._kernels.bound import fill_table
from coresift._kernels.greedy import WIDTH, absorb, fill_gains, fill_owners, lazy_picks
from coresift._threads import run_blocks
from coresift._typing import Counts, Float32, Float64, Indices
from coresift.core.blocks import block_order
from coresift.core.codebook import Codebook
from coresift.core.pool import Candidates
from coresift.core.summary import MAX_CODEWORDS, Summary

BOUNDS = ("sum", "root", "rms")


@dataclass(frozen=True, eq=False)
class Cells:
    """The code counts of the clusters of one class, cluster by cluster.

    Parameters
    ----------
    starts : ndarray of shape (T + 1,), int64
        The cells of cluster t are ``starts[t]:starts[t + 1]``.
    subspaces, codes, counts : ndarray of shape (n_cells,), int64
    """

    starts: Indices
    subspaces: Indices
    codes: Indices
    counts: Counts

    @classmethod
    def of(cls, summary: Summary) -> Cells:
        """Unpack the cells of a one-class summary."""
        n_subspaces = summary.layout.n_subspaces
        slot, codes = np.divmod(summary.cell, MAX_CODEWORDS)
        cluster, subspaces = np.divmod(slot, n_subspaces)
        starts = np.searchsorted(cluster, np.arange(len(summary.sizes) + 1))
        return cls(starts, subspaces, codes, summary.cell_counts)

    def ordered(self, order: Indices) -> Cells:
        """Return the cells with the clusters in another order."""
        lengths = np.diff(self.starts)[order]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        source = np.repeat(self.starts[:-1][order] - starts[:-1], lengths) + np.arange(starts[-1])
        return Cells(starts, self.subspaces[source], self.codes[source], self.counts[source])

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

    def copy(self) -> Cover:
        """Return a cover that can change without changing this one."""
        return Cover(self.key.copy(), self.cover.copy(), self.peak.copy())


@dataclass(frozen=True, eq=False)
class Objective:
    """The gain in score of each candidate of one class.

    Parameters
    ----------
    candidates : Candidates
    order : ndarray of shape (T,), int64
        Cluster of the summary in each place of the table.
    sizes : ndarray of shape (n_blocks * WIDTH,), float32
        Cluster sizes in that order, zero in the unused places.
    table : ndarray of shape (n_subspaces, n_codewords, n_blocks * WIDTH), float32
    floor : ndarray of shape (n_subspaces, n_codewords, n_blocks), float32
    squared : bool
        Whether the bound is the root of the table's sum.
    worst : float
        Bound of a cluster that nothing covers: no bound is larger.
    """

    candidates: Candidates
    order: Indices
    sizes: Float32
    table: Float32
    floor: Float32
    squared: bool
    worst: float

    @classmethod
    def of(
        cls, summary: Summary, codebook: Codebook, bound: str, n_threads: int | None = 1
    ) -> Objective:
        """Build the objective of a one-class summary (Algorithm 1, line 3).

        Raises
        ------
        ParameterError
            For an unknown ``bound``.
        """
        if bound not in BOUNDS:
            raise ParameterError(f"bound={bound!r}: must be one of {', '.join(BOUNDS)}")
        squared = bound != "sum"
        distances = codebook.sdc_table(squared)
        cells = Cells.of(summary)
        order = block_order(cells.means(codebook, summary.sizes), WIDTH)
        cells, sizes = cells.ordered(order), summary.sizes[order]
        n_subspaces, n_codewords = distances.shape[:2]
        n_blocks = -(-len(sizes) // WIDTH)
        table = np.empty((n_subspaces, n_codewords, n_blocks * WIDTH), dtype=np.float32)
        floor = np.empty((n_subspaces, n_codewords, n_blocks), dtype=np.float32)

        def fill(part: slice) -> None:
            fill_table(
                np.arange(part.start, part.stop),
                cells.starts,
                cells.subspaces,
                cells.codes,
                cells.counts,
                sizes,
                distances,
                bound == "rms",
                table,
                floor,
            )

        run_blocks(fill, n_blocks, n_threads, minimum=4)
        padded = np.zeros(n_blocks * WIDTH, dtype=np.float32)
        padded[: len(sizes)] = sizes
        largest = np.float32(0)
        for subspace in distances:  # the same order of additions as in the kernel
            largest += subspace.max()
        return cls(
            Candidates.of(summary.pool),
            order,
            padded,
            table,
            floor,
            squared,
            float(largest),
        )

    @property
    def n_candidates(self) -> int:
        """Number of distinct codes (C)."""
        return len(self.candidates.counts)

    @cached_property
    def _arrays(self) -> tuple[Float32, Float32, bool]:
        return self.table, self.floor, self.squared

    def uncovered(self) -> Cover:
        """Return the cover of the empty set: the worst bound everywhere."""
        key = np.where(self.sizes > 0, np.float32(self.worst), np.float32(0))
        cover = np.sqrt(key) if self.squared else key.copy()
        return Cover(key, cover, key.reshape(-1, WIDTH).max(axis=1))

    def gains(self, which: Indices, state: Cover, n_threads: int | None = 1) -> Float64:
        """Return the gain of each candidate in ``which``, shape (len(which),), float64."""
        gains = np.empty(len(which), dtype=np.float64)

        def fill(part: slice) -> None:
            fill_gains(
                which[part],
                self.candidates.codes,
                *self._arrays,
                self.sizes,
                state.cover,
                state.peak,
                gains[part],
            )

        run_blocks(fill, len(which), n_threads, minimum=64)
        return gains

    def absorb(self, candidate: int, state: Cover) -> None:
        """Add one candidate to the chosen set; changes ``state``, which the greedy owns."""
        absorb(self.candidates.codes[candidate], *self._arrays, state.key, state.cover, state.peak)

    def lazy_picks(
        self, heap: Indices, state: Cover, bounds: Float64, picks: Indices, gains: Float64
    ) -> int:
        """Fill ``picks`` and ``gains`` by lazy greedy from the candidates in ``heap``.

        ``bounds`` holds an upper bound of the gain of each candidate. It, ``heap`` and ``state``
        change. Returns how many picks have a gain.
        """
        codes = self.candidates.codes
        cover = state.key, state.cover, state.peak
        return lazy_picks(heap, codes, *self._arrays, self.sizes, *cover, bounds, picks, gains)

    def owners(self, picks: Indices) -> Indices:
        """Return the picked candidate of smallest bound (the lowest of equals) of each cluster.

        Returns
        -------
        ndarray of shape (T,), int64
            Clusters in the order of the summary.
        """
        chosen = np.unique(picks)
        winner = np.zeros(len(self.sizes), dtype=np.int64)
        state = self.uncovered()
        fill_owners(
            chosen,
            self.candidates.codes,
            self.table,
            self.floor,
            state.key,
            state.peak,
            winner,
        )
        owners = np.empty(len(self.order), dtype=np.int64)
        owners[self.order] = chosen[winner[: len(self.order)]]
        return owners

    def bounds(self, candidate: int) -> Float32:
        """Return u_jt of one candidate, shape (T,), clusters in the order of the summary."""
        code = self.candidates.codes[candidate]
        keys = self.table[0, code[0]].copy()
        for subspace in range(1, len(code)):
            keys += self.table[subspace, code[subspace]]
        bounds = np.empty(len(self.order), dtype=np.float32)
        bounds[self.order] = (np.sqrt(keys) if self.squared else keys)[: len(self.order)]
        return bounds

    def score(self, state: Cover) -> float:
        """Return ``sum_t |C_t| cover_t`` (Eq. 8)."""
        return float((self.sizes.astype(np.float64) * state.cover).sum())
