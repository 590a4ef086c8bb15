"""Calibrated weights: the optimum, positive, near the given ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

import naive
from coresift.gradients import Calibration, calibrate, to_class_sizes
from coresift.gradients import calibration as module
from strategies import SEEDS, Array

LIMITS = Calibration()


def problem(seed: int, scale: float) -> tuple[Array, Array, Array, Array]:
    rng = np.random.default_rng(seed)
    n_rows, shape = rng.integers(1, 12), rng.integers(1, 4, 2)
    errors, rows = rng.standard_normal((n_rows, shape[0])), rng.standard_normal((n_rows, shape[1]))
    return errors, rows, rng.uniform(0.5, 9, n_rows), scale * rng.standard_normal(shape)


@pytest.mark.parametrize("newton", [True, False])
@given(
    seed=SEEDS,
    tau=st.sampled_from([0.01, 0.1, 1.0]),
    cap=st.sampled_from([2.0, 10.0]),
    scale=st.sampled_from([0.1, 1.0, 1e3]),
)
def test_weights_solve_the_ridge_problem(
    newton: bool, seed: int, tau: float, cap: float, scale: float
) -> None:
    errors, rows, base, target = problem(seed, scale)
    limits = Calibration(tau, 1e-3, cap)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "NEWTON_LIMIT", 900 if newton else 0)
        weights = calibrate(errors, rows, base, target, limits)
    gradients = (errors[:, :, None] * rows[:, None, :]).reshape(len(base), -1)
    expected = naive.calibrated(gradients, base, target.ravel(), tau, 1e-3, cap)

    def cost(found: Array) -> float:
        shares, own = base / base.sum(), found / base.sum()
        apart = gradients.T @ own - target.ravel()
        return float(apart @ apart + tau * ((own - shares) ** 2 / shares).sum()) / 2

    assert cost(weights) <= cost(expected) * (1 + 1e-6) + 1e-9
    assert (weights >= 1e-3 * base * (1 - 1e-12)).all()
    assert (weights <= cap * base * (1 + 1e-12)).all()
    assert np.isfinite(weights).all()


@given(seed=SEEDS)
def test_balanced_weights_stay(seed: int) -> None:
    errors, rows, base, _ = problem(seed, 1)
    shares = base / base.sum()
    target = np.einsum("k,kc,kv->cv", shares, errors, rows)
    assert calibrate(errors, rows, base, target) == pytest.approx(base, rel=1e-6)


@given(slopes=st.lists(st.floats(-30, 30), min_size=1))
def test_the_integral_has_the_factor_for_its_slope(slopes: list[float]) -> None:
    at, step = np.array(slopes), 1e-5
    slope = (LIMITS.integrals(at + step) - LIMITS.integrals(at - step)) / (2 * step)
    assert slope == pytest.approx(LIMITS.factors(at), abs=1e-4)
    assert LIMITS.integrals(np.zeros(1)).tolist() == [0]


def test_threads_change_no_bit() -> None:
    rng = np.random.default_rng(0)
    errors, rows = rng.standard_normal((400, 5)), rng.standard_normal((400, 40))
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(calibrate(errors, rows, np.ones(400), np.ones((5, 40))))
    assert (found[0] == found[1]).all()


@given(seed=SEEDS, n_classes=st.integers(1, 4))
def test_weights_sum_to_the_sizes_of_the_classes(seed: int, n_classes: int) -> None:
    rng = np.random.default_rng(seed)
    class_ids = np.append(np.arange(n_classes), rng.integers(0, n_classes, 10))
    sizes = rng.integers(1, 10**6, n_classes)
    weights = to_class_sizes(rng.uniform(1e-3, 10, len(class_ids)), class_ids, sizes)
    assert (weights > 0).all()
    np.testing.assert_allclose(np.bincount(class_ids, weights), sizes, rtol=1e-12)
