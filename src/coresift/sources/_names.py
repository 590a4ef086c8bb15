"""Columns by name: those that are asked for, and those that are no data."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import pyarrow as pa

from coresift._errors import ColumnError

WEIGHT, ROW = "sample_weight", "row"  # what coresift writes beside the rows that it chose
_EXPORTED_INDEX = re.compile(r"^$|^Unnamed: \d+(_level_\d+)?$|^__index_level_\d+__$")


def check_present(names: Sequence[str], name: str | None, use: str) -> None:
    """Raise `ColumnError` if a column is not there; names those that are alike."""
    if name is None or name in names:
        return
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"it has {_some(names)}"
    raise ColumnError(f"the input has no column {name!r} {use}; {hint}")


def _some(names: Sequence[str], limit: int = 8) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(map(repr, names[:limit])) + more


def left_out_columns(schema: pa.Schema, label: str | None, drop: Sequence[str]) -> dict[str, str]:
    """Return columns that are not features although nobody dropped them, and why.

    As a feature, the index of a data frame would order the rows by where they stood in it, and the
    weights of a coreset would tell how it was chosen.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from coresift.sources._names import left_out_columns
    >>> left_out_columns(pa.schema([("", pa.int64()), ("a", pa.int64())]), None, ())
    {'': 'is the index of an exported table: it is left out'}
    """
    wanted = [name for name in schema.names if name != label and name not in drop]
    # A saved pandas index is a column like any other to Arrow; a range index is stored as a dict.
    index = (schema.pandas_metadata or {}).get("index_columns", [])
    told = "is the index of a pandas frame: it is left out"
    why = {name: told for name in index if isinstance(name, str)}
    for name in wanted:
        if _EXPORTED_INDEX.match(name):
            why[name] = "is the index of an exported table: it is left out"
    if WEIGHT in schema.names:
        written = "was written by coresift beside the rows it chose: it is left out"
        why |= {WEIGHT: written, ROW: written}
    return {name: why[name] for name in wanted if name in why}
