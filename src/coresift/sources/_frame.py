"""Rows of a data frame: pandas, polars, pyarrow, or whatever narwhals knows."""

from __future__ import annotations

from typing import Any, Unpack

import pyarrow as pa

from coresift._errors import ParameterError
from coresift._typing import Float64, Indices, RawRows
from coresift.sources._arrow_weights import weight_values, without_weights
from coresift.sources._base import part_rows
from coresift.sources._checks import as_labels, as_positions, check_shape
from coresift.sources._column_plan import plan_layout
from coresift.sources._frame_table import label_column, to_table
from coresift.sources._options import ColumnKeywords, ColumnOptions
from coresift.sources._table_part import TablePart
from coresift.sources._table_source import TableSource


class FrameSource(TableSource):
    """Rows of a data frame.

    Numbers, booleans and decimals are one feature each. Text and categories are one-hot encoded:
    one feature ``column=level`` for each level that occurs, in sorted order. Lists of numbers of
    one length are one feature ``column_0``, ``column_1``, ... for each item. A null is NaN, in a
    category NaN in all its features. The rows are float32 if all numbers are, else float64.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame, pyarrow.Table, or any eager frame
        Held as an Arrow table, which shares the memory of the numbers where the frame's own
        layout allows it. The index of a pandas frame is not a feature.
    y : array-like of shape (n_rows,) or None, default=None
        Labels, if they are not a column of the frame.
    label : str or None, default=None
        Column of the labels.
    chunk_rows : int or None, default=None
        Rows per chunk; None takes about 32 MiB.
    weight : str or None, default=None
        Column of the prior weights: a row of weight 2 counts as if it were there twice.
    **columns
        The options of `ColumnOptions`: max_levels, drop, dates, numbers, like.

    Raises
    ------
    ColumnError
        If the label or a dropped column is none, or columns cannot be used; one error names all.
    DataError
        If the frame is lazy, or empty.
    LabelError
        If the labels are not one per row.
    ParameterError
        If both ``y`` and ``label`` are given.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from coresift.sources import FrameSource
    >>> table = pa.table({"size": [1, 2], "colour": ["red", "blue"], "y": [0, 1]})
    >>> source = FrameSource(table, label="y")
    >>> source.feature_names
    ('size', 'colour=blue', 'colour=red')
    >>> next(source.chunks()).rows
    array([[1., 0., 1.],
           [2., 1., 0.]])
    """

    def __init__(
        self,
        frame: Any,
        y: Any = None,
        *,
        label: str | None = None,
        chunk_rows: int | None = None,
        weight: str | None = None,
        **columns: Unpack[ColumnKeywords],
    ) -> None:
        if y is not None and label is not None:
            raise ParameterError(
                f"both y and label={label!r} are given, the limit is one: drop y, or label"
            )
        table = to_table(frame)
        self.n_rows, _ = check_shape(table.shape)
        name = None if label is None else str(label)
        options = without_weights(table.column_names, weight, name, ColumnOptions(**columns))
        layout = plan_layout(table.schema, name, lambda names: [table.select(names)], options)
        labels = y if name is None else label_column(frame, table, name)
        self._labels = as_labels(labels, self.n_rows)
        self._weights = None if weight is None else weight_values(table.column(weight), weight)
        self._table = table.select(layout.names)
        self._set_layout(layout, chunk_rows)

    def _read_parts(self) -> tuple[TablePart, ...]:
        """Return slices of the table."""
        size = part_rows(self.n_rows, self.n_features, self._chunk_rows)
        return tuple(
            self._part(slice(start, start + size)) for start in range(0, self.n_rows, size)
        )

    def _part(self, some: slice) -> TablePart:
        table = self._table.slice(some.start, min(some.stop, self.n_rows) - some.start)
        labels = None if self._labels is None else self._labels[some]
        weights = None if self._weights is None else self._weights[some]
        facts = table, self._layout, labels, self._chunk_rows, weights
        return TablePart.of(some.start, *facts)

    def _read(self, rows: Indices) -> RawRows:
        """Return the features of the rows at these positions, shape (len(rows), n_features)."""
        positions = pa.array(as_positions(rows, self.n_rows))
        return self._layout.encode(self._table.take(positions))

    def weights_at(self, rows: Indices) -> Float64 | None:
        """Return the prior weights of the rows at these positions, shape (len(rows),), or None."""
        if self._weights is None:
            return None
        return self._weights[as_positions(rows, self.n_rows)]
