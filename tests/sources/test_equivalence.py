"""The same data give the same rows, bit for bit, from every source and for every chunk size."""

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
import pytest
import scipy.sparse
from hypothesis import given, settings
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


def assert_reads(source: Source, X: np.ndarray, y: np.ndarray, chunk_rows: int | None) -> None:
    assert source.n_rows == len(X)
    assert source.feature_names == source.column_names == NAMES
    for _ in range(2):  # sources are read more than once
        chunks = list(source.chunks())
        rows = np.concatenate([chunk.rows for chunk in chunks])
        assert rows.dtype == X.dtype
        assert rows.tobytes() == X.tobytes()
    assert all(chunk.rows.flags.c_contiguous for chunk in chunks)
    sizes = [len(chunk.rows) for chunk in chunks]
    assert [chunk.start for chunk in chunks] == [0, *np.cumsum(sizes)[:-1]]
    assert set(sizes[:-1]) <= {chunk_rows}
    assert np.concatenate([chunk.labels for chunk in chunks]).tolist() == y.tolist()


@pytest.mark.parametrize("kind", [*IN_MEMORY, *FILES])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_float64_rows_are_bit_identical(kind: str, data: st.DataObject) -> None:
    X = data.draw(tables(np.float64))
    y = np.arange(len(X)) % 3
    chunk_rows = data.draw(st.sampled_from([1, 7, None]))
    rows = np.array(sorted(data.draw(st.sets(st.integers(0, len(X) - 1)))), dtype=np.int64)
    with opened(kind, X, y, chunk_rows) as source:
        assert_reads(source, X, y, chunk_rows)
        assert source.take(rows).tobytes() == X[rows].tobytes()
        assert source.take(rows).shape == (len(rows), 3)
        assert source.take(rows[::-1]).tobytes() == X[rows[::-1]].tobytes()


@pytest.mark.parametrize("kind", [kind for kind in [*IN_MEMORY, *FILES] if "csv" not in kind])
@settings(max_examples=5, deadline=None)
@given(X=tables(np.float32), chunk_rows=st.sampled_from([1, 7, None]))
def test_float32_rows_stay_float32(kind: str, X: np.ndarray, chunk_rows: int | None) -> None:
    y = np.arange(len(X)) % 2
    with opened(kind, X, y, chunk_rows) as source:
        assert_reads(source, X, y, chunk_rows)
        assert source.take(np.array([0])).dtype == np.float32


MIXED = pa.table(
    {
        "whole": pa.array([3, 1, None, 2, 5], pa.int16()),
        "flag": pa.array([True, False, True, None, False]),
        "colour": pa.array(["red", "blue", "red", None, "green"]),
        "price": pa.array([0.1, 2.5, 1e300, -3.0, None]),
        "y": pa.array(["no", "yes", "no", "no", "yes"]),
    }
)
MIXED_NAMES = ("whole", "flag", "colour=blue", "colour=green", "colour=red", "price")
NAN = float("nan")
MIXED_ROWS = np.array(
    [
        [3, 1, 0, 0, 1, 0.1],
        [1, 0, 1, 0, 0, 2.5],
        [NAN, 1, 0, 0, 1, 1e300],
        [2, NAN, NAN, NAN, NAN, -3.0],
        [5, 0, 0, 1, 0, NAN],
    ]
)


def mixed_parquet(folder: Path) -> Path:
    pyarrow.parquet.write_table(MIXED, folder / "mixed.parquet", row_group_size=2)
    return folder / "mixed.parquet"


def mixed_dictionary_parquet(folder: Path) -> Path:
    place = MIXED.schema.get_field_index("colour")
    table = MIXED.set_column(place, "colour", MIXED["colour"].dictionary_encode())
    pyarrow.parquet.write_table(table, folder / "mixed.parquet", row_group_size=2)
    return folder / "mixed.parquet"


def mixed_csv(folder: Path) -> Path:
    pyarrow.csv.write_csv(MIXED, folder / "mixed.csv")
    return folder / "mixed.csv"


def nullable_pandas(_: Path) -> pd.DataFrame:
    return MIXED.to_pandas().convert_dtypes()


def categorical_pandas(_: Path) -> pd.DataFrame:
    # a level that does not occur is no feature, so that all sources agree
    levels = ["violet", "red", "green", "blue"]
    frame = MIXED.to_pandas()
    return frame.assign(colour=pd.Categorical(frame["colour"], categories=levels))


def enum_polars(_: Path) -> pl.DataFrame:
    levels = pl.Enum(["violet", "red", "green", "blue"])
    return pl.DataFrame(pl.from_arrow(MIXED)).with_columns(pl.col("colour").cast(levels))


@pytest.mark.parametrize("chunk_rows", [1, 2, None])
@pytest.mark.parametrize(
    "make",
    [
        lambda _: MIXED,
        lambda _: MIXED.to_pandas(),
        nullable_pandas,
        lambda _: MIXED.to_pandas(types_mapper=pd.ArrowDtype),
        categorical_pandas,
        lambda _: pl.from_arrow(MIXED),
        lambda _: pl.DataFrame(pl.from_arrow(MIXED)).with_columns(
            pl.col("colour").cast(pl.Categorical)
        ),
        enum_polars,
        lambda _: MIXED.to_batches()[0],
        mixed_parquet,
        mixed_dictionary_parquet,
        mixed_csv,
    ],
)
def test_mixed_columns_agree(
    make: Callable[[Path], Any], chunk_rows: int | None, tmp_path: Path
) -> None:
    source = as_source(make(tmp_path), label="y", chunk_rows=chunk_rows)
    assert source.feature_names == MIXED_NAMES
    assert source.column_names == ("whole", "flag", "colour", "colour", "colour", "price")
    chunks = list(source.chunks())
    np.testing.assert_array_equal(np.concatenate([chunk.rows for chunk in chunks]), MIXED_ROWS)
    np.testing.assert_array_equal(source.take(np.array([1, 4])), MIXED_ROWS[[1, 4]])
    labels = np.concatenate([chunk.labels for chunk in chunks if chunk.labels is not None])
    assert labels.tolist() == MIXED["y"].to_pylist()
