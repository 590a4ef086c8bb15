"""Pilots: fitted by us, or given as a model of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import (
    Lasso,
    LinearRegression,
    LogisticRegression,
    Perceptron,
    Ridge,
    SGDClassifier,
)
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from coresift import CoresiftError
from coresift.core.scaler import Moments, Scaler
from coresift.gradients import (
    LOSSES,
    Logistic,
    Squared,
    SquaredHinge,
    fit_pilot,
    pilot_from_model,
)
from strategies import SEEDS, Array

N_ROWS, N_FEATURES = 300, 4


def table(seed: int, n_classes: int) -> tuple[Array, Array, Array]:
    """Rows with a constant column, noisy labels or values, and weights."""
    rng = np.random.default_rng(seed)
    rows = rng.random((N_ROWS, N_FEATURES), dtype=np.float32)
    rows[:, 2] = 0.5
    outputs = 4 * rows @ rng.standard_normal((N_FEATURES, max(n_classes, 1)))
    noisy = outputs + rng.gumbel(size=outputs.shape)
    targets = noisy.argmax(axis=1) if n_classes else noisy[:, 0]
    if n_classes:
        targets[:n_classes] = np.arange(n_classes)
    return rows, targets, rng.integers(1, 4, N_ROWS).astype(float)


@pytest.mark.parametrize("n_classes", [2, 4])
@given(seed=SEEDS)
def test_a_logistic_pilot_is_scikit_learns(n_classes: int, seed: int) -> None:
    rows, targets, weights = table(seed, n_classes)
    pilot = fit_pilot(rows, targets, Logistic(), n_classes, weights=weights, l2=1e-2)
    model = LogisticRegression(
        C=1 / (1e-2 * weights.sum()), solver="newton-cholesky", tol=1e-10, max_iter=1000
    ).fit(rows.astype(np.float64), targets, sample_weight=weights)
    expected = model.predict_proba(rows.astype(np.float64))
    errors = pilot.errors(rows, targets)
    if n_classes == 2:
        found = errors[:, 0] + targets
        assert found == pytest.approx(expected[:, 1], abs=1e-3)
    else:
        assert errors + np.eye(n_classes)[targets] == pytest.approx(expected, abs=1e-3)


@given(seed=SEEDS)
def test_a_least_squares_pilot_is_ridge(seed: int) -> None:
    rows, targets, weights = table(seed, 0)
    pilot = fit_pilot(rows, targets, Squared(), weights=weights, l2=1e-2)
    model = Ridge(alpha=1e-2 * weights.sum()).fit(rows, targets, sample_weight=weights)
    assert pilot.outputs(rows)[:, 0] == pytest.approx(model.predict(rows), abs=1e-3)


@given(seed=SEEDS)
def test_a_hinge_pilot_is_where_the_gradient_vanishes(seed: int) -> None:
    rows, targets, _ = table(seed, 3)
    pilot = fit_pilot(rows, targets, SquaredHinge(), 3, l2=1e-2)
    wide = np.hstack([rows, np.ones((N_ROWS, 1))])
    gradient = wide.T @ pilot.errors(rows, targets) / N_ROWS
    gradient[:-1] += 1e-2 * pilot.coef[:-1]
    assert np.abs(gradient).max() < 1e-3


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_threads_change_no_bit_of_a_pilot(loss: Any) -> None:
    n_classes = 3 if loss.classifies else 0
    rows, targets, _ = table(0, n_classes)
    with threadpool_limits(2):
        left = fit_pilot(rows, targets, loss, n_classes)
    with threadpool_limits(1):
        right = fit_pilot(rows, targets, loss, n_classes)
    assert (left.coef == right.coef).all()


def test_weights_are_copies() -> None:
    rows, targets, weights = table(1, 3)
    times = weights.astype(int)
    weighted = fit_pilot(rows, targets, Logistic(), 3, weights=weights)
    copied = fit_pilot(np.repeat(rows, times, axis=0), np.repeat(targets, times), Logistic(), 3)
    assert weighted.outputs(rows) == pytest.approx(copied.outputs(rows), abs=5e-3)


def test_separable_classes_are_bounded_and_said() -> None:
    rows = np.linspace(0, 1, 20, dtype=np.float32)[:, None]
    targets = (rows[:, 0] > 0.5).astype(np.int64)
    pilot = fit_pilot(rows, targets, Logistic(), 2, l2=1e-4)
    assert pilot.runaway
    assert np.isfinite(pilot.coef).all()
    assert np.abs(pilot.coef).max() < 1e3
    targets[0] = 1
    assert not fit_pilot(rows, targets, Logistic(), 2, l2=1e-4).runaway


def test_a_class_that_is_absent_from_the_sample_stays_finite() -> None:
    rows, targets, _ = table(2, 3)
    kept = targets != 1
    pilot = fit_pilot(rows[kept], targets[kept], Logistic(), 3)
    assert np.isfinite(pilot.coef).all()
    assert pilot.errors(rows, targets)[targets == 1, 1] == pytest.approx(-1, abs=1e-2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"l2": 0.0}, "does not bound the pilot"),
        ({"l2": float("nan")}, "does not bound the pilot"),
        ({"weights": -np.ones(N_ROWS)}, "not negative"),
        ({"weights": np.zeros(N_ROWS)}, "not all 0"),
        ({"weights": np.full(N_ROWS, np.nan)}, "finite"),
    ],
)
def test_bad_input_of_a_fit(arguments: dict[str, Any], message: str) -> None:
    rows, targets, _ = table(0, 2)
    with pytest.raises(CoresiftError, match=message):
        fit_pilot(rows, targets, Logistic(), 2, **arguments)


def test_no_rows_are_too_few() -> None:
    with pytest.raises(CoresiftError, match="0 rows are too few"):
        fit_pilot(np.zeros((0, 2), dtype=np.float32), np.zeros(0, dtype=np.int64), Logistic(), 2)


# Given models


def scaled(X: Array, scale: str | None) -> tuple[Scaler, Array]:
    scaler = Scaler.from_moments(Moments.of(X, scale), scale)
    return scaler, scaler.transform(X)


@pytest.mark.parametrize("scale", ["minmax", "standard", None])
@pytest.mark.parametrize(
    ("model", "loss"),
    [
        (LogisticRegression(max_iter=2000), Logistic()),
        (SGDClassifier(loss="log_loss", random_state=0), Logistic()),
        (LinearSVC(), SquaredHinge()),
        (Ridge(), Squared()),
        (Lasso(alpha=1e-3), Squared()),
        (LinearRegression(), Squared()),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_given_model_keeps_its_outputs(
    model: Any, loss: Any, scale: str | None, n_classes: int
) -> None:
    rows, targets, _ = table(3, n_classes if loss.classifies else 0)
    X = rows.astype(np.float64) * [1, 50, 1, 0.1] + [0, 7, 0, 1]
    labels: tuple[str, ...] = ()
    if loss.classifies:
        labels = ("no", "perhaps", "yes")[:n_classes]
        targets = np.array(labels)[targets]
    scaler, small = scaled(X, scale)
    pilot = pilot_from_model(model.fit(X, targets), scaler, labels)
    assert pilot.loss == loss
    predict = model.decision_function if loss.classifies else model.predict
    expected = predict(X).reshape(len(X), -1)
    tolerance = 1e-3 * max(1.0, float(np.abs(expected).max()))
    assert pilot.outputs(small) == pytest.approx(expected, abs=tolerance)


@given(seed=SEEDS, scale=st.sampled_from(["minmax", "standard", None]))
def test_a_loss_can_be_named(seed: int, scale: str | None) -> None:
    rows, targets, _ = table(seed, 2)
    scaler, _ = scaled(rows, scale)
    model = Perceptron().fit(rows, targets)
    assert pilot_from_model(model, scaler, (0, 1), SquaredHinge()).loss == SquaredHinge()


def refuse(model: Any, labels: tuple[Any, ...], message: str, n_features: int = 2) -> None:
    scaler = Scaler(np.zeros(n_features), np.ones(n_features))
    with pytest.raises(CoresiftError, match=message):
        pilot_from_model(model, scaler, labels)


def test_models_that_do_not_fit_are_refused() -> None:
    rows, targets, _ = table(0, 3)
    X = rows[:, :2]
    good = LogisticRegression().fit(X, targets)
    refuse(LogisticRegression(), (0, 1, 2), "no coef_ and intercept_")
    refuse("a model", (0, 1), "pilot=str has no coef_")
    refuse(good, (0, 1, 2), "knows 2 features, the rows have 4", n_features=4)
    refuse(good, (0, 1, 5), "other classes than the labels .they differ in 2, 5")
    refuse(good, (0, 1), "other classes")
    refuse(good, (), "is a classifier, the target is a number")
    refuse(Ridge().fit(X, targets), (0, 1, 2), "predicts a number, the targets are 3 classes")
    refuse(Ridge().fit(X, X), (), "has 2 outputs")
    refuse(Perceptron().fit(X, targets), (0, 1, 2), "a loss without gradients")
