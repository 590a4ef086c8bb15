"""The choice of members: one of each cell, no single exchange better, weights positive."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from coresift.gradients import (
    Balanced,
    KroneckerMetric,
    Metric,
    RowGradients,
    Search,
    WholeMetric,
    balance,
    gradient_error,
)
from naive import identical
from strategies import SEEDS, Array

ONCE = Search(loops=1, sweeps=40, calibration=None)


def problem(seed: int, product: bool) -> tuple[Array, RowGradients, Array, Array, Metric]:
    """Cells of candidates, sizes and the mean gradient of rows around them."""
    rng = np.random.default_rng(seed)
    cells = np.repeat(np.arange(8), rng.integers(1, 7, 8))
    rows = rng.random((len(cells), 3), dtype=np.float32)
    gradients = RowGradients.given(rows, rng.standard_normal((len(cells), 2)))
    shares = np.full(len(cells), 1 / len(cells))
    kinds = (KroneckerMetric.of(gradients, shares, 0.01), WholeMetric.of(gradients, shares))
    return cells, gradients, rng.uniform(1, 9, 8), gradients.sum(shares), kinds[not product]


@given(seed=SEEDS, product=st.booleans())
def test_one_member_of_each_cell_with_a_positive_weight(seed: int, product: bool) -> None:
    cells, *rest = problem(seed, product)
    found = balance(cells, *rest, np.random.default_rng(seed))
    assert cells[found.chosen].tolist() == list(range(8))
    assert (found.weights > 0).all()
    assert np.isfinite(found.weights).all()
    assert all(error >= 0 for error in found.errors)


@given(seed=SEEDS, product=st.booleans())
def test_no_single_exchange_is_better(seed: int, product: bool) -> None:
    cells, gradients, sizes, target, metric = problem(seed, product)
    found = balance(cells, gradients, sizes, target, metric, np.random.default_rng(seed), ONCE)
    assert (found.weights == sizes).all()
    assert found.errors[-1] <= found.errors[0] * (1 + 1e-5) + 1e-9

    def error(chosen: Array) -> float:
        return gradient_error(gradients.take(chosen), sizes, target, metric)

    for candidate, cell in enumerate(cells):
        other = found.chosen.copy()
        other[cell] = candidate
        assert error(other) >= error(found.chosen) * (1 - 1e-4) - 1e-6


@given(seed=SEEDS, product=st.booleans())
def test_a_seed_gives_one_choice(seed: int, product: bool) -> None:
    arguments = problem(seed, product)
    found: list[Balanced] = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(balance(*arguments, np.random.default_rng(seed)))
    assert identical(*found)


def test_an_error_that_is_small_enough_ends_the_search() -> None:
    arguments = problem(0, True)
    found = balance(*arguments, np.random.default_rng(0), Search(loops=5, enough=1e9))
    assert len(found.errors) == 2
    assert len(balance(*arguments, np.random.default_rng(0), Search(loops=5)).errors) == 6


def test_a_gradient_error_is_a_squared_length() -> None:
    rows = np.float32([[1.0], [3.0]])
    gradients = RowGradients.given(rows, np.ones((2, 1)))
    metric = KroneckerMetric(np.eye(1), np.eye(2), 1.0)
    error = gradient_error(gradients, np.array([1.0, 1.0]), np.array([[5.0, 1.0]]), metric)
    assert error == pytest.approx(9.0)
