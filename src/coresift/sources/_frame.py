"""Rows of a data frame: pandas, polars, pyarrow, or whatever narwhals knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import pyarrow as pa

from coresift._errors import ColumnError, DataError, ParameterError
from coresift._typing import Float64, Indices, RawRows
from coresift.sources._arrow_labels import label_values
from coresift.sources._arrow_weights import weight_values, without_weights
from coresift.sources._base import Source, part_rows
from coresift.sources._base import chunk_rows as rows_per_chunk
from coresift.sources._checks import as_labels, as_positions, check_shape
from coresift.sources._columns import plan_layout
from coresift.sources._table_part import TablePart


class FrameSource(Source):
    """Rows of a data frame.

    Numbers, booleans and decimals are one feature each. Text and categories are one-hot encoded:
    one feature ``column=level`` for each level that occurs, in sorted order. A fixed-size list of
    numbers is one feature ``column_0``, ``column_1``, ... for each item. A null is NaN, in a
    category NaN in all its features. The rows are float32 if all numbers are, else float64.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame, pyarrow.Table, or any eager frame
        Held as an Arrow table, which shares the memory of the numbers where the frame's own
        layout allows it. The index of a pandas frame is no feature.
    y : array-like of shape (n_rows,) or None, default=None
        Labels, if they are no column of the frame.
    label : str or None, default=None
        Column of the labels.
    chunk_rows : int or None, default=None
        Rows per chunk; None takes about 32 MiB.
    max_levels : int, default=100
        Most levels that a text column may have.
    drop : sequence of str, default=()
        Columns that are no features.
    weight : str or None, default=None
        Column of the prior weights: a row of weight 2 counts as if it were there twice.

    Raises
    ------
    ColumnError
        If the label or a dropped column is none, a column has too many levels, or a type has no
        meaning as a number.
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
        max_levels: int = 100,
        drop: Sequence[str] = (),
        weight: str | None = None,
    ) -> None:
        if y is not None and label is not None:
            raise ParameterError(
                f"both y and label={label!r} are given, the limit is one: drop y, or label"
            )
        table = _to_table(frame)
        self.n_rows, _ = check_shape(table.shape)
        name = None if label is None else str(label)
        hidden = without_weights(table.column_names, weight, name, drop)
        self._layout = plan_layout(
            table.schema, name, lambda names: [table.select(names)], max_levels, hidden
        )
        self.feature_names = self._layout.feature_names
        labels = y if name is None else label_values(table.column(name), name)
        self._labels = as_labels(labels, self.n_rows)
        self._weights = None if weight is None else weight_values(table.column(weight), weight)
        self._table = table.select(self._layout.names)
        self._chunk_rows = rows_per_chunk(self.n_features, chunk_rows)

    @property
    def column_names(self) -> tuple[str, ...]:
        """For each feature, the input column that it comes from (one-hot features share one)."""
        return self._layout.column_names

    def parts(self) -> tuple[TablePart, ...]:
        """Return slices of the table."""
        size = part_rows(self.n_rows, self.n_features, self._chunk_rows)
        return tuple(
            self._part(slice(start, start + size)) for start in range(0, self.n_rows, size)
        )

    def _part(self, some: slice) -> TablePart:
        table = self._table.slice(some.start, some.stop - some.start)
        labels = None if self._labels is None else self._labels[some]
        weights = None if self._weights is None else self._weights[some]
        facts = table, self._layout, labels, self._chunk_rows, weights
        return TablePart.of(some.start, *facts)

    def take(self, rows: Indices) -> RawRows:
        """Return the features of the rows at these positions, shape (len(rows), n_features)."""
        positions = pa.array(as_positions(rows, self.n_rows))
        return self._layout.encode(self._table.take(positions))

    def weights_at(self, rows: Indices) -> Float64 | None:
        """Return the prior weights of the rows at these positions, shape (len(rows),), or None."""
        if self._weights is None:
            return None
        return self._weights[as_positions(rows, self.n_rows)]


def _to_table(frame: Any) -> pa.Table:
    """Return the columns of a frame as an Arrow table, without the index of a pandas frame."""
    if isinstance(frame, pa.Table):
        return frame
    try:
        columns = nw.from_native(frame, eager_only=True)
    except ValueError as error:
        raise ColumnError(f"{error}; rename or drop the columns that occur twice") from error
    except TypeError as error:
        return _from_stream(frame, error)
    names = [str(name) for name in columns.columns]
    arrays = map(_to_arrow, columns.iter_columns(), names)  # by place: pandas names may be numbers
    return pa.Table.from_arrays(list(arrays), names=names)


def _from_stream(frame: Any, error: TypeError) -> pa.Table:
    """Return a frame that narwhals does not know, but that Arrow can read."""
    check_shape(getattr(frame, "shape", (1, 1)))  # a Series: say that it has one dimension
    if hasattr(frame, "collect"):
        raise DataError(
            f"the data are a lazy frame ({type(frame).__qualname__}); coresift reads it more than "
            "once: pass frame.collect(), or write it to Parquet and pass the path"
        ) from error
    try:
        return pa.table(frame)
    except (TypeError, ValueError, pa.ArrowException):
        raise DataError(
            f"the data are a {type(frame).__qualname__}, which is no data frame that narwhals or "
            "Arrow can read; pass a pandas, polars or pyarrow table, or an array"
        ) from error


def _to_arrow(column: Any, name: str) -> pa.Array | pa.ChunkedArray:
    try:
        return column.to_arrow()
    except (TypeError, ValueError, NotImplementedError, pa.ArrowException) as error:
        raise ColumnError(
            f"column {name!r} has type {column.dtype} and holds values that are neither all "
            f"numbers nor all text ({error}): drop it, or convert it to one type"
        ) from error
