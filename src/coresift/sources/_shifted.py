"""Rows that stand behind others: of a table that is read in several runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from coresift._typing import Float64, Indices, RawRows
from coresift.sources._base import Chunk, Part, Source
from coresift.sources._wrapped import WrappedSource


@dataclass(frozen=True, eq=False)
class ShiftedPart(Part):
    """A part whose rows have other positions."""

    part: Part

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows from first to last."""
        for chunk in self.part.chunks():
            yield replace(chunk, start=chunk.start - self.part.start + self.start)


class ShiftedSource(WrappedSource):
    """Rows of a source, of which the first has a position that is given.

    Parameters
    ----------
    base : Source
    first_row : int

    Examples
    --------
    >>> from coresift.sources import ArraySource
    >>> from coresift.sources._shifted import ShiftedSource
    >>> [chunk.start for chunk in ShiftedSource(ArraySource([[1], [2]], chunk_rows=1), 70).chunks()]
    [70, 71]
    """

    def __init__(self, base: Source, first_row: int) -> None:
        super().__init__(base)
        self.first_row = first_row

    def parts(self) -> tuple[Part, ...]:
        """Return the parts of the source."""
        return tuple(
            ShiftedPart(self.first_row + part.start, part.n_rows, part.fingerprint, part)
            for part in self.base.parts()
        )

    def take(self, rows: Indices) -> RawRows:
        """Return the features of the rows at ascending positions."""
        return self.base.take(rows - self.first_row)

    def weights_at(self, rows: Indices) -> Float64 | None:
        """Return the prior weights of rows, shape (len(rows),), or None."""
        return self.base.weights_at(rows - self.first_row)
