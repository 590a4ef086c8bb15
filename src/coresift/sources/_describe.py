"""What coresift sees in a table: rows, classes, what each column is, and what is suspicious."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Unpack

import numpy as np
import pyarrow as pa

from coresift._errors import ParameterError
from coresift._typing import Labels
from coresift.sources._arrow_files import csv_options, open_table
from coresift.sources._arrow_labels import label_values
from coresift.sources._base import Source
from coresift.sources._checks import as_labels, check_shape
from coresift.sources._column import Column
from coresift.sources._column_notes import type_notes, value_notes
from coresift.sources._column_plan import check_names, decide
from coresift.sources._frame_table import label_column, to_table
from coresift.sources._kinds import is_files, is_frame
from coresift.sources._look import Reader
from coresift.sources._names import check_present, left_out_columns
from coresift.sources._obstacles import Obstacle
from coresift.sources._options import ColumnKeywords, ColumnOptions
from coresift.sources._tally import Tally

_MANY_CLASSES = 0.5  # share of the rows
_FEW_ROWS = 20
_SHOWN_LEVELS = 5


@dataclass(frozen=True)
class ColumnDescription:
    """What is known of one column.

    Parameters
    ----------
    name : str
    type : str
        As Arrow names it.
    role : {"feature", "label", "left out", "in the way"}
        "In the way" is a column that is refused, or that has values that are refused.
    becomes : str
        What it becomes or why it is refused: "a number", "3 levels (blue, green, red)".
    n_features : int
        How many features it becomes.
    missing, infinite : int
        Rows without a value, and with an infinite one.
    remarks : tuple of str
        What is suspicious.
    """

    name: str
    type: str
    role: str
    becomes: str
    n_features: int
    missing: int
    infinite: int = 0
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Description:
    """What coresift sees in a table.

    Parameters
    ----------
    n_rows : int
    n_features : int
        Of the columns that can be used, as they are or with what is missing filled.
    n_complete : int
        Rows in which nothing is missing, neither a feature nor the label.
    classes : tuple of (label, int)
        Each label and its rows, the most frequent first.
    columns : tuple of ColumnDescription
        In the order of the table.
    obstacles : tuple of Obstacle
        What has to be settled before rows can be chosen.
    notes : tuple of str
        What else a user should know.
    """

    n_rows: int
    n_features: int
    n_complete: int
    classes: tuple[tuple[Any, int], ...]
    columns: tuple[ColumnDescription, ...]
    obstacles: tuple[Obstacle, ...] = ()
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the description as numbers, strings, lists and dicts."""
        facts = asdict(self)
        facts["classes"] = [{"label": label, "rows": rows} for label, rows in self.classes]
        return facts


def describe(
    X: Any,
    y: Any = None,
    *,
    label: str | None = None,
    written: dict[str, Any] | None = None,
    **columns: Unpack[ColumnKeywords],
) -> Description:
    """Say what coresift sees in a table; nothing is refused for what the values are.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features), sparse matrix, data frame, or path
        As for `as_source`. Read twice or three times.
    y : array-like of shape (n_rows,), str or None, default=None
        Labels, or the name of their column.
    label : str or None, default=None
        Column of the labels.
    written : dict or None, default=None
        How CSV files are written: delimiter, decimal, encoding, null_values.
    **columns
        The options of `ColumnOptions`: max_levels, drop, dates, numbers.

    Raises
    ------
    ColumnError, DataError, FormatError, LabelError, ParameterError
        If the data cannot be opened, or a column is not there.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from coresift.sources import describe
    >>> table = pa.table({"a": [1.5, None, 2.0], "c": ["u", "v", "u"], "y": [0, 1, 0]})
    >>> seen = describe(table, label="y")
    >>> seen.classes, seen.n_complete
    (((0, 2), (1, 1)), 2)
    >>> for column in seen.columns:
    ...     print(f"{column.name}: {column.role}, {column.becomes}, {column.missing} missing")
    a: in the way, a number, 1 missing
    c: feature, 2 levels: u, v, 0 missing
    y: label, 2 classes, 0 missing
    """
    if isinstance(y, str) and label is None:
        y, label = None, y
    if y is not None and label is not None:
        raise ParameterError(
            f"both y and label={label!r} are given, the limit is one: drop y, or label"
        )
    options = ColumnOptions(**columns)
    schema, read, labels = _open(X, y, label, written or {})
    check_names(schema, label, options)
    left_out = dict.fromkeys(options.drop, "left out, as asked")
    left_out |= left_out_columns(schema, label, options.drop)
    fields = [one for one in schema if one.name not in left_out and one.name != label]
    names = [one.name for one in fields]
    decided = dict(zip(names, decide(fields, read, options), strict=True))
    tally = _count(read, names, label, labels)
    usable = [one for one in decided.values() if isinstance(one, Column)]
    told = dict(value_notes(usable, read, fields, options))
    found = []
    for one in schema:
        name, kind = one.name, str(one.type)
        if name == label:
            found.append(_label(name, kind, tally))
        elif name in left_out:
            found.append(ColumnDescription(name, kind, "left out", left_out[name], 0, 0))
        else:
            found.append(_feature(name, kind, decided[name], tally, told))
    return Description(
        tally.n_rows,
        sum(column.n_features for column in found),
        tally.n_complete,
        tuple(sorted(tally.labels.items(), key=lambda entry: (-entry[1], str(entry[0])))),
        tuple(found),
        tuple(_obstacles(decided, tally, label)),
        tuple(type_notes(schema, set(left_out))),
    )


def _open(
    X: Any, y: Any, label: str | None, written: dict[str, Any]
) -> tuple[pa.Schema, Reader, Labels | None]:
    """Return the columns, what reads them, and labels that are not a column."""
    if is_files(X):
        if y is not None:
            raise ParameterError("y is given together with a path: name the column, label=")
        _, schema, read = open_table(X, csv_options(**written), label)
        return schema, read, None
    table = _as_table(X)
    check_shape(table.shape)
    if label is not None:
        check_present(table.column_names, label, "for the label")
        y = label_column(X, table, label)
    return table.schema, lambda names: [table.select(names)], as_labels(y, table.num_rows)


def _as_table(X: Any) -> pa.Table:
    """Return frames as they are, and arrays with a column for each feature."""
    if isinstance(X, Source):
        raise ParameterError("X is a Source, which is read already: pass what it was made from")
    if is_frame(X):
        return to_table(X)
    from coresift.sources import as_source  # which imports this module where it is asked for

    source = as_source(X)
    rows = np.concatenate([chunk.rows for chunk in source.chunks()])
    columns = [pa.array(rows[:, place]) for place in range(rows.shape[1])]
    return pa.Table.from_arrays(columns, names=list(source.feature_names))


def _count(read: Reader, names: list[str], label: str | None, labels: Labels | None) -> Tally:
    """Read everything once."""
    tally = Tally(names)
    for table in read(names if label is None else [*names, label]):
        own = labels
        if labels is not None:
            own = labels[tally.n_rows : tally.n_rows + table.num_rows]
        elif label is not None:
            own = label_values(table.column(label), label)
        tally.add(table.select(names), own)
    return tally


def _obstacles(
    decided: Mapping[str, Column | Obstacle], tally: Tally, label: str | None
) -> Iterator[Obstacle]:
    """Yield all that stands in the way."""
    impute = ("missing", "impute")
    for name, one in decided.items():
        if isinstance(one, Obstacle):
            yield one
        elif tally.infinite[name]:
            yield Obstacle(name, f"has {tally.infinite[name]} infinite values")
        elif tally.missing[name]:
            yield Obstacle(name, f"has {tally.missing[name]} missing values", impute)
    if tally.n_missing_labels:
        what = f"has {tally.n_missing_labels} missing values"
        yield Obstacle(label, what, impute, is_label=True)


def _feature(
    name: str, kind: str, one: Column | Obstacle, tally: Tally, told: Mapping[str, str]
) -> ColumnDescription:
    """Describe a column that is, or could be, a feature."""
    remarks = [told[name]] if name in told else []
    if tally.missing[name] == tally.n_rows:
        remarks.append("has no value at all")
    elif tally.is_constant(name):
        remarks.append("has the same value in every row")
    elif name in tally.all_differ and not remarks:
        remarks.append("has another value in every row: drop it if it is an identifier")
    missing, infinite = tally.missing[name], tally.infinite[name]
    is_bad = isinstance(one, Obstacle) or missing or infinite
    becomes = one.what if isinstance(one, Obstacle) else _becomes(one)
    n_features = 0 if isinstance(one, Obstacle) else len(one.features)
    role = "in the way" if is_bad else "feature"
    return ColumnDescription(
        name, kind, role, becomes, n_features, missing, infinite, tuple(remarks)
    )


def _becomes(column: Column) -> str:
    """Say what a column becomes."""
    if column.levels is not None:
        levels = [str(level) for level in column.levels.slice(0, _SHOWN_LEVELS).to_pylist()]
        more = ", ..." if len(column.levels) > _SHOWN_LEVELS else ""
        plural = "" if len(column.levels) == 1 else "s"
        return f"{len(column.levels)} level{plural}: {', '.join(levels)}{more}"
    if column.kind == "dates":
        return column.how.replace(" ", ", ") or "a number of seconds"
    if column.kind == "list":
        return f"{len(column.features)} numbers"
    return "a number, read from text" if column.kind == "text numbers" else "a number"


def _label(name: str, kind: str, tally: Tally) -> ColumnDescription:
    """Describe the column of the labels."""
    n_classes = len(tally.labels)
    n_labels = tally.n_rows - tally.n_missing_labels
    remarks = []
    if n_labels >= _FEW_ROWS and n_classes > _MANY_CLASSES * n_labels:
        remarks.append("has almost as many classes as rows: bin it if it is a number to predict")
    if n_classes == 1:
        remarks.append("has one class")
    role = "in the way" if tally.n_missing_labels else "label"
    becomes = "1 class" if n_classes == 1 else f"{n_classes} classes"
    return ColumnDescription(
        name, kind, role, becomes, 0, tally.n_missing_labels, remarks=tuple(remarks)
    )
