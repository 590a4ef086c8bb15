"""The story of a selection: sample -> encoder -> summary -> greedy -> weights -> Coreset.

`select` is Algorithm 1 of the paper, read off a source in a few passes:

1. survey     check values, count labels, draw the sample that trains the encoder (lines 2-3)
2. summarise  encode every row and add up integers
3. refine     look for better medoids among the rows of each cell (optional; three passes)
4. weigh      give each row to its nearest chosen row of its class (Eq. 5; line 17 needs no pass)

Between 2 and 3 the greedy (lines 4-15) chooses on the summary alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from coresift._rng import stream
from coresift._stages import Progress, Stages
from coresift._threads import thread_count
from coresift._typing import Buckets, Indices, Rows
from coresift.core.centroids import Centroids
from coresift.core.codebook import Codebook
from coresift.core.coreset import Coreset
from coresift.core.encoder import Clusterer, Encoder
from coresift.core.greedy import greedy
from coresift.core.hyperplanes import Hyperplanes
from coresift.core.mixture import Mixture
from coresift.core.objective import Objective
from coresift.core.summary import Layout, Summary
from coresift.engines import map_reduce
from coresift.passes import (
    CLUSTERS,
    CODEBOOK,
    GREEDY_DRAWS,
    PLANES,
    Survey,
    choose_by_class,
    reported,
    row_ids_of,
    survey,
)
from coresift.settings import SAMPLE_ROWS_PER_CLUSTER, Plan, outlook
from coresift.sources import Chunk, Source
from coresift.weighing import Choice, weigh

__all__ = ["Plan", "outlook", "select"]


def select(source: Source, plan: Plan, progress: Progress | None = None) -> Coreset:
    """Choose a coreset (Algorithm 1, one class at a time).

    Parameters
    ----------
    source : Source
        Read two to six times, a chunk at a time; three times more for each refinement.
    plan : Plan
    progress : callable or None
        Called with (stage, done, total) as the work goes on.

    Raises
    ------
    BudgetError, DataError, LabelError
        For rows, labels or a budget that cannot be used.
    """
    stages = Stages(progress)
    seen = survey(
        source,
        plan.budget,
        scale=plan.scale,
        seed=plan.seed,
        stages=stages,
        sample_size=plan.sample_rows,
    )
    layout = plan.layout(seen.quotas, seen.classes.sizes, plan.n_parts(source.n_features))
    encoder = _train(seen, plan, max(layout.max_clusters), stages)
    layout = replace(layout, n_planes=encoder.clusterer.n_planes)
    with stages("summarise", source.n_rows):
        summary = _summarise(seen, encoder, layout, plan.n_threads, stages)
    with stages("choose", seen.budget):
        choices = _choose(summary, encoder.codebook, seen.quotas, plan, stages)
    coreset = weigh(seen, encoder, summary, choices, plan, stages)
    return _reported(coreset, seen, summary, choices, stages)


def _train(seen: Survey, plan: Plan, max_clusters: int, stages: Stages) -> Encoder:
    """Fit clusters and codebook to the sample (lines 2-3)."""
    sample = seen.scaler.transform(seen.sample.rows)
    with stages("cluster"):
        clusterer = _clusterer(sample, plan, max_clusters)
    with stages("train"):
        codebook = Codebook.train(
            sample[: plan.codebook_rows],
            plan.n_parts(sample.shape[1]),
            plan.n_codewords,
            stream(plan.seed, CODEBOOK),
            plan.subspaces,
            plan.n_threads,
        )
    return Encoder(seen.scaler, clusterer, codebook)


def _clusterer(sample: Rows, plan: Plan, max_clusters: int) -> Clusterer:
    """Draw hyperplanes, or train as many clusters as are asked for or as hyperplanes find."""
    center = sample.mean(axis=0, dtype=np.float64).astype(np.float32) if plan.center else None
    planes = Hyperplanes.draw(sample.shape[1], plan.n_planes, stream(plan.seed, PLANES), center)
    if plan.clusters == "lsh":
        return planes
    n_clusters = plan.n_clusters
    if n_clusters is None:
        found = len(np.unique(planes.buckets(sample, plan.n_threads)))
        most = max(1, len(sample) // SAMPLE_ROWS_PER_CLUSTER)
        n_clusters = min(found, max_clusters, most)
    train = Centroids.train if plan.clusters == "kmeans" else Mixture.train
    return train(sample, n_clusters, stream(plan.seed, CLUSTERS))


@dataclass(frozen=True, eq=False)
class _Timed:
    """A clusterer whose time counts to a stage of its own."""

    clusterer: Clusterer
    stages: Stages

    @property
    def n_planes(self) -> int:
        return self.clusterer.n_planes

    def buckets(self, rows: Rows, n_threads: int | None = 1) -> Buckets:
        with self.stages.apart("cluster"):
            return self.clusterer.buckets(rows, n_threads)


def _summarise(
    seen: Survey, encoder: Encoder, layout: Layout, n_threads: int | None, stages: Stages
) -> Summary:
    """Pass 2: encode every row and add up."""
    timed = replace(encoder, clusterer=_Timed(encoder.clusterer, stages))

    def add_up(chunk: Chunk) -> Summary:
        buckets, codes = timed.encode(chunk.rows, n_threads)
        return Summary.of(seen.class_ids(chunk), buckets, codes, row_ids_of(chunk), layout)

    chunks = stages.watch(seen.source.chunks())
    return map_reduce(add_up, chunks, Summary.merge, Summary.empty(layout))


def _choose(
    summary: Summary, codebook: Codebook, quotas: Indices, plan: Plan, stages: Stages
) -> list[Choice]:
    """Run the greedy in each class (lines 4-15); classes side by side where there are several."""
    inner = 1 if len(quotas) >= thread_count(plan.n_threads) else plan.n_threads

    def choose(class_id: int) -> Choice:
        objective = Objective.of(summary.of_class(class_id), codebook, plan.bound, inner)
        picks = greedy(
            objective,
            int(quotas[class_id]),
            stream(plan.seed, GREEDY_DRAWS, class_id),
            method=plan.greedy,
            n_candidates=plan.n_candidates,
            n_threads=inner,
        )
        stages.advance(int(quotas[class_id]))
        return Choice(
            picks.candidates,
            objective.candidates.rows(picks.candidates),
            objective.owners(picks.candidates),
            objective.n_candidates,
            objective.score(picks.cover),
        )

    return choose_by_class(choose, quotas, plan.n_threads)


def _reported(
    coreset: Coreset, seen: Survey, summary: Summary, choices: list[Choice], stages: Stages
) -> Coreset:
    clusters = np.bincount(summary.cluster_class, minlength=len(choices)).tolist()
    facts = {
        "bound": sum(choice.bound for choice in choices) / seen.source.n_rows,
        "n_clusters": sum(clusters),
        "n_candidates": sum(choice.n_candidates for choice in choices),
    }
    class_facts = [
        {"clusters": count, "planes": int(planes)}
        for count, planes in zip(clusters, summary.planes, strict=True)
    ]
    class_ids = np.repeat(np.arange(len(choices)), seen.quotas)
    return reported(coreset, seen, class_ids, stages, facts, class_facts)
