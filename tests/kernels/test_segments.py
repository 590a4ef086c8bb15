"""Kernels that serve very many classes at once, and what uses them in place of one loop a class."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift._kernels.segments import (
    assign_in_segments,
    find_in_segments,
    transpose_segments,
)
from coresift.core.centers import FEW, Centers
from coresift.core.exact_sum import ExactSum
from coresift.core.members import Members
from coresift.core.nearest import CenterTiles
from naive import nearest, squared_distance
from strategies import Array, matrices

SIZES = st.lists(st.integers(0, 5), min_size=1, max_size=6)
FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)


def edges_of(sizes: list[int]) -> Array:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


@given(sizes=SIZES, data=st.data())
def test_places_in_segments_equal_those_of_bisect(sizes: list[int], data: st.DataObject) -> None:
    edges = edges_of(sizes)
    values = st.integers(0, 9)
    parts = [sorted(data.draw(st.lists(values, min_size=n, max_size=n))) for n in sizes]
    buckets = np.array([value for part in parts for value in part], dtype=np.uint64)
    asked = data.draw(st.lists(st.tuples(st.integers(0, len(sizes) - 1), values), max_size=8))
    segments = np.array([s for s, _ in asked], dtype=np.int64)
    keys = np.array([key for _, key in asked], dtype=np.uint64)
    found = np.empty(len(asked), dtype=np.int64)
    find_in_segments(segments, keys, edges, buckets, found)
    assert found.tolist() == [edges[s] + bisect_left(parts[s], key) for s, key in asked]


@given(rows=matrices(st.integers(1, 9), st.integers(1, 6)), data=st.data())
def test_assignment_in_segments_equals_its_oracle(rows: Array, data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    edges = edges_of(sizes)
    centers = rows[
        data.draw(
            st.lists(
                st.integers(0, len(rows) - 1),
                **dict.fromkeys(("min_size", "max_size"), int(edges[-1])),
            )
        )
    ]
    segments = np.array([data.draw(st.integers(0, len(sizes) - 1)) for _ in rows], dtype=np.int64)
    columns = np.empty(centers.size, dtype=np.float32)
    transpose_segments(centers, edges, columns)
    found, squared = np.empty(len(rows), dtype=np.int64), np.empty(len(rows), dtype=np.float32)
    assign_in_segments(rows, segments, edges, columns, found, squared)
    for i, s in enumerate(segments):
        best = edges[s] + nearest(rows[i], centers[edges[s] : edges[s + 1]])
        assert found[i] == best
        assert squared[i] == squared_distance(rows[i], centers[best])


@pytest.mark.parametrize("size", [1, FEW - 1, FEW, FEW + 1, 3 * FEW])
def test_classes_of_few_and_of_many_chosen_rows_get_the_same_answers(size: int) -> None:
    rng = np.random.default_rng(size)
    rows = rng.integers(0, 3, size=(400, 4)).astype(np.float32)  # with many ties
    class_ids = rng.integers(0, 3, size=400)
    chosen = np.sort(np.concatenate([np.flatnonzero(class_ids == c)[:size] for c in range(3)]))
    centers = Centers.of(chosen, rows[chosen], class_ids[chosen], 3)
    owners, distances = centers.owners(rows, class_ids, np.arange(400))
    for c in range(3):
        own = np.flatnonzero(class_ids[chosen] == c)
        here = np.flatnonzero((class_ids == c) & ~np.isin(np.arange(400), chosen))
        found, apart = CenterTiles.of(rows[chosen[own]]).nearest(rows[here])
        assert owners[here].tolist() == own[found].tolist()
        assert distances[here].tolist() == apart.tolist()
    assert (chosen[owners[chosen]] == chosen).all()


@given(values=st.lists(FINITE, max_size=12), data=st.data())
def test_sums_of_groups_equal_the_sum_of_each_group(
    values: list[float], data: st.DataObject
) -> None:
    column = np.array(values, dtype=np.float32)
    groups = np.array([data.draw(st.integers(0, 3)) for _ in values], dtype=np.int64)
    found = ExactSum.of_groups(column, groups, 5).totals
    assert list(found) == [ExactSum.of(column[groups == g, None]).totals[0] for g in range(5)]


@pytest.mark.parametrize("n_groups", [7, 2**16 + 1])
@given(groups=st.lists(st.integers(0, 6), max_size=20))
def test_members_are_the_positions_of_each_group(n_groups: int, groups: list[int]) -> None:
    members = Members.of(np.array(groups, dtype=np.int64), n_groups)
    for group in range(7):
        assert members[group].tolist() == [i for i, g in enumerate(groups) if g == group]
