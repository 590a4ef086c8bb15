"""What to do where values are missing: leave rows out, or fill the gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from coresift._errors import DataError
from coresift._typing import Counts, Float64
from coresift.core.merge import BottomK
from coresift.core.profile import is_missing_label, sample_rows
from coresift.sources._base import CHUNK_BYTES, Chunk, Source, told
from coresift.sources._complete import CompleteSource, KeptRows
from coresift.sources._impute import Imputation, ImputedSource
from coresift.sources._options import Missing

SAMPLE_ROWS = 65_536  # whose medians fill the gaps; all rows, where there are no more
_LEAST_ROWS = 1024
_SEED = 0  # the same sample for the same rows, always


def finished(source: Source, missing: Missing, like: Source | None) -> Source:
    """Return the source with rows left out or gaps filled as asked, or as in another source.

    Raises
    ------
    DataError
        If the other source has other features, or no row is left.
    """
    if like is not None:
        check_like(source, like)
        ways = {ImputedSource: "impute", CompleteSource: "drop"}
        missing = cast(Missing, ways.get(type(like), missing))
    return source if missing == "error" else without_missing(source, missing, like)


def check_like(source: Source, like: Source) -> None:
    """Refuse rows of another number of features than those that they are to be like.

    Raises
    ------
    DataError
    """
    n_features = (like.base if isinstance(like, ImputedSource) else like).n_features
    if source.n_features != n_features:
        raise DataError(
            f"the rows have {source.n_features} features, those that they are to be like have "
            f"{n_features}: give both the same columns"
        )


def without_missing(source: Source, missing: Missing, like: Source | None = None) -> Source:
    """Return a source in which no value is missing.

    Parameters
    ----------
    source : Source
        Read once.
    missing : {"drop", "impute"}
        Leave out the rows in which anything is missing. Or leave out those without a label, fill
        numbers with the median, and give each column in which values are missing a feature that is
        1 there: ``name_missing``, or ``name=missing`` beside levels. The median is that of a sample
        of 65,536 rows (fewer with over 128 features), the same from every source and for any
        chunks; it is exact where there are no more rows.
    like : Source or None
        A source made so before, such as the training rows, whose fills and features these rows get.

    Raises
    ------
    DataError
        If no row is left.
    """
    known = like.imputation if isinstance(like, ImputedSource) else None
    seen = _look(source, sample=missing == "impute" and known is None)
    keep = ~seen.without_label if missing == "impute" else ~(seen.without_label | seen.incomplete)
    kept = _kept(source, keep, seen, missing)
    if missing == "drop":
        return kept
    gaps = _gaps(source, seen.n_missing, 0)
    imputation = _imputation(source, seen) if known is None else known
    note = (f"missing values are filled: {gaps}",) if gaps else ()
    return ImputedSource(kept, imputation, *told(note))


@dataclass(frozen=True, eq=False)
class _Seen:
    """What one reading tells of missing values.

    Parameters
    ----------
    without_label, incomplete : ndarray of shape (n_rows,), bool
        Rows without a label, and rows in which a feature is missing.
    n_missing : ndarray of shape (n_columns,), int64
        Rows in which a column is missing.
    smallest : ndarray of shape (n_features,), float64
        The smallest value of each feature; infinity where there is none.
    sample : BottomK or None
        Rows, with their features.
    """

    without_label: NDArray[np.bool_]
    incomplete: NDArray[np.bool_]
    n_missing: Counts
    smallest: Float64
    sample: BottomK | None


def _look(source: Source, sample: bool) -> _Seen:
    sizes = np.array([size for _, size, _ in source.groups], dtype=np.int64)
    starts = (np.cumsum(sizes) - sizes).astype(np.int64)
    n_sample = max(
        _LEAST_ROWS, min(SAMPLE_ROWS, 2 * CHUNK_BYTES // (8 * max(1, source.n_features)))
    )
    without_label, incomplete = [], []
    n_missing = np.zeros(len(sizes), dtype=np.int64)
    smallest = np.full(source.n_features, np.inf)
    held: BottomK | None = None
    for chunk in source.chunks():
        unlabelled = _unlabelled(chunk)
        gaps = np.isnan(chunk.rows)
        gaps = np.logical_or.reduceat(gaps, starts, axis=1) if len(starts) else gaps
        n_missing += gaps[~unlabelled].sum(axis=0)
        incomplete.append(gaps.any(axis=1))
        without_label.append(unlabelled)
        if sample and not unlabelled.all():
            rows, row_ids = chunk.rows[~unlabelled], chunk.start + np.flatnonzero(~unlabelled)
            smallest = np.fmin(smallest, np.fmin.reduce(rows, axis=0))
            some = sample_rows(rows, row_ids, n_sample, _SEED)
            held = some if held is None else held.merge(some)
    masks = np.concatenate(without_label), np.concatenate(incomplete)
    return _Seen(*masks, n_missing, smallest, held)


def _unlabelled(chunk: Chunk) -> NDArray[np.bool_]:
    if chunk.labels is None:
        return np.zeros(len(chunk.rows), dtype=np.bool_)
    return is_missing_label(chunk.labels)


def _kept(source: Source, keep: NDArray[np.bool_], seen: _Seen, missing: Missing) -> Source:
    """Return the source with the rows to keep."""
    n_out = len(keep) - int(keep.sum())
    if not n_out:
        return source
    n_missing = seen.n_missing if missing == "drop" else np.zeros_like(seen.n_missing)
    gaps = _gaps(source, n_missing, int(seen.without_label.sum()))
    if n_out == len(keep):
        raise DataError(
            f"no row of {n_out} is left with missing={missing!r} ({gaps}); leave out columns with "
            "drop=, or pass missing='impute'"
        )
    are = "is" if n_out == 1 else "are"
    note = f"{n_out} of {len(keep)} rows {are} left out, because values are missing: {gaps}"
    return CompleteSource(source, KeptRows.of([keep]), *told((note,)))


def _gaps(source: Source, n_missing: Counts, n_labels: int) -> str:
    """Say how many values of which columns are missing."""
    named = [
        f"{name!r} {count}"
        for (name, _, _), count in zip(source.groups, n_missing.tolist(), strict=True)
        if count
    ]
    return ", ".join(named + ([f"labels {n_labels}"] if n_labels else []))


def _imputation(source: Source, seen: _Seen) -> Imputation:
    sizes = np.array([size for _, size, _ in source.groups], dtype=np.int64)
    starts = np.cumsum(sizes) - sizes
    levels = np.array([levels for _, _, levels in source.groups], dtype=np.bool_)
    is_level = np.repeat(levels, sizes)
    rows = cast(BottomK, seen.sample).payload[0]
    fills = np.where(is_level, 0.0, _medians(rows, seen.smallest))
    marked = np.flatnonzero(seen.n_missing)
    taken = set(source.feature_names)
    names = []
    for place in marked.tolist():
        name, _, has_levels = source.groups[place]
        names.append(_free(f"{name}=missing" if has_levels else f"{name}_missing", taken))
    return Imputation(fills, starts, marked, tuple(names))


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name = f"{name}'"
    taken.add(name)
    return name


def _medians(rows: Float64, smallest: Float64) -> Float64:
    """Return the median of each feature; where the sample has none, the smallest value."""
    fallback = np.where(np.isfinite(smallest), smallest, 0.0)
    medians = fallback.copy()
    present = ~np.isnan(rows).all(axis=0) if len(rows) else np.zeros(len(fallback), dtype=np.bool_)
    if present.any():
        medians[present] = np.nanmedian(rows[:, present].astype(np.float64), axis=0)
    return medians
