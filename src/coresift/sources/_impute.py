"""Sources whose missing values are filled, and marked by a feature of their own."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from coresift._typing import Float64, Indices, RawRows
from coresift.sources._base import Chunk, Part, Source
from coresift.sources._wrapped import WrappedSource


@dataclass(frozen=True, eq=False)
class Imputation:
    """What stands in for missing values.

    Parameters
    ----------
    fills : ndarray of shape (n_features,), float64
        The value for each feature: of numbers the median, of levels 0.
    starts : ndarray of shape (n_columns,), int64
        The first feature of each column.
    marked : ndarray of shape (n_marked,), int64
        The columns that get a feature that is 1 where a value was missing.
    names : tuple of str, length n_marked
        Names of these features.
    """

    fills: Float64
    starts: Indices
    marked: Indices
    names: tuple[str, ...]

    def apply(self, rows: RawRows) -> RawRows:
        """Return rows of shape (n_rows, n_features + n_marked) without NaN."""
        gaps = np.isnan(rows)
        filled = np.empty((len(rows), rows.shape[1] + len(self.marked)), dtype=rows.dtype)
        fills = self.fills.astype(rows.dtype)
        filled[:, : rows.shape[1]] = np.where(gaps, fills, rows)
        if len(self.marked):
            by_column = np.logical_or.reduceat(gaps, self.starts, axis=1)
            filled[:, rows.shape[1] :] = by_column[:, self.marked]
        return filled

    def refitted(self, rows: RawRows, is_level: NDArray[np.bool_]) -> Imputation:
        """Return it with the medians of other rows; where they have no value, as it is.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)
            With NaN where a value is missing.
        is_level : ndarray of shape (n_features,), bool
            The features that are levels, which stay 0.
        """
        told = ~(is_level | np.isnan(rows).all(axis=0))
        fills = self.fills.copy()
        fills[told] = np.nanmedian(rows[:, told].astype(np.float64), axis=0)
        return replace(self, fills=fills)

    def __str__(self) -> str:
        return f"{zlib.crc32(self.fills.tobytes() + self.marked.tobytes()):08x}"


@dataclass(frozen=True, eq=False)
class ImputedPart(Part):
    """A part with its missing values filled.

    Parameters
    ----------
    part : Part
    imputation : Imputation
    """

    part: Part
    imputation: Imputation

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows from first to last."""
        for chunk in self.part.chunks():
            yield replace(chunk, rows=self.imputation.apply(chunk.rows))


class ImputedSource(WrappedSource):
    """A source with its missing values filled.

    Parameters
    ----------
    base : Source
    imputation : Imputation
    note : str or None
        Says what was missing.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.sources import as_source
    >>> source = as_source([[1.0], [np.nan], [4.0]], missing="impute")
    >>> source.feature_names, next(source.chunks()).rows.tolist()
    (('x0', 'x0_missing'), [[1.0, 0.0], [2.5, 1.0], [4.0, 0.0]])
    """

    def __init__(self, base: Source, imputation: Imputation, note: str | None = None) -> None:
        super().__init__(base)
        self.imputation = imputation
        self.feature_names = (*base.feature_names, *imputation.names)
        self.notes = base.notes if note is None else (*base.notes, note)

    @property
    def column_names(self) -> tuple[str, ...]:
        """For each feature, the input column that it comes from."""
        names = [name for name, _, _ in self.base.groups]
        return (*self.base.column_names, *(names[place] for place in self.imputation.marked))

    @property
    def groups(self) -> tuple[tuple[str, int, bool], ...]:
        """Name, number of features, and whether they are levels, of each column."""
        return (*self.base.groups, *((name, 1, False) for name in self.imputation.names))

    def parts(self) -> tuple[ImputedPart, ...]:
        """Return the parts of the base, filled."""
        return tuple(
            ImputedPart(
                part.start,
                part.n_rows,
                f"{part.fingerprint}/{self.imputation}",
                part,
                self.imputation,
            )
            for part in self.base.parts()
        )

    def take(self, rows: Indices) -> RawRows:
        """Return the features of the rows at these positions, shape (len(rows), n_features)."""
        return self.imputation.apply(self.base.take(rows))
