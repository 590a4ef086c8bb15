"""The same rows in every form that a source can take."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import scipy.sparse
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coresift.sources import Source, as_source

NAMES = ("x0", "x1", "x2")


def table_of(X: np.ndarray, y: np.ndarray | None = None) -> pa.Table:
    columns = {name: pa.array(X[:, place]) for place, name in enumerate(NAMES)}
    return pa.table(columns if y is None else {**columns, "y": pa.array(y)})


def write_parquet(X: np.ndarray, y: np.ndarray, folder: Path) -> Path:
    path = folder / "rows.parquet"
    pyarrow.parquet.write_table(table_of(X, y), path, row_group_size=4)
    return path


def write_parquet_folder(X: np.ndarray, y: np.ndarray, folder: Path) -> Path:
    (folder / "many").mkdir()
    table = table_of(X, y)
    for start in range(0, len(X), 5):
        path = folder / "many" / f"part-{start:05d}.parquet"
        pyarrow.parquet.write_table(table.slice(start, 5), path, row_group_size=2)
    return folder / "many"


def write_csv(X: np.ndarray, y: np.ndarray, folder: Path) -> Path:
    pyarrow.csv.write_csv(table_of(X, y), folder / "rows.csv")
    return folder / "rows.csv"


def write_csv_gz(X: np.ndarray, y: np.ndarray, folder: Path) -> Path:
    with pa.CompressedOutputStream(str(folder / "rows.csv.gz"), "gzip") as stream:
        pyarrow.csv.write_csv(table_of(X, y), stream)
    return folder / "rows.csv.gz"


IN_MEMORY: dict[str, Callable[[np.ndarray], Any]] = {
    "array": np.ascontiguousarray,
    "fortran array": np.asfortranarray,
    "csr": scipy.sparse.csr_array,
    "coo": scipy.sparse.coo_matrix,
    "pandas": lambda X: pd.DataFrame(X, columns=list(NAMES), index=range(len(X), 0, -1)),
    "polars": lambda X: pl.DataFrame(X, schema=list(NAMES), orient="row"),
    "pyarrow": table_of,
}
FILES = {
    "parquet": write_parquet,
    "parquet folder": write_parquet_folder,
    "csv": write_csv,
    "csv.gz": write_csv_gz,
}


@contextmanager
def opened(kind: str, X: np.ndarray, y: np.ndarray, chunk_rows: int | None) -> Iterator[Source]:
    if kind in IN_MEMORY:
        yield as_source(IN_MEMORY[kind](X), y, chunk_rows=chunk_rows)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = FILES[kind](X, y, Path(folder))
        yield as_source(path, label="y", chunk_rows=chunk_rows)


def tables(dtype: type[np.floating[Any]]) -> st.SearchStrategy[np.ndarray]:
    finite = st.floats(
        allow_nan=False, allow_infinity=False, width=32 if dtype is np.float32 else 64
    )
    shapes = st.tuples(st.integers(1, 20), st.just(3))
    # + 0.0 turns -0.0, which a sparse matrix cannot hold, into 0.0
    return shapes.flatmap(lambda shape: arrays(dtype, shape, elements=finite)).map(lambda X: X + 0)


MIXED = pa.table(
    {
        "whole": pa.array([3, 1, None, 2, 5], pa.int16()),
        "flag": pa.array([True, False, True, None, False]),
        "colour": pa.array(["red", "blue", "red", None, "green"]),
        "price": pa.array([0.1, 2.5, 1e300, -3.0, None]),
        "y": pa.array(["no", "yes", "no", "no", "yes"]),
    }
)
