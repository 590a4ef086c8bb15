"""The rows that every run of a comparison sees: training and test, scaled alike."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from coresift._errors import DataError, LabelError, ParameterError
from coresift._runtime import Runtime
from coresift._survey import present
from coresift._typing import Counts, Float64, Indices, Labels, RawRows, Rows
from coresift.core.classes import Classes, count_labels
from coresift.core.holdout import holdout, holdout_groups
from coresift.core.merge import BottomK
from coresift.core.prior import PriorSum
from coresift.core.scaler import Moments, Scaler
from coresift.core.target import FEW_VALUES, as_numbers
from coresift.experiments._groups import group_ids
from coresift.selectors._base import named_source
from coresift.sources import (
    Chunk,
    Source,
    WeightedSource,
    as_source,
    count_missing_labels,
    count_nonfinite,
    raise_unusable,
)
from coresift.sources._impute import ImputedSource

_ARRAYS = ("X", "y", "X_test", "y_test", "weights", "weights_test")


@dataclass(frozen=True, eq=False)
class Split:
    """Training and test rows.

    Parameters
    ----------
    X, X_test : ndarray of shape (n_rows, n_features), float32
        Scaled to [0, 1] by the smallest and largest values of the training rows.
    y, y_test : ndarray of shape (n_rows,), int64 or float64
        Class numbers, or in regression the numbers to predict.
    weights, weights_test : ndarray of shape (n_rows,), float64, or None
        Prior weights, all above 0; None where every row counts once.
    """

    X: Rows
    y: Indices | Float64
    X_test: Rows
    y_test: Indices | Float64
    weights: Float64 | None = None
    weights_test: Float64 | None = None

    @classmethod
    def of(
        cls,
        X: Any,
        y: Any,
        test: Any,
        test_size: float,
        seed: int,
        sample_weight: Any = None,
        *,
        regression: bool = False,
        groups: Any = None,
    ) -> Split:
        """Read the rows, put test rows aside or read them, and scale.

        Raises
        ------
        DataError, LabelError, ParameterError
            For rows, labels or weights that cannot be used, and test rows that do not fit.
        """
        if test is not None and groups is not None:
            raise ParameterError(
                "groups are given together with test rows, so that nothing is put aside: leave "
                "one of them out"
            )
        source = named_source(X, y, sample_weight, drop=_named(groups))
        together = group_ids(groups, X, source)
        imputed = _imputed(source) if test is None else None
        given = _read(source) if imputed is None else _read(imputed.base, gaps=True)
        if given.labels is None:
            raise LabelError("a comparison trains models and needs labels: name their column")
        classes = _classes(given.labels, regression)
        given = given.numbered(classes)
        if test is None:
            strata = np.zeros(len(given.rows), dtype=np.int64) if regression else given.labels
            if together is None:
                aside = holdout(strata, test_size, seed)
            else:
                aside = holdout_groups(together, strata, test_size, seed)
            train, own_test = given.part(~aside), given.part(aside)
        else:
            weight = sample_weight if isinstance(sample_weight, str) else None
            train, own_test = given, _read_test(test, y, weight, source, classes)
        if imputed is not None:
            train, own_test = _filled(imputed, train, own_test)
        moments = Moments.of(train.rows, "minmax")
        scaler = Scaler.from_moments(moments, "minmax", source.column_names)
        return cls(
            scaler.transform(train.rows),
            train.labels,
            scaler.transform(own_test.rows),
            own_test.labels,
            train.weights,
            own_test.weights,
        )

    @property
    def is_regression(self) -> bool:
        """Whether there are numbers to predict, not classes."""
        return bool(self.y.dtype.kind == "f")

    @property
    def class_ids(self) -> Indices:
        """The class of each training row; in regression one for all."""
        return np.zeros(len(self.y), dtype=np.int64) if self.is_regression else self.y  # type: ignore[return-value]

    @property
    def n_classes(self) -> int:
        """Number of classes; each has a training row."""
        return int(self.class_ids.max()) + 1

    @cached_property
    def fingerprint(self) -> str:
        """A hash of everything in it."""
        digest = hashlib.sha256()
        for name in _ARRAYS:
            if getattr(self, name) is None:
                continue
            array = np.ascontiguousarray(getattr(self, name))
            digest.update(f"{name}{array.shape}{array.dtype}".encode())
            digest.update(array.data)
        return digest.hexdigest()

    def facts(self) -> dict[str, Any]:
        """Return the numbers of rows, features and classes."""
        return {
            "n_train": len(self.X),
            "n_test": len(self.X_test),
            "n_features": int(self.X.shape[1]),
            "n_classes": None if self.is_regression else self.n_classes,
        }

    def save(self, file: BinaryIO) -> None:
        """Write the arrays, for other processes."""
        for name in _ARRAYS:
            array = getattr(self, name)
            np.save(file, np.zeros(0) if array is None else array, allow_pickle=False)

    @classmethod
    def load(cls, file: BinaryIO) -> Self:
        """Read what `save` wrote."""
        loaded = (np.load(file, allow_pickle=False) for _ in _ARRAYS)
        arrays: list[Any] = [array if len(array) else None for array in loaded]
        return cls(*arrays)

    def few(self, per_class: int = 20) -> tuple[Rows, Indices | Float64]:
        """Return the first rows of each class, to try a method on."""
        ids, limits = np.arange(len(self.y)), np.full(self.n_classes, per_class)
        chosen = np.sort(BottomK.of(self.class_ids, (ids,), ids, limits).row_ids)
        return self.X[chosen], self.y[chosen]


@dataclass(frozen=True, eq=False)
class RawRun:
    """Chunks as they were read, and what cannot be used in them.

    Parameters
    ----------
    chunks : tuple of Chunk
    nans, infinities : ndarray of shape (n_features,), int64
    missing : int
        Labels.
    """

    chunks: tuple[Chunk, ...]
    nans: Counts
    infinities: Counts
    missing: int
    prior: PriorSum = field(default_factory=PriorSum)

    def merge(self, other: RawRun) -> RawRun:
        """Return the chunks of both sets of rows."""
        return RawRun(
            self.chunks + other.chunks,
            self.nans + other.nans,
            self.infinities + other.infinities,
            self.missing + other.missing,
            self.prior.merge(other.prior),
        )


@dataclass(frozen=True)
class KeepRaw:
    """Keep every chunk as it is read, but for rows of weight 0."""

    def __call__(self, chunk: Chunk) -> RawRun:
        """Look at a chunk."""
        prior = PriorSum() if chunk.weights is None else PriorSum.of(chunk.weights)
        rows, labels, _, weights = present(chunk)
        missing = 0 if labels is None else count_missing_labels(labels)
        kept = Chunk(chunk.start, rows, labels, weights)
        return RawRun((kept,), *count_nonfinite(rows), missing, prior)


@dataclass(frozen=True, eq=False)
class Given:
    """Rows in one piece, with their labels and weights.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    labels : ndarray of shape (n_rows,) or None
    weights : ndarray of shape (n_rows,), float64, or None
    """

    rows: RawRows
    labels: Any
    weights: Float64 | None

    def numbered(self, classes: Classes | None) -> Given:
        """Return class numbers in place of labels; without classes, the numbers to predict."""
        if classes is None:
            return replace(self, labels=as_numbers(self.labels))
        return replace(self, labels=classes.ids(self.labels, len(self.rows)))

    def part(self, mask: NDArray[np.bool_]) -> Given:
        """Return some of the rows."""
        weights = None if self.weights is None else self.weights[mask]
        return Given(self.rows[mask], self.labels[mask], weights)


def _named(groups: Any) -> tuple[str, ...]:
    """Return the column of the groups, which is not a feature."""
    return (groups,) if isinstance(groups, str) else ()


def _classes(labels: Labels, regression: bool) -> Classes | None:
    """Return the classes; None where there are numbers to predict.

    Raises
    ------
    LabelError
        Where there is nothing to tell apart, or nothing to predict.
    """
    if regression:
        numbers = as_numbers(labels)
        if not np.isfinite(numbers).all():
            raise LabelError("some numbers to predict are infinite: drop these rows")
        if np.ptp(numbers) == 0:
            raise LabelError(f"all numbers to predict are {numbers[0]}: there is nothing to learn")
        return None
    classes = Classes.of(count_labels(labels), len(labels))
    if len(classes) < 2:
        raise LabelError("all labels are equal, 1 class: a classifier needs at least 2")
    if labels.dtype.kind == "f" and len(classes) > FEW_VALUES and (labels % 1 != 0).any():
        raise LabelError(
            f"the labels are {len(classes)} different numbers, not all whole: compare regressors, "
            "such as model='ridge', or convert the labels to text where they are classes"
        )
    return classes


def _imputed(source: Source) -> ImputedSource | None:
    """Return the source whose gaps are filled, if it is one, with its weights below that."""
    if isinstance(source, WeightedSource) and isinstance(source.base, ImputedSource):
        weights = source.weights_at(np.arange(source.n_rows))
        below = source.base
        return ImputedSource(WeightedSource(below.base, weights), below.imputation)
    return source if isinstance(source, ImputedSource) else None


def _filled(source: ImputedSource, train: Given, test: Given) -> tuple[Given, Given]:
    """Fill what is missing in both with the medians of the training rows."""
    is_level = [level for _, size, level in source.base.groups for _ in range(size)]
    imputation = source.imputation.refitted(train.rows, np.array(is_level, dtype=np.bool_))
    filled = (replace(part, rows=imputation.apply(part.rows)) for part in (train, test))
    return next(filled), next(filled)


def _read(source: Source, gaps: bool = False) -> Given:
    """Read a source into memory; refuses what cannot be used, gaps too where they are."""
    with Runtime() as run:
        found = run.fold(KeepRaw(), source)
    chunks = sorted(found.chunks, key=lambda chunk: chunk.start)
    weights = [chunk.weights for chunk in chunks if chunk.weights is not None]
    if weights:
        found.prior.check(source.n_rows)
    nans = np.zeros_like(found.nans) if gaps else found.nans
    raise_unusable(nans, found.infinities, found.missing, source)
    rows: Any = np.concatenate([chunk.rows for chunk in chunks])
    labels = [chunk.labels for chunk in chunks if chunk.labels is not None]
    return Given(
        rows,
        np.concatenate(labels) if labels else None,
        np.concatenate(weights) if weights else None,
    )


def _read_test(
    test: Any, y: Any, weight: str | None, source: Source, classes: Classes | None
) -> Given:
    if isinstance(test, Source):
        given = test
    elif isinstance(test, tuple):
        X_test, y_test, *own = test
        given = as_source(X_test, y_test, sample_weight=own[0] if own else None, like=source)
    else:
        label = y if isinstance(y, str) else None
        given = as_source(test, label=label, weight=weight, like=source)
    if given.feature_names != source.feature_names:
        odd = sorted(set(given.feature_names) ^ set(source.feature_names))
        raise DataError(
            f"the test rows have {given.n_features} features where the training rows have "
            f"{source.n_features} (not in both: {', '.join(odd[:5]) or 'their order'}): "
            "give both the same columns and levels"
        )
    found = _read(given)
    if found.labels is None:
        raise ParameterError("the test rows have no labels: give test=(X_test, y_test)")
    new = [] if classes is None else set(count_labels(found.labels)) - set(classes.labels)
    if classes is not None and new:
        raise LabelError(
            f"{len(new)} labels of the test rows, such as {min(map(repr, new))}, are not among the "
            f"{len(classes)} of the training rows: remove these rows"
        )
    return found.numbered(classes)


def digest_of(facts: dict[str, Any]) -> str:
    """Return a short hash of facts that JSON can hold."""
    text = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
