"""Dask arrays and data frames: the coreset of the same rows in memory, partition by partition."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coresift import ColumnError, DataError, FastCore, LabelError, ParameterError
from coresift.sources import as_source

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 4)).astype(np.float32)
Y = RNG.integers(0, 3, size=600)
FRAME = pd.DataFrame(X, columns=list("abcd")).assign(kind=Y)


@pytest.fixture(autouse=True)
def here() -> Iterator[None]:
    with dask.config.set(scheduler="synchronous"):
        yield


def choose(rows: Any, labels: Any, **more: Any) -> tuple[list[int], list[float]]:
    found = FastCore(budget=30, random_state=0, n_threads=1, **more).fit(rows, labels)
    return found.sample_indices_.tolist(), found.sample_weight_.tolist()


@pytest.fixture(scope="module")
def expected() -> tuple[list[int], list[float]]:
    return choose(X, Y)


def frame() -> Any:
    return dd.from_pandas(FRAME, npartitions=4)


def of_unknown_size() -> tuple[Any, Any]:
    return frame()[list("abcd")].to_dask_array(), frame()["kind"].to_dask_array()


GIVEN = {
    "arrays": lambda: (da.from_array(X, chunks=(170, 3)), da.from_array(Y, chunks=250)),
    "labels in memory": lambda: (da.from_array(X, chunks=(170, 4)), Y),
    "a column of labels": lambda: (frame(), "kind"),
    "a series of labels": lambda: (frame()[list("abcd")], frame()["kind"]),
    "sizes that nobody knows": of_unknown_size,
    "an empty partition": lambda: (dd.concat([frame()[frame().a > 99], frame()]), "kind"),
}


@pytest.mark.parametrize("given", GIVEN)
def test_the_coreset_is_that_of_the_rows_in_memory(
    given: str, expected: tuple[list[int], list[float]]
) -> None:
    assert choose(*GIVEN[given]()) == expected


def test_a_part_travels_with_its_own_rows_only() -> None:
    source = as_source(da.from_array(X, chunks=(100, 4)), Y)
    packed = [pickle.dumps(part) for part in source.parts()]
    assert max(map(len, packed)) < X.nbytes / 2
    (chunk,) = pickle.loads(packed[2]).chunks()
    assert chunk.start == 200
    assert np.array_equal(chunk.rows, X[200:300])
    assert np.array_equal(chunk.labels, Y[200:300])


def test_rows_are_taken_from_their_partitions() -> None:
    source = as_source(da.from_array(X, chunks=(170, 2)))
    wanted = np.array([0, 169, 170, 599])
    assert np.array_equal(source.take(wanted), X[wanted])


def test_missing_values_are_counted() -> None:
    rows = FRAME.astype({"a": "Float32"})
    rows.loc[599, "a"] = pd.NA
    with pytest.raises(DataError, match="'a' has 1 NaN"):
        choose(dd.from_pandas(rows, npartitions=3), "kind")


def test_what_cannot_be_read_is_one_clear_error() -> None:
    words = dd.from_pandas(FRAME.assign(word="x"), npartitions=2)
    with pytest.raises(ColumnError, match=r"'word' of the Dask data frame.*get_dummies"):
        choose(words, "kind")
    assert as_source(words, label="kind", drop=["word"]).feature_names == tuple("abcd")
    with pytest.raises(ColumnError, match="'none' is not there"):
        choose(words, "none")
    with pytest.raises(LabelError, match="partitions of"):
        choose(frame()[list("abcd")], dd.from_pandas(FRAME, npartitions=3)["kind"])
    with pytest.raises(LabelError, match="599 labels for 600 rows"):
        choose(da.from_array(X), Y[1:])
    with pytest.raises(DataError, match="1 dimension"):
        choose(da.from_array(X[:, 0]), Y)
    with pytest.raises(DataError, match="not numbers"):
        choose(da.from_array(X.astype(complex)), Y)
    with pytest.raises(ParameterError, match="pass y"):
        choose(da.from_array(X), "kind")
    with pytest.raises(DataError, match="use fit"):
        FastCore(budget=30).fit_resample(da.from_array(X), Y)
