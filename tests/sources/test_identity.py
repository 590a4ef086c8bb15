"""No label becomes another, and no position another: from any container, to the class."""

from __future__ import annotations

from array import array
from collections import UserList, deque
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
import torch
from hypothesis import given
from hypothesis import strategies as st

from coresift import _errors
from coresift.core.classes import Classes, count_labels
from coresift.sources import as_source, take_like
from coresift.sources._checks import as_positions

BIG = 2**53


def classes_of(source: Any) -> tuple[Classes, list[int]]:
    """Do what a selection does: count labels in chunks, then number them."""
    counts: dict[Any, int] = {}
    for chunk in source.chunks():
        for label, count in count_labels(chunk.labels).items():
            counts[label] = counts.get(label, 0) + count
    classes = Classes.of(counts, source.n_rows)
    ids = [classes.ids(chunk.labels, len(chunk.rows)) for chunk in source.chunks()]
    return classes, np.concatenate(ids).tolist()


DISTINCT = [
    [BIG, BIG + 1, BIG + 2],
    [-BIG, -BIG - 1, 5],
    [2**63, 2**63 + 1, 1],
    [2**63, -1, 2**63 + 1],
    [10**20, 10**20 + 1, 10**20 + 2],
    [0.1 + 0.2, 0.3, 0.1],
    ["a", "a ", " a"],
    ["7", "07", "007"],
    ["é", "e\u0301", "e"],
    [Decimal("0.10000000000000000001"), Decimal("0.1"), Decimal("0.10000000000000000002")],
]


@pytest.mark.parametrize("labels", DISTINCT)
@pytest.mark.parametrize("make", [list, tuple, deque, UserList, pd.Series, pd.Index])
def test_labels_that_differ_stay_apart(make: Any, labels: list[Any]) -> None:
    y = make(labels * 2)
    for X in (np.eye(6), scipy.sparse.eye_array(6), pd.DataFrame(np.eye(6))):
        classes, ids = classes_of(as_source(X, y, chunk_rows=4))
        assert list(classes.labels) == sorted(labels)
        assert [classes.labels[place] for place in ids] == labels * 2


@pytest.mark.parametrize(
    "column",
    [
        pa.array([BIG, BIG + 1, BIG + 2]),
        pa.array([2**63, 2**63 + 1, 1], pa.uint64()),
        pa.array([10**20, 10**20 + 1, 10**20 + 2], pa.decimal128(25)),
        pa.array([Decimal("1.5"), Decimal("1.6"), Decimal("-2")], pa.decimal128(5, 2)),
        pa.array([Decimal(f"0.{'1' * 29}{i}") for i in range(3)], pa.decimal128(38, 30)),
        pa.array([BIG, BIG + 1, BIG + 2]).dictionary_encode(),
        pa.array(["a", "a ", " a"], pa.large_string()),
        pa.array([0, 1, 2], pa.timestamp("ns")),
        pa.array([0, 1, 2], pa.date32()),
        pa.array([0.1 + 0.2, 0.3, 0.1]),
    ],
)
def test_labels_of_arrow_columns_stay_apart(column: pa.Array) -> None:
    table = pa.table({"a": [1.0, 2, 3], "y": column})
    frames = [
        table,
        table.to_pandas(types_mapper=pd.ArrowDtype),
        pl.DataFrame(pl.from_arrow(table)),
    ]
    sources = [as_source(frame, label="y", chunk_rows=2) for frame in frames]
    sources += [as_source(frame[["a"]], frame["y"]) for frame in frames[1:]]
    sources.append(as_source(table.select(["a"]), table["y"]))
    for source in sources:
        classes, ids = classes_of(source)
        assert len(classes) == 3
        assert sorted(ids) == [0, 1, 2]


@pytest.mark.parametrize(
    "y",
    [
        pa.array([BIG, BIG + 1, None]),
        pl.Series([BIG, BIG + 1, None]),
        pd.Series([BIG, BIG + 1, None], dtype="Int64"),
        pd.Series([BIG, BIG + 1, None], dtype=pd.ArrowDtype(pa.int64())),
        pd.Series(pd.Categorical([BIG, BIG + 1, None])),
        [BIG, BIG + 1, None],
        [BIG, BIG + 1, float("nan")],
        np.ma.masked_equal([BIG, BIG + 1, 0], 0),
    ],
)
def test_a_missing_label_rounds_no_other(y: Any) -> None:
    labels = next(as_source(np.eye(3), y).chunks()).labels
    assert labels is not None
    assert labels[:2].tolist() == [BIG, BIG + 1]


@pytest.mark.parametrize(
    "y",
    [
        range(3),
        array("i", [0, 1, 2]),
        deque([0, 1, 2]),
        UserList([0, 1, 2]),
        torch.tensor([0, 1, 2]),
        torch.tensor([0.0, 1, 2], requires_grad=True),
        torch.tensor([0.0, 1, 2], dtype=torch.bfloat16),
        memoryview(array("i", [0, 1, 2])),
        pd.Categorical([0, 1, 2]),
    ],
)
def test_labels_of_any_container(y: Any) -> None:
    classes, ids = classes_of(as_source(np.eye(3), y))
    assert list(classes.labels) == ids == [0, 1, 2]


def test_intervals_are_labels() -> None:
    y = pd.qcut(pd.Series([1.0, 2, 3, 4]), 2)
    classes, ids = classes_of(as_source(np.eye(4), y))
    assert ids == [0, 0, 1, 1]
    assert list(classes.labels) == list(y.cat.categories)


class OnlyArray:
    """An object that numpy can read, and that has nothing else."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.values.astype(dtype or self.values.dtype)


class Broken:
    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise KeyError("no such thing")


@pytest.mark.parametrize(
    "X",
    [
        torch.eye(3, dtype=torch.bfloat16),
        torch.eye(3, requires_grad=True),
        torch.nn.Parameter(torch.eye(3)),
        torch.eye(3).to_sparse(),
        torch.eye(3, dtype=torch.float8_e5m2),
        OnlyArray(np.eye(3)),
        deque(np.eye(3).tolist()),
        [array("d", row) for row in np.eye(3)],
    ],
)
def test_rows_of_any_container(X: Any) -> None:
    source = as_source(X, OnlyArray([0, 1, 0]))
    assert next(source.chunks()).rows.tolist() == np.eye(3).tolist()


@pytest.mark.parametrize("X", [None, 3, {"a": [1]}, {1, 2}, (row for row in np.eye(2)), Broken()])
def test_what_has_no_rows_is_one_clear_error(X: Any) -> None:
    with pytest.raises(_errors.DataError, match=r"pass one item per row|pass rows of equal"):
        as_source(X)
    with pytest.raises(_errors.CoresiftError):
        as_source(np.eye(2), Broken())


@pytest.mark.parametrize("rows", [[0.7, 1.9], [-0.5], [np.nan], [np.inf], [3], [-1], [2**64 - 1]])
def test_positions_are_whole_numbers_inside(rows: list[Any]) -> None:
    for X in (np.eye(3), scipy.sparse.eye_array(3), pd.DataFrame(np.eye(3))):
        with pytest.raises(_errors.DataError, match=r"outside the input of 3 rows; .*from 0 to 2"):
            as_source(X).take(np.array(rows))
        with pytest.raises(_errors.DataError, match="outside"):
            take_like(X, rows)


@pytest.mark.parametrize("rows", [["1"], [None], [1j], "1", None, {0: 1}])
def test_positions_of_other_types(rows: Any) -> None:
    with pytest.raises(_errors.DataError, match="positions are"):
        as_positions(rows, 3)


def test_whole_floats_are_positions() -> None:
    assert as_positions([2.0, 0.0], 3).tolist() == [2, 0]
    assert as_positions([], 3).tolist() == []


@given(mask=st.lists(st.booleans(), min_size=1))
def test_a_mask_of_the_right_length_is_a_mask(mask: list[bool]) -> None:
    items = list(range(len(mask)))
    assert take_like(items, mask) == [item for item in items if mask[item]]
    with pytest.raises(_errors.DataError, match=f"mask has {len(mask)} values"):
        take_like([*items, 0], np.array(mask))


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (range(5, 9), [6, 8]),
        (array("i", [5, 6, 7, 8]), array("i", [6, 8])),
        (deque([5, 6, 7, 8]), deque([6, 8])),
        (UserList([5, 6, 7, 8]), UserList([6, 8])),
    ],
)
def test_rows_of_sequences_keep_their_type(X: Any, expected: Any) -> None:
    taken = take_like(X, [1, 3])
    assert type(taken) is type(expected)
    assert taken == expected


def test_rows_of_tensors_and_of_what_is_only_an_array() -> None:
    assert take_like(torch.tensor([5, 6, 7]), [0, 2]).tolist() == [5, 7]
    assert take_like(OnlyArray([5, 6, 7]), [0, 2]).tolist() == [5, 7]


def test_positions_of_a_weighted_subset() -> None:
    from coresift.torch import WeightedSubset

    data = torch.utils.data.TensorDataset(torch.arange(3.0))
    assert WeightedSubset(data, [False, True, True]).indices.tolist() == [1, 2]
    for odd in ([0.7, 1.9], [3], [-1], [True, False], ["a"], None):
        with pytest.raises(_errors.DataError):
            WeightedSubset(data, odd)
