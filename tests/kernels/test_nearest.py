"""The kernel that assigns rows, through `CenterTiles`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift._kernels.nearest import settle
from coresift.core.nearest import CenterTiles
from naive import nearest, squared_distance
from strategies import SMALL, UNIT, WIDE, Array, matrices


def assert_equals_oracle(rows: Array, centers: Array) -> None:
    found, distances = CenterTiles.of(centers).nearest(rows)
    expected = [nearest(row, centers) for row in rows]
    assert found.tolist() == expected
    pairs = zip(rows, centers[expected], strict=True)
    assert distances.tolist() == [np.sqrt(squared_distance(*pair)) for pair in pairs]


@given(both=matrices(st.integers(1, 12), st.integers(1, 6)), cut=st.integers(0, 11))
def test_nearest_equals_its_oracle(both: Array, cut: int) -> None:
    cut = min(cut, len(both) - 1)
    assert_equals_oracle(both[:cut], both[cut:])


@pytest.mark.parametrize("n_centers", [1, 31, 32, 33, 129])
def test_centers_fill_tiles(n_centers: int) -> None:
    rng = np.random.default_rng(n_centers)
    centers = rng.standard_normal((n_centers, 5)).astype(np.float32)
    rows = np.concatenate([rng.standard_normal((9, 5)).astype(np.float32), centers[-3:]])
    assert_equals_oracle(rows, centers)


def test_a_tie_between_tiles_goes_to_the_lowest_center() -> None:
    centers = np.arange(200, dtype=np.float32)[:, None] % 70
    found, distances = CenterTiles.of(centers).nearest(centers)
    assert found.tolist() == [i % 70 for i in range(200)]
    assert not distances.any()


def test_a_tile_whose_box_is_as_near_as_the_best_is_looked_at() -> None:
    positive = np.arange(1, 33, dtype=np.float32)
    centers = np.concatenate([positive, -positive])[:, None]  # the second half is the first tile
    found, distances = CenterTiles.of(centers).nearest(np.zeros((1, 1), dtype=np.float32))
    assert (found.tolist(), distances.tolist()) == ([0], [1.0])


@pytest.mark.parametrize("n_centers", [1, 32, 40, 200])
@given(seed=st.integers(0, 50))
def test_features_that_are_equal_in_a_tile(n_centers: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n_centers + 9, 12)).astype(np.float32)
    rows[:, 3:] = rng.random((len(rows), 9)) < 0.1  # rare flags, most of them nowhere in a tile
    assert_equals_oracle(rows[n_centers:], rows[:n_centers])


@pytest.mark.parametrize("n_features", [17, 40])
def test_boxes_that_are_told_by_some_of_their_features(n_features: int) -> None:
    rng = np.random.default_rng(n_features)
    rows = rng.standard_normal((1_300, n_features)).astype(np.float32)
    rows *= np.linspace(0.5, 1.5, n_features, dtype=np.float32)
    assert len(CenterTiles.of(rows[:1_290]).telling) == 16 + (n_features == 40) * 23
    assert_equals_oracle(rows[1_290:], rows[:1_290])


@given(
    both=matrices(st.integers(2, 14), st.integers(1, 20), SMALL | UNIT | WIDE),
    cut=st.integers(1, 13),
    apart=st.sampled_from([0.0, 1e3, 1e6]),
    seed=st.integers(0, 9),
)
def test_products_summed_in_any_order_settle_the_nearest(
    both: Array, cut: int, apart: float, seed: int
) -> None:
    both = both + np.float32(apart)  # so that norms cancel, and many centers may be nearest
    centers, rows = both[: min(cut, len(both) - 1)], both[min(cut, len(both) - 1) :]
    order = np.random.default_rng(seed).permutation(both.shape[1])

    def summed(left: Array, right: Array) -> np.float32:
        return np.cumsum((left * right)[order], dtype=np.float32)[-1]

    norms = [np.array([summed(row, row) for row in some]) for some in (rows, centers)]
    products = np.array([[summed(row, center) for center in centers] for row in rows])
    found, squared = np.empty(len(rows), np.int64), np.empty(len(rows), np.float32)
    settle(rows, norms[0], centers, norms[1], products, found, squared)
    assert found.tolist() == [nearest(row, centers) for row in rows]
    pairs = zip(rows, centers[found], strict=True)
    assert squared.tolist() == [squared_distance(*pair) for pair in pairs]


@pytest.mark.parametrize(("scale", "apart"), [(1, 0), (1, 100), (1e-22, 0), (1e18, 0)])
def test_rows_that_look_into_all_tiles(scale: float, apart: float) -> None:
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((150, 20)) * scale + apart
    rows[:40:7] = rows[110]  # ties
    assert_equals_oracle(rows[70:].astype(np.float32), rows[:70].astype(np.float32))
