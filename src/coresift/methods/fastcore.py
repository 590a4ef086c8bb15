"""FastCore: Algorithm 1, lines 1 to 15; `coresift.select` has the rest.

Encode rows -> add up integers -> choose on the sum -> fetch rows. What is asked for stands in
`_fastcore_parameters`, how large it may grow and what it costs in `_fastcore_limits`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coresift._rng import Purpose, derived_seed, stream
from coresift._runtime import Runtime
from coresift._typing import Counts, Indices, Rows
from coresift.core.bounds import bound_of
from coresift.core.centroids import Centroids
from coresift.core.codebook import Codebook
from coresift.core.coreset import Choice, in_order
from coresift.core.encoder import Clusterer, Encoder
from coresift.core.hyperplanes import Hyperplanes
from coresift.core.medoids import FixedPoint
from coresift.core.mixture import Mixture
from coresift.core.summary import Layout, Summary
from coresift.methods._bound_probe import BoundProbe
from coresift.methods._code_picks import ClassPicks, pick_codes
from coresift.methods._coded import Coded
from coresift.methods._exact import Chosen, ReadClasses, choose_exactly
from coresift.methods._exchanged import Exchange, choose_by_exchange
from coresift.methods._fastcore_limits import FastCoreLimits
from coresift.methods._fastcore_parameters import SAMPLE_ROWS_PER_CLUSTER
from coresift.methods._plan import choose_by_class
from coresift.methods._sampled import choose_from_sample, of_classes
from coresift.table import Block, DrawRows, Table


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
class FastCorePlan(FastCoreLimits):
    """Choose by codes of clusters, or from a sample; `coresift.FastCore` documents it."""

    def choose(self, table: Table, run: Runtime) -> Choice:
        """Choose in small classes by exact distances, in others by a sample or by codes."""
        quotas, sizes = table.quotas(self.budget), table.classes.sizes  # line 1
        small, exchanged = self.held(sizes, quotas, table.source.n_features)
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
            limits = self.limits(quotas, table.classes.sizes, table.source.n_features)
            how = Exchange(units, limits, self.n_moves, self.n_sweeps, self.seed)
            chosen = chosen.beside(choose_by_exchange(own, quotas, exchanged, how, run))
        return chosen

    def _look(
        self, table: Table, quotas: Indices, wanted: NDArray[np.bool_], run: Runtime
    ) -> EncodeTask | DrawRows:
        """Return what the second pass does with the rows of some classes."""
        if not self.from_sample:
            return self._encode_task(table, quotas, wanted, run)
        own = np.where(wanted, table.classes.sizes, 0)
        own_quotas = np.where(wanted, quotas, 0)
        limits = self.limits(own_quotas, own, table.source.n_features)
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


def draw_planes(sample: Rows, n_planes: int, center: bool, seed: int) -> Hyperplanes:
    """Draw hyperplanes for scaled rows, through the middle of the sample or the origin (line 2)."""
    middle = sample.mean(axis=0, dtype=np.float64).astype(np.float32) if center else None
    return Hyperplanes.draw(sample.shape[1], n_planes, stream(seed, Purpose.PLANES), middle)
