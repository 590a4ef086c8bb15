"""Where rows come from: arrays, sparse matrices, data frames, files.

`as_source` is the one way in; whatever lies below it sees a `Source` only.
narwhals and pyarrow are imported when a data frame or a file is met.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from coresift._errors import MissingDependencyError, ParameterError
from coresift.core.parameters import check_choice
from coresift.core.profile import count_missing_labels, count_nonfinite
from coresift.sources._array import ArraySource
from coresift.sources._base import CHUNK_BYTES, Chunk, Part, Source, chunk_rows
from coresift.sources._checks import (
    as_labels,
    as_positions,
    raise_unusable,
)
from coresift.sources._kinds import is_dask, is_files, is_frame, is_sparse
from coresift.sources._labels_only import LabelsOfSource, LabelSource
from coresift.sources._missing import finished
from coresift.sources._obstacles import Obstacle, command_line_message, python_message
from coresift.sources._obstacles import head as obstacles_head
from coresift.sources._options import Dates, Missing, Numbers
from coresift.sources._rows import take_like
from coresift.sources._sparse import SparseSource
from coresift.sources._weighted import WeightedSource

if TYPE_CHECKING:
    from coresift.sources._arrow_files import FileSource
    from coresift.sources._collections import DaskSource
    from coresift.sources._copy import check_added, copy_rows
    from coresift.sources._describe import Description, describe
    from coresift.sources._frame import FrameSource
    from coresift.sources._npy import NpySource
    from coresift.sources._sink import output_suffix, write_table

__all__ = [
    "CHUNK_BYTES",
    "ArraySource",
    "Chunk",
    "DaskSource",
    "Description",
    "FileSource",
    "FrameSource",
    "NpySource",
    "Obstacle",
    "Part",
    "Source",
    "SparseSource",
    "WeightedSource",
    "as_labels",
    "as_positions",
    "as_source",
    "check_added",
    "chunk_rows",
    "command_line_message",
    "copy_rows",
    "count_missing_labels",
    "count_nonfinite",
    "describe",
    "is_dask",
    "is_files",
    "obstacles_head",
    "output_suffix",
    "python_message",
    "raise_unusable",
    "take_like",
    "write_table",
]

_ON_DEMAND = {
    "DaskSource": "_collections",
    "Description": "_describe",
    "FileSource": "_arrow_files",
    "FrameSource": "_frame",
    "NpySource": "_npy",
    "check_added": "_copy",
    "copy_rows": "_copy",
    "describe": "_describe",
    "output_suffix": "_sink",
    "write_table": "_sink",
}


def __getattr__(name: str) -> Any:
    if name not in _ON_DEMAND:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _load(name)


def _load(name: str) -> Any:
    """Import a class or function whose module needs narwhals or pyarrow."""
    try:
        return getattr(importlib.import_module(f"{__name__}.{_ON_DEMAND[name]}"), name)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        extra = "parquet" if package == "pyarrow" else "frames"
        raise MissingDependencyError(
            f'{name} needs {package}, which is not installed: run pip install "coresift[{extra}]"'
        ) from error


def as_source(
    X: Any,
    y: Any = None,
    *,
    label: str | None = None,
    chunk_rows: int | None = None,
    max_levels: int = 100,
    drop: Sequence[str] = (),
    weight: str | None = None,
    sample_weight: Any = None,
    dates: Dates = "error",
    numbers: Numbers = "error",
    missing: Missing = "error",
    like: Source | None = None,
    features: bool = True,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str = "utf-8",
    null_values: Sequence[str] | None = None,
    project: int | str | None = "auto",
) -> Source:
    """Return the source that reads X.

    Parameters
    ----------
    X : array-like, sparse matrix, data frame, Dask array, Dask data frame, path or Source
        Of shape (n_rows, n_features). Of Dask, see `DaskSource`.
        A path is a file, a folder, a pattern or an address of Parquet, CSV or Arrow files (see
        `FileSource`), or a ``.npy`` file; a list of paths and a ``pyarrow.dataset.Dataset`` are
        several files. A Source is returned as it is (without features, where
        they are not wanted).
    y : array-like of shape (n_rows,) or None, default=None
        Labels, if they are not a column of X.
    label : str or None, default=None
        Column of X (a data frame or a file) that holds the labels.
    chunk_rows : int or None, default=None
        Rows per chunk; None takes about 32 MiB. Results do not depend on it.
    max_levels : int, default=100
        Most levels that a text column may have.
    drop : sequence of str, default=()
        Columns of X (a data frame or a file) that are not features.
    weight : str or None, default=None
        Column of X (a data frame or a file) that holds prior weights.
    sample_weight : array-like of shape (n_rows,) or None, default=None
        Prior weights, if they are not a column of X: a row of weight 2 counts as if it were there
        twice, one of weight 0 as if it were not.
    dates : {"error", "parts", "number"}, default="error"
        Columns of dates and times are refused; or become the year, month, day, weekday and hour; or
        seconds.
    numbers : {"error", "parse", "levels"}, default="error"
        Text columns that are numbers, such as ``1,234``, ``12%`` and ``$5``, are refused where they
        have more than 10 levels; or become numbers; or a feature for each level.
    missing : {"error", "drop", "impute"}, default="error"
        Rows in which a value or the label is missing are an error; or left out; or numbers are
        filled with the median and levels get one for the missing, with a feature that says so, and
        rows without a label are left out. See `Source.original` for where rows stand in X.
    like : Source or None, default=None
        The rows of X get the features of another source, such as the training rows: columns go by
        their names, an unseen level is 0 in all features, other columns are ignored; `notes` tells.
    features : bool, default=True
        False reads the labels only: there are no features, and nothing about them is refused.
    delimiter, decimal, encoding, null_values
        How CSV files are written; see `FileSource`.
    project : int, "auto" or None, default="auto"
        Features that a wide sparse matrix is projected to before distances are taken; see
        `SparseSource`.

    Raises
    ------
    ColumnError, DataError, FormatError, LabelError
        If the data cannot be used; see the sources.
    MissingDependencyError
        If X is a data frame or a path and narwhals or pyarrow is not installed.
    ParameterError
        If labels or weights are given in a way that X does not have.

    Examples
    --------
    >>> from coresift.sources import as_source
    >>> source = as_source([[1, 2], [3, 4]], ["a", "b"])
    >>> source.n_rows, source.feature_names
    (2, ('x0', 'x1'))
    """
    check_choice("missing", missing, ("error", "drop", "impute"))
    written: dict[str, Any] = {
        "delimiter": delimiter,
        "decimal": decimal,
        "encoding": encoding,
        "null_values": null_values,
    }
    table: dict[str, Any] = {
        "label": label,
        "chunk_rows": chunk_rows,
        "max_levels": max_levels,
        "drop": drop,
        "dates": dates,
        "numbers": numbers,
        "like": getattr(like, "layout", None),
        "weight": weight,
        "features": features,
    }
    _refuse(
        weight is not None and sample_weight is not None,
        "weight",
        "sample_weight",
        "drop one of them",
    )
    sparse = is_sparse(X)
    _refuse(project != "auto" and not sparse, "project", "data that are not sparse", "leave it out")
    source = _open(X, y, {**table, "project": project} if sparse else table, written)
    if sample_weight is not None:
        source = WeightedSource(source, sample_weight)
    return finished(source, missing, like)


def _open(X: Any, y: Any, table: dict[str, Any], written: dict[str, Any]) -> Source:
    """Return the source that reads X as it is, with what is missing."""
    label, weight = table["label"], table["weight"]
    if isinstance(X, Source):
        _refuse(y is not None or label is not None, "y or label", "a Source", "give it the labels")
        _refuse(weight is not None, "weight", "a Source", "give it the column")
        return X if table["features"] else LabelsOfSource(X)
    if is_files(X):
        _refuse(y is not None, "y", "a path", "name the column of the labels: label=")
        files: type[FileSource] = _load("FileSource")
        return files(X, **table, **written)
    for name, value in written.items():
        usual = "utf-8" if name == "encoding" else None
        _refuse(value != usual, name, "data that are not a CSV file", "leave it out")
    if is_dask(X):
        return _dask_source(X, y, table)
    if is_frame(X):
        frames: type[FrameSource] = _load("FrameSource")
        return frames(X, y, **table)
    return _array_source(X, y, table)


def _dask_source(X: Any, y: Any, table: dict[str, Any]) -> Source:
    """Return the source that reads a collection of Dask."""
    _refuse(table["weight"] is not None, "weight", "a Dask collection", "pass sample_weight")
    own = {name: table[name] for name in ("label", "chunk_rows", "drop")}
    collections: type[DaskSource] = _load("DaskSource")
    source = collections(X, y, **own)
    return source if table["features"] else LabelsOfSource(source)


def _array_source(X: Any, y: Any, table: dict[str, Any]) -> Source:
    """Return the source that reads numbers without names."""
    array, rows = "an array, which has no names", table["chunk_rows"]
    _refuse(table["label"] is not None, "label", array, "pass the labels as y")
    _refuse(table["weight"] is not None, "weight", array, "pass sample_weight")
    _refuse(len(table["drop"]) > 0, "drop", array, "leave the columns out of X")
    if not (table["features"] or isinstance(X, str | PathLike)):
        return LabelSource(X, y, chunk_rows=rows)
    if isinstance(X, str | PathLike):
        arrays: type[NpySource] = _load("NpySource")
        return arrays(X, y, chunk_rows=rows)
    if is_sparse(X):
        return SparseSource(X, y, chunk_rows=rows, project=table["project"])
    return ArraySource(X, y, chunk_rows=rows)


def _refuse(wrong: bool, given: str, data: str, remedy: str) -> None:
    if wrong:
        raise ParameterError(f"{given} is given together with {data}: {remedy}")
