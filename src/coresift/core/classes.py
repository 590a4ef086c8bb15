"""Labels as class numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np

from coresift._errors import LabelError
from coresift._typing import Counts, Float64, Indices, Labels


def count_labels(labels: Labels) -> dict[Hashable, int]:
    """Count distinct labels, as Python scalars.

    Raises
    ------
    LabelError
        Where a label cannot be a key.
    """
    if labels.dtype.kind == "O":
        try:
            return dict(Counter(labels.tolist()))
        except TypeError as error:
            raise LabelError(f"labels must be numbers or strings: {error}") from error
    values, counts = np.unique(labels, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def number_labels(labels: Labels) -> tuple[tuple[Hashable, ...], Indices]:
    """Return the distinct labels, as Python scalars, and which of them each row has."""
    if labels.dtype.kind == "O":
        numbers: dict[Hashable, int] = {}
        ids = [numbers.setdefault(label, len(numbers)) for label in labels.tolist()]
        return tuple(numbers), np.array(ids, dtype=np.int64)
    values, place = np.unique(labels, return_inverse=True)
    return tuple(values.tolist()), place.astype(np.int64)


@dataclass(frozen=True, eq=False)
class Classes:
    """The distinct labels in ascending order; without labels one class for all rows.

    Parameters
    ----------
    labels : tuple
        Label of each class, or (None,).
    sizes : ndarray of shape (n_classes,), int64
    """

    labels: tuple[Hashable, ...]
    sizes: Counts

    @classmethod
    def of(cls, counts: Mapping[Hashable, int], n_rows: int) -> Classes:
        """Build the classes from label counts; no counts mean no labels.

        Raises
        ------
        LabelError
            Where labels of different types have no common order.
        """
        if not counts:
            return cls((None,), np.array([n_rows], dtype=np.int64))
        try:
            labels = sorted(counts)  # type: ignore[type-var]
        except TypeError as error:
            kinds = sorted({type(label).__name__ for label in counts})
            raise LabelError(
                f"labels of types {', '.join(kinds)} have no common order: convert them to one type"
            ) from error
        return cls(tuple(labels), np.array([counts[label] for label in labels], dtype=np.int64))

    def __len__(self) -> int:
        return len(self.labels)

    def ids(self, labels: Labels | None, n_rows: int) -> Indices:
        """Return the class of each row, shape (n_rows,), int64."""
        if labels is None:
            return np.zeros(n_rows, dtype=np.int64)
        if labels.dtype.kind == "O":
            numbers = {label: number for number, label in enumerate(self.labels)}
            return np.fromiter(map(numbers.__getitem__, labels.tolist()), np.int64, n_rows)
        # numpy would round uint64 to float64, and make numbers of dates
        kind = labels.dtype if labels.dtype.kind in "mM" else None
        known = np.array(self.labels, dtype=np.uint64 if labels.dtype.kind == "u" else kind)
        return np.searchsorted(known, labels).astype(np.int64)

    def targets(self, labels: Labels | None) -> Float64 | None:
        """Return the numbers to predict, shape (n_rows,); None where there are classes."""
        del labels
        return None
