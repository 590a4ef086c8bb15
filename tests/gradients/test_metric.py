"""Metrics: the curvature of the loss, whole or as a product, and what chosen rows add to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from coresift.gradients import (
    LOSSES,
    KroneckerMetric,
    Logistic,
    Loss,
    Pilot,
    RowGradients,
    WholeMetric,
    fit_pilot,
    metric_for,
    one_step,
)
from coresift.gradients import metric as module
from strategies import SEEDS, Array

N_ROWS = 60


def looked(seed: int, loss: Loss, n_classes: int = 3) -> tuple[Pilot, Array, Array]:
    rng = np.random.default_rng(seed)
    rows = rng.random((N_ROWS, 3), dtype=np.float32)
    coef = rng.standard_normal((4, loss.n_outputs(n_classes)))
    if loss.classifies:
        return Pilot(coef, loss, n_classes), rows, rng.integers(0, n_classes, N_ROWS)
    return Pilot(coef, loss, 0), rows, rng.standard_normal(N_ROWS)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@given(seed=SEEDS)
def test_curvatures_are_the_derivatives_of_errors(loss: Loss, n_classes: int, seed: int) -> None:
    pilot, rows, targets = looked(seed, loss, n_classes)
    outputs, step = pilot.outputs(rows), 1e-6
    away = np.abs(np.abs(outputs) - 1).min(axis=1) > 1e-4  # a hinge has corners
    curvatures = loss.curvatures(outputs, targets)
    for b in range(outputs.shape[1]):
        ahead = outputs.copy()
        ahead[:, b] += step
        slopes = (loss.errors(ahead, targets) - loss.errors(outputs, targets)) / step
        for a in range(outputs.shape[1]):
            assert curvatures.pair(a, b)[away] == pytest.approx(slopes[away, a], abs=1e-4)
    shares = np.random.default_rng(seed).dirichlet(np.ones(N_ROWS))
    places = range(outputs.shape[1])
    mean = np.array([[shares @ curvatures.pair(a, b) for b in places] for a in places])
    assert curvatures.mean(shares) == pytest.approx(mean, abs=1e-12)
    assert curvatures.traces().sum() == pytest.approx(
        sum(curvatures.pair(a, a).sum() for a in range(outputs.shape[1]))
    )


@given(seed=SEEDS)
def test_the_whole_metric_makes_the_curvature_round(seed: int) -> None:
    pilot, rows, targets = looked(seed, Logistic())
    shares = np.full(N_ROWS, 1 / N_ROWS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_WHOLE_RIDGE", 0.0)
        metric = WholeMetric.of(pilot.look(rows, targets), shares)
    assert metric.shape == (1, 2 * 4)  # one class of three is not free

    def gradient(coef: Array) -> Array:
        return Pilot(coef, Logistic(), 3).look(rows, targets).sum(shares)

    step = 1e-5
    for c in range(3):
        for j in range(4):
            ahead = pilot.coef.copy()
            ahead[j, c] += step
            slope = (gradient(ahead) - gradient(pilot.coef)) / step
            # H = S^-1 S^-T, so that S H e and S^-T e are the same
            found = metric.gradient(slope).ravel()
            assert found == pytest.approx(np.linalg.pinv(metric.axes.T)[:, c * 4 + j], abs=1e-3)


@given(seed=SEEDS)
def test_the_product_makes_each_factor_round(seed: int) -> None:
    pilot, rows, targets = looked(seed, Logistic())
    shares, sample = np.full(N_ROWS, 1 / N_ROWS), pilot.look(rows, targets)
    metric = KroneckerMetric.of(sample, shares, ridge=0.0)
    assert metric.shape == (2, 4)
    errors = metric.error_axes @ sample.curvatures.mean(shares) @ metric.error_axes.T
    assert errors == pytest.approx(np.eye(2), abs=1e-4)
    _, values = metric.factors(sample)
    weights = shares * sample.curvatures.traces() / metric.mean_trace
    assert (values * weights[:, None]).T @ values == pytest.approx(np.eye(4), abs=1e-4)


METRICS = st.sampled_from(["whole", "product"])


def metric_of(kind: str, sample: RowGradients) -> Any:
    shares = np.full(len(sample), 1 / len(sample))
    if kind == "whole":
        return WholeMetric.of(sample, shares)
    return KroneckerMetric.of(sample, shares, 0.01)


@given(seed=SEEDS, kind=METRICS)
def test_factors_of_rows_are_gradients_in_the_metric(seed: int, kind: str) -> None:
    pilot, rows, targets = looked(seed, Logistic())
    sample = pilot.look(rows, targets)
    metric = metric_of(kind, sample)
    errors, values = metric.factors(sample)
    weights = np.random.default_rng(seed).random(N_ROWS)
    found = np.einsum("n,nc,nv->cv", weights, errors, values)
    assert found == pytest.approx(metric.gradient(sample.sum(weights)), abs=1e-3)


@given(seed=SEEDS, kind=METRICS)
def test_the_curvature_of_all_rows_leaves_the_metric(seed: int, kind: str) -> None:
    """Chosen rows that curve as all rows do change next to nothing."""
    pilot, rows, targets = looked(seed, Logistic())
    sample = pilot.look(rows, targets)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_WHOLE_RIDGE", 1e-9)
        metric = metric_of(kind, sample)
    gradient = sample.sum(np.random.default_rng(seed).dirichlet(np.ones(N_ROWS)))
    before = metric.gradient(gradient)
    after = metric.sharpened(sample, np.full(N_ROWS, 1 / N_ROWS)).gradient(gradient)
    assert np.linalg.norm(after - before) <= 0.2 * np.linalg.norm(before) + 1e-9


def test_directions_that_chosen_rows_miss_weigh_more() -> None:
    rows = np.float32([[1, 0], [0, 1], [1, 0], [0, 1]])
    sample = RowGradients.given(rows, np.ones((4, 1)))
    metric = WholeMetric.of(sample, np.full(4, 0.25))
    sharp = metric.sharpened(sample.take(np.array([0, 0])), np.full(2, 0.5))
    missed = np.array([[0.0, 1.0, 0.0]])
    assert np.linalg.norm(sharp.gradient(missed)) > 2 * np.linalg.norm(metric.gradient(missed))


def test_the_kind_of_metric_goes_by_size() -> None:
    pilot, rows, targets = looked(0, Logistic())
    sample, ones = pilot.look(rows, targets), np.ones(N_ROWS)
    assert isinstance(metric_for(sample, ones, 8, 10, 100), WholeMetric)
    assert isinstance(metric_for(sample, ones, 8, 10, 2**22), KroneckerMetric)
    assert isinstance(metric_for(sample, ones, 1000, 10, 100), KroneckerMetric)


def test_threads_change_no_bit_of_a_metric() -> None:
    rng = np.random.default_rng(0)
    rows, targets = rng.random((3000, 30), dtype=np.float32), rng.integers(0, 4, 3000)
    sample = Pilot(rng.standard_normal((31, 4)), Logistic(), 4).look(rows, targets)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append([metric_of(kind, sample).factors(sample) for kind in ("whole", "product")])
    for left, right in zip(*found, strict=True):
        assert (left[0] == right[0]).all()
        assert (left[1] == right[1]).all()


# One step


def population(seed: int, n_rows: int = 4000) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    rows = rng.random((n_rows, 4), dtype=np.float32)
    outputs = 3 * (rows - 0.5) @ rng.standard_normal((4, 3)) + rng.gumbel(size=(n_rows, 3))
    return rows, outputs.argmax(axis=1)


@pytest.mark.parametrize("seed", range(5))
def test_one_step_leads_to_the_model_of_all_rows(seed: int) -> None:
    rows, targets = population(seed)
    part = slice(0, 500)
    full = fit_pilot(rows, targets, Logistic(), 3, l2=1e-3)
    pilot = fit_pilot(rows[part], targets[part], Logistic(), 3, l2=1e-3)
    mean = pilot.look(rows, targets).sum(np.full(len(rows), 1 / len(rows)))
    moved, gradient = one_step(pilot, rows[part], targets[part], mean, l2=1e-3)

    def excess(found: Pilot) -> float:
        penalty = 0.5e-3 * ((found.coef[:-1] ** 2).sum() - (full.coef[:-1] ** 2).sum())
        return float((found.values(rows, targets) - full.values(rows, targets)).mean() + penalty)

    assert excess(moved) <= 0.3 * excess(pilot)
    there = moved.look(rows, targets).sum(np.full(len(rows), 1 / len(rows)))
    assert np.linalg.norm(gradient - there) <= 0.5 * np.linalg.norm(mean - there)


def test_no_step_from_a_sample_that_is_too_small_or_separable() -> None:
    rows, targets = population(0)
    few = slice(0, 9)
    pilot = fit_pilot(rows[few], targets[few], Logistic(), 3)
    gradient = np.ones((3, 5))
    assert one_step(pilot, rows[few], targets[few], gradient) == (pilot, gradient)
    clear = rows[np.abs(rows[:, 0] - 0.5) > 0.2][:200]
    sides = (clear[:, 0] > 0.5).astype(np.int64)
    apart = fit_pilot(clear, sides, Logistic(), 2)
    assert apart.runaway
    assert one_step(apart, clear, sides, np.ones((1, 5)))[0] is apart


def test_no_step_that_the_sample_speaks_against() -> None:
    rows, targets = population(0)
    part = slice(0, 500)
    pilot = fit_pilot(rows[part], targets[part], Logistic(), 3)
    assert one_step(pilot, rows[part], targets[part], np.full((3, 5), 0.5))[0] is pilot
