"""Cells: their sums, their most central rows, a draw from each."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift._rng import row_hash
from coresift.core.medoids import (
    CellSums,
    FixedPoint,
    Membership,
    cell_costs,
    cell_distances,
)
from coresift.core.merge import BottomK
from strategies import SEEDS, Array, Dataset, chunkings, datasets

N_CELLS = 3


def units_of(rows: Dataset) -> FixedPoint:
    return FixedPoint.of(rows.rows.min(axis=0), rows.rows.max(axis=0), len(rows))


def draw_of(cells: Array, row_ids: Array, n_cells: int, seed: int) -> BottomK:
    """Draw one row of each cell."""
    limits = np.ones(n_cells, dtype=np.int64)
    return BottomK.of(cells, (row_hash(row_ids, seed),), row_ids, limits)


def cells_of(rows: Dataset) -> Array:
    """Classes stand in for cells; the last of the three may be empty."""
    return np.minimum(rows.class_ids, N_CELLS - 1)


@given(rows=datasets())
def test_steps_are_as_fine_as_62_bits_allow(rows: Dataset) -> None:
    units = units_of(rows)
    extent = float(np.linalg.norm(np.ptp(rows.rows.astype(np.float64), axis=0)))
    total = int(units.steps(np.array([extent]))[0]) * len(rows)
    assert total < 2**62
    assert total >= 2**59 or extent < 1e-37


@given(rows=datasets())
def test_means_are_those_of_the_members(rows: Dataset) -> None:
    cells, units = cells_of(rows), units_of(rows)
    sums = CellSums.of(rows.rows, cells, N_CELLS, units)
    assert sums.sizes.tolist() == np.bincount(cells, minlength=N_CELLS).tolist()
    extent = float(np.ptp(rows.rows.astype(np.float64), axis=0).max())
    for cell in np.unique(cells):
        mean = rows.rows[cells == cell].astype(np.float64).mean(axis=0)
        assert sums.means(units)[cell] == pytest.approx(mean, rel=1e-6, abs=1e-6 * extent)


@given(rows=datasets(), limit=st.integers(1, 4))
def test_closest_are_the_first_by_distance_and_row_id(rows: Dataset, limit: int) -> None:
    cells, squared = cells_of(rows), (rows.rows[:, 0] % 3).astype(np.float32)
    limits = np.full(N_CELLS, limit)
    found = BottomK.of(cells, (squared,), rows.row_ids, limits)
    first = np.arange(-N_CELLS, 0)
    table = found.table(first)
    for cell in range(N_CELLS):
        pairs = sorted(zip(squared[cells == cell], rows.row_ids[cells == cell], strict=True))
        expected = [int(row_id) for _, row_id in pairs[:limit]]
        padding = [first[cell]] * (limit - len(expected))
        assert table[cell].tolist() == [first[cell], *expected, *padding]


@given(rows=datasets(), seed=SEEDS)
def test_a_draw_takes_the_smallest_hash_of_each_cell(rows: Dataset, seed: int) -> None:
    cells = cells_of(rows)
    drawn = draw_of(cells, rows.row_ids, N_CELLS, seed)
    assert drawn.groups.tolist() == np.unique(cells).tolist()
    for cell, row_id in zip(drawn.groups, drawn.row_ids, strict=True):
        ids = rows.row_ids[cells == cell]
        assert row_id == ids[np.argmin(row_hash(ids, seed))]


def test_a_draw_takes_every_row_alike() -> None:
    cells, ids = np.zeros(4, dtype=np.int64), np.arange(4)
    counts = np.bincount([draw_of(cells, ids, 1, seed).row_ids[0] for seed in range(2000)])
    assert counts / 2000 == pytest.approx(0.25, abs=0.05)


@given(rows=datasets(), data=st.data())
def test_distances_to_the_points_of_a_cell_equal_their_oracle(
    rows: Dataset, data: st.DataObject
) -> None:
    cells = cells_of(rows)
    which = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=6, max_size=6))
    points = rows.rows[np.array(which).reshape(N_CELLS, 2)]
    squared = cell_distances(rows.rows, cells, points)
    expected = [
        [naive.squared_distance(row, point) for point in points[cell]]
        for row, cell in zip(rows.rows, cells, strict=True)
    ]
    assert squared.tolist() == expected
    units = units_of(rows)
    costs = cell_costs(squared, cells, N_CELLS, units)
    for cell in range(N_CELLS):
        steps = units.steps(np.sqrt(squared[cells == cell])).astype(object)
        assert costs[cell].tolist() == [steps[:, 0].sum(), steps[:, 1].sum()]


@given(rows=datasets(), data=st.data())
def test_membership_finds_the_cell_of_every_row(rows: Dataset, data: st.DataObject) -> None:
    cells, ids = cells_of(rows).astype(np.int32), np.arange(len(rows))
    pieces = [Membership(((ids[c], cells[c]),)) for c in data.draw(chunkings(len(rows)))]
    found = reduce(Membership.merge, pieces[::-1], Membership())
    assert found.by_row(len(rows)).tolist() == cells.tolist()
