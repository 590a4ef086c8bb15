"""Rows that are spread over others, through `spread_rows`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift.core.facility import spread_rows
from coresift.core.facility.blocks import Blocks
from strategies import SEEDS


@given(
    seed=SEEDS,
    n_rows=st.integers(1, 80),
    n_values=st.integers(1, 30),
    n_tries=st.integers(1, 3),
    data=st.data(),
)
def test_picks_equal_their_oracle(
    seed: int, n_rows: int, n_values: int, n_tries: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, n_values, size=(n_rows, 3)).astype(np.float32)
    quota = data.draw(st.integers(1, n_rows))
    found = spread_rows(rows, quota, np.random.default_rng(seed), n_tries)
    shares = np.random.default_rng(seed).random((quota, n_tries))
    blocks = Blocks.of(rows)
    grid = blocks.grid
    places = naive.spread(
        rows[blocks.order], shares, grid.scale, max(1, grid.worst), grid.features, grid.flags
    )
    assert found.tolist() == blocks.order[places].tolist()


@pytest.mark.parametrize("n_tries", [1, 8])
def test_all_different_rows_are_found_and_none_twice(n_tries: int) -> None:
    rows = np.repeat(np.arange(50, dtype=np.float32), 3)[:, None]
    found = spread_rows(rows, 120, np.random.default_rng(0), n_tries)
    assert sorted(rows[found, 0].tolist()) == list(range(50))


@pytest.mark.slow
def test_more_tries_cover_better() -> None:
    rows = np.random.default_rng(0).standard_normal((2000, 4)).astype(np.float32)

    def cost(n_tries: int) -> float:
        found = rows[spread_rows(rows, 40, np.random.default_rng(1), n_tries)]
        return float(np.linalg.norm(rows[:, None] - found, axis=2).min(axis=1).sum())

    assert cost(16) < cost(1)
