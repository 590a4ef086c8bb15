"""The same data give the same rows, bit for bit, from every source and for every chunk size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coresift.sources import Source, as_source
from forms import FILES, IN_MEMORY, MIXED, NAMES, opened, tables


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
    assert max(sizes) <= (chunk_rows or len(X))
    ends = np.cumsum([part.n_rows for part in source.parts()])
    assert {size for size, end in zip(sizes, np.cumsum(sizes), strict=True) if end not in ends} <= {
        chunk_rows
    }
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
