"""The rows that every run of a comparison sees: training and test, scaled alike."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO, Self

import numpy as np

from coresift._errors import DataError, LabelError, ParameterError
from coresift._runtime import Runtime
from coresift._typing import Counts, Indices, Labels, RawRows, Rows
from coresift.core.classes import Classes, count_labels
from coresift.core.holdout import holdout
from coresift.core.merge import BottomK
from coresift.core.scaler import Moments, Scaler
from coresift.sources import (
    Chunk,
    Source,
    as_source,
    count_missing_labels,
    count_nonfinite,
    raise_missing_labels,
    raise_nonfinite,
)

_ARRAYS = ("X", "y", "X_test", "y_test")


@dataclass(frozen=True, eq=False)
class Split:
    """Training and test rows.

    Parameters
    ----------
    X, X_test : ndarray of shape (n_rows, n_features), float32
        Scaled to [0, 1] by the smallest and largest values of the training rows.
    y, y_test : ndarray of shape (n_rows,), int64
        Class numbers.
    """

    X: Rows
    y: Indices
    X_test: Rows
    y_test: Indices

    @classmethod
    def of(cls, X: Any, y: Any, test: Any, test_size: float, seed: int) -> Split:
        """Read the rows, put test rows aside or read them, and scale.

        Raises
        ------
        DataError, LabelError, ParameterError
            For rows or labels that cannot be used, and test rows that do not fit.
        """
        source = as_source(X, label=y) if isinstance(y, str) else as_source(X, y)
        rows, labels = _read(source)
        if labels is None:
            raise LabelError("a comparison trains classifiers and needs labels: name their column")
        classes = Classes.of(count_labels(labels), len(labels))
        if len(classes) < 2:
            raise LabelError("all labels are equal, 1 class: a classifier needs at least 2")
        ids = classes.ids(labels, len(labels))
        if test is None:
            aside = holdout(ids, test_size, seed)
            parts = rows[~aside], ids[~aside], rows[aside], ids[aside]
        else:
            parts = rows, ids, *_read_test(test, y, source, classes)
        scaler = Scaler.from_moments(Moments.of(parts[0], "minmax"), "minmax", source.column_names)
        return cls(scaler.transform(parts[0]), parts[1], scaler.transform(parts[2]), parts[3])

    @property
    def n_classes(self) -> int:
        """Number of classes; each has a training row."""
        return int(self.y.max()) + 1

    @cached_property
    def fingerprint(self) -> str:
        """A hash of everything in it."""
        digest = hashlib.sha256()
        for name in _ARRAYS:
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
            "n_classes": self.n_classes,
        }

    def save(self, file: BinaryIO) -> None:
        """Write the arrays, for other processes."""
        for name in _ARRAYS:
            np.save(file, getattr(self, name), allow_pickle=False)

    @classmethod
    def load(cls, file: BinaryIO) -> Self:
        """Read what `save` wrote."""
        return cls(*(np.load(file, allow_pickle=False) for _ in _ARRAYS))

    def few(self, per_class: int = 20) -> tuple[Rows, Indices]:
        """Return the first rows of each class, to try a method on."""
        ids, limits = np.arange(len(self.y)), np.full(int(self.y.max()) + 1, per_class)
        chosen = np.sort(BottomK.of(self.y, (ids,), ids, limits).row_ids)
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

    def merge(self, other: RawRun) -> RawRun:
        """Return the chunks of both sets of rows."""
        return RawRun(
            self.chunks + other.chunks,
            self.nans + other.nans,
            self.infinities + other.infinities,
            self.missing + other.missing,
        )


@dataclass(frozen=True)
class KeepRaw:
    """Keep every chunk as it is read."""

    def __call__(self, chunk: Chunk) -> RawRun:
        """Look at a chunk."""
        missing = 0 if chunk.labels is None else count_missing_labels(chunk.labels)
        return RawRun((chunk,), *count_nonfinite(chunk.rows), missing)


def _read(source: Source) -> tuple[RawRows, Labels | None]:
    """Read a source into memory; refuses what cannot be used."""
    with Runtime() as run:
        found = run.fold(KeepRaw(), source)
    raise_nonfinite(found.nans, found.infinities, source.column_names)
    raise_missing_labels(found.missing, source.n_rows)
    chunks = sorted(found.chunks, key=lambda chunk: chunk.start)
    rows: Any = np.concatenate([chunk.rows for chunk in chunks])
    labels = [chunk.labels for chunk in chunks if chunk.labels is not None]
    return rows, np.concatenate(labels) if labels else None


def _read_test(test: Any, y: Any, source: Source, classes: Classes) -> tuple[RawRows, Indices]:
    if isinstance(test, Source):
        given = test
    elif isinstance(test, tuple):
        given = as_source(*test, like=source)
    else:
        given = as_source(test, label=y if isinstance(y, str) else None, like=source)
    if given.feature_names != source.feature_names:
        odd = sorted(set(given.feature_names) ^ set(source.feature_names))
        raise DataError(
            f"the test rows have {given.n_features} features where the training rows have "
            f"{source.n_features} (not in both: {', '.join(odd[:5]) or 'their order'}): "
            "give both the same columns and levels"
        )
    rows, labels = _read(given)
    if labels is None:
        raise ParameterError("the test rows have no labels: give test=(X_test, y_test)")
    new = sorted(map(repr, set(count_labels(labels)) - set(classes.labels)))
    if new:
        raise LabelError(
            f"{len(new)} labels of the test rows, such as {new[0]}, are not among the "
            f"{len(classes)} of the training rows: remove these rows"
        )
    return rows, classes.ids(labels, len(labels))


def digest_of(facts: dict[str, Any]) -> str:
    """Return a short hash of facts that JSON can hold."""
    text = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
