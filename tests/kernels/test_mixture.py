"""The kernel that finds the likeliest component, through `Mixture`, beside its oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import naive
from coresift._kernels.mixture import WIDTH, most_likely
from strategies import SMALL, UNIT, Array, matrices


def found(rows: Array, means: Array, halves: Array, heights: Array) -> tuple[list[int], Array]:
    """Call the kernel on components of shape (n_components, n_features)."""
    n, n_tiles = len(means), -(-len(means) // WIDTH)
    tables = [np.zeros((n_tiles * WIDTH, means.shape[1])) for _ in range(2)]
    tables[0][:n], tables[1][:n] = means, halves
    tops = np.full(n_tiles * WIDTH, -np.inf)
    tops[:n] = heights
    tiled = [np.ascontiguousarray(t.reshape(n_tiles, WIDTH, -1).transpose(0, 2, 1)) for t in tables]
    likeliest, density = np.empty(len(rows), dtype=np.int64), np.empty(len(rows))
    most_likely(rows, *tiled, tops.reshape(n_tiles, WIDTH), likeliest, density)
    return likeliest.tolist(), density


def assert_equals_oracle(rows: Array, means: Array, halves: Array, heights: Array) -> None:
    likeliest, density = found(rows, means, halves, heights)
    assert likeliest == [naive.likeliest(row, means, halves, heights) for row in rows]
    tops = [
        naive.height(row, means[k], halves[k], heights[k])
        for row, k in zip(rows, likeliest, strict=True)
    ]
    assert density.tolist() == tops


@given(rows=matrices(st.integers(0, 6), st.integers(1, 20)), data=st.data())
def test_most_likely_equals_its_oracle(rows: Array, data: st.DataObject) -> None:
    shape = (data.draw(st.sampled_from([1, 2, 5, 40])), rows.shape[1])
    means = data.draw(arrays(np.float64, shape, elements=SMALL | UNIT))
    halves = data.draw(arrays(np.float64, shape, elements=st.sampled_from([0.5, 1.0, 3.7, 1e9])))
    heights = data.draw(arrays(np.float64, shape[0], elements=st.sampled_from([0.0, -2.5, 30.0])))
    assert_equals_oracle(rows, means, halves, heights)


@pytest.mark.parametrize("n_components", [1, 31, 32, 33, 129])
@pytest.mark.parametrize("n_features", [1, 7, 8, 9, 17])
def test_components_fill_tiles_and_features_fill_strides(
    n_components: int, n_features: int
) -> None:
    rng = np.random.default_rng(n_components)
    means = rng.standard_normal((n_components, n_features))
    rows = np.concatenate([rng.standard_normal((9, n_features)), means[-3:]]).astype(np.float32)
    halves = rng.uniform(0.1, 50, size=means.shape)
    assert_equals_oracle(rows, means, halves, rng.uniform(-3, 3, size=n_components))


def test_a_tie_between_tiles_goes_to_the_lowest_component() -> None:
    means = np.arange(200.0)[:, None] % 70
    rows = means.astype(np.float32)
    likeliest, density = found(rows, means, np.ones_like(means), np.zeros(200))
    assert likeliest == [i % 70 for i in range(200)]
    assert not density.any()


def test_components_of_no_weight_win_no_row_but_where_all_are_such() -> None:
    rows, means, halves = np.zeros((1, 1), dtype=np.float32), np.zeros((3, 1)), np.ones((3, 1))
    nothing = np.full(3, -np.inf)
    assert found(rows, means, halves, nothing)[0] == [0]
    assert found(rows, means, halves, np.array([-np.inf, -9.0, -np.inf]))[0] == [1]
