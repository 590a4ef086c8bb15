"""The passes over the data that all methods share: before the choice, and after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from coresift._rng import stream
from coresift._stages import Stages
from coresift._threads import run_all
from coresift._typing import Indices, Rows
from coresift.core.budget import resolve_budget, split_budget
from coresift.core.classes import Classes
from coresift.core.coreset import Coreset
from coresift.core.profile import Profile, profile
from coresift.core.sample import RowSample
from coresift.core.scaler import Moments, Scaler
from coresift.core.weights import Assignment, Centers
from coresift.engines import map_reduce
from coresift.sources import (
    Chunk,
    Source,
    count_missing_labels,
    count_nonfinite,
    raise_missing_labels,
    raise_nonfinite,
)

# One stream of random numbers for each purpose, so that none depends on how much another draws.
SAMPLE, ROWS, TIES, PLANES, CODEBOOK, GREEDY_DRAWS, REPRESENTATIVE, CLUSTERS = range(100, 108)
R = TypeVar("R")


def derived_seed(seed: int, purpose: int) -> int:
    """Return the seed of one purpose, for row hashes."""
    return int(stream(seed, purpose).integers(2**63))


def row_ids_of(chunk: Chunk) -> Indices:
    """Return the positions of the rows of a chunk, shape (n_rows,), int64."""
    return np.arange(chunk.start, chunk.start + len(chunk.rows))


@dataclass(frozen=True, eq=False)
class Survey:
    """What one pass tells, and what follows from it.

    Parameters
    ----------
    source : Source
    classes : Classes
    quotas : ndarray of shape (n_classes,), int64
        Rows to choose of each class; their sum is the budget.
    scaler : Scaler
    sample : RowSample
        Unscaled rows, for training.
    moments : Moments
        Of the unscaled rows.
    """

    source: Source
    classes: Classes
    quotas: Indices
    scaler: Scaler
    sample: RowSample
    moments: Moments

    @property
    def budget(self) -> int:
        """Rows to choose."""
        return int(self.quotas.sum())

    def class_ids(self, chunk: Chunk) -> Indices:
        """Return the class of each row of a chunk, shape (n_rows,), int64."""
        return self.classes.ids(chunk.labels, len(chunk.rows))

    def read(
        self,
        function: Callable[[Rows, Indices, Indices], R],
        merge: Callable[[R, R], R],
        zero: R,
        stages: Stages,
    ) -> R:
        """Merge ``function(rows, class_ids, row_ids)`` over all chunks; the rows are scaled."""

        def look(chunk: Chunk) -> R:
            rows = self.scaler.transform(chunk.rows)
            return function(rows, self.class_ids(chunk), row_ids_of(chunk))

        return map_reduce(look, stages.watch(self.source.chunks()), merge, zero)

    def take(self, row_ids: Indices) -> Rows:
        """Return the scaled rows at ascending positions."""
        return self.scaler.transform(self.source.take(row_ids))

    def score(self, assignment: Assignment) -> float:
        """Return the mean distance of a row to its nearest chosen row (Eq. 5)."""
        return float(assignment.distances.total()) / self.source.n_rows

    def centers(self, row_ids: Indices, class_ids: Indices) -> Centers:
        """Fetch chosen rows at ascending positions and arrange them."""
        return Centers.of(row_ids, self.take(row_ids), class_ids, len(self.classes))


def survey(
    source: Source,
    budget: float,
    *,
    scale: str | None,
    seed: int,
    stages: Stages,
    sample_size: int = 1,
    by_class: bool = True,
) -> Survey:
    """Read the data once: check values, count labels, draw a sample, split the budget.

    Parameters
    ----------
    by_class : bool
        Give each class its quota; otherwise the quotas are zero but for the sum, which the
        first class carries.

    Raises
    ------
    BudgetError, DataError, LabelError
        For rows, labels or a budget that cannot be used.
    """
    sample_seed = derived_seed(seed, SAMPLE)

    def look(chunk: Chunk) -> Profile:
        return profile(
            chunk.rows,
            row_ids_of(chunk),
            chunk.labels,
            count_nonfinite(chunk.rows),
            0 if chunk.labels is None else count_missing_labels(chunk.labels),
            scale=scale,
            sample_size=sample_size,
            seed=sample_seed,
        )

    zero = Profile.empty(source.n_features, scale, sample_size, sample_seed)
    with stages("survey", source.n_rows):
        seen = map_reduce(look, stages.watch(source.chunks()), Profile.merge, zero)
    raise_nonfinite(seen.nan_counts, seen.inf_counts, source.column_names)
    raise_missing_labels(seen.n_missing_labels, source.n_rows)
    classes = Classes.of(seen.label_counts, source.n_rows)
    n_chosen = resolve_budget(budget, source.n_rows)
    if by_class:
        quotas = split_budget(n_chosen, classes.sizes)
    else:
        quotas = np.zeros(len(classes), dtype=np.int64)
        quotas[0] = n_chosen
    scaler = Scaler.from_moments(seen.moments, scale, source.column_names)
    return Survey(source, classes, quotas, scaler, seen.sample, seen.moments)


def gather(seen: Survey, stages: Stages) -> tuple[Rows, Indices]:
    """Read all rows into memory, scaled.

    Returns
    -------
    rows : ndarray of shape (n_rows, n_features), float32
    class_ids : ndarray of shape (n_rows,), int64
    """
    source = seen.source
    rows = np.empty((source.n_rows, source.n_features), dtype=np.float32)
    class_ids = np.empty(source.n_rows, dtype=np.int64)
    with stages("read", source.n_rows):
        for chunk in stages.watch(source.chunks()):
            part = slice(chunk.start, chunk.start + len(chunk.rows))
            rows[part] = seen.scaler.transform(chunk.rows)
            class_ids[part] = seen.class_ids(chunk)
    return rows, class_ids


def choose_by_class(choose: Callable[[int], R], quotas: Indices, n_threads: int | None) -> list[R]:
    """Return ``choose(class_id)`` of each class, side by side, those of large quotas first."""
    largest_first = np.argsort(-quotas, kind="stable")
    done = run_all(choose, largest_first.tolist(), n_threads)
    return [done[place] for place in np.argsort(largest_first)]


def assign(
    seen: Survey, centers: Centers, n_threads: int | None, stages: Stages
) -> tuple[Assignment, float]:
    """Give each row to its nearest chosen row of its class (Eq. 5's phi).

    Returns
    -------
    Assignment
    score : float
        The mean distance (Eq. 5).
    """

    def look(rows: Rows, class_ids: Indices, row_ids: Indices) -> Assignment:
        return Assignment.of(
            class_ids, *centers.owners(rows, class_ids, row_ids, n_threads), centers
        )

    found = seen.read(look, Assignment.merge, Assignment.empty(centers), stages)
    return found, seen.score(found)


def assigned(
    seen: Survey, row_ids: Indices, class_ids: Indices, n_threads: int | None, stages: Stages
) -> Coreset:
    """Weigh chosen rows by the rows that are nearest to them.

    Parameters
    ----------
    row_ids, class_ids : ndarray of shape (k,), int64
        The chosen rows, ascending, each class among them.

    Returns
    -------
    Coreset
        Its report holds the ``score``.
    """
    centers = seen.centers(row_ids, class_ids)
    with stages("weigh", seen.source.n_rows):
        found, score = assign(seen, centers, n_threads, stages)
    return Coreset(row_ids, found.weights(centers), {"score": score})


def reported(
    coreset: Coreset,
    seen: Survey,
    class_ids: Indices,
    stages: Stages,
    facts: Mapping[str, Any] | None = None,
    class_facts: list[dict[str, Any]] | None = None,
) -> Coreset:
    """Return the coreset with its report: numbers, strings, lists and dicts.

    Parameters
    ----------
    class_ids : ndarray of shape (k,), int64
    facts : mapping or None
        What the method adds.
    class_facts : list of dict or None
        What it adds for each class.
    """
    chosen = np.bincount(class_ids, minlength=len(seen.classes)).tolist()
    more = class_facts or [{} for _ in chosen]
    report = {
        "n_rows": seen.source.n_rows,
        "n_features": seen.source.n_features,
        "n_chosen": len(coreset.row_ids),
        "score": None,  # where the method does not measure it
        **coreset.report,
        **(facts or {}),
        "classes": [
            {"label": label, "rows": int(size), "chosen": count, **extra}
            for label, size, count, extra in zip(
                seen.classes.labels, seen.classes.sizes, chosen, more, strict=True
            )
        ],
        "seconds": {name: round(taken, 4) for name, taken in stages.seconds.items()},
    }
    return Coreset(coreset.row_ids, coreset.weights, report)
