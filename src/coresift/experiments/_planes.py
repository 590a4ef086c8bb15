"""How many hyperplanes cut the rows finely enough (Appendix A.0.3, Table 4)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from coresift._errors import ParameterError
from coresift._progress import Progress
from coresift._rng import Purpose, derived_seed, stream
from coresift._runtime import Runtime
from coresift._typing import Buckets, Float64, Indices, Rows
from coresift.core.hyperplanes import MAX_PLANES, prefix
from coresift.core.merge import BottomK
from coresift.core.parameters import check_choice, check_range, checked_seed
from coresift.core.profile import sample_rows
from coresift.core.scaler import SCALES
from coresift.experiments._arguments import (
    check_flag,
    check_number,
    n_threads_of,
)
from coresift.methods.fastcore import draw_planes
from coresift.selectors._base import RandomState
from coresift.sources import as_source
from coresift.table import Block, Table

CANDIDATES = (8, 16, 24, 32, 40, 48, 56, 64)
_CENTER_ROWS = 2**14
_MOST_OTHERS = 200  # rows that a row is held against, inside its cluster and outside


@dataclass(frozen=True)
class PlanesStep:
    """A number of hyperplanes that was tried.

    Parameters
    ----------
    n_planes : int
    score : float
        Mean silhouette, -1 to 1; see `suggest_planes`.
    n_clusters : int
        In the sample, all classes.
    alone : float
        Share of the rows looked at that are alone in their cluster of the sample.
    """

    n_planes: int
    score: float
    n_clusters: int
    alone: float


@dataclass(frozen=True)
class PlanesAdvice:
    """What `coresift.suggest_planes` returns.

    Parameters
    ----------
    n_planes : int
        The fewest whose score reaches the plateau.
    steps : tuple of PlanesStep
    seconds : float
    """

    n_planes: int
    steps: tuple[PlanesStep, ...]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, for JSON."""
        return asdict(self)


def suggest_planes(
    X: Any,
    y: Any = None,
    *,
    candidates: Sequence[int] = CANDIDATES,
    tolerance: float = 0.02,
    sample_size: int = 50_000,
    n_queries: int = 1_000,
    center: bool = True,
    scale: str | None = "minmax",
    random_state: RandomState = 0,
    n_threads: int | None = None,
    on_step: Callable[[PlanesStep], None] | None = None,
    progress: Progress | None = None,
) -> PlanesAdvice:
    """Suggest a number of hyperplanes: the fewest that reach the plateau of cluster quality.

    Parameters
    ----------
    X, y
        As for `coresift.FastCore.fit`.
    candidates : sequence of int, default=(8, 16, 24, 32, 40, 48, 56, 64)
        Numbers to try, each from 1 to 64.
    tolerance : float, default=0.02
        A score this far below the best is on the plateau.
    sample_size : int, default=50_000
        Rows that are clustered, drawn uniformly.
    n_queries : int, default=1_000
        Rows of them whose silhouette is taken.
    center, scale, random_state, n_threads
        As for `coresift.FastCore`.
    on_step : callable or None, default=None
        Called with each `PlanesStep`.
    progress : callable or None, default=None
        Called with (stage, done, total).

    Returns
    -------
    PlanesAdvice

    Raises
    ------
    ColumnError, DataError, FormatError, LabelError, ParameterError
        For what cannot be used.

    Notes
    -----
    The silhouette of a row is ``(b - a) / max(a, b)``, with a its mean distance to the other rows
    of its cluster and b that to rows of its class outside the cluster (up to 200 of each, drawn);
    a row alone in its cluster has a = 0.

    Deviation: Rousseeuw takes b from the nearest other cluster. LSH cuts neighbours apart by
    design, so that score has no plateau: on 50,000 rows of CovType it is between -0.05 and 0.06
    for 8 to 32 planes. Held against all others it rises and flattens as Table 4 does.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift import suggest_planes
    >>> X, y = load_digits(return_X_y=True)
    >>> advice = suggest_planes(X, y, candidates=(4, 16, 64))
    >>> [step.n_planes for step in advice.steps], advice.n_planes in (4, 16, 64)
    ([4, 16, 64], True)
    """
    since = time.perf_counter()
    tried = _candidates(candidates)
    check_range("sample_size", sample_size)
    check_range("n_queries", n_queries)
    check_number("tolerance", tolerance, "above 0", 0)
    check_flag("center", center)
    check_choice("scale", scale if scale is None else str(scale), SCALES)
    seed = checked_seed(random_state)
    n_threads = n_threads_of(n_threads)
    source = as_source(X, label=y) if isinstance(y, str) else as_source(X, y)
    with Runtime(n_threads=n_threads, progress=progress) as run:
        table = Table.of(source, scale, _CENTER_ROWS, seed, run)
        planes = draw_planes(table.sample(), tried[-1], center, seed)
        keep = SampleRows(sample_size, derived_seed(seed, Purpose.SAMPLE))
        with run.stage("sample", source.n_rows):
            rows, class_ids = table.fold(keep, run).payload
        # Buckets of fewer planes are prefixes of those of more: one encoding serves all.
        buckets = planes.buckets(rows)
    steps = []
    for number in tried:
        groups = _groups(class_ids, prefix(buckets, number))
        scores, alone = silhouettes(
            rows, class_ids, groups, n_queries, stream(seed, Purpose.PLANE_QUERIES)
        )
        clusters = int(groups.max()) + 1
        steps.append(PlanesStep(number, float(scores.mean()), clusters, float(alone.mean())))
        if on_step is not None:
            on_step(steps[-1])
    best = max(step.score for step in steps)
    chosen = next(step.n_planes for step in steps if step.score >= best - tolerance)
    return PlanesAdvice(chosen, tuple(steps), time.perf_counter() - since)


def _candidates(candidates: Any) -> list[int]:
    """Return the numbers to try, ascending."""
    if not isinstance(candidates, Iterable) or isinstance(candidates, str | bytes):
        raise ParameterError(f"candidates={candidates!r}: give a list of numbers, such as [8, 16]")
    tried = list(candidates)
    if not tried:
        raise ParameterError("candidates=[]: give at least one number of hyperplanes")
    for number in tried:
        check_range("candidates", number, MAX_PLANES)
    return sorted({int(number) for number in tried})


@dataclass(frozen=True)
class SampleRows:
    """Keep a uniform sample of scaled rows with their classes."""

    size: int
    seed: int

    def __call__(self, block: Block) -> BottomK:
        """Sample a block."""
        return sample_rows(block.rows, block.row_ids, self.size, self.seed, block.class_ids)


def _groups(class_ids: Indices, buckets: Buckets) -> Indices:
    """Return the cluster of each row, all classes counted on, shape (n_rows,), int64."""
    _, bucket_ids = np.unique(buckets, return_inverse=True)
    wide = class_ids * (int(bucket_ids.max()) + 1) + bucket_ids
    return np.asarray(np.unique(wide, return_inverse=True)[1], dtype=np.int64)


def silhouettes(
    rows: Rows, class_ids: Indices, groups: Indices, n_queries: int, rng: np.random.Generator
) -> tuple[Float64, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Return silhouettes of some of the rows, and whether each is alone in its cluster.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    class_ids, groups : ndarray of shape (n_rows,), int64
        Class and cluster of each row; a cluster is of one class.
    n_queries : int
        How many rows; all where there are no more.
    rng : Generator

    Returns
    -------
    silhouettes : ndarray of shape (n,), float64
        A row whose class is a single cluster has 0.
    alone : ndarray of shape (n,), bool
    """
    queries = rng.permutation(len(rows))[:n_queries]
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(int(groups.max()) + 2))
    of_class = [np.flatnonzero(class_ids == c) for c in range(int(class_ids.max()) + 1)]
    found, alone = np.zeros(len(queries)), np.zeros(len(queries), dtype=bool)
    for place, row in enumerate(queries):
        group = groups[row]
        inside = order[starts[group] : starts[group + 1]]
        inside = _few(inside[inside != row], rng)
        outside = rng.choice(of_class[class_ids[row]], 2 * _MOST_OTHERS)
        outside = outside[groups[outside] != group][:_MOST_OTHERS]
        alone[place] = not len(inside)
        if len(outside):
            within = _mean_distance(rows, row, inside) if len(inside) else 0.0
            beyond = _mean_distance(rows, row, outside)
            largest = max(within, beyond)
            found[place] = (beyond - within) / largest if largest > 0 else 0.0
    return found, alone


def _few(which: Indices, rng: np.random.Generator) -> Indices:
    if len(which) <= _MOST_OTHERS:
        return which
    return rng.choice(which, _MOST_OTHERS, replace=False)


def _mean_distance(rows: Rows, row: int, others: Indices) -> float:
    apart = rows[others].astype(np.float64) - rows[row]
    return float(np.sqrt((apart**2).sum(axis=1)).mean())
