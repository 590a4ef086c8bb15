from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift.core.kd_order import block_order, tight_order
from strategies import Array, matrices


@given(
    points=matrices(st.integers(1, 70), st.integers(1, 3)),
    width=st.integers(1, 9),
    taken=st.integers(0, 8),
)
def test_every_point_has_one_place(points: Array, width: int, taken: int) -> None:
    order = block_order(points, width, min(taken, width - 1))
    assert sorted(order.tolist()) == list(range(len(points)))


def test_cuts_are_where_blocks_end() -> None:
    points = np.arange(10.0)[::-1, None]
    ordered = points[block_order(points, 4, taken=3)].reshape(-1)
    blocks = [sorted(block.tolist()) for block in np.split(ordered, [1, 5, 9])]
    assert blocks == [[0.0], [1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0]]


@pytest.mark.parametrize("n", [1000, 1024])
def test_blocks_are_compact(n: int) -> None:
    points = np.random.default_rng(0).random((n, 2))
    ordered = points[block_order(points, 32)]
    spread = [ordered[start : start + 32].std(axis=0).max() for start in range(0, n, 32)]
    assert max(spread) < 0.5 * points.std(axis=0).max()


def test_equal_points_stay_in_order() -> None:
    assert block_order(np.zeros((100, 2)), 8).tolist() == list(range(100))


@given(points=matrices(st.integers(1, 70), st.integers(1, 6)), width=st.integers(1, 9))
def test_a_tight_order_has_each_point_once(points: Array, width: int) -> None:
    order = tight_order(points, width)
    assert sorted(order.tolist()) == list(range(len(points)))


def test_a_tight_order_parts_two_values_where_they_change() -> None:
    flags = np.float32(np.arange(64) % 4 == 0)[:, None]  # 16 of 64
    ordered = flags[tight_order(flags, 8)].reshape(8, 8)
    assert (ordered.min(axis=1) == ordered.max(axis=1)).all()


def test_a_tight_order_of_a_long_tail_is_cut_into_pieces_of_some_size() -> None:
    points = np.float32(2.0 ** np.arange(-60, 60))[:, None]
    assert points[tight_order(points, 4)].reshape(-1).tolist() == np.sort(points[:, 0]).tolist()
