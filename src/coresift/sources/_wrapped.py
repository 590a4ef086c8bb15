"""A source made of another one: fewer rows, or other features."""

from __future__ import annotations

import copy
from typing import Any

from coresift._typing import Float64, Indices
from coresift.sources._base import Source


class WrappedSource(Source):
    """Rows of another source, read in another way.

    Positions that `original` returns, and that `take_table` takes, are those of the input.

    Parameters
    ----------
    base : Source
        Where the rows come from.
    """

    def __init__(self, base: Source) -> None:
        self.base = base
        self.n_rows = base.n_rows
        self.feature_names = base.feature_names
        self.notes = base.notes

    @property
    def n_input_rows(self) -> int:
        """Number of rows of the input, those that are left out among them."""
        return self.base.n_input_rows

    @property
    def column_names(self) -> tuple[str, ...]:
        """For each feature, the input column that it comes from (one-hot features share one)."""
        return self.base.column_names

    @property
    def groups(self) -> tuple[tuple[str, int, bool], ...]:
        """Name, number of features, and whether they are levels, of each column."""
        return self.base.groups

    def in_chunks(self, chunk_bytes: int) -> Source:
        """Return the same rows in chunks of at most so many bytes, as float64."""
        base = self.base.in_chunks(chunk_bytes)
        if base is self.base:
            return self
        smaller = copy.copy(self)
        smaller.base = base
        return smaller

    def weights_at(self, rows: Indices) -> Float64 | None:
        """Return the prior weights of rows, shape (len(rows),), or None."""
        return self.base.weights_at(rows)

    def original(self, rows: Indices) -> Indices:
        """Return where rows of this source stand in the input, some of which may be left out."""
        return self.base.original(rows)

    def __getattr__(self, name: str) -> Any:
        # what only sources of files have: to copy rows of the input
        if name in {"files", "input_names", "take_table", "take_cells", "layout", "place_of"}:
            return getattr(self.base, name)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
