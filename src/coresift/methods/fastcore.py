"""FastCore: Algorithm 1, lines 1 to 15; `coresift.select` has the rest.

Encode rows -> add up integers -> choose on the sum -> fetch rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from coresift._errors import ParameterError
from coresift._rng import Purpose, derived_seed, stream
from coresift._runtime import Runtime
from coresift._typing import Counts, Indices, Rows
from coresift.core.bounds import BOUNDS, bound_of
from coresift.core.centroids import Centroids
from coresift.core.codebook import MAX_CODEWORDS, SUBSPACES, Codebook
from coresift.core.coreset import Choice, in_order
from coresift.core.encoder import Clusterer, Encoder
from coresift.core.greedy import GREEDY
from coresift.core.hyperplanes import MAX_PLANES, Hyperplanes
from coresift.core.medoids import FixedPoint
from coresift.core.memory import Extent
from coresift.core.mixture import Mixture
from coresift.core.parameters import check_choice, check_range
from coresift.core.summary import Layout, Summary
from coresift.gradients import FEW
from coresift.methods._bound_probe import BoundProbe
from coresift.methods._code_picks import ClassPicks, pick_codes
from coresift.methods._coded import Coded
from coresift.methods._exact import (
    EXACT_BYTES,
    EXACT_ROWS,
    MOST_EXACT_ROWS,
    Chosen,
    ReadClasses,
    choose_exactly,
    small_classes,
)
from coresift.methods._exchanged import (
    Exchange,
    choose_by_exchange,
    exchange_bytes,
    exchanged_classes,
)
from coresift.methods._plan import READING, Plan, choose_by_class
from coresift.methods._sampled import (
    MOVES,
    SAMPLE_BYTES,
    choose_from_sample,
    of_classes,
    sample_limits,
)
from coresift.sources import Source
from coresift.table import Block, DrawRows, Table
from coresift.weightings import Weighting, weighting_type
from coresift.weightings._assignment import REPRESENTATIVES
from coresift.weightings._members import MANY_ROWS

CLUSTERERS = ("lsh", "kmeans", "gmm")
STARTS = ("auto", "sample", "codes")
SWEEPS = 4  # over small classes, for each refinement
SAMPLE_ROWS_PER_CODEWORD = 32
_NEW_TRIPLES = 0.3  # of cluster, subspace and code, for each row and subspace (measured)
SAMPLE_ROWS_PER_CLUSTER = 4  # of k-means and mixtures
CLUSTER_SAMPLE = 2**13  # but they look at so many rows at least
# A class gets so many clusters and candidates for each row to choose; more do not pay.
CLUSTERS_PER_PICK = 10
CANDIDATES_PER_PICK = 20
AMPLE_CLUSTERS = 4096  # but at least so many, shared where there are more than 16 classes
AMPLE_CANDIDATES = 1024
TABLE_BYTES = 2**29
# What "auto" is, representative and weights: by measurement, docs/measured.md.
FOR_MODELS = "balanced", "calibrated"
FOR_NEIGHBOURS = "medoid", "assignment"  # and where there is nothing to tell apart
MOST_FREE = 10_000  # parameters of a linear model: beyond, a pilot takes longer than all else
# What says how clusters and codes are made, and how rows are chosen by them.
CODE_PARAMETERS = (
    "clusters",
    "n_clusters",
    "n_planes",
    "center",
    "n_subspaces",
    "subspaces",
    "n_codewords",
    "bound",
    "greedy",
    "n_candidates",
    "max_clusters",
    "max_candidates",
)


@dataclass(frozen=True, eq=False)
class EncodeTask:
    """Encode rows and add up (lines 2-3).

    Parameters
    ----------
    encoder : Encoder
    layout : Layout
    keep_buckets : bool
        Whether candidates carry their buckets.
    """

    encoder: Encoder
    layout: Layout
    keep_buckets: bool = False

    def __call__(self, block: Block) -> Summary:
        """Summarise a block."""
        buckets, codes = self.encoder.encode_scaled(block.rows)
        return Summary.of(
            block.class_ids,
            buckets,
            codes,
            block.row_ids,
            self.layout,
            block.weights,
            keep_buckets=self.keep_buckets,
        )


@dataclass(frozen=True)
class FastCorePlan(Plan):
    """Every choice that a selection depends on; `coresift.FastCore` documents them."""

    has_clusters: ClassVar[bool] = True

    weights: str = "auto"
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
    refine: int | None = None
    representative: str = "auto"
    pilot: Any = None
    loss: str | None = None
    noise: float | None = None
    gradient: Any = None
    rounds: int = 1
    max_clusters: int | None = None
    max_candidates: int | None = None
    exact_below: int | str = "auto"
    start: str = "auto"

    def __post_init__(self) -> None:
        check_choice("clusters", self.clusters, CLUSTERERS)
        check_choice("bound", self.bound, BOUNDS)
        check_choice("greedy", self.greedy, GREEDY)
        check_choice("representative", self.representative, ("auto", *REPRESENTATIVES))
        check_choice("subspaces", self.subspaces, SUBSPACES)
        check_choice("center", self.center, (True, False))
        check_choice("start", self.start, STARTS)
        check_range("n_planes", self.n_planes, MAX_PLANES)
        check_range("n_codewords", self.n_codewords, MAX_CODEWORDS)
        check_range("n_candidates", self.n_candidates)
        check_range("rounds", self.rounds)
        if self.refine is not None:
            check_range("refine", self.refine, lowest=0)
        for name in ("n_clusters", "n_subspaces", "max_clusters", "max_candidates"):
            if getattr(self, name) is not None:
                check_range(name, getattr(self, name))
        if self.exact_below != "auto":
            check_range("exact_below", self.exact_below, MOST_EXACT_ROWS, lowest=0)
        super().__post_init__()
        if "auto" not in (self.representative, self.weights):
            self._check_together()
        else:
            self.settled(self.target == "regression")

    def settled(self, numbers: bool, n_free: int = 1, n_chosen: int = 1) -> FastCorePlan:
        """Return the plan with what is "auto" decided, for classes or numbers to predict.

        Parameters
        ----------
        numbers : bool
            Whether y holds numbers to predict.
        n_free : int
            Parameters of a linear model that tells the classes apart; 0 where there is one class.
            With fewer than one row to choose for 20 of them, no gradient can be matched.
        n_chosen : int
            Rows to choose.
        """
        if "auto" not in (self.representative, self.weights):
            return self
        given = self.pilot, self.loss, self.noise, self.gradient
        gradients = self.rounds > 1 or any(value is not None for value in given)
        within = 0 < n_free <= min(MOST_FREE, n_chosen / FEW)
        model = numbers or gradients or within
        representative, weights = FOR_MODELS if model else FOR_NEIGHBOURS
        if self.weights != "auto":
            looks = self.weights == "calibrated" or gradients
            reads = weighting_type(self.weights, type(self)).reads_cells
            return replace(self, representative=representative if looks and reads else "medoid")
        if self.representative == "auto":
            return replace(self, representative=representative, weights=weights)
        if self.representative != "balanced":
            weights = "assignment"
        return replace(self, weights=weights)

    def settled_for(self, table: Table) -> FastCorePlan:
        """Return the plan for this table."""
        n_free = (len(table.classes) - 1) * (table.source.n_features + 1)
        return self.settled(table.has_numbers, n_free, int(table.quotas(self.budget).sum()))

    def weighting(self) -> Weighting:
        """Return how the chosen rows are weighed; where y decides, as for ``target``."""
        plan = self.settled(self.target == "regression")
        return weighting_type(plan.weights, type(self)).of(plan)

    def _check_together(self) -> None:
        """Refuse parameters that have no meaning together."""
        looks = self.refine or self.representative != "medoid"
        if looks and not self.weighting().reads_cells:
            raise ParameterError(
                f"refine={self.refine!r} and representative={self.representative!r} look at the "
                f"rows of each cell, weights={self.weights!r} at none: use weights='assignment'"
            )
        if self.exact_below not in ("auto", 0) and not self.weighting().reads_cells:
            raise ParameterError(
                f"exact_below={self.exact_below!r} chooses without clusters, and "
                f"weights={self.weights!r} come from clusters: use weights='assignment'"
            )
        if self.clusters == "lsh" and self.n_clusters is not None:
            raise ParameterError(
                f"n_clusters={self.n_clusters!r} is for clusters='kmeans' or 'gmm', clusters='lsh' "
                "finds as many as there are: use n_planes and max_clusters"
            )

    @property
    def codebook_rows(self) -> int:
        """Rows of the sample that the codebook is trained on, the first of them."""
        return SAMPLE_ROWS_PER_CODEWORD * self.n_codewords

    @property
    def sample_rows(self) -> int:  # type: ignore[override]
        """Rows of the sample that everything is trained on."""
        if self.from_sample:
            return 1
        if self.clusters == "lsh":
            return self.codebook_rows
        wanted = SAMPLE_ROWS_PER_CLUSTER * (self.n_clusters or 1)
        return max(self.codebook_rows, CLUSTER_SAMPLE, wanted)

    @property
    def n_refinements(self) -> int:
        """Number of times to look for better medoids: as given, or once where cells are read."""
        return 0 if self.from_sample else self._refine

    @property
    def _refine(self) -> int:
        if self.refine is not None:
            return self.refine
        return int(self.weights in ("auto", "assignment", "calibrated"))

    @property
    def n_moves(self) -> int:
        """Passes over all rows that move what was found in a sample."""
        return MOVES * self._refine if self.from_sample else 0

    def in_sample(self, n_rows: int) -> bool:
        """Whether a sample of so many rows is all that classes that are not small are chosen from.

        Balanced members only need to know which cells there are. Two passes more make these no
        better that can be measured, and take most of the time where rows are many; where they
        are few, they take none. What is "auto" may come to be balanced.
        """
        asked = self.representative in ("medoid", "random") or self.refine is not None
        return self.from_sample and not asked and n_rows > MANY_ROWS

    def notes_cells(self, n_rows: int) -> bool:
        """Whether passes before the last note the cell of each of so many rows."""
        return self.n_refinements > 0 or (self.from_sample and not self.in_sample(n_rows))

    @property
    def n_sweeps(self) -> int:
        """How often each row of a small class may replace a chosen one."""
        return SWEEPS * self._refine if self.from_sample else 0

    @property
    def from_sample(self) -> bool:
        """Whether classes that are not small are chosen from by a sample, and without codes.

        Whoever says how clusters and codes are made means to have them.
        """
        if self.start != "auto":
            return self.start == "sample"
        said = any(getattr(self, name) != getattr(FastCorePlan, name) for name in CODE_PARAMETERS)
        weights = "assignment" if self.weights == "auto" else self.weights
        return not said and weighting_type(weights, type(self)).reads_cells

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

    def choose(self, table: Table, run: Runtime) -> Choice:
        """Choose in small classes by exact distances, in others by a sample or by codes."""
        quotas, sizes = table.quotas(self.budget), table.classes.sizes  # line 1
        small, exchanged = self._held(sizes, quotas, table.source.n_features)
        held = small | exchanged
        look = None if held.all() else self._look(table, quotas, ~held, run)
        with run.stage("summarise", table.n_rows):  # lines 2-3
            parts = list(table.fold(ReadClasses(look, held), run).parts)
        coded, chosen = None, Chosen.nothing()
        if isinstance(look, EncodeTask):
            with run.stage("choose", int(quotas[~held].sum())):  # lines 4-15
                coded = self.choose_coded(parts.pop(0), look.encoder, quotas, ~held, run)
                chosen = coded.chosen()
        elif look is not None:
            n_moves = None if self.in_sample(table.n_rows) else self.n_moves
            given = quotas, ~held, n_moves, self.seed
            chosen = choose_from_sample(table, parts.pop(0), *given, run)
        if parts:
            with run.stage("choose", int(quotas[held].sum())):
                block = parts.pop().joined()
                chosen = chosen.beside(self._choose_held(table, block, small, exchanged, run))
        return self.choice(chosen, coded, sizes)

    def _held(
        self, sizes: Counts, quotas: Counts, n_features: int
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which classes are chosen from exactly, and in which rows are exchanged."""
        small = small_classes(sizes, n_features, self.exact_rows, self.exact_bytes)
        if self.exact_below != "auto" or not self.from_sample or self.representative != "medoid":
            return small, np.zeros_like(small)
        return small, exchanged_classes(sizes, quotas, n_features, small, self.exact_bytes)

    def _choose_held(
        self,
        table: Table,
        block: Block,
        small: NDArray[np.bool_],
        exchanged: NDArray[np.bool_],
        run: Runtime,
    ) -> Chosen:
        """Choose in the classes whose rows are held."""
        quotas, chosen = table.quotas(self.budget), Chosen.nothing()
        if small.any():
            own = of_classes(block, small)
            seed = derived_seed(self.seed, Purpose.ROWS)
            chosen = choose_exactly(own, quotas, small, seed, self.n_sweeps, run)
        if exchanged.any():
            own = of_classes(block, exchanged)
            units = FixedPoint.of(*table.edges(), table.n_steps)
            limits = self._limits(quotas, table.classes.sizes, table.source.n_features)
            how = Exchange(units, limits, self.n_moves, self.n_sweeps, self.seed)
            chosen = chosen.beside(choose_by_exchange(own, quotas, exchanged, how, run))
        return chosen

    def _limits(self, quotas: Counts, sizes: Counts, n_features: int) -> Counts:
        """Return how many rows of each class are sampled."""
        return sample_limits(quotas, sizes, n_features, self.sample_bytes)

    def _look(
        self, table: Table, quotas: Indices, wanted: NDArray[np.bool_], run: Runtime
    ) -> EncodeTask | DrawRows:
        """Return what the second pass does with the rows of some classes."""
        if not self.from_sample:
            return self._encode_task(table, quotas, wanted, run)
        own = np.where(wanted, table.classes.sizes, 0)
        own_quotas = np.where(wanted, quotas, 0)
        limits = self._limits(own_quotas, own, table.source.n_features)
        return DrawRows(limits, derived_seed(self.seed, Purpose.ROWS))

    def _encode_task(
        self, table: Table, quotas: Indices, coded: NDArray[np.bool_], run: Runtime
    ) -> EncodeTask:
        """Train what encodes the rows of the classes that have codes."""
        n_subspaces = self.n_parts(table.source.n_features)
        layout = self.layout(quotas[coded], table.classes.sizes[coded], n_subspaces)
        encoder = self.train(table, max(layout.max_clusters), run)
        limits = np.zeros((2, len(quotas)), dtype=np.int64)
        limits[:, coded] = layout.max_clusters, layout.max_candidates
        clusters, candidates = limits.tolist()
        n_bits = encoder.clusterer.n_bits
        layout = Layout(n_subspaces, n_bits, tuple(clusters), tuple(candidates), layout.seed)
        return EncodeTask(encoder, layout)

    def choose_coded(
        self,
        summary: Summary,
        encoder: Encoder,
        quotas: Indices,
        coded: NDArray[np.bool_],
        run: Runtime,
    ) -> Coded:
        """Run the greedy in each class that has codes (lines 4-15)."""
        classes, bound = np.flatnonzero(coded), bound_of(self.bound)

        def choose(place: int) -> ClassPicks:
            class_id = int(classes[place])
            own, quota = summary.of_class(class_id), int(quotas[class_id])
            found = pick_codes(own, encoder.codebook, bound, quota, class_id, self)
            run.advance(quota)
            return found

        return Coded(summary, encoder, classes, choose_by_class(choose, quotas[classes]))

    def train(self, table: Table, max_clusters: int, run: Runtime) -> Encoder:
        """Fit clusters and codebook to the sample (lines 2-3)."""
        sample = table.sample(self.sample_rows)
        with run.stage("cluster"):
            clusterer = self._clusterer(sample, max_clusters)
        with run.stage("train"):
            codebook = Codebook.train(
                sample[: self.codebook_rows],
                self.n_parts(sample.shape[1]),
                self.n_codewords,
                stream(self.seed, Purpose.CODEBOOK),
                self.subspaces,
            )
        return Encoder(table.view.scaler, clusterer, codebook)

    def _clusterer(self, sample: Rows, max_clusters: int) -> Clusterer:
        """Draw hyperplanes, or train as many clusters as are asked for or as hyperplanes find."""
        planes = draw_planes(sample, self.n_planes, self.center, self.seed)
        if self.clusters == "lsh":
            return planes
        n_clusters = self.n_clusters
        if n_clusters is None:
            found = len(np.unique(planes.buckets(sample)))
            most = max(1, len(sample) // SAMPLE_ROWS_PER_CLUSTER)
            n_clusters = min(found, max_clusters, most)
        train = Centroids.train if self.clusters == "kmeans" else Mixture.train
        return train(sample, n_clusters, stream(self.seed, Purpose.CLUSTERS))

    def choice(self, chosen: Chosen, coded: Coded | None, sizes: Counts) -> Choice:
        """Put the classes together, rows ascending."""
        row_ids, class_ids, order = in_order(
            chosen.row_ids, chosen.class_ids, np.arange(len(chosen.row_ids))
        )
        shares, probe = None, None
        if coded is not None:
            probe = BoundProbe(coded.summary, coded.encoder, bound_of(self.bound))
            if len(coded.classes) == len(sizes):
                shares = coded.shares(order)
        facts: dict[str, Any] = {
            "n_clusters": 0 if coded is None else len(coded.summary.sizes),
            "n_candidates": chosen.n_candidates,
        }
        if chosen.bound is not None:
            facts = {"bound": chosen.bound / chosen.mass, **facts}
        class_facts = tuple(chosen.class_facts[c] for c in range(len(sizes)))
        return Choice(row_ids, class_ids, shares, probe, facts, class_facts)

    def memory(self, extent: Extent) -> dict[str, int]:
        """Return about how many bytes each stage takes."""
        found = super().memory(extent)
        found["summarise"] = (READING + 1) * extent.chunk
        if self.clusters == "gmm" and not self.from_sample:  # sample rows times components
            components = self.n_clusters or self.sample_rows // SAMPLE_ROWS_PER_CLUSTER
            found["survey"] += 48 * self.sample_rows * components
        if extent.sizes is None or extent.quotas is None:
            return found
        small, exchanged = self._held(extent.sizes, extent.quotas, extent.n_features)
        sizes, quotas = extent.sizes[~small & ~exchanged], extent.quotas[~small & ~exchanged]
        # Rows of small classes as they were read, side by side and by class.
        kept = 3 * extent.rows(4, int(extent.sizes[small | exchanged].sum()))
        # Their distances, of as many classes as are in work.
        pairs = 4 * int((np.sort(extent.sizes[small])[-self.n_at_once :] ** 2).sum())
        own = extent.quotas[exchanged], extent.sizes[exchanged], extent.n_features
        pairs += int(np.sort(exchange_bytes(*own))[-self.n_at_once :].sum())
        held = at_once = 0
        if len(sizes) and self.from_sample:
            limits = self._limits(quotas, sizes, extent.n_features)
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
        small, exchanged = self._held(sizes, quotas, source.n_narrow)
        n_small, n_exchanged = int(sizes[small].sum()), int(sizes[exchanged].sum())
        found |= {"exact_rows": n_small, "exchanged_rows": n_exchanged}
        sizes, quotas = sizes[~small & ~exchanged], quotas[~small & ~exchanged]
        if self.from_sample:
            if not len(sizes):
                return found
            own = {"sampled": int(self._limits(quotas, sizes, source.n_narrow).sum())}
            more = 0 if self.in_sample(source.n_rows) else 2 + self.n_moves
            return {**found, "passes": found["passes"] + more, **own}
        layout = self.layout(quotas, sizes, self.n_parts(source.n_narrow))
        own = {
            "max_clusters": sum(layout.max_clusters),
            "max_candidates": sum(layout.max_candidates),
        }
        return {**found, **own}


def draw_planes(sample: Rows, n_planes: int, center: bool, seed: int) -> Hyperplanes:
    """Draw hyperplanes for scaled rows, through the middle of the sample or the origin (line 2)."""
    middle = sample.mean(axis=0, dtype=np.float64).astype(np.float32) if center else None
    return Hyperplanes.draw(sample.shape[1], n_planes, stream(seed, Purpose.PLANES), middle)
