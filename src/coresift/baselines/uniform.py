"""Uniform sampling, by class or over all rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._errors import ParameterError
from coresift._stages import Progress, Stages
from coresift._typing import Indices
from coresift.core.coreset import Coreset
from coresift.core.parameters import check_choice, check_range
from coresift.core.pool import Pool
from coresift.core.sample import RowSample
from coresift.core.scaler import SCALES
from coresift.engines import map_reduce
from coresift.passes import (
    ROWS,
    Survey,
    assigned,
    derived_seed,
    reported,
    row_ids_of,
    survey,
)
from coresift.sources import Chunk, Source

WEIGHTS = ("uniform", "assignment")


@dataclass(frozen=True)
class UniformPlan:
    """Every choice that a uniform sample depends on; `coresift.Uniform` documents them.

    Raises
    ------
    ParameterError
        For a value outside its documented range.
    """

    budget: float
    stratify: bool = True
    weights: str = "uniform"
    scale: str | None = "minmax"
    seed: int = 0
    n_threads: int | None = None

    def __post_init__(self) -> None:
        check_choice("stratify", self.stratify, (True, False))
        check_choice("weights", self.weights, WEIGHTS)
        check_choice("scale", self.scale, SCALES)
        if self.n_threads is not None:
            check_range("n_threads", self.n_threads)
        if self.weights == "assignment" and not self.stratify:
            raise ParameterError(
                "weights='assignment' with stratify=False: a class may be missing, and its rows "
                "would have no one to stand for them: use stratify=True or weights='uniform'"
            )


def uniform(source: Source, plan: UniformPlan, progress: Progress | None = None) -> Coreset:
    """Draw rows uniformly, those of smallest hash.

    Parameters
    ----------
    source : Source
        Read twice, and once more for ``weights="assignment"``.
    plan : UniformPlan
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
        by_class=plan.stratify,
    )
    with stages("choose", source.n_rows):
        draw = _draw_by_class if plan.stratify else _draw
        row_ids, class_ids = draw(seen, derived_seed(plan.seed, ROWS), stages)
    if plan.weights == "assignment":
        coreset = assigned(seen, row_ids, class_ids, plan.n_threads, stages)
    elif plan.stratify:
        coreset = Coreset(row_ids, (seen.classes.sizes / seen.quotas)[class_ids])
    else:
        coreset = Coreset(row_ids, np.full(seen.budget, source.n_rows / seen.budget))
    return reported(coreset, seen, class_ids, stages)


def _draw_by_class(seen: Survey, seed: int, stages: Stages) -> tuple[Indices, Indices]:
    """Return the chosen rows, ascending, and their classes."""
    limits = tuple(seen.quotas.tolist())

    def draw(chunk: Chunk) -> Pool:
        no_codes = np.empty((len(chunk.rows), 0), dtype=np.uint8)
        return Pool.of(seen.class_ids(chunk), row_ids_of(chunk), no_codes, limits, seed)

    none = np.zeros(0, dtype=np.int64)
    zero = Pool.of(none, none, np.empty((0, 0), dtype=np.uint8), limits, seed)
    pool = map_reduce(draw, stages.watch(seen.source.chunks()), Pool.merge, zero)
    order = np.argsort(pool.row_ids)
    return pool.row_ids[order], pool.class_ids[order]


def _draw(seen: Survey, seed: int, stages: Stages) -> tuple[Indices, Indices]:
    """Return the chosen rows, ascending, and their classes."""

    def draw(chunk: Chunk) -> RowSample:
        # The sample carries along what it is asked to: here the class instead of the features.
        carried = seen.class_ids(chunk).astype(np.float64)[:, None]
        return RowSample.of(carried, row_ids_of(chunk), seen.budget, seed)

    zero = RowSample.of(np.empty((0, 1)), np.zeros(0, dtype=np.int64), seen.budget, seed)
    sample = map_reduce(draw, stages.watch(seen.source.chunks()), RowSample.merge, zero)
    order = np.argsort(sample.row_ids)
    return sample.row_ids[order], sample.rows[order, 0].astype(np.int64)
