"""One look at the values of columns whose type does not say what they become."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from coresift.sources._column import list_lengths, one_array, plain, storage

Reader: TypeAlias = Callable[[list[str]], Iterable[pa.Table]]
UNREADABLE = b"coresift.unreadable"  # key of the metadata of a field: why it has no values
MORE_LEVELS = 10  # times the limit: so many are counted, so that an error can say what would do


@dataclass(frozen=True, eq=False)
class Levels:
    """The distinct values of a column.

    Parameters
    ----------
    values : pyarrow.Array
        Sorted, without null.
    complete : bool
        Whether there are no others; with very many, the looking stops.
    """

    values: pa.Array
    complete: bool

    def __len__(self) -> int:
        return len(self.values)


def find_levels(read: Reader, names: list[str], max_levels: int) -> dict[str, Levels]:
    """Return the levels of columns, in one reading that stops when all have far too many."""
    found: dict[str, pa.Array] = {}
    still = list(names)
    limit = MORE_LEVELS * max_levels
    for table in read(names) if names else ():
        for name in still:
            seen = pc.unique(plain(table.column(name))).drop_null()
            known = found.get(name)
            found[name] = seen if known is None else pc.unique(pa.concat_arrays([known, seen]))
        still = [name for name in still if len(found[name]) <= limit]
        if not still:
            break
    return {
        name: Levels(values.take(pc.sort_indices(values)), name in still)
        for name, values in found.items()
    }


def find_lengths(read: Reader, names: list[str]) -> dict[str, int]:
    """Return the length of the first list of each column; 1 where all are missing."""
    lengths: dict[str, int] = {}
    if not names:
        return lengths
    for table in read(names):
        for name in names:
            if name not in lengths:
                found = list_lengths(storage(one_array(table.column(name)))).drop_null()
                if len(found):
                    lengths[name] = int(found[0].as_py())
        if len(lengths) == len(names):
            break
    return {name: lengths.get(name, 1) for name in names}


def find_counters(read: Reader, names: list[str]) -> list[str]:
    """Return the columns of whole numbers that count the rows, as an index does.

    Looks at the first rows alone.
    """
    first = next(iter(read(names)), None) if names else None
    if first is None or first.num_rows < 3:
        return []
    return [name for name in names if _counts(one_array(first.column(name)))]


def _counts(column: pa.Array) -> bool:
    if column.null_count or column[0].as_py() not in {0, 1}:
        return False
    steps = pc.subtract(
        column.slice(1).cast(pa.int64()), column.slice(0, len(column) - 1).cast(pa.int64())
    )
    return bool(pc.all(pc.equal(steps, 1)).as_py())


def count_missing(read: Reader, names: list[str], n_rows: int = 1_000_000) -> dict[str, int]:
    """Return how many values of each column are missing, of those that have any.

    Looks at the first ``n_rows`` rows or a little more: it is for an error that is raised anyway.
    """
    counts = dict.fromkeys(names, 0)
    seen = 0
    for table in read(names) if names else ():
        for name in names:
            column = table.column(name)
            is_float = pa.types.is_floating(column.type)
            gaps = pc.is_null(column, nan_is_null=True) if is_float else column.is_null()
            counts[name] += pc.sum(gaps).as_py() or 0
        seen += table.num_rows
        if seen >= n_rows:
            break
    return {name: count for name, count in counts.items() if count}
