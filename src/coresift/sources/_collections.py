"""Rows of Dask arrays and Dask data frames: a part is a partition, computed where it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from coresift._errors import ColumnError, DataError, LabelError, ParameterError
from coresift._typing import Counts, Indices, Labels, RawRows
from coresift.sources._array import ArrayPart, float_type
from coresift.sources._array_like import label_array
from coresift.sources._base import Chunk, Part, Source
from coresift.sources._base import chunk_rows as rows_per_chunk
from coresift.sources._checks import as_labels, as_positions, check_shape


@dataclass(frozen=True, eq=False)
class DaskPart(Part):
    """One partition.

    Parameters
    ----------
    rows : Delayed
        An array or a data frame of features.
    labels : Delayed, ndarray or None
    dtype : dtype
        Of the chunks: float32 or float64.
    chunk_rows : int
        Rows per chunk.
    """

    rows: Any
    labels: Any
    dtype: np.dtype[Any]
    chunk_rows: int

    def chunks(self) -> Iterator[Chunk]:
        """Compute the partition, and yield its rows from first to last."""
        rows, labels = _dask().compute(self.rows, self.labels)
        array = _numbers(rows, self.dtype)
        own: Labels | None = None if labels is None else label_array(labels).reshape(-1)
        for values in (array, own):
            if values is not None and len(values) != self.n_rows:
                raise DataError(
                    f"a partition has {len(values)} rows where {self.n_rows} were counted before: "
                    "it is not computed the same way twice; persist the collection, or write it "
                    "to files and select from these"
                )
        facts = self.start, self.n_rows, self.fingerprint, array, own, self.dtype, self.chunk_rows
        return ArrayPart(*facts).chunks()

    def __reduce__(self) -> tuple[Any, ...]:
        import cloudpickle  # graphs may hold functions that only this can pickle

        values = [getattr(self, field.name) for field in fields(self)]
        return _dask_part, (cloudpickle.dumps(values),)


def _dask_part(packed: bytes) -> DaskPart:
    import cloudpickle

    return DaskPart(*cloudpickle.loads(packed))


class DaskSource(Source):
    """Rows of a Dask array, or of a Dask data frame of numbers.

    Nothing is computed here but the number of rows of partitions that do not say it. In each pass
    a partition is computed where it is read: with ``engine="dask"`` on the workers.

    Parameters
    ----------
    X : dask.array.Array of shape (n_rows, n_features), or dask.dataframe.DataFrame
    y : dask.array.Array, dask.dataframe.Series or array-like of shape (n_rows,), or None
        Labels. Those of Dask have to be in the same partitions as the rows; of arrays they are
        brought into them.
    label : str or None, default=None
        Column of a data frame that holds the labels.
    chunk_rows : int or None, default=None
        Rows per chunk; None takes about 32 MiB.
    drop : sequence of str, default=()
        Columns of a data frame that are not features.

    Raises
    ------
    ColumnError
        For columns that are not numbers.
    DataError, LabelError, ParameterError
        For rows or labels that cannot be used.

    Examples
    --------
    >>> import dask.array as da
    >>> from coresift.sources._collections import DaskSource
    >>> source = DaskSource(da.arange(6, chunks=4).reshape(6, 1), da.arange(6, chunks=3) % 2)
    >>> [(part.start, part.n_rows) for part in source.parts()]
    [(0, 4), (4, 2)]
    """

    def __init__(
        self,
        X: Any,
        y: Any = None,
        *,
        label: str | None = None,
        chunk_rows: int | None = None,
        drop: Sequence[str] = (),
    ) -> None:
        if y is not None and label is not None:
            raise ParameterError(f"y and label={label!r} are both given: pass one of them")
        if hasattr(X, "partitions") and hasattr(X, "columns"):
            rows, y = _features(X, label, drop), X[label] if label is not None else y
            self.feature_names = tuple(map(str, rows.columns))
            kinds = [getattr(kind, "numpy_dtype", kind) for kind in rows.dtypes]
            self._dtype = float_type(np.result_type(*kinds))
        else:
            if label is not None or len(drop):
                raise ParameterError("label or drop is given together with an array: pass y")
            if X.dtype.kind not in "biuf":
                raise DataError(f"the Dask array holds {X.dtype}, not numbers: encode it")
            rows = X
            if X.ndim == 2:
                rows = X.rechunk({1: -1})  # a partition has whole rows
                self.feature_names = tuple(f"x{place}" for place in range(X.shape[1]))
            self._dtype = float_type(X.dtype)
        self._rows, sizes = _partitions(rows), _sizes(rows)
        self.n_rows = check_shape((int(sizes.sum()), *X.shape[1:]))[0]
        self._edges = np.append(0, np.cumsum(sizes))
        self._labels = self._labels_of(y)
        self._chunk_rows = rows_per_chunk(self.n_features, chunk_rows)
        self._key = str(rows.__dask_tokenize__())[:64]

    def _labels_of(self, y: Any) -> list[Any]:
        """Return the labels of each partition."""
        if y is None:
            return [None] * len(self._rows)
        if not hasattr(y, "dask"):
            labels = as_labels(y, self.n_rows)
            assert labels is not None
            return np.split(labels, self._edges[1:-1])
        sizes = np.diff(self._edges)
        if hasattr(y, "rechunk") and not np.isnan(y.shape[0]) and y.shape[0] == self.n_rows:
            y = y.reshape(-1).rechunk((tuple(sizes.tolist()),))
        found = _sizes(y)
        if not np.array_equal(found, sizes):
            raise LabelError(
                f"the labels have partitions of {found.tolist()[:6]} rows, the rows of "
                f"{sizes.tolist()[:6]}: take them from the same data frame, or as a column (label=)"
            )
        return _partitions(y)

    def parts(self) -> tuple[DaskPart, ...]:
        """Return the partitions that have rows."""
        return tuple(
            DaskPart(
                int(self._edges[place]),
                int(self._edges[place + 1] - self._edges[place]),
                f"{self._key}-{place}",
                rows,
                self._labels[place],
                self._dtype,
                self._chunk_rows,
            )
            for place, rows in enumerate(self._rows)
            if self._edges[place + 1] > self._edges[place]
        )

    def take(self, rows: Indices) -> RawRows:
        """Return the features of the rows at these positions, shape (len(rows), n_features).

        Only these rows leave their partitions.
        """
        positions = as_positions(rows, self.n_rows)
        taken = np.empty((len(positions), self.n_features), dtype=self._dtype)
        of_part = np.searchsorted(self._edges, positions, side="right") - 1
        used = np.unique(of_part).tolist()
        places = [np.flatnonzero(of_part == part) for part in used]
        choose = _dask().delayed(_rows_at)
        found = _dask().compute(
            *(
                choose(self._rows[part], positions[place] - self._edges[part], self._dtype)
                for part, place in zip(used, places, strict=True)
            )
        )
        for place, own in zip(places, found, strict=True):
            taken[place] = own
        return taken


def _dask() -> Any:
    import dask

    return dask


def _rows_at(rows: Any, positions: Indices, dtype: np.dtype[Any]) -> RawRows:
    return _numbers(rows, dtype)[positions]


def _numbers(rows: Any, dtype: np.dtype[Any]) -> RawRows:
    """Return an array or a data frame of pandas as numbers; a missing value is NaN."""
    if hasattr(rows, "to_numpy"):
        return np.asarray(rows.to_numpy(dtype=dtype, na_value=np.nan))
    return np.asarray(rows, dtype=dtype)


def _features(X: Any, label: str | None, drop: Sequence[str]) -> Any:
    """Return the columns that are features.

    Raises
    ------
    ColumnError
    """
    named = [*drop, *([] if label is None else [label])]
    for name in named:
        if name not in X.columns:
            raise ColumnError(f"column {name!r} is not there: the data have {list(X.columns)}")
    rows = X[[name for name in X.columns if name not in named]]
    for name, kind in zip(rows.columns, rows.dtypes, strict=True):
        if getattr(kind, "kind", "O") not in "biuf":
            raise ColumnError(
                f"column {name!r} of the Dask data frame holds {kind}, not numbers: encode it "
                "(dask.dataframe.get_dummies), leave it out (drop=), or write the frame with "
                "to_parquet and pass the folder, whose text columns are one-hot encoded"
            )
    if not len(rows.columns):
        raise DataError("the Dask data frame has no column that is a feature: pass one at least")
    return rows


def _partitions(collection: Any) -> list[Any]:
    """Return each partition as a Delayed that holds what it needs, and no more."""
    found = np.ravel(np.asarray(collection.to_delayed(), dtype=object)).tolist()
    return [_dask().optimize(one)[0] for one in found]


def _sizes(collection: Any) -> Counts:
    """Return the number of rows of each partition; they are counted where they are not known."""
    chunks = getattr(collection, "chunks", None)
    if chunks is not None and not np.isnan(chunks[0]).any():
        return np.array(chunks[0], dtype=np.int64)
    count = _dask().delayed(len)
    return np.array(_dask().compute(*map(count, _partitions(collection))), dtype=np.int64)
