"""What one selection chose and cost; it does not depend on the model that is trained on it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from coresift._errors import FormatError
from coresift._files import whole_file
from coresift._kernels._jit import compile_seconds
from coresift._rng import row_hash
from coresift._threads import threads
from coresift._typing import Float64, Indices, Rows
from coresift.core.centers import Assignment, Centers
from coresift.core.prior import PriorSum, Steps
from coresift.experiments._memory import Memory
from coresift.experiments._records import is_number_or_none, is_numbers
from coresift.experiments._split import Split
from coresift.selectors import BaseSelector

_MOST_PAIRS = 4 * 10**9  # of rows and chosen rows; beyond, the score is taken on a sample
_CHUNK, _MOST_VALUES = 50_000, 2**22  # few enough that scoring does not make the peak of memory
_COMPILING = 0.02  # share of the seconds of a selection that counts as none
_FACTS = ("seconds", "peak_mib", "select_mib", "stages", "score", "score_rows")


@dataclass(frozen=True, eq=False)
class Selection:
    """Chosen rows, their weights, and what choosing them took.

    Parameters
    ----------
    rows : ndarray of shape (k,), int64
        Ascending, distinct positions in the training rows.
    weights : ndarray of shape (k,), float64
        Above 0.
    seconds : float
        Of the run that selected.
    peak_mib : float or None
        The most memory that its process held until the end of the selection; None where the
        process was not its own.
    select_mib : float or None
        The most memory over what the process held before: the rows, the libraries. Known where
        ``peak_mib`` is, on Linux.
    stages : dict of str to float
        Seconds by stage, as far as the selector tells.
    score : float or None
        `coreset_score` of the rows.
    score_rows : int
        Rows that it is the mean of.
    """

    rows: Indices
    weights: Float64
    seconds: float
    peak_mib: float | None
    select_mib: float | None
    stages: dict[str, float]
    score: float | None
    score_rows: int

    @classmethod
    def of(
        cls, selector: BaseSelector | None, split: Split, n_threads: int | None, isolate: bool
    ) -> Self:
        """Select, measure and score; all rows where there is no selector.

        A selection that had to compile is made again, as its seconds are not those of selecting.
        """
        with compile_seconds() as compiling:
            found = cls._measured(selector, split, isolate)
        if compiling() > _COMPILING * found.seconds:
            found = cls._measured(selector, split, isolate)
        score, score_rows = coreset_score(split, found.rows, n_threads)
        return replace(found, score=score, score_rows=score_rows)

    @classmethod
    def _measured(cls, selector: BaseSelector | None, split: Split, isolate: bool) -> Self:
        """Select and measure, without a score."""
        memory = Memory.begin() if isolate else None
        start = time.perf_counter()
        stages: dict[str, float] = {}
        if selector is None:
            rows, seconds = np.arange(len(split.X)), 0.0
            weights = np.ones(len(split.X)) if split.weights is None else split.weights
        else:
            prior: dict[str, Any] = (
                {} if split.weights is None else {"sample_weight": split.weights}
            )
            selector.fit(split.X, split.y, **prior)
            seconds = time.perf_counter() - start
            rows, weights = selector.sample_indices_, selector.sample_weight_
            stages = dict(selector.report_.get("seconds", {}))
        peaks = (None, None) if memory is None else memory.end()
        return cls(rows, weights, seconds, *peaks, stages, None, 0)

    def rows_of(self, split: Split) -> tuple[Rows, Indices | Float64]:
        """Return the chosen rows and their classes; no copy where all are chosen."""
        if len(self.rows) == len(split.X):
            return split.X, split.y
        return split.X[self.rows], split.y[self.rows]

    def save(self, path: Path) -> None:
        """Keep it in a file, under the key that the file is named by."""
        facts = {name: getattr(self, name) for name in _FACTS}
        path.parent.mkdir(exist_ok=True)
        with whole_file(path) as file:
            text = np.array(json.dumps({"key": path.stem, **facts}))
            np.savez(file, rows=self.rows, weights=self.weights, facts=text)

    @classmethod
    def load(cls, path: Path, n_rows: int) -> Self:
        """Read what `save` wrote for a selection from so many rows.

        Raises
        ------
        FormatError
            If the file is cut off, or holds something else.
        """
        try:
            # numpy leaves a file open that it opened and cannot read
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                facts = json.loads(str(arrays["facts"][()]))
                found = cls(arrays["rows"], arrays["weights"], *(facts[name] for name in _FACTS))
            found._check(facts["key"] == path.stem, n_rows)
        except Exception as error:  # what a damaged archive raises is of many types
            raise FormatError(
                f"{str(path)!r} is not the selection that it is named by ({_line(error)}): "
                "remove it, so that its rows are selected anew"
            ) from error
        return found

    def _check(self, is_named: bool, n_rows: int) -> None:
        """Raise ValueError where this cannot be a selection from so many rows."""
        if not is_named:
            raise ValueError("it belongs to another run")
        if not is_numbers({"seconds": self.seconds, **self.stages}):
            raise ValueError("seconds have to be numbers")
        others = (self.peak_mib, self.select_mib, self.score, self.score_rows)
        if not all(map(is_number_or_none, others)):
            raise ValueError("memory and score have to be numbers")
        if self.rows.dtype != np.int64 or self.weights.dtype != np.float64:
            raise ValueError("rows have to be int64, weights float64")
        if self.rows.ndim != 1 or self.rows.shape != self.weights.shape or not len(self.rows):
            raise ValueError(f"shapes {self.rows.shape} and {self.weights.shape}")
        if self.rows[0] < 0 or self.rows[-1] >= n_rows or (np.diff(self.rows) <= 0).any():
            raise ValueError(f"rows have to ascend from 0 to at most {n_rows - 1}")
        if not (np.isfinite(self.weights).all() and (self.weights > 0).all()):
            raise ValueError("weights have to be finite and above 0")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def coreset_score(split: Split, rows: Indices, n_threads: int | None) -> tuple[float | None, int]:
    """Return the mean distance to the nearest chosen row of the class (Eq. 5, divided by N).

    Rows count by their prior weights. In regression all rows are one class.

    Returns
    -------
    score : float or None
        None where a class has no chosen row, as a uniform sample may leave one out.
    n_rows : int
        Rows that it is the mean of: all, or where those times the chosen rows pass
        4,000,000,000, as many of smallest hash as do not.
    """
    n_rows, classes = len(split.X), split.class_ids
    if len(rows) == n_rows:
        return 0.0, n_rows
    if not np.isin(classes, classes[rows]).all():
        return None, n_rows
    centers = Centers.of(rows, split.X[rows], classes[rows], split.n_classes)
    ids = np.arange(n_rows)
    size = min(n_rows, max(1, _MOST_PAIRS // len(rows)))
    if size < n_rows:
        ids = np.sort(np.argsort(row_hash(ids, 0), kind="stable")[:size])
    found, times = Assignment.empty(centers), None
    if split.weights is not None:
        times = Steps.of(PriorSum.of(split.weights)).count(split.weights)
    chunk = max(1, min(_CHUNK, _MOST_VALUES // split.X.shape[1]))
    for start in range(0, size, chunk):
        part = ids[start : start + chunk]
        with threads(n_threads):
            owned = centers.owners(split.X[part], classes[part], part)
        own = None if times is None else times[part]
        found = found.merge(Assignment.of(classes[part], *owned, centers, own))
    return found.score(), size
