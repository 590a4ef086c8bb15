from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift.core.blocks import block_order
from strategies import Array, matrices


@given(points=matrices(st.integers(1, 70), st.integers(1, 3)), width=st.integers(1, 9))
def test_every_point_has_one_place(points: Array, width: int) -> None:
    assert sorted(block_order(points, width).tolist()) == list(range(len(points)))


@pytest.mark.parametrize("n", [1000, 1024])
def test_blocks_are_compact(n: int) -> None:
    points = np.random.default_rng(0).random((n, 2))
    ordered = points[block_order(points, 32)]
    spread = [ordered[start : start + 32].std(axis=0).max() for start in range(0, n, 32)]
    assert max(spread) < 0.5 * points.std(axis=0).max()


def test_equal_points_stay_in_order() -> None:
    assert block_order(np.zeros((100, 2)), 8).tolist() == list(range(100))
