"""Every choice that a selection by FastCore depends on, and what it will take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._errors import ParameterError
from coresift._typing import Indices
from coresift.core.budget import resolve_budget
from coresift.core.codebook import MAX_CODEWORDS, SUBSPACES
from coresift.core.greedy import GREEDY
from coresift.core.hyperplanes import MAX_PLANES
from coresift.core.medoids import REPRESENTATIVES
from coresift.core.objective import BOUNDS
from coresift.core.parameters import check_choice, check_range
from coresift.core.scaler import SCALES
from coresift.core.summary import Layout
from coresift.core.weights import WEIGHTS
from coresift.passes import ROWS, derived_seed
from coresift.sources import CHUNK_BYTES, Source

CLUSTERERS = ("lsh", "kmeans", "gmm")
SAMPLE_ROWS_PER_CODEWORD = 32
SAMPLE_ROWS_PER_CLUSTER = 4  # of k-means and mixtures
CLUSTER_SAMPLE = 2**13  # but they look at so many rows at least


@dataclass(frozen=True)
class Plan:
    """Every choice that a selection depends on; `coresift.FastCore` documents them.

    Raises
    ------
    ParameterError
        For a value outside its documented range.
    """

    budget: float
    clusters: str = "lsh"
    n_clusters: int | None = None
    n_planes: int = 64
    center: bool = True
    n_subspaces: int | None = None
    subspaces: str = "variance"
    n_codewords: int = 256
    bound: str = "rms"
    greedy: str = "auto"
    n_candidates: int = 500
    weights: str = "assignment"
    refine: int | None = None
    representative: str = "medoid"
    scale: str | None = "minmax"
    max_clusters: int | None = None
    max_candidates: int | None = None
    seed: int = 0
    n_threads: int | None = None

    def __post_init__(self) -> None:
        check_choice("clusters", self.clusters, CLUSTERERS)
        check_choice("bound", self.bound, BOUNDS)
        check_choice("greedy", self.greedy, GREEDY)
        check_choice("weights", self.weights, WEIGHTS)
        check_choice("representative", self.representative, REPRESENTATIVES)
        check_choice("scale", self.scale, SCALES)
        check_choice("subspaces", self.subspaces, SUBSPACES)
        check_choice("center", self.center, (True, False))
        check_range("n_planes", self.n_planes, MAX_PLANES)
        check_range("n_codewords", self.n_codewords, MAX_CODEWORDS)
        check_range("n_candidates", self.n_candidates)
        if self.refine is not None:
            check_range("refine", self.refine, lowest=0)
        if self.weights == "cluster" and (self.refine or self.representative != "medoid"):
            raise ParameterError(
                f"refine={self.refine!r} and representative={self.representative!r} look at the "
                "rows of each cell, weights='cluster' at none: use weights='assignment'"
            )
        if self.clusters == "lsh" and self.n_clusters is not None:
            raise ParameterError(
                f"n_clusters={self.n_clusters!r} is for clusters='kmeans' or 'gmm', clusters='lsh' "
                "finds as many as there are: use n_planes and max_clusters"
            )
        for name in ("n_clusters", "n_subspaces", "max_clusters", "max_candidates", "n_threads"):
            if getattr(self, name) is not None:
                check_range(name, getattr(self, name))

    @property
    def codebook_rows(self) -> int:
        """Rows of the sample that the codebook is trained on, the first of them."""
        return SAMPLE_ROWS_PER_CODEWORD * self.n_codewords

    @property
    def sample_rows(self) -> int:
        """Rows of the sample that everything is trained on."""
        if self.clusters == "lsh":
            return self.codebook_rows
        wanted = SAMPLE_ROWS_PER_CLUSTER * (self.n_clusters or 1)
        return max(self.codebook_rows, CLUSTER_SAMPLE, wanted)

    @property
    def n_refinements(self) -> int:
        """Number of times to look for better medoids: as given, or once where cells are read."""
        return int(self.weights == "assignment") if self.refine is None else self.refine

    def n_parts(self, n_features: int) -> int:
        """Return the number of subspaces: as given, or one for each 32 features, 6 to 64."""
        wanted = min(max(6, -(-n_features // 32)), 64)
        return min(wanted if self.n_subspaces is None else self.n_subspaces, n_features)

    def layout(self, quotas: Indices, sizes: Indices, n_subspaces: int) -> Layout:
        """Return how large the summary of each class may grow.

        Small quotas get clusters and candidates as if they were larger, where that is cheap; the
        largest class may not have so many clusters that its table takes over `TABLE_BYTES`.
        """
        many = min(1, 16 / len(quotas))
        most = TABLE_BYTES // (4 * n_subspaces * self.n_codewords)
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
            derived_seed(self.seed, ROWS),
        )


# A class gets so many clusters and candidates for each row to choose; more do not pay.
CLUSTERS_PER_PICK = 10
CANDIDATES_PER_PICK = 20
AMPLE_CLUSTERS = 4096  # but at least so many, shared where there are more than 16 classes
AMPLE_CANDIDATES = 1024
TABLE_BYTES = 2**29


def outlook(source: Source, plan: Plan) -> dict[str, Any]:
    """Say what a selection would take, without reading a row.

    Returns
    -------
    dict
        Rows, features, budget, passes, and upper limits: clusters (T), candidates, and
        bytes over the data itself.
    """
    budget = resolve_budget(plan.budget, source.n_rows)
    quota = np.array([budget])
    n_subspaces = plan.n_parts(source.n_features)
    layout = plan.layout(quota, np.array([source.n_rows]), n_subspaces)
    clusters, candidates = layout.max_clusters[0], layout.max_candidates[0]
    cells = n_subspaces * min(source.n_rows, clusters * plan.n_codewords)
    sample = plan.sample_rows * source.n_features * 8
    if plan.clusters == "gmm":  # a few tables of sample rows times components
        components = plan.n_clusters or plan.sample_rows // SAMPLE_ROWS_PER_CLUSTER
        sample += 6 * 8 * plan.sample_rows * components
    table = 4 * n_subspaces * plan.n_codewords * clusters
    return {
        "n_rows": source.n_rows,
        "n_features": source.n_features,
        "budget": budget,
        "passes": 2 + (plan.weights == "assignment") * (1 + 3 * plan.n_refinements),
        "max_clusters": clusters,
        "max_candidates": candidates,
        # Chunks are scaled in float64 and float32; two summaries exist while they merge.
        "max_bytes": 4 * CHUNK_BYTES
        + sample
        + table
        + 2 * (16 * cells + 24 * clusters)
        + 2 * (16 + n_subspaces) * candidates,
    }
