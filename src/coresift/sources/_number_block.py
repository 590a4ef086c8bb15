"""Many columns of numbers copied at once: with thousands, each column by itself costs too much."""

from __future__ import annotations

from itertools import groupby

import pyarrow as pa

from coresift._typing import RawRows
from coresift.sources._column import one_array, to_floats


def put_numbers(table: pa.Table, rows: RawRows) -> None:
    """Write columns of numbers into rows of shape (n_rows, n_columns); null is NaN."""
    if not table.num_rows:
        return
    batch = table.combine_chunks().to_batches()[0]
    start = 0
    for kind, run in groupby(table.schema.types):
        stop = start + len(list(run))
        every = stop - start == batch.num_columns
        some = batch if every else batch.select(list(range(start, stop)))
        _put(some, kind, rows[:, start:stop])
        start = stop


def _put(batch: pa.RecordBatch, kind: pa.DataType, rows: RawRows) -> None:
    """Write columns of one type."""
    is_float = pa.types.is_float32(kind) or pa.types.is_float64(kind)
    if is_float or pa.types.is_integer(kind):
        try:
            # of whole numbers with nulls, Arrow chooses a float type that may be too narrow
            rows[...] = batch.to_tensor(null_to_nan=is_float, row_major=True).to_numpy()
            return
        except (pa.ArrowException, AttributeError, TypeError):  # nulls; an Arrow before 16
            pass
    for place, column in enumerate(batch.columns):
        rows[:, place] = to_floats(one_array(pa.chunked_array([column])), rows.dtype)
