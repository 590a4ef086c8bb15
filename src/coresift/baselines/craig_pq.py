"""Craig+PQ: facility location on distances between codes (Section 8.1).

The distance of two rows is read off the codebook. So rows with equal codes are one candidate with
a count, and one place of demand with the same count: what remains is Eq. 8 with a cluster for
each distinct code. The greedy of FastCore runs on it as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._rng import stream
from coresift._stages import Progress, Stages
from coresift._threads import thread_count
from coresift._typing import Codes, Float64, Indices
from coresift.core.budget import resolve_budget
from coresift.core.codebook import MAX_CODEWORDS, SUBSPACES, Codebook
from coresift.core.coreset import Coreset
from coresift.core.greedy import GREEDY, greedy
from coresift.core.hyperplanes import MAX_PLANES
from coresift.core.objective import Objective
from coresift.core.parameters import check_choice, check_range
from coresift.core.scaler import SCALES
from coresift.core.summary import Layout, Summary
from coresift.core.weights import cluster_weights
from coresift.passes import (
    CODEBOOK,
    GREEDY_DRAWS,
    ROWS,
    Survey,
    assigned,
    choose_by_class,
    derived_seed,
    reported,
    survey,
)
from coresift.sources import CHUNK_BYTES, Source

DISTANCES = ("root", "sum")
WEIGHTS = ("assignment", "code")
SAMPLE_ROWS_PER_CODEWORD = 64


@dataclass(frozen=True)
class CraigPQPlan:
    """Every choice that a selection depends on; `coresift.CraigPQ` documents them.

    Raises
    ------
    ParameterError
        For a value outside its documented range.
    """

    budget: float
    n_subspaces: int = 4
    subspaces: str = "variance"
    n_codewords: int = 256
    distance: str = "root"
    greedy: str = "lazy"
    n_candidates: int = 500
    weights: str = "assignment"
    scale: str | None = "minmax"
    seed: int = 0
    n_threads: int | None = None

    def __post_init__(self) -> None:
        check_choice("subspaces", self.subspaces, SUBSPACES)
        check_choice("distance", self.distance, DISTANCES)
        check_choice("greedy", self.greedy, GREEDY)
        check_choice("weights", self.weights, WEIGHTS)
        check_choice("scale", self.scale, SCALES)
        check_range("n_codewords", self.n_codewords, MAX_CODEWORDS)
        for name in ("n_subspaces", "n_candidates"):
            check_range(name, getattr(self, name))
        if self.n_threads is not None:
            check_range("n_threads", self.n_threads)


def craig_pq(source: Source, plan: CraigPQPlan, progress: Progress | None = None) -> Coreset:
    """Choose a coreset by facility location on codes, one class at a time.

    Parameters
    ----------
    source : Source
        Read two or three times, a chunk at a time.
    plan : CraigPQPlan
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
        sample_size=SAMPLE_ROWS_PER_CODEWORD * plan.n_codewords,
    )
    with stages("train"):
        codebook = Codebook.train(
            seen.scaler.transform(seen.sample.rows),
            plan.n_subspaces,
            plan.n_codewords,
            stream(plan.seed, CODEBOOK),
            plan.subspaces,
            plan.n_threads,
        )
    codes, class_ids = _encode(seen, codebook, plan.n_threads, stages)
    with stages("choose", seen.budget):
        choices = _choose(seen, codebook, codes, class_ids, plan, stages)
    row_ids = np.concatenate([choice.row_ids for choice in choices])
    order = np.argsort(row_ids)
    if plan.weights == "assignment":
        chosen = row_ids[order]
        coreset = assigned(seen, chosen, class_ids[chosen], plan.n_threads, stages)
    else:
        weights = np.concatenate([choice.weights for choice in choices])
        coreset = Coreset(row_ids[order], weights[order])
    return reported(
        coreset,
        seen,
        class_ids[coreset.row_ids],
        stages,
        {
            "n_codes": sum(choice.n_codes for choice in choices),
            "code_score": sum(choice.score for choice in choices) / source.n_rows,
        },
        [{"codes": choice.n_codes} for choice in choices],
    )


def outlook(source: Source, plan: CraigPQPlan) -> dict[str, Any]:
    """Say what a selection would take, without reading a row.

    Returns
    -------
    dict
        Rows, features, budget, passes, and upper limits: candidates (all rows of one class, all
        codes distinct) and bytes over the data itself.
    """
    n_rows, n_subspaces = source.n_rows, min(plan.n_subspaces, source.n_features)
    table = 4 * n_subspaces * plan.n_codewords * n_rows
    sample = SAMPLE_ROWS_PER_CODEWORD * plan.n_codewords * source.n_features * 8
    return {
        "n_rows": n_rows,
        "n_features": source.n_features,
        "budget": resolve_budget(plan.budget, n_rows),
        "passes": 3 if plan.weights == "assignment" else 2,
        "max_candidates": n_rows,
        # Codes and class of each row; while the summary is built, three integers a code and part.
        "max_bytes": 4 * CHUNK_BYTES + sample + table + (40 + 33 * n_subspaces) * n_rows,
    }


def _encode(
    seen: Survey, codebook: Codebook, n_threads: int | None, stages: Stages
) -> tuple[Codes, Indices]:
    """Read the data once; return the code and the class of each row."""
    source = seen.source
    codes = np.empty((source.n_rows, codebook.n_subspaces), dtype=np.uint8)
    class_ids = np.empty(source.n_rows, dtype=np.int64)
    with stages("encode", source.n_rows):
        for chunk in stages.watch(source.chunks()):
            part = slice(chunk.start, chunk.start + len(chunk.rows))
            codes[part] = codebook.codes(seen.scaler.transform(chunk.rows), n_threads)
            class_ids[part] = seen.class_ids(chunk)
    return codes, class_ids


def summary_of_codes(codes: Codes, row_ids: Indices, seed: int) -> Summary:
    """Return the summary in which each distinct code of a class is a cluster of its own.

    Parameters
    ----------
    codes : ndarray of shape (n_rows, n_subspaces), uint8
    row_ids : ndarray of shape (n_rows,), int64
    seed : int
        Of the hash that says which of the rows with one code is taken first.
    """
    distinct, cluster = np.unique(codes, axis=0, return_inverse=True)
    limits = (len(distinct),), (len(codes),)
    layout = Layout(codes.shape[1], MAX_PLANES, *limits, seed)
    one_class = np.zeros(len(codes), dtype=np.int64)
    return Summary.of(one_class, cluster.reshape(-1).astype(np.uint64), codes, row_ids, layout)


@dataclass(frozen=True, eq=False)
class _Choice:
    """What the greedy chose in one class: rows, weights by code, and the score on codes."""

    row_ids: Indices
    weights: Float64
    n_codes: int
    score: float


def _choose(
    seen: Survey,
    codebook: Codebook,
    codes: Codes,
    class_ids: Indices,
    plan: CraigPQPlan,
    stages: Stages,
) -> list[_Choice]:
    """Run the greedy in each class; classes side by side where there are several."""
    inner = 1 if len(seen.classes) >= thread_count(plan.n_threads) else plan.n_threads
    seed = derived_seed(plan.seed, ROWS)

    def choose(class_id: int) -> _Choice:
        here, quota = np.flatnonzero(class_ids == class_id), int(seen.quotas[class_id])
        summary = summary_of_codes(codes[here], here, seed)
        objective = Objective.of(summary, codebook, plan.distance, inner)
        picks = greedy(
            objective,
            quota,
            stream(plan.seed, GREEDY_DRAWS, class_id),
            method=plan.greedy,
            n_candidates=plan.n_candidates,
            n_threads=inner,
        )
        stages.advance(quota)
        # The candidates are the distinct codes in ascending order, and so are the clusters.
        weights = cluster_weights(
            summary,
            objective.owners(picks.candidates),
            picks.candidates,
            picks.candidates.astype(np.uint64),
        )
        return _Choice(
            objective.candidates.rows(picks.candidates),
            weights,
            objective.n_candidates,
            objective.score(picks.cover),
        )

    return choose_by_class(choose, seen.quotas, plan.n_threads)
