"""How large what FastCore keeps may grow, and what a selection costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coresift._rng import Purpose, derived_seed
from coresift._typing import Counts, Indices
from coresift.core.memory import Extent
from coresift.core.summary import Layout
from coresift.methods._exact import EXACT_BYTES, EXACT_ROWS, small_classes
from coresift.methods._exchanged import exchange_bytes, exchanged_classes
from coresift.methods._fastcore_parameters import SAMPLE_ROWS_PER_CLUSTER, FastCoreParameters
from coresift.methods._plan import READING
from coresift.methods._sampled import SAMPLE_BYTES, sample_limits
from coresift.sources import Source

_NEW_TRIPLES = 0.3  # of cluster, subspace and code, for each row and subspace (measured)
# A class gets so many clusters and candidates for each row to choose; more do not pay.
CLUSTERS_PER_PICK = 10
CANDIDATES_PER_PICK = 20
AMPLE_CLUSTERS = 4096  # but at least so many, shared where there are more than 16 classes
AMPLE_CANDIDATES = 1024
TABLE_BYTES = 2**29


@dataclass(frozen=True)
class FastCoreLimits(FastCoreParameters):
    """Clusters, candidates and samples of each class; memory and passes."""

    def layout(self, quotas: Indices, sizes: Indices, n_subspaces: int) -> Layout:
        """Return how large the summary of each class may grow.

        Small quotas get clusters and candidates as if they were larger, where that is cheap; the
        largest class may not have so many clusters that its table takes over `TABLE_BYTES`.
        """
        many = min(1, 16 / len(quotas))
        most = self.room(4, TABLE_BYTES) // (4 * n_subspaces * self.n_codewords)
        clusters = np.maximum(CLUSTERS_PER_PICK * quotas, int(many * AMPLE_CLUSTERS))
        clusters = np.minimum(clusters, most)
        rows = np.maximum(CANDIDATES_PER_PICK * quotas, int(many * AMPLE_CANDIDATES))
        if self.max_clusters is not None:
            clusters = np.full_like(quotas, self.max_clusters)
        if self.max_candidates is not None:
            rows = np.full_like(quotas, self.max_candidates)
        return Layout(
            n_subspaces,
            self.n_planes,
            tuple(np.minimum(clusters, sizes).tolist()),
            tuple(np.clip(rows, quotas, sizes).tolist()),
            derived_seed(self.seed, Purpose.ROWS),
        )

    @property
    def exact_bytes(self) -> int:
        """The most bytes for the rows of small classes."""
        return self.room(8, EXACT_BYTES)

    @property
    def sample_bytes(self) -> int:
        """The most bytes, roughly, for the sample of large classes."""
        return self.room(16, SAMPLE_BYTES)

    @property
    def exact_rows(self) -> int:
        """A class of fewer rows is chosen from exactly."""
        if self.exact_below != "auto":
            return int(self.exact_below)
        return EXACT_ROWS if self.from_sample else 0

    def held(
        self, sizes: Counts, quotas: Counts, n_features: int
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which classes are chosen from exactly, and in which rows are exchanged."""
        small = small_classes(sizes, n_features, self.exact_rows, self.exact_bytes)
        if self.exact_below != "auto" or not self.from_sample or self.representative != "medoid":
            return small, np.zeros_like(small)
        return small, exchanged_classes(sizes, quotas, n_features, small, self.exact_bytes)

    def limits(self, quotas: Counts, sizes: Counts, n_features: int) -> Counts:
        """Return how many rows of each class are sampled."""
        return sample_limits(quotas, sizes, n_features, self.sample_bytes)

    def memory(self, extent: Extent) -> dict[str, int]:
        """Return about how many bytes each stage takes."""
        found = super().memory(extent)
        found["summarise"] = (READING + 1) * extent.chunk
        if self.clusters == "gmm" and not self.from_sample:  # sample rows times components
            components = self.n_clusters or self.sample_rows // SAMPLE_ROWS_PER_CLUSTER
            found["survey"] += 48 * self.sample_rows * components
        if extent.sizes is None or extent.quotas is None:
            return found
        small, exchanged = self.held(extent.sizes, extent.quotas, extent.n_features)
        sizes, quotas = extent.sizes[~small & ~exchanged], extent.quotas[~small & ~exchanged]
        # Rows of small classes as they were read, side by side and by class.
        kept = 3 * extent.rows(4, int(extent.sizes[small | exchanged].sum()))
        # Their distances, of as many classes as are in work.
        pairs = 4 * int((np.sort(extent.sizes[small])[-self.n_at_once :] ** 2).sum())
        own = extent.quotas[exchanged], extent.sizes[exchanged], extent.n_features
        pairs += int(np.sort(exchange_bytes(*own))[-self.n_at_once :].sum())
        held = at_once = 0
        if len(sizes) and self.from_sample:
            limits = self.limits(quotas, sizes, extent.n_features)
            held = 40 * int(limits.sum())
            at_once = extent.rows(16, int(limits.sum()))
        elif len(sizes):
            held, at_once = self._coded_bytes(extent, sizes, quotas)
        found["summarise"] += kept + held
        found["choose"] += kept + pairs + held + at_once
        return found

    def _coded_bytes(self, extent: Extent, sizes: Counts, quotas: Counts) -> tuple[int, int]:
        """Return the bytes of the summaries while they merge, and of the tables in work."""
        n_subspaces = self.n_parts(extent.n_features)
        layout = self.layout(quotas, sizes, n_subspaces)
        clusters, candidates = np.array(layout.max_clusters), sum(layout.max_candidates)
        # Many rows share the codes of their cluster: about a third are triples of their own.
        triples = n_subspaces * int(
            np.minimum(_NEW_TRIPLES * sizes, clusters * self.n_codewords).sum()
        )
        held = 2 * (16 * triples + 24 * int(clusters.sum())) + 2 * (16 + n_subspaces) * candidates
        at_once = int(np.sort(clusters)[-self.n_at_once :].sum())
        return held, 4 * n_subspaces * self.n_codewords * at_once

    def cost(
        self, source: Source, sizes: Counts | None = None, quotas: Counts | None = None
    ) -> dict[str, Any]:
        """Say what a selection would take, with upper limits of clusters and candidates."""
        found = {**super().cost(source, sizes, quotas), "exact_below": self.exact_rows}
        if sizes is None or quotas is None:
            sizes, quotas = np.array([source.n_rows]), np.array([found["budget"]])
        small, exchanged = self.held(sizes, quotas, source.n_narrow)
        n_small, n_exchanged = int(sizes[small].sum()), int(sizes[exchanged].sum())
        found |= {"exact_rows": n_small, "exchanged_rows": n_exchanged}
        sizes, quotas = sizes[~small & ~exchanged], quotas[~small & ~exchanged]
        if self.from_sample:
            if not len(sizes):
                return found
            own = {"sampled": int(self.limits(quotas, sizes, source.n_narrow).sum())}
            more = 0 if self.in_sample(source.n_rows) else 2 + self.n_moves
            return {**found, "passes": found["passes"] + more, **own}
        layout = self.layout(quotas, sizes, self.n_parts(source.n_narrow))
        own = {
            "max_clusters": sum(layout.max_clusters),
            "max_candidates": sum(layout.max_candidates),
        }
        return {**found, **own}
