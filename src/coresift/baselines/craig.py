"""Craig: facility location on exact distances, class by class (Section 2.3, the 3-loop method)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._errors import ParameterError
from coresift._rng import row_hash, stream
from coresift._stages import Progress, Stages
from coresift._typing import Indices, Rows
from coresift.core.budget import resolve_budget
from coresift.core.coreset import Coreset
from coresift.core.facility import Dense, Facility, Neighbours, Recomputed
from coresift.core.facility_greedy import GREEDY, facility_greedy
from coresift.core.parameters import check_choice, check_range
from coresift.core.scaler import SCALES
from coresift.passes import (
    GREEDY_DRAWS,
    ROWS,
    Survey,
    assigned,
    derived_seed,
    gather,
    reported,
    survey,
)
from coresift.sources import CHUNK_BYTES, Source

DISTANCES = ("auto", "dense", "recompute", "neighbours")


@dataclass(frozen=True)
class CraigPlan:
    """Every choice that a selection depends on; `coresift.Craig` documents them.

    Raises
    ------
    ParameterError
        For a value outside its documented range.
    """

    budget: float
    distances: str = "auto"
    n_neighbours: int = 128
    max_bytes: int = 2**30
    greedy: str = "lazy"
    n_candidates: int = 500
    scale: str | None = "minmax"
    seed: int = 0
    n_threads: int | None = None

    def __post_init__(self) -> None:
        check_choice("distances", self.distances, DISTANCES)
        check_choice("greedy", self.greedy, GREEDY)
        check_choice("scale", self.scale, SCALES)
        for name in ("n_neighbours", "max_bytes", "n_candidates"):
            check_range(name, getattr(self, name))
        if self.n_threads is not None:
            check_range("n_threads", self.n_threads)


def store_bytes(distances: str, n_rows: int, n_features: int, n_neighbours: int) -> int:
    """Return the bytes that the distances of a class of so many rows take at most.

    Parameters
    ----------
    distances : {"dense", "recompute", "neighbours"}
        One number for each pair; or the rows in blocks, and a mean for each; or what building the
        lists of neighbours takes.
    n_rows, n_features, n_neighbours : int

    Examples
    --------
    >>> from coresift.baselines.craig import store_bytes
    >>> store_bytes("dense", 10_000, 54, 128) > 10_000**2 * 4
    True
    >>> store_bytes("recompute", 212_404, 54, 128) < 2**28
    True
    """
    padded = n_rows + 32
    row = 4 * (n_features + 8)
    # Rows by place and as tiles, one box, mean and the like for 32; order, place, cover, radius.
    arranged = padded * (3 * row + row // 4 + 48)
    if distances == "dense":
        return 4 * n_rows * padded + 2 * row * padded
    if distances == "neighbours":
        return arranged + 44 * n_rows * min(n_neighbours, n_rows)
    return arranged


def store_for(plan: CraigPlan, n_rows: int, n_features: int) -> str:
    """Return how distances are stored for a class of so many rows: "auto" resolved.

    Raises
    ------
    ParameterError
        Where what was asked for takes more than ``max_bytes``.
    """
    dense = store_bytes("dense", n_rows, n_features, plan.n_neighbours)
    if plan.distances == "auto":
        return "dense" if dense <= plan.max_bytes else "recompute"
    needed = store_bytes(plan.distances, n_rows, n_features, plan.n_neighbours)
    if plan.distances != "recompute" and needed > plan.max_bytes:
        raise ParameterError(
            f"distances={plan.distances!r} takes {needed:,} bytes for a class of {n_rows:,} rows, "
            f"max_bytes={plan.max_bytes:,}: use distances='recompute' or raise max_bytes"
        )
    return plan.distances


def outlook(source: Source, plan: CraigPlan) -> dict[str, Any]:
    """Say what a selection would take, without reading a row.

    Returns
    -------
    dict
        Rows, features, budget, passes, how distances are stored, and the most bytes over the data
        itself, as if all rows were of one class.

    Raises
    ------
    ParameterError
        Where the distances of all rows would take more than ``max_bytes``.
    """
    n_rows, n_features = source.n_rows, source.n_features
    store = store_for(plan, n_rows, n_features)
    stored = store_bytes(store, n_rows, n_features, plan.n_neighbours)
    return {
        "n_rows": n_rows,
        "n_features": n_features,
        "budget": resolve_budget(plan.budget, n_rows),
        "passes": 3,
        "distances": store,
        # All rows, those of one class, its distances, and a queue of candidates.
        "max_bytes": 4 * CHUNK_BYTES + 2 * n_rows * (4 * n_features + 8) + stored + 250 * n_rows,
    }


def craig(source: Source, plan: CraigPlan, progress: Progress | None = None) -> Coreset:
    """Choose a coreset by facility location on exact distances, one class after the other.

    Parameters
    ----------
    source : Source
        Read three times; its rows are held in memory, scaled, as float32.
    plan : CraigPlan
    progress : callable or None
        Called with (stage, done, total) as the work goes on.

    Raises
    ------
    BudgetError, DataError, LabelError
        For rows, labels or a budget that cannot be used.
    ParameterError
        Where the distances of a class would take more than ``max_bytes``.
    """
    stages = Stages(progress)
    seen = survey(source, plan.budget, scale=plan.scale, seed=plan.seed, stages=stages)
    stores = [store_for(plan, size, source.n_features) for size in seen.classes.sizes.tolist()]
    rows, class_ids = gather(seen, stages)
    chosen: list[Indices] = []
    with stages("choose", seen.budget):
        for class_id, store in enumerate(stores):
            here = np.flatnonzero(class_ids == class_id)
            chosen.append(here[_choose(seen, class_id, rows[here], here, store, plan, stages)])
    row_ids = np.sort(np.concatenate(chosen))
    class_ids = class_ids[row_ids]
    del rows
    coreset = assigned(seen, row_ids, class_ids, plan.n_threads, stages)
    facts = [{"distances": store} for store in stores]
    return reported(coreset, seen, class_ids, stages, class_facts=facts)


def _choose(
    seen: Survey,
    class_id: int,
    rows: Rows,
    row_ids: Indices,
    store: str,
    plan: CraigPlan,
    stages: Stages,
) -> Indices:
    """Return the chosen rows of a class, as positions in ``rows``."""
    quota = int(seen.quotas[class_id])
    if quota == len(rows):
        stages.advance(quota)
        return np.arange(quota)
    return facility_greedy(
        _facility(rows, store, plan),
        quota,
        np.argsort(row_hash(row_ids, derived_seed(plan.seed, ROWS))),
        stream(plan.seed, GREEDY_DRAWS, class_id),
        method=plan.greedy,
        n_candidates=plan.n_candidates,
        n_threads=plan.n_threads,
        advance=stages.advance,
    )


def _facility(rows: Rows, store: str, plan: CraigPlan) -> Facility:
    if store == "dense":
        return Dense(rows, plan.n_threads)
    if store == "neighbours":
        return Neighbours(rows, plan.n_neighbours, plan.n_threads)
    return Recomputed(rows)
