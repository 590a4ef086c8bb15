"""What sources of tables share: columns, and few rows of very many columns held in memory."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from coresift._typing import Float64, Indices, RawRows
from coresift.sources._array import ArrayPart
from coresift.sources._base import Part, Source, told
from coresift.sources._base import chunk_rows as rows_per_chunk
from coresift.sources._checks import as_positions
from coresift.sources._columns import ColumnLayout
from coresift.sources._weighted import WeightedPart

_WIDE = 1000  # features from which on the columns cost more than the values


class TableSource(Source):
    """Rows of a table, encoded by a layout.

    A table of a thousand features or more that is one chunk is encoded once, and held: to touch
    each column in every reading would cost more than all else.
    """

    _layout: ColumnLayout
    _chunk_rows: int
    _held: ArrayPart | None = None
    _held_weights: Float64 | None = None

    def _set_layout(self, layout: ColumnLayout, chunk_rows: int | None) -> None:
        self._layout = layout
        self.feature_names = layout.feature_names
        self.notes = told(layout.notes)
        self._chunk_rows = rows_per_chunk(self.n_features, chunk_rows)

    @property
    def column_names(self) -> tuple[str, ...]:
        """For each feature, the input column that it comes from (one-hot features share one)."""
        return self._layout.column_names

    @property
    def groups(self) -> tuple[tuple[str, int, bool], ...]:
        """Name, number of features, and whether they are levels, of each column."""
        return self._layout.groups

    @property
    def layout(self) -> ColumnLayout:
        """What the columns become; ``like`` gives it to other rows."""
        return self._layout

    def parts(self) -> tuple[Part, ...]:
        """Return runs of rows, each of which can be read by itself."""
        held = self._hold()
        if held is None:
            return self._read_parts()
        weights = self._held_weights
        if weights is None:
            return (held,)
        return (WeightedPart(0, self.n_rows, held.fingerprint, held, weights),)

    def take(self, rows: Indices) -> RawRows:
        """Return the features of the rows at these positions, shape (len(rows), n_features)."""
        if not self.n_features:  # of no columns, Arrow takes no rows
            return np.zeros((len(as_positions(rows, self.n_rows)), 0), dtype=np.float32)
        held = self._hold()
        if held is None:
            return self._read(rows)
        chosen = held.array[as_positions(rows, self.n_rows)]
        return np.ascontiguousarray(chosen, dtype=held.dtype)

    def _hold(self) -> ArrayPart | None:
        """Return all the rows, where they are few and the columns many."""
        if self._held is None and self.n_features >= _WIDE and self.n_rows <= self._chunk_rows:
            (part,) = self._read_parts()
            (chunk,) = part.chunks()
            facts = part.fingerprint, chunk.rows, chunk.labels, chunk.rows.dtype, self._chunk_rows
            self._held, self._held_weights = ArrayPart(0, self.n_rows, *facts), chunk.weights
        return self._held

    @abstractmethod
    def _read_parts(self) -> tuple[Part, ...]:
        """Return the parts of the table itself."""

    @abstractmethod
    def _read(self, rows: Indices) -> RawRows:
        """Return the features of rows of the table itself."""
