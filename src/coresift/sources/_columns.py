"""The features that the columns of a table become, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from coresift._typing import RawRows
from coresift.sources._column import Column
from coresift.sources._number_block import put_numbers

_BLOCK_COLUMNS = 16  # in a row, from which on they are copied together


@dataclass(frozen=True, eq=False)
class ColumnLayout:
    """The feature columns of a table, in order, and the type of the rows.

    Parameters
    ----------
    columns : tuple of Column
        The columns that become features.
    dtype : dtype
        float32 if all numbers are float32 or float16, else float64.
    left_out : mapping of str to str
        Columns that are not features, and why.
    notes : tuple of str
        What a user should know, a sentence each.
    """

    columns: tuple[Column, ...]
    dtype: np.dtype[Any]
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [column.name for column in self.columns]

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(name for column in self.columns for name in column.features)

    @property
    def column_names(self) -> tuple[str, ...]:
        """For each feature the name to report: the column of a level, the feature of a list."""
        return tuple(
            feature if column.kind in {"number", "list"} else column.name
            for column in self.columns
            for feature in column.features
        )

    @property
    def groups(self) -> tuple[tuple[str, int, bool], ...]:
        """Name, number of features, and whether they are levels, of each column."""
        return tuple(
            (column.name, len(column.features), column.levels is not None)
            for column in self.columns
        )

    def encode(self, table: pa.Table, start: int = 0) -> RawRows:
        """Return rows of shape (n_rows, n_features), C-contiguous; missing values are NaN.

        Parameters
        ----------
        table : pyarrow.Table
        start : int, default=0
            Position of its first row in the input, for errors.
        """
        n_features = sum(len(column.features) for column in self.columns)
        rows = np.empty((table.num_rows, n_features), dtype=self.dtype)
        place = 0
        for is_number, run in groupby(self.columns, key=lambda column: column.kind == "number"):
            columns = list(run)
            if is_number and len(columns) >= _BLOCK_COLUMNS:
                stop = place + len(columns)
                names = [column.name for column in columns]
                put_numbers(
                    table if names == table.column_names else table.select(names),
                    rows[:, place:stop],
                )
                place = stop
                continue
            for column in columns:
                stop = place + len(column.features)
                rows[:, place:stop] = column.encode(table.column(column.name), self.dtype, start)
                place = stop
        return rows
