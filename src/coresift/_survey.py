"""The first pass: what it tells of rows, labels and weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._errors import BudgetError, LabelError
from coresift._runtime import Runtime
from coresift._typing import Budget, Float64, Indices, Labels, RawRows
from coresift.core.budget import resolve_budget
from coresift.core.classes import Classes
from coresift.core.merge import Count, Together, counted
from coresift.core.prior import PriorSum, Steps, present_rows, weight_of
from coresift.core.profile import Profile
from coresift.core.scaler import Moments
from coresift.core.target import (
    Strata,
    as_numbers,
    is_counted_as_numbers,
    is_regression,
    n_strata,
    quantile_edges,
    strata_ids,
)
from coresift.sources import Chunk, Source


def row_ids_of(chunk: Chunk) -> Indices:
    """Return the positions of the rows of a chunk, shape (n_rows,), int64."""
    return np.arange(chunk.start, chunk.start + len(chunk.rows))


def present(chunk: Chunk) -> tuple[RawRows, Labels | None, Indices, Float64 | None]:
    """Return rows, labels, row ids and weights of a chunk, without the rows of weight 0."""
    rows, labels, row_ids, weights = chunk.rows, chunk.labels, row_ids_of(chunk), chunk.weights
    if weights is None or (kept := present_rows(weights)).all():
        return rows, labels, row_ids, weights
    return rows[kept], None if labels is None else labels[kept], row_ids[kept], weights[kept]


@dataclass(frozen=True)
class ProfileTask:
    """Pass 1: check values, count labels, draw the sample that trains the encoder.

    Parameters
    ----------
    scale : str or None
    sample_size, seed : int
        Of the sample.
    target : str
        What the labels may be, of `core.target.TARGETS`.
    numbers_sample : int or None
        Size of the sample where labels may be numbers to predict; None is no other.
    """

    scale: str | None
    sample_size: int
    seed: int
    target: str = "classes"
    numbers_sample: int | None = None

    def __call__(self, chunk: Chunk) -> Profile:
        """Profile a chunk."""
        numbers = chunk.labels is not None and is_counted_as_numbers(chunk.labels, self.target)
        size = self.numbers_sample if numbers and self.numbers_sample else self.sample_size
        return Profile.of(
            chunk.rows,
            row_ids_of(chunk),
            chunk.labels,
            scale=self.scale,
            sample_size=size,
            seed=self.seed,
            weights=chunk.weights,
            target=self.target,
        )


@dataclass(frozen=True)
class MomentsTask:
    """Moments of weighted rows; known only once a pass has said what the steps are."""

    scale: str
    steps: Steps

    def __call__(self, chunk: Chunk) -> Moments:
        """Look at a chunk."""
        rows, _, _, weights = present(chunk)
        return Moments.of(rows, self.scale, None if weights is None else self.steps.count(weights))


@dataclass(frozen=True, eq=False)
class StrataTask:
    """Count the rows of each stratum, and add up their weights."""

    edges: Float64

    def __call__(self, chunk: Chunk) -> Together:
        """Look at the labels of a chunk."""
        _, labels, _, weights = present(chunk)
        assert labels is not None  # strata are made of them
        n_strata = len(self.edges) + 1
        ids = strata_ids(self.edges, as_numbers(labels))
        weights = np.ones(len(ids)) if weights is None else weights
        prior = PriorSum.of(weights, ids, tuple(range(n_strata)))
        return Together((Count.of(ids, n_strata), prior))


@dataclass(frozen=True, eq=False)
class LabelSurvey:
    """What the labels of all rows are.

    Parameters
    ----------
    classes : Classes
        Or the strata of numbers to predict.
    totals : tuple of int or None
        Of weighted rows, the exact weight of each class.
    facts : mapping
        What is reported.
    """

    classes: Classes
    totals: tuple[int, ...] | None
    facts: Mapping[str, Any]


def survey_labels(
    source: Source, seen: Profile, target: str, budget: Budget, run: Runtime
) -> LabelSurvey:
    """Tell classes, or cut numbers to predict into strata.

    Raises
    ------
    LabelError
        For labels that cannot be used.
    """
    prior, counts = seen.prior, seen.label_counts
    n_present = source.n_rows if prior is None else prior.n_rows
    facts: dict[str, Any] = {}
    if prior is not None:
        facts = {"n_weighted": n_present, "total_weight": weight_of(prior.total)}
    if target == "regression" and seen.targets is None:
        raise LabelError("target='regression' needs numbers to predict: give y")
    if is_regression(target, seen.targets, counts):
        if isinstance(budget, Mapping):
            raise BudgetError(
                "budget by class: numbers to predict have no classes: give one number of rows, or "
                "a fraction in (0, 1]"
            )
        n_chosen = resolve_budget(budget, n_present)
        strata, totals = _strata(source, seen, n_strata(n_chosen), run)
        facts["target"] = "regression"
        return LabelSurvey(strata, None if prior is None else totals, facts)
    if seen.targets is not None and seen.targets.fractional:
        facts["notes"] = [
            f"the labels are {len(counts)} different numbers, not all whole, and are taken for "
            "classes: use target='regression' to take them for numbers to predict"
        ]
    classes = Classes.of(counts, n_present)
    if prior is None:
        return LabelSurvey(classes, None, facts)
    by_label = prior.by_label or {None: prior.total}
    return LabelSurvey(classes, tuple(by_label[label] for label in classes.labels), facts)


def _strata(
    source: Source, seen: Profile, n_intervals: int, run: Runtime
) -> tuple[Strata, tuple[int, ...]]:
    """Cut numbers to predict at their quantiles: exactly, or where a sample has them."""
    assert seen.targets is not None
    prior = seen.prior
    if not seen.targets.many:
        values = np.array(sorted(seen.label_counts), dtype=np.float64)  # type: ignore[type-var]
        counts = np.array([seen.label_counts[value] for value in values.tolist()], dtype=np.int64)
        totals = counts.tolist() if prior is None else [prior.by_label[v] for v in values.tolist()]
        edges = quantile_edges(values, totals, n_intervals)
        ids = strata_ids(edges, values)
        sums = [0] * (len(edges) + 1)
        for stratum, total in zip(ids.tolist(), totals, strict=True):
            sums[stratum] += total
        return Strata.of(edges, counted(ids, len(sums), counts)), tuple(sums)
    values = np.sort(seen.targets.sample.payload[0])
    edges = quantile_edges(values, [1] * len(values), n_intervals)
    with run.stage("survey", source.n_rows):
        found, sums_of = run.fold(StrataTask(edges), source).parts
    by_stratum = sums_of.by_label
    return Strata.of(edges, found.counts), tuple(by_stratum[s] for s in range(len(edges) + 1))
