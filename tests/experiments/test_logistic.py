"""Logistic regression with a penalty on the mean loss."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from coresift import LabelError, ParameterError, compare
from coresift.experiments import L2Logistic


def table(n_classes: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, 300)
    X = rng.normal(size=(300, 4)).astype(np.float32) + y[:, None] * np.float32(0.7)
    return X, y, rng.uniform(0.5, 20, 300)


def test_the_gradient_of_the_objective_is_zero() -> None:
    X, y, weights = table()
    model = L2Logistic(l2=0.01).fit(X, y, weights)
    errors = model.predict_proba(X) - np.eye(3)[y]
    gradient = (errors * weights[:, None]).T @ X / weights.sum() + 0.01 * model.model_.coef_
    assert np.abs(gradient).max() < 1e-4
    assert np.abs((errors * weights[:, None]).sum(axis=0)).max() / weights.sum() < 1e-4


def test_weights_that_are_all_larger_change_nothing_and_rows_may_be_repeated_instead() -> None:
    X, y, _ = table()
    one, many = L2Logistic().fit(X, y), L2Logistic().fit(X, y, np.full(300, 50.0))
    np.testing.assert_allclose(one.model_.coef_, many.model_.coef_, rtol=1e-3)
    twice = L2Logistic().fit(np.repeat(X, 2, axis=0), np.repeat(y, 2))
    np.testing.assert_allclose(one.model_.coef_, twice.model_.coef_, rtol=1e-3)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_it_is_the_regression_of_scikit_learn(n_classes: int) -> None:
    X, y, weights = table(n_classes)
    other = LogisticRegression(C=1 / (0.001 * weights.sum()), tol=1e-6, max_iter=5000)
    other.fit(X.astype(float), y, sample_weight=weights)
    model = L2Logistic(0.001).fit(X, y, weights)
    np.testing.assert_array_equal(model.predict_proba(X), other.predict_proba(X.astype(float)))
    np.testing.assert_array_equal(model.predict(X), other.predict(X.astype(float)))


def test_comparisons_know_it_by_name() -> None:
    X, y, _ = table()
    common = {"budget": 60, "seeds": 1, "methods": ["uniform"], "isolate": False}
    found = compare(X, y, model=["logistic-l2", L2Logistic(0.1)], **common)
    assert found.models == ("logistic-l2", "L2Logistic(l2=0.1)")
    assert {result.status for result in found.results} == {"ok"}
    assert found.result("full").runs == 1
    losses = [found.result("full", model=model).mean("log_loss") for model in found.models]
    assert losses[0] != losses[1]


@pytest.mark.parametrize("l2", [0, -1, float("inf"), float("nan")])
def test_penalties_that_cannot_be(l2: float) -> None:
    X, y, _ = table()
    with pytest.raises(ParameterError, match="above 0"):
        L2Logistic(l2).fit(X, y)
    with pytest.raises(LabelError, match="1 class"):
        L2Logistic().fit(X, np.zeros(300))
