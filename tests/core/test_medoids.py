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
    Closest,
    Draw,
    Grid,
    Membership,
    cell_costs,
    cell_distances,
)
from strategies import SEEDS, Array, Dataset, chunkings, datasets

N_CELLS = 3


def grid_of(rows: Dataset) -> Grid:
    return Grid.of(rows.rows.min(axis=0), rows.rows.max(axis=0), len(rows))


def cells_of(rows: Dataset) -> Array:
    """Classes stand in for cells; the last of the three may be empty."""
    return np.minimum(rows.class_ids, N_CELLS - 1)


@given(rows=datasets())
def test_steps_are_as_fine_as_62_bits_allow(rows: Dataset) -> None:
    grid = grid_of(rows)
    extent = float(np.linalg.norm(np.ptp(rows.rows.astype(np.float64), axis=0)))
    total = int(grid.steps(np.array([extent]))[0]) * len(rows)
    assert total < 2**62
    assert total >= 2**59 or extent < 1e-37


@given(rows=datasets())
def test_means_are_those_of_the_members(rows: Dataset) -> None:
    cells, grid = cells_of(rows), grid_of(rows)
    sums = CellSums.of(rows.rows, cells, N_CELLS, grid)
    assert sums.sizes.tolist() == np.bincount(cells, minlength=N_CELLS).tolist()
    extent = float(np.ptp(rows.rows.astype(np.float64), axis=0).max())
    for cell in np.unique(cells):
        mean = rows.rows[cells == cell].astype(np.float64).mean(axis=0)
        assert sums.means(grid)[cell] == pytest.approx(mean, rel=1e-6, abs=1e-6 * extent)


@given(rows=datasets(), limit=st.integers(1, 4))
def test_closest_are_the_first_by_distance_and_row_id(rows: Dataset, limit: int) -> None:
    cells, squared = cells_of(rows), (rows.rows[:, 0] % 3).astype(np.float32)
    found = Closest.of(cells, rows.row_ids, squared, limit)
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
    drawn = Draw.of(cells, rows.row_ids, N_CELLS, seed).row_ids
    for cell in range(N_CELLS):
        ids = rows.row_ids[cells == cell]
        expected = ids[np.argmin(row_hash(ids, seed))] if len(ids) else -1
        assert drawn[cell] == expected


def test_a_draw_takes_every_row_alike() -> None:
    cells, ids = np.zeros(4, dtype=np.int64), np.arange(4)
    counts = np.bincount([Draw.of(cells, ids, 1, seed).row_ids[0] for seed in range(2000)])
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
    grid = grid_of(rows)
    costs = cell_costs(squared, cells, N_CELLS, grid)
    for cell in range(N_CELLS):
        steps = grid.steps(np.sqrt(squared[cells == cell])).astype(object)
        assert costs[cell].tolist() == [steps[:, 0].sum(), steps[:, 1].sum()]


@given(rows=datasets(), data=st.data())
def test_membership_finds_the_cell_of_every_row(rows: Dataset, data: st.DataObject) -> None:
    cells, ids = cells_of(rows).astype(np.int32), np.arange(len(rows))
    pieces = [Membership(((ids[c], cells[c]),)) for c in data.draw(chunkings(len(rows)))]
    found = reduce(Membership.merge, pieces[::-1], Membership())
    assert found.by_row(len(rows)).tolist() == cells.tolist()
