"""From chosen codes to weighted rows: line 17, or passes over the cells of the chosen rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._stages import Stages
from coresift._typing import Buckets, Float32, Float64, Indices
from coresift.cells import Look, better_medoids, last_look
from coresift.core.budget import split_budget
from coresift.core.certificate import Pairs, bound_error
from coresift.core.coreset import Coreset
from coresift.core.encoder import Encoder
from coresift.core.medoids import Grid
from coresift.core.summary import Summary
from coresift.core.weights import Centers, cluster_weights
from coresift.passes import REPRESENTATIVE, Survey, assign, derived_seed
from coresift.settings import Plan

BOUND_SAMPLE = 64  # rows that the bound's error is measured on, with the clusters they are in


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


def weigh(
    seen: Survey,
    encoder: Encoder,
    summary: Summary,
    choices: list[Choice],
    plan: Plan,
    stages: Stages,
) -> Coreset:
    """Fetch the chosen rows and weigh them: line 17, or passes over their cells."""
    row_ids = np.concatenate([choice.row_ids for choice in choices])
    class_ids = np.repeat(np.arange(len(choices)), seen.quotas)
    order = np.argsort(row_ids)
    centers = seen.centers(row_ids[order], class_ids[order])
    if plan.weights == "cluster":
        picks = np.concatenate([choice.picks for choice in choices])[order]
        buckets = encoder.clusterer.buckets(centers.rows, plan.n_threads)
        weights = _cluster_weights(summary, choices, centers.class_ids, picks, buckets)
        return Coreset(centers.row_ids, weights)
    grid = Grid.of(*_edges(seen), seen.source.n_rows)
    scores = []
    for _ in range(plan.n_refinements):
        with stages("refine", 3 * seen.source.n_rows):
            centers, score = better_medoids(seen, centers, grid, plan.n_threads, stages)
            scores.append(score)
    with stages("weigh", seen.source.n_rows):
        return _counted(seen, encoder, summary, centers, grid, scores, plan, stages)


def _edges(seen: Survey) -> tuple[Float32, Float32]:
    """Return the smallest and the largest scaled value of each feature."""
    low, high = seen.scaler.transform(np.stack([seen.moments.minimum, seen.moments.maximum]))
    return low, high


def _counted(
    seen: Survey,
    encoder: Encoder,
    summary: Summary,
    centers: Centers,
    grid: Grid,
    scores: list[float],
    plan: Plan,
    stages: Stages,
) -> Coreset:
    """Weigh the chosen rows by the sizes of their cells; say how good they and the bound are."""
    pairs = _pairs(seen, encoder, summary, plan.n_threads)
    wanted = Look(summary, encoder.clusterer, pairs, grid, derived_seed(plan.seed, REPRESENTATIVE))
    assignment, draw, truth = last_look(seen, centers, wanted, plan.n_threads, stages)
    scores = [*scores, seen.score(assignment)]
    weights = assignment.weights(centers)
    if plan.representative == "random":
        order = np.argsort(draw.row_ids)
        weights = weights[order]
        centers = seen.centers(draw.row_ids[order], centers.class_ids[order])
        scores.append(assign(seen, centers, plan.n_threads, stages)[1])
    error = bound_error(pairs, truth, summary, encoder.codebook, plan.bound, grid)
    report = {"score": scores[-1], "scores": scores, "bound_error": error}
    return Coreset(centers.row_ids, weights, report)


def _cluster_weights(
    summary: Summary,
    choices: list[Choice],
    class_ids: Indices,
    picks: Indices,
    buckets: Buckets,
) -> Float64:
    """Line 17, class by class."""
    weights = np.empty(len(picks))
    for class_id, choice in enumerate(choices):
        here = class_ids == class_id
        weights[here] = cluster_weights(
            summary.of_class(class_id), choice.owners, picks[here], buckets[here]
        )
    return weights


def _pairs(seen: Survey, encoder: Encoder, summary: Summary, n_threads: int | None) -> Pairs:
    """Draw rows of each class, in proportion to its size, to compare bounds with distances."""
    pool, sizes = summary.pool, seen.classes.sizes
    n_items = min(max(BOUND_SAMPLE, len(sizes)), int(sizes.sum()))
    starts = np.searchsorted(pool.class_ids, np.arange(len(sizes)))
    rank = np.arange(len(pool.class_ids)) - starts[pool.class_ids]
    drawn = np.flatnonzero(rank < split_budget(n_items, sizes)[pool.class_ids])
    drawn = drawn[np.argsort(pool.row_ids[drawn])]
    rows = seen.take(pool.row_ids[drawn])
    buckets = encoder.clusterer.buckets(rows, n_threads)
    return Pairs.of(summary, pool.class_ids[drawn], rows, buckets, pool.codes[drawn])
