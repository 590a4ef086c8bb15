"""Sources without features: what a uniform sample needs, whatever the columns hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
import scipy.sparse

from coresift import Uniform, _errors
from coresift.methods import UniformPlan
from coresift.select import select
from coresift.sources import as_source

N = 40
LABELS = ["u", "v"] * (N // 2)
FRAME = pd.DataFrame(
    {
        "t": pd.date_range("2020", periods=N),
        "nan": [None, *range(1, N)],
        "odd": [{"u": 1}] * N,
        "name": [f"n{row}" for row in range(N)],
        "y": LABELS,
    }
)


@pytest.mark.parametrize("chunk_rows", [7, None])
@pytest.mark.parametrize("form", ["pandas", "polars", "parquet", "csv", "arrow"])
def test_no_column_is_looked_at(form: str, chunk_rows: int | None, tmp_path: Path) -> None:
    table = pa.Table.from_pandas(FRAME, preserve_index=False)
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet", row_group_size=9)
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    forms = {
        "pandas": FRAME.assign(mixed=[1, "a"] * (N // 2)),
        "polars": pl.DataFrame(pl.from_arrow(table)),
        "arrow": table,
        "parquet": tmp_path / "t.parquet",
        "csv": tmp_path / "t.csv",
    }
    source = as_source(forms[form], label="y", features=False, chunk_rows=chunk_rows)
    assert (source.n_rows, source.n_features, source.feature_names) == (N, 0, ())
    chunks = list(source.chunks())
    assert [label for chunk in chunks for label in chunk.labels] == LABELS
    assert sum(len(chunk.rows) for chunk in chunks) == N
    assert source.take(np.array([3, 1])).shape == (2, 0)
    coreset = select(source, UniformPlan(10, seed=3))
    plain = select(as_source(np.zeros((N, 1)), LABELS), UniformPlan(10, seed=3))
    assert coreset.row_ids.tolist() == plain.row_ids.tolist()
    assert coreset.weights.tolist() == plain.weights.tolist()
    without = as_source(forms[form], features=False, chunk_rows=chunk_rows)
    assert sum(len(chunk.rows) for chunk in without.chunks()) == N


@pytest.mark.parametrize(
    "X",
    [
        [["any", None]] * N,
        np.full((N, 2), np.nan),
        np.full((N, 2, 3), "text"),
        scipy.sparse.csr_array((N, 3), dtype=complex),
        [[1]] * (N - 1) + [[1, 2]],
        range(N),
        pa.array(range(N)).to_numpy(),
    ],
)
def test_rows_are_only_counted(X: Any) -> None:
    source = as_source(X, LABELS, features=False)
    assert select(source, UniformPlan(10)).weights.sum() == N


def test_uniform_takes_any_columns(tmp_path: Path) -> None:
    table = pa.Table.from_pandas(FRAME, preserve_index=False)
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    X = FRAME.drop(columns="y")
    sampler = Uniform(10, random_state=3)
    expected = sampler.fit(np.zeros((N, 1)), LABELS).sample_indices_.tolist()
    numbers = as_source([[np.nan]] * N, LABELS)  # a source with features: they are not looked at
    for rows, labels in ((FRAME, "y"), (X, LABELS), (numbers, None), (tmp_path / "t.parquet", "y")):
        assert sampler.fit(rows, labels).sample_indices_.tolist() == expected
    assert not hasattr(sampler, "n_features_in_")  # of the file
    chosen, labels = sampler.fit_resample(X, LABELS)
    assert chosen.equals(X.iloc[expected])
    assert labels == [LABELS[row] for row in expected]
    assert (sampler.n_features_in_, list(sampler.feature_names_in_)) == (4, list(X.columns))
    assert sampler.fit_resample(FRAME, "y").equals(FRAME.iloc[expected])
    assert (sampler.n_features_in_, list(sampler.feature_names_in_)) == (4, list(X.columns))
    assert sampler.fit([[None, "a"]] * N, LABELS).n_features_in_ == 2
    with pytest.raises(_errors.ColumnError, match="'t' holds dates"):
        Uniform(10, weights="assignment").fit(X, LABELS)


def test_what_still_has_to_be_right() -> None:
    with pytest.raises(_errors.LabelError, match="2 labels for 40 rows"):
        as_source(np.zeros((N, 2)), [0, 1], features=False)
    with pytest.raises(_errors.ColumnError, match="no column 'z'"):
        as_source(FRAME, label="z", features=False)
    for nothing in (None, 3, {"a": 1}, np.array(1), iter([1])):
        with pytest.raises(_errors.DataError):
            as_source(nothing, features=False)
    with pytest.raises(_errors.DataError, match="0 rows"):
        as_source([], features=False)
    dropped = as_source(np.zeros((3, 1)), [0, None, 1], features=False, missing="drop")
    assert dropped.original(np.array([0, 1])).tolist() == [0, 2]
