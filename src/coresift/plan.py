"""The story of a selection: sample -> encoder -> summary -> greedy -> weights -> Coreset.

`select` is Algorithm 1 of the paper, read off a source in at most three passes:

1. survey     check values, count labels, draw the sample that trains the encoder (lines 2-3)
2. summarise  encode every row and add up integers
3. assign     give each row to its nearest chosen row of its class (Eq. 5; line 17 needs no pass)

Between the passes the greedy (lines 4-15) chooses on the summary alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from coresift._errors import ParameterError
from coresift._rng import stream
from coresift._stages import Progress, Stages
from coresift._threads import run_all, thread_count
from coresift._typing import Float64, Indices
from coresift.cells import Reader, assign, better_medoids, weigh
from coresift.core.budget import resolve_budget, split_budget
from coresift.core.certificate import Pairs, bound_error
from coresift.core.classes import Classes
from coresift.core.codebook import MAX_CODEWORDS, SUBSPACES, Codebook
from coresift.core.coreset import Coreset
from coresift.core.encoder import Encoder
from coresift.core.greedy import GREEDY, greedy
from coresift.core.hyperplanes import MAX_PLANES, Hyperplanes
from coresift.core.medoids import REPRESENTATIVES, Grid
from coresift.core.objective import BOUNDS, Objective
from coresift.core.profile import Profile, profile
from coresift.core.scaler import SCALES, Scaler
from coresift.core.summary import Layout, Summary
from coresift.core.weights import WEIGHTS, Centers, cluster_weights
from coresift.engines import map_reduce
from coresift.sources import (
    CHUNK_BYTES,
    Chunk,
    Source,
    count_missing_labels,
    count_nonfinite,
    raise_missing_labels,
    raise_nonfinite,
)

SAMPLE_ROWS_PER_CODEWORD = 32
# One stream of random numbers for each purpose, so that none depends on how much another draws.
SAMPLE, POOL, PLANES, CODEBOOK, GREEDY_DRAWS, REPRESENTATIVE = range(6)
BOUND_SAMPLE = 64  # rows that the bound's error is measured on, with the clusters they are in


@dataclass(frozen=True)
class Plan:
    """Every choice that a selection depends on; `coresift.FastCore` documents them.

    Raises
    ------
    ParameterError
        For a value outside its documented range.
    """

    budget: float
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
        _check_choice("bound", self.bound, BOUNDS)
        _check_choice("greedy", self.greedy, GREEDY)
        _check_choice("weights", self.weights, WEIGHTS)
        _check_choice("representative", self.representative, REPRESENTATIVES)
        _check_choice("scale", self.scale, SCALES)
        _check_choice("subspaces", self.subspaces, SUBSPACES)
        _check_choice("center", self.center, (True, False))
        _check_range("n_planes", self.n_planes, MAX_PLANES)
        _check_range("n_codewords", self.n_codewords, MAX_CODEWORDS)
        _check_range("n_candidates", self.n_candidates)
        if self.refine is not None:
            _check_range("refine", self.refine, lowest=0)
        if self.weights == "cluster" and (self.refine or self.representative != "medoid"):
            raise ParameterError(
                f"refine={self.refine!r} and representative={self.representative!r} look at the "
                "rows of each cell, weights='cluster' at none: use weights='assignment'"
            )
        for name in ("n_subspaces", "max_clusters", "max_candidates", "n_threads"):
            if getattr(self, name) is not None:
                _check_range(name, getattr(self, name))

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
            _derived_seed(self.seed, POOL),
        )


# A class gets so many clusters and candidates for each row to choose; more do not pay.
CLUSTERS_PER_PICK = 10
CANDIDATES_PER_PICK = 20
AMPLE_CLUSTERS = 4096  # but at least so many, shared where there are more than 16 classes
AMPLE_CANDIDATES = 1024
TABLE_BYTES = 2**29


def _check_choice(name: str, value: object, choices: Iterable[object]) -> None:
    if not any(value is choice or value == choice for choice in choices):
        raise ParameterError(
            f"{name}={value!r} is not known: use one of {', '.join(map(repr, choices))}"
        )


def _check_range(name: str, value: Any, highest: int | None = None, lowest: int = 1) -> None:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < lowest or (highest is not None and value > highest):
        limit = f"at least {lowest}" if highest is None else f"from {lowest} to {highest}"
        raise ParameterError(f"{name}={value!r} is out of range: use a whole number, {limit}")


def _derived_seed(seed: int, purpose: int) -> int:
    return int(stream(seed, purpose).integers(2**63))


def select(source: Source, plan: Plan, progress: Progress | None = None) -> Coreset:
    """Choose a coreset (Algorithm 1, one class at a time).

    Parameters
    ----------
    source : Source
        Read two or three times, a chunk at a time.
    plan : Plan
    progress : callable or None
        Called with (stage, done, total) as the work goes on.

    Raises
    ------
    BudgetError, DataError, LabelError
        For rows, labels or a budget that cannot be used.
    """
    stages = Stages(progress)
    with stages("survey", source.n_rows):
        seen = _survey(source, plan, stages)
    classes = Classes.of(seen.label_counts, source.n_rows)
    quotas = split_budget(resolve_budget(plan.budget, source.n_rows), classes.sizes)
    with stages("train"):
        encoder = _train(seen, plan, source.column_names)
    layout = plan.layout(quotas, classes.sizes, encoder.codebook.n_subspaces)
    with stages("summarise", source.n_rows):
        summary = _summarise(source, classes, encoder, layout, plan.n_threads, stages)
    with stages("choose", int(quotas.sum())):
        choices = _choose(summary, encoder.codebook, quotas, plan, stages)
    reader = Reader(source, classes, encoder, plan.n_threads, stages)
    low, high = encoder.scaler.transform(np.stack([seen.moments.minimum, seen.moments.maximum]))
    coreset = _weigh(reader, summary, choices, plan, Grid.of(low, high, source.n_rows))
    return replace(coreset, report=_report(source, classes, summary, choices, coreset, stages))


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
    sample = SAMPLE_ROWS_PER_CODEWORD * plan.n_codewords * source.n_features * 8
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


def _survey(source: Source, plan: Plan, stages: Stages) -> Profile:
    """Pass 1: what the data is; refuses what cannot be used."""
    size = SAMPLE_ROWS_PER_CODEWORD * plan.n_codewords
    seed = _derived_seed(plan.seed, SAMPLE)

    def look(chunk: Chunk) -> Profile:
        rows, ids, labels = chunk.rows, _row_ids(chunk), chunk.labels
        missing = 0 if labels is None else count_missing_labels(labels)
        nonfinite = count_nonfinite(rows)
        return profile(
            rows, ids, labels, nonfinite, missing, scale=plan.scale, sample_size=size, seed=seed
        )

    zero = Profile.empty(source.n_features, plan.scale, size, seed)
    seen = map_reduce(look, stages.watch(source.chunks()), Profile.merge, zero)
    raise_nonfinite(seen.nan_counts, seen.inf_counts, source.column_names)
    raise_missing_labels(seen.n_missing_labels, source.n_rows)
    return seen


def _row_ids(chunk: Chunk) -> Indices:
    return np.arange(chunk.start, chunk.start + len(chunk.rows))


def _train(seen: Profile, plan: Plan, names: tuple[str, ...]) -> Encoder:
    """Fit the scaler to the moments, hyperplanes and codebook to the sample (lines 2-3)."""
    scaler = Scaler.from_moments(seen.moments, plan.scale, names)
    sample = scaler.transform(seen.sample.rows)
    center = sample.mean(axis=0, dtype=np.float64).astype(np.float32) if plan.center else None
    planes = stream(plan.seed, PLANES)
    words = stream(plan.seed, CODEBOOK)
    n_subspaces = plan.n_parts(sample.shape[1])
    return Encoder(
        scaler,
        Hyperplanes.draw(sample.shape[1], plan.n_planes, planes, center),
        Codebook.train(
            sample, n_subspaces, plan.n_codewords, words, plan.subspaces, plan.n_threads
        ),
    )


def _summarise(
    source: Source,
    classes: Classes,
    encoder: Encoder,
    layout: Layout,
    n_threads: int | None,
    stages: Stages,
) -> Summary:
    """Pass 2: encode every row and add up."""

    def add_up(chunk: Chunk) -> Summary:
        buckets, codes = encoder.encode(chunk.rows, n_threads)
        class_ids = classes.ids(chunk.labels, len(codes))
        return Summary.of(class_ids, buckets, codes, _row_ids(chunk), layout)

    chunks = stages.watch(source.chunks())
    return map_reduce(add_up, chunks, Summary.merge, Summary.empty(layout))


@dataclass(frozen=True, eq=False)
class Choice:
    """What the greedy chose in one class.

    Parameters
    ----------
    picks : ndarray of shape (k,), int64
        Candidates in the order of choice.
    row_ids : ndarray of shape (k,), int64
        A row for each pick.
    owners : ndarray of shape (T,), int64
        The picked candidate of smallest bound of each cluster.
    n_candidates : int
        Distinct codes to choose from.
    bound : float
        ``sum_t |C_t| min_j u_jt`` of the picks (Eq. 8).
    """

    picks: Indices
    row_ids: Indices
    owners: Indices
    n_candidates: int
    bound: float


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

    largest_first = np.argsort(-quotas, kind="stable")
    done = run_all(choose, largest_first.tolist(), plan.n_threads)
    return [done[place] for place in np.argsort(largest_first)]


def _weigh(
    reader: Reader, summary: Summary, choices: list[Choice], plan: Plan, grid: Grid
) -> Coreset:
    """Fetch the chosen rows and weigh them: line 17, or passes over their cells."""
    row_ids = np.concatenate([choice.row_ids for choice in choices])
    class_ids = np.repeat(np.arange(len(choices)), [len(choice.row_ids) for choice in choices])
    order = np.argsort(row_ids)
    centers = reader.centers(row_ids[order], class_ids[order])
    if plan.weights == "cluster":
        picks = np.concatenate([choice.picks for choice in choices])[order]
        return Coreset(centers.row_ids, _cluster_weights(reader, summary, choices, centers, picks))
    scores = []
    for _ in range(plan.n_refinements):
        with reader.stages("refine", 3 * reader.source.n_rows):
            row_ids, score = better_medoids(reader, centers, grid)
            scores.append(score)
            order = np.argsort(row_ids)
            centers = reader.centers(row_ids[order], centers.class_ids[order])
    with reader.stages("weigh", reader.source.n_rows):
        pairs = _pairs(reader, summary)
        seed = _derived_seed(plan.seed, REPRESENTATIVE)
        assignment, draw, truth = weigh(reader, centers, summary, pairs, grid, seed)
        weights = assignment.weights(centers)
        if plan.representative == "random":
            order = np.argsort(draw.row_ids)
            weights = weights[order]
            centers = reader.centers(draw.row_ids[order], centers.class_ids[order])
            scores.append(reader.score(assignment))
            assignment = assign(reader, centers)
        scores.append(reader.score(assignment))
        error = bound_error(pairs, truth, summary, reader.encoder.codebook, plan.bound, grid)
    report = {"score": scores[-1], "scores": scores, "bound_error": error}
    return Coreset(centers.row_ids, weights, report)


def _cluster_weights(
    reader: Reader, summary: Summary, choices: list[Choice], centers: Centers, picks: Indices
) -> Float64:
    """Line 17, class by class."""
    buckets = reader.encoder.hyperplanes.buckets(centers.rows, reader.n_threads)
    weights = np.empty(len(picks))
    for class_id, choice in enumerate(choices):
        here = centers.class_ids == class_id
        weights[here] = cluster_weights(
            summary.of_class(class_id), choice.owners, picks[here], buckets[here]
        )
    return weights


def _pairs(reader: Reader, summary: Summary) -> Pairs:
    """Draw rows of each class, in proportion to its size, to compare bounds with distances."""
    pool, sizes = summary.pool, summary.class_sizes()
    n_items = min(max(BOUND_SAMPLE, len(sizes)), int(sizes.sum()))
    starts = np.searchsorted(pool.class_ids, np.arange(len(sizes)))
    rank = np.arange(len(pool.class_ids)) - starts[pool.class_ids]
    drawn = np.flatnonzero(rank < split_budget(n_items, sizes)[pool.class_ids])
    drawn = drawn[np.argsort(pool.row_ids[drawn])]
    rows = reader.take(pool.row_ids[drawn])
    buckets = reader.encoder.hyperplanes.buckets(rows, reader.n_threads)
    return Pairs.of(summary, pool.class_ids[drawn], rows, buckets, pool.codes[drawn])


def _report(
    source: Source,
    classes: Classes,
    summary: Summary,
    choices: list[Choice],
    coreset: Coreset,
    stages: Stages,
) -> dict[str, Any]:
    """Say what is known about the coreset, in numbers, strings, lists and dicts."""
    clusters = np.bincount(summary.cluster_class, minlength=len(classes))
    return {
        "n_rows": source.n_rows,
        "n_features": source.n_features,
        "n_chosen": len(coreset.row_ids),
        "score": None,  # unless the weights are by assignment, which measures it
        **coreset.report,
        "bound": sum(choice.bound for choice in choices) / source.n_rows,
        "n_clusters": int(clusters.sum()),
        "n_candidates": sum(choice.n_candidates for choice in choices),
        "classes": [
            {
                "label": label,
                "rows": int(classes.sizes[class_id]),
                "chosen": len(choice.row_ids),
                "clusters": int(clusters[class_id]),
                "planes": int(summary.planes[class_id]),
            }
            for class_id, (label, choice) in enumerate(zip(classes.labels, choices, strict=True))
        ],
        "seconds": {name: round(taken, 4) for name, taken in stages.seconds.items()},
    }
