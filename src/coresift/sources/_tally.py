"""Counts over a table: what is missing, infinite, constant, or another in each row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from coresift._typing import Labels
from coresift.core.classes import count_labels
from coresift.core.profile import is_missing_label
from coresift.sources._column import is_text, one_array

_LEAST = 20  # rows from which on values that all differ are remarkable


class Tally:
    """Counts that grow from table to table.

    Parameters
    ----------
    names : sequence of str
        The columns that are counted.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.n_rows = 0
        self.n_complete = 0
        self.n_missing_labels = 0
        self.labels: Counter[Hashable] = Counter()
        self.missing = dict.fromkeys(names, 0)
        self.infinite = dict.fromkeys(names, 0)
        self._first: dict[str, Any] = {}
        self._varies: set[str] = set()
        self.all_differ: set[str] = set()

    def add(self, table: pa.Table, labels: Labels | None) -> None:
        """Count a table and its labels."""
        gaps = np.zeros(table.num_rows, dtype=np.bool_)
        for name in table.column_names:
            gaps |= self._add_column(name, one_array(table.column(name)))
        if labels is not None:
            missing = is_missing_label(labels)
            self.n_missing_labels += int(missing.sum())
            self.labels.update(count_labels(labels[~missing]))
            gaps |= missing
        self.n_rows += table.num_rows
        self.n_complete += int((~gaps).sum())

    def is_constant(self, name: str) -> bool:
        """Tell whether all values of a column are one, none of them missing."""
        return name not in self._varies and not self.missing[name]

    def _add_column(self, name: str, column: pa.Array) -> NDArray[np.bool_]:
        """Count the values of a column; return which are missing."""
        is_float = pa.types.is_floating(column.type)
        gaps = pc.is_null(column, nan_is_null=is_float)
        self.missing[name] += pc.sum(gaps).as_py() or 0
        if is_float:
            self.infinite[name] += pc.sum(pc.is_inf(column)).as_py() or 0
        if self.n_rows == 0 and _all_differ(column):
            self.all_differ.add(name)
        if name not in self._varies:
            self._compare(name, column)
        return np.asarray(gaps.to_numpy(zero_copy_only=False))

    def _compare(self, name: str, column: pa.Array) -> None:
        """Note whether a column has two values that differ."""
        if pa.types.is_nested(column.type) or isinstance(column.type, pa.BaseExtensionType):
            self._varies.add(name)
            return
        values = column.unique().drop_null()
        if len(values):
            first = self._first.setdefault(name, values[0].as_py())
            if len(values) > 1 or values[0].as_py() != first:
                self._varies.add(name)


def _all_differ(column: pa.Array) -> bool:
    """Tell whether no text or whole number occurs twice."""
    if not (pa.types.is_integer(column.type) or is_text(column.type)):
        return False
    return len(column) >= _LEAST and len(column.unique()) == len(column)
