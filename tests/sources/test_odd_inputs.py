"""Whatever is handed in: an answer, or an error of coresift; never a raw one."""

from __future__ import annotations

import contextlib
import datetime
import decimal
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import scipy.sparse
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coresift import CoresiftError, FastCore
from coresift.sources import as_source, describe, take_like

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.decimals(),
    st.fractions(),
    st.sampled_from([pd.NA, pd.NaT, np.float32("nan"), np.datetime64("2020"), object(), ..., len]),
    st.sampled_from(["?", "1,234", "12%", "$5", "007", "2012/01/01", "", "NA", "1e999", "-"]),
)
NESTED = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=2), inner, max_size=3),
        st.frozensets(st.integers(), max_size=2),
        st.lists(inner, max_size=3).map(deque),
        st.lists(inner, max_size=3).map(iter),
    ),
    max_leaves=12,
)
DTYPES = st.sampled_from(
    [*"?bhilBHILefdgFDUSOV", "M8[s]", "m8[ns]", ">i4", ">f8", "M8[ns]", "i4,f8", "S3", "U2"]
)


@st.composite
def odd_arrays(draw: st.DrawFn) -> Any:
    shape = draw(st.sampled_from([(), (0,), (3,), (3, 2), (0, 2), (2, 0), (2, 2, 2), (1, 1)]))
    array = np.zeros(shape, dtype=draw(DTYPES))
    wrap = draw(st.sampled_from([None, "masked", "readonly", "matrix", "fortran"]))
    if wrap == "masked":
        return np.ma.masked_array(array, mask=True)
    if wrap == "readonly":
        array.flags.writeable = False
    return np.asfortranarray(array) if wrap == "fortran" else array


def columns(n_rows: int) -> st.SearchStrategy[list[Any]]:
    kinds = [SCALARS, st.text(max_size=3), st.floats(), st.integers(-(2**63), 2**63 - 1), NESTED]
    return st.sampled_from(kinds).flatmap(
        lambda values: st.lists(values, min_size=n_rows, max_size=n_rows)
    )


@st.composite
def odd_frames(draw: st.DrawFn) -> Any:
    n_rows = draw(st.integers(0, 14))
    names = draw(st.lists(st.text(max_size=3) | st.integers(0, 3) | st.none(), max_size=4))
    frame: Any = pd.DataFrame(
        {place: pd.Series(draw(columns(n_rows)), dtype=object) for place in range(len(names))},
        index=range(n_rows),
    )
    frame.columns = pd.Index(names, dtype=object)
    how = draw(st.sampled_from(["object", "infer", "category", "sparse", "polars", "arrow"]))
    with contextlib.suppress(BaseException):  # the library itself may not take it, or panic
        if how == "infer":
            return frame.infer_objects().convert_dtypes()
        if how == "category":
            return frame.astype("category")
        if how == "sparse":
            return frame.astype(pd.SparseDtype(float))
        if how == "polars":
            return pl.DataFrame(
                {str(name): frame.iloc[:, k].tolist() for k, name in enumerate(names)}
            )
        if how == "arrow":
            arrays = [pa.array(frame.iloc[:, k].tolist()) for k in range(len(names))]
            return pa.Table.from_arrays(arrays, names=list(map(str, names)))
    return frame


OTHERS = st.sampled_from(
    [
        scipy.sparse.csr_array((0, 0)),
        scipy.sparse.csr_array(np.ones((2, 2), dtype=complex)),
        scipy.sparse.coo_array(np.ones(3)),
        scipy.sparse.random(3, 2, density=0.5, rng=np.random.default_rng(0)).todok(),
        torch.zeros(2, 2, dtype=torch.complex64),
        torch.zeros(2, 2, dtype=torch.bfloat16, requires_grad=True),
        torch.zeros(()),
        torch.zeros(3, dtype=torch.bool),
        pd.Series([1, 2]),
        pd.Index([1, 2]),
        pl.Series([1, 2]),
        pl.LazyFrame({"a": [1]}),
        pa.array([1, None]),
        pa.chunked_array([[1], [2]]),
        pa.scalar(1),
        pa.schema([]),
        pd.DataFrame(),
        pl.DataFrame(),
        pa.table({}),
        Path("/nothing/here"),
        "nothing.csv",
        "",
        "\0",
        b"nothing",
        range(3),
        memoryview(b"abc"),
        np.float64(1),
        decimal.Decimal(1),
        datetime.date(2020, 1, 1),
        type,
        as_source,
    ]
)
ANYTHING = st.one_of(NESTED, odd_arrays(), odd_frames(), OTHERS)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "label": st.text(max_size=2) | st.just("0"),
        "max_levels": st.integers(-1, 5) | st.none(),
        "drop": st.lists(st.text(max_size=2), max_size=2) | st.text(max_size=2),
        "missing": st.sampled_from(["error", "drop", "impute", "x"]),
        "dates": st.sampled_from(["error", "parts", "number", "x"]),
        "numbers": st.sampled_from(["error", "parse", "levels", None]),
        "chunk_rows": st.sampled_from([None, 1, 3, 0]),
    },
)
FUZZ = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@FUZZ
@given(X=ANYTHING, y=st.none() | ANYTHING, options=OPTIONS)
def test_as_source(X: Any, y: Any, options: dict[str, Any]) -> None:
    with contextlib.suppress(CoresiftError):
        source = as_source(X, y, **options)
        rows = [chunk.rows for chunk in source.chunks()]
        assert sum(map(len, rows)) == source.n_rows
        assert all(part.shape[1] == source.n_features for part in rows)
        assert len(set(source.feature_names)) == source.n_features
        assert source.take(np.array([0])).shape == (1, source.n_features)


@FUZZ
@given(X=ANYTHING, y=st.none() | ANYTHING)
def test_describe(X: Any, y: Any) -> None:
    with contextlib.suppress(CoresiftError):
        seen = describe(X, y)
        assert seen.n_complete <= seen.n_rows
        assert len(seen.as_dict()["columns"]) == len(seen.columns)


@FUZZ
@given(X=ANYTHING, rows=ANYTHING)
def test_take_like(X: Any, rows: Any) -> None:
    with contextlib.suppress(CoresiftError):
        take_like(X, rows)


@settings(FUZZ, max_examples=50)
@given(X=ANYTHING, y=st.none() | ANYTHING)
def test_fit(X: Any, y: Any) -> None:
    with contextlib.suppress(CoresiftError):
        selector = FastCore(1.0, random_state=0, n_threads=1).fit(X, y)
        assert len(selector.sample_indices_) == selector.report_["n_rows"]


@settings(FUZZ, max_examples=50)
@given(data=odd_frames(), like=odd_frames(), missing=st.sampled_from(["error", "drop", "impute"]))
def test_rows_like_others(data: Any, like: Any, missing: Any) -> None:
    with contextlib.suppress(CoresiftError):
        train = as_source(like, missing=missing, dates="parts", numbers="parse")
        test = as_source(data, like=train)
        assert test.feature_names == train.feature_names
        assert all(chunk.rows.shape[1] == train.n_features for chunk in test.chunks())
