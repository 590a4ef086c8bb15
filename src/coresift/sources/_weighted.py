"""Rows of any source with a prior weight for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from coresift._errors import DataError, ParameterError
from coresift._typing import Float64, Indices, RawRows
from coresift.core.prior import PriorSum
from coresift.sources._array_like import to_numpy
from coresift.sources._base import Chunk, Part, Source
from coresift.sources._checks import as_positions
from coresift.sources._wrapped import WrappedSource


@dataclass(frozen=True, eq=False)
class WeightedPart(Part):
    """A part with the weights of its rows.

    Parameters
    ----------
    part : Part
    weights : ndarray of shape (n_rows,), float64
    """

    part: Part
    weights: Float64

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows from first to last."""
        for chunk in self.part.chunks():
            first = chunk.start - self.start
            yield replace(chunk, weights=self.weights[first : first + len(chunk.rows)])


class WeightedSource(WrappedSource):
    """Rows of a source, each with a prior weight.

    Parameters
    ----------
    source : Source
    weights : array-like of shape (n_rows,)
        A row of weight 2 counts as if it were there twice, one of weight 0 as if it were not.

    Raises
    ------
    DataError
        If they are not one for each row, or one is NaN, infinite or below 0, or all are 0.
    ParameterError
        If the source has weights already.

    Examples
    --------
    >>> from coresift.sources import as_source
    >>> source = as_source([[1, 2], [3, 4]], sample_weight=[1, 0.5])
    >>> next(source.chunks()).weights.tolist()
    [1.0, 0.5]
    """

    def __init__(self, source: Source, weights: Any) -> None:
        if source.weights_at(np.zeros(0, dtype=np.int64)) is not None:
            raise ParameterError(
                "sample_weight is given together with a source that has weights: give one of both"
            )
        super().__init__(source)
        self._weights = as_weights(weights, source.n_rows)

    def parts(self) -> tuple[WeightedPart, ...]:
        """Return the parts of the source with their weights."""
        return tuple(
            WeightedPart(
                part.start,
                part.n_rows,
                part.fingerprint,
                part,
                self._weights[part.start : part.start + part.n_rows],
            )
            for part in self.base.parts()
        )

    @property
    def n_narrow(self) -> int:
        """Number of features that distances are taken on."""
        return self.base.n_narrow

    def narrowed(self, scale: str | None, weights: Float64 | None = None) -> Source:
        """Return the same for rows of fewer features, where the source has too many."""
        del weights
        narrow = self.base.narrowed(scale, self._weights)
        return self if narrow is self.base else WeightedSource(narrow, self._weights)

    def take(self, rows: Indices) -> RawRows:
        """Return the features of the rows at these positions, shape (len(rows), n_features)."""
        return self.base.take(rows)

    def weights_at(self, rows: Indices) -> Float64:
        """Return the weights of the rows at these positions, shape (len(rows),)."""
        return self._weights[as_positions(rows, self.n_rows)]


def as_weights(weights: Any, n_rows: int) -> Float64:
    """Return weights as float64, checked.

    Raises
    ------
    DataError
        If they are not one for each row, or one is NaN, infinite or below 0, or all are 0.

    Examples
    --------
    >>> from coresift.sources._weighted import as_weights
    >>> as_weights([1, 2], 2).tolist()
    [1.0, 2.0]
    """
    given = to_numpy(weights, "sample_weight is", DataError)
    if given.ndim == 2 and given.shape[1] == 1:
        given = given.ravel()
    if given.ndim != 1 or len(given) != n_rows:
        raise DataError(
            f"sample_weight has shape {given.shape} for {n_rows} rows: give one number for each row"
        )
    try:
        if given.dtype.kind not in "biufO":
            raise TypeError("no numbers")
        values = given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"sample_weight is an array of {given.dtype} ({error}): give numbers"
        ) from error
    PriorSum.of(values).check(n_rows)
    return np.asarray(values, dtype=np.float64)
