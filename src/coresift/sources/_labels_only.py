"""Rows of which only the labels are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from coresift._typing import Indices, RawRows
from coresift.sources._array import ArrayPart
from coresift.sources._base import Chunk, Part, Source, part_rows
from coresift.sources._base import chunk_rows as rows_per_chunk
from coresift.sources._checks import as_labels, as_positions, check_shape
from coresift.sources._rows import n_rows_of
from coresift.sources._wrapped import WrappedSource


class LabelSource(Source):
    """Labels of an array-like whose values may be anything: there are not features.

    Parameters
    ----------
    X : array-like of shape (n_rows, ...)
        Only counted.
    y : array-like of shape (n_rows,) or None, default=None
        Labels.
    chunk_rows : int or None, default=None
        Rows per chunk.

    Examples
    --------
    >>> from coresift.sources import as_source
    >>> source = as_source([["any", None], ["thing", 1]], [0, 1], features=False)
    >>> source.n_rows, source.n_features, next(source.chunks()).labels.tolist()
    (2, 0, [0, 1])
    """

    feature_names = ()

    def __init__(self, X: Any, y: Any = None, *, chunk_rows: int | None = None) -> None:
        self.n_rows, _ = check_shape((n_rows_of(X), 1))
        self._labels = as_labels(y, self.n_rows)
        self._chunk_rows = rows_per_chunk(1, chunk_rows)

    def parts(self) -> tuple[ArrayPart, ...]:
        """Return runs of rows."""
        size = part_rows(self.n_rows, 1, self._chunk_rows)
        return tuple(self._part(start, size) for start in range(0, self.n_rows, size))

    def _part(self, start: int, size: int) -> ArrayPart:
        n_rows = min(size, self.n_rows - start)
        nothing = _no_features(n_rows)
        labels = None if self._labels is None else self._labels[start : start + n_rows]
        facts = nothing, labels, nothing.dtype, self._chunk_rows
        return ArrayPart(start, n_rows, f"labels@{start}", *facts)

    def take(self, rows: Indices) -> RawRows:
        """Return rows of no features, shape (len(rows), 0)."""
        return _no_features(len(as_positions(rows, self.n_rows)))


@dataclass(frozen=True, eq=False)
class LabelsPart(Part):
    """The labels and weights of a part.

    Parameters
    ----------
    part : Part
    """

    part: Part

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows from first to last."""
        for chunk in self.part.chunks():
            yield replace(chunk, rows=_no_features(len(chunk.rows)))


class LabelsOfSource(WrappedSource):
    """The labels and weights of a source; its features are read, but nobody sees them.

    Parameters
    ----------
    base : Source

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.sources import as_source
    >>> source = as_source(as_source([[np.nan], [1.0]], ["a", "b"]), features=False)
    >>> source.n_rows, source.n_features, next(source.chunks()).labels.tolist()
    (2, 0, ['a', 'b'])
    """

    def __init__(self, base: Source) -> None:
        super().__init__(base)
        self.feature_names = ()

    @property
    def column_names(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def groups(self) -> tuple[tuple[str, int, bool], ...]:
        """None."""
        return ()

    def parts(self) -> tuple[LabelsPart, ...]:
        """Return the parts of the base."""
        return tuple(
            LabelsPart(part.start, part.n_rows, f"labels of {part.fingerprint}", part)
            for part in self.base.parts()
        )

    def take(self, rows: Indices) -> RawRows:
        """Return rows of no features, shape (len(rows), 0)."""
        return _no_features(len(as_positions(rows, self.n_rows)))


def _no_features(n_rows: int) -> RawRows:
    return np.zeros((n_rows, 0), dtype=np.float32)
