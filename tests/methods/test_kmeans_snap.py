"""Snapped k-means: each mean has a row of its own, the nearest that it can have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift import KMeansSnap, Uniform
from coresift.methods.kmeans_snap import snap
from coresift.selectors import make_selector


@given(st.integers(1, 12), st.integers(0, 20), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_each_mean_gets_a_row_of_its_own(n_means: int, more: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 6, size=(n_means + more, width)).astype(np.float32)
    means = rng.normal(3, 2, size=(n_means, width)).astype(np.float32)
    found = snap(means, rows)
    assert len(set(found.tolist())) == n_means
    apart = ((rows[:, None] - means[None].astype(np.float64)) ** 2).sum(axis=2)
    # the row that is nearest to any mean of all is taken, and so is one nearest to each mean
    # that no other mean wants
    values = {tuple(row) for row in rows[found].tolist()}
    wanted = [tuple(rows[apart[:, j] == apart[:, j].min()][0].tolist()) for j in range(n_means)]
    assert wanted[int(apart.min(axis=0).argmin())] in values


@pytest.mark.parametrize("width", [4, 200])
def test_means_apart_are_snapped_to_their_nearest_rows(width: int) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, width)).astype(np.float32)
    means = rows[[5, 90, 170]] + np.float32(0.01)
    assert sorted(snap(means, rows).tolist()) == [5, 90, 170]


def test_equal_means_take_rows_one_after_the_other() -> None:
    rows = np.arange(40, dtype=np.float32)[:, None]
    means = np.full((20, 1), 20.2, dtype=np.float32)
    found = snap(means, rows)
    assert len(set(found.tolist())) == 20
    assert {20, 21, 19, 22} <= set(found.tolist())


@pytest.mark.parametrize("budget", [2, 8, 9, 30, 299, 300])
def test_a_quota_beyond_the_different_rows_takes_equal_ones_too(budget: int) -> None:
    X = np.repeat(np.arange(8.0).reshape(4, 2), 75, axis=0)
    y = np.arange(300) % 2
    selector = KMeansSnap(budget, random_state=0).fit(X, y)
    rows = selector.sample_indices_
    assert len(rows) == budget
    different = {(*X[row], y[row]) for row in rows}
    assert len(different) == min(budget, 8)
    assert selector.sample_weight_.sum() == pytest.approx(300)


def test_the_order_of_the_rows_has_no_meaning_for_k_means() -> None:
    rng = np.random.default_rng(0)
    sizes = rng.integers(5, 50, size=12)
    X = np.repeat(rng.normal(size=(12, 3)) * 100, sizes, axis=0)
    X += rng.normal(size=X.shape) * 0.001
    found = KMeansSnap(12, random_state=0).fit(X)
    assert sorted(found.sample_weight_.tolist()) == sorted(sizes.tolist())


def test_the_methods_beside_it_are_uniform_rows_with_either_weights() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(2000, 5)), rng.integers(0, 3, 2000)
    common: dict[str, Any] = {"budget": 60, "random_state": 0}
    snapped = make_selector("kmeans-snap").set_params(**common).fit(X, y)
    drawn = make_selector("uniform-assignment").set_params(**common).fit(X, y)
    assert snapped.report_["score"] < drawn.report_["score"]
    uniform = Uniform(**common).fit(X, y)
    assert drawn.sample_indices_.tolist() == uniform.sample_indices_.tolist()
    assert drawn.sample_weight_.tolist() != uniform.sample_weight_.tolist()
    assert np.bincount(y[drawn.sample_indices_], drawn.sample_weight_) == pytest.approx(
        np.bincount(y)
    )
