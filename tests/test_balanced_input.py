"""Input that balanced coresets cannot use, or only just: one clear error, or a coreset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.svm import LinearSVC

from coresift import (
    BudgetError,
    CoresiftError,
    DataError,
    FastCore,
    LabelError,
    ParameterError,
    Uniform,
)
from strategies import Array

BOTH = {"weights": "calibrated", "representative": "balanced", "random_state": 0}
X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
Y = np.arange(60) % 3


def fit(y: Any = Y, rows: Array = X, weight: Any = None, budget: int = 12, **more: Any) -> FastCore:
    return FastCore(budget, **BOTH, **more).fit(rows, y, weight)


@pytest.mark.parametrize(
    ("pilot", "message"),
    [
        (LogisticRegression().fit(X, Y + 1), "other classes than the labels .they differ in 0, 3."),
        (LogisticRegression().fit(X, Y > 1), "knows other classes than the labels"),
        (LogisticRegression().fit(X[:, :2], Y), "knows 2 features, the rows have 3"),
        (LogisticRegression(), "has no coef_ and intercept_: give a fitted linear model"),
        (RandomForestClassifier(3).fit(X, Y), "pilot=RandomForestClassifier has no coef_"),
        (SGDClassifier(loss="hinge").fit(X, Y), "a loss without gradients here .'hinge'."),
        (LinearSVC(loss="hinge").fit(X, Y), "a loss without gradients here .'hinge'."),
        ("logistic", "pilot=str has no coef_"),
    ],
    ids=str,
)
def test_pilots_that_do_not_fit(pilot: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        fit(pilot=pilot)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.where(Y == 1, -1.0, 1.0), "negative|below 0"),
        (np.zeros(60), "0"),
        (np.where(Y == 1, np.nan, 1.0), "NaN|finite|missing"),
        (np.ones(59), "59"),
    ],
    ids=["negative", "all 0", "NaN", "length"],
)
@pytest.mark.parametrize("y", [Y, X[:, 0] + 0.1 * X[:, 1]], ids=["classes", "numbers"])
def test_weights_that_cannot_be(y: Array, weight: Array, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit(y, weight=weight)


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.where(Y == 0, np.nan, X[:, 0]), "20 of 60 labels are missing"),
        (np.where(Y == 0, np.inf, X[:, 0]), "20 of the numbers to predict are infinite"),
        (np.eye(3)[Y], r"shape \(60, 3\).*one label per row"),
        (np.column_stack([X[:, 0], X[:, 1]]), r"shape \(60, 2\).*one label per row"),
        ([[0], [0, 1], [2]] * 20, "label"),
    ],
    ids=["NaN", "infinite", "multi-label", "multi-output", "lists"],
)
def test_targets_that_cannot_be(y: Any, message: str, check: bool) -> None:
    with pytest.raises(LabelError, match=message):
        FastCore(12, **BOTH).fit(X, y, check=check)


@pytest.mark.parametrize("n_rows", [3, 4, 5])
@pytest.mark.parametrize("numbers", [False, True])
def test_fewer_rows_than_two_of_each_class(n_rows: int, numbers: bool) -> None:
    y = X[:n_rows, 1] if numbers else Y[:n_rows]
    target = "regression" if numbers else "auto"
    for budget in range(3, n_rows + 1):
        found = fit(y, X[:n_rows], budget=budget, target=target)
        assert len(found.sample_indices_) == budget
        assert (found.sample_weight_ > 0).all()
        assert found.sample_weight_.sum() == pytest.approx(n_rows)
        if budget < n_rows:  # else nothing was left to choose
            assert found.report_["check"]["reason"] == "too few rows to hold some out"
    with pytest.raises(BudgetError):
        fit(y, X[:n_rows], budget=n_rows + 1, target=target)


def test_fewer_rows_to_choose_than_classes() -> None:
    with pytest.raises(BudgetError, match="2"):
        fit(budget=2)


def test_rows_of_one_value() -> None:
    for y in (Y, Y + X[:, 0]):
        found = fit(y, np.ones_like(X))
        assert found.sample_weight_.sum() == pytest.approx(60)
        assert (found.sample_weight_ > 0).all()


@pytest.mark.parametrize("loss", ["logistic", "squared_hinge"])
def test_separable_classes_are_bounded_and_said(loss: str) -> None:
    rows = np.random.default_rng(0).normal(size=(900, 3)).astype(np.float32)
    y = np.arange(900) % 3
    rows[:, 0] += 50 * y
    found = fit(y, rows, loss=loss)
    assert found.report_["pilot"]["runaway"]
    assert np.isfinite(found.sample_weight_).all()
    np.testing.assert_allclose(np.bincount(y[found.sample_indices_], found.sample_weight_), 300)
    assert not fit(np.random.default_rng(1).integers(0, 3, 900), rows).report_["pilot"]["runaway"]


@pytest.mark.parametrize("numbers", [False, True], ids=["classes", "numbers"])
def test_constraints_far_beyond_the_rows_are_held_back_and_said(numbers: bool) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(1500, 300)).astype(np.float32)
    y: Array = rng.normal(size=1500) if numbers else rng.integers(0, 3, 1500)
    check = fit(y, rows, budget=6).report_["check"]
    assert "6 rows for " in check["reason"]
    assert " free parameters" in check["reason"]
    losses = {name: loss for name, loss in check["losses"].items() if name != "pilot"}
    assert check["use"] == min(losses, key=lambda name: losses[name])


def test_one_class_cannot_be_balanced() -> None:
    for y in (None, np.zeros(60, dtype=int)):
        with pytest.raises(CoresiftError, match="1 class leaves a pilot nothing to tell apart"):
            fit(y)
        with pytest.raises(CoresiftError, match="1 class leaves a pilot nothing to tell apart"):
            Uniform(10, weights="calibrated").fit(X, y)
