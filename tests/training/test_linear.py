"""The paper's training protocol: its gradients, its schedule, its weights, its estimator."""

from __future__ import annotations

import builtins
import re
from itertools import product
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.svm import LinearSVC

from coresift import BudgetError, LabelError, MissingDependencyError, ParameterError
from coresift._rng import stream
from coresift.core.holdout import holdout
from coresift.torch import LOSSES, LinearClassifier, SGDSettings, descend
from coresift.torch._descent import _batches, watched_iterations
from coresift.torch._linear import BATCH_SIZES, LEARNING_RATES

pytest.importorskip("torch", reason="torch is not installed: pip install 'coresift[torch]'")
each_loss = pytest.mark.parametrize("loss", LOSSES)


def table(n_rows: int = 60, n_classes: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, n_rows)
    X = (rng.normal(size=(n_rows, 4)) + y[:, None]).astype(np.float32)
    return X, y, rng.uniform(0.5, 20, n_rows)


def objective(name: str, params: Any, X: Any, y: Any, shares: Any, penalty: float) -> float:
    """The weighted loss of all rows, written out row by row in float64."""
    W, b = params[:-1], params[-1]
    total = 0.0
    for row, label, share in zip(X.astype(float), y, shares, strict=True):
        f = row @ W + b
        if name == "logistic":
            loss = np.log(np.exp(f - f.max()).sum()) + f.max() - f[label]
        elif name == "svm":
            loss = max(0.0, 1 + max(np.delete(f, label)) - f[label])
        else:
            loss = ((f - np.eye(len(f))[label]) ** 2).sum()
        total += share * loss / len(y)
    return total + penalty * (np.abs(W).sum() if name == "lasso" else (W**2).sum() / 2)


@pytest.mark.parametrize(("loss", "n_classes"), [("logistic", 3), ("svm", 2), ("lasso", 3)])
def test_law_11_steps_are_those_of_momentum_on_finite_differences(
    loss: str, n_classes: int
) -> None:
    X, y, weights = table(20, n_classes)  # of more classes the hinge has a kink at the start
    shares = weights / weights.mean()
    params = velocity = np.zeros((X.shape[1] + 1, n_classes))
    for epoch in range(3):
        gradient = np.zeros_like(params)
        for place in np.ndindex(params.shape):
            step = np.zeros_like(params)
            step[place] = 1e-6
            ahead = objective(loss, params + step, X, y, shares, 0.1)
            gradient[place] = (ahead - objective(loss, params - step, X, y, shares, 0.1)) / 2e-6
        velocity = 0.9 * velocity + gradient
        params = params - 0.05 * (1 + np.cos(np.pi * epoch / 3)) / 2 * velocity
    settings = SGDSettings(loss, learning_rate=0.05, batch_size=20, epochs=3, penalty=0.1)
    found = descend(X, y, weights, n_classes, settings, seed=0)
    np.testing.assert_allclose(found.coef.T, params[:-1], rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(found.intercept, params[-1], rtol=1e-3, atol=1e-5)


@each_loss
def test_a_weight_of_three_is_three_equal_rows(loss: str) -> None:
    X, y, _ = table(30)
    times = np.random.default_rng(1).integers(1, 4, 30)
    X_long, y_long = np.repeat(X, times, axis=0), np.repeat(y, times)
    settings = SGDSettings(loss, batch_size=1000, epochs=10)
    short = descend(X, y, times.astype(float), 3, settings, 0)
    long = descend(X_long, y_long, np.ones(len(y_long)), 3, settings, 0)
    np.testing.assert_allclose(short.coef, long.coef, rtol=1e-4, atol=1e-5)


@each_loss
def test_the_scale_of_the_weights_changes_nothing(loss: str) -> None:
    X, y, weights = table()
    one, other = (
        descend(X, y, part, 3, SGDSettings(loss), 0) for part in (weights, 1024 * weights)
    )
    assert one.coef.tobytes() == other.coef.tobytes()


def test_digits_are_learnt_about_as_well_as_by_scikit_learn() -> None:
    X, y = load_digits(return_X_y=True)
    X, train, test = X / 16, slice(0, 1200), slice(1200, None)
    exact = {"logistic": LogisticRegression(max_iter=1000), "svm": LinearSVC()}
    for loss in LOSSES:
        model = LinearClassifier(loss, batch_size=32, random_state=0).fit(X[train], y[train])
        expected = exact.get(loss, LogisticRegression(max_iter=1000)).fit(X[train], y[train])
        slack = 0.06 if loss == "lasso" else 0.03  # squares are a poorer loss for classes
        assert model.score(X[test], y[test]) > expected.score(X[test], y[test]) - slack


def test_the_l1_penalty_shrinks_what_does_not_help() -> None:
    X, y, _ = table(400)
    X = np.hstack([X, np.random.default_rng(2).normal(size=(400, 8)).astype(np.float32)])
    sums = [
        np.abs(LinearClassifier("lasso", penalty=penalty, random_state=0).fit(X, y).coef_[:, 4:])
        for penalty in (0.0, 0.1)
    ]
    assert sums[1].sum() < sums[0].sum() / 2


def test_the_seed_decides() -> None:
    X, y, weights = table()
    coefs = [
        LinearClassifier(batch_size=16, random_state=seed).fit(X, y, weights).coef_.tobytes()
        for seed in (0, 0, 1)
    ]
    assert coefs[0] == coefs[1] != coefs[2]


def test_the_number_of_threads_changes_nothing_and_stays() -> None:
    torch = pytest.importorskip("torch")
    X, y, weights = table(500)
    before, coefs = torch.get_num_threads(), []
    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            coefs.append(descend(X, y, weights, 3, SGDSettings(epochs=2), 0).coef.tobytes())
            assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(before)
    assert coefs[0] == coefs[1]


def test_the_curve_ends_with_the_accuracy_of_the_model() -> None:
    X, y, _ = table(500)
    model = LinearClassifier(batch_size=16, epochs=7, random_state=0)
    plain = clone(model).fit(X, y)
    model.fit(X, y, watch=(X, y))
    assert model.coef_.tobytes() == plain.coef_.tobytes()  # watching changes nothing
    assert plain.curve_ == []
    iterations = [iteration for iteration, _ in model.curve_]
    assert iterations == sorted(watched_iterations(500, model.settings_))
    assert (iterations[0], iterations[-1]) == (1, 7 * 32)
    assert model.curve_[-1][1] == model.score(X, y)
    assert model.fit_seconds_ > 0


def test_tuning_takes_the_best_on_rows_put_aside() -> None:
    X, y, weights = table(150)
    X = X + np.float32(30)  # far from the origin: large rates overshoot
    model = LinearClassifier(learning_rate="tuned", batch_size="tuned", epochs=3, random_state=0)
    model.fit(X, y, weights)
    aside = holdout(y, 0.2, 0)
    values = {}
    for rate, size in product(LEARNING_RATES, BATCH_SIZES):
        given = clone(model).set_params(learning_rate=rate, batch_size=size)
        given.fit(X[~aside], y[~aside], weights[~aside])
        values[rate, size] = given.score(X[aside], y[aside], weights[aside])
    assert len(set(values.values())) > 1
    chosen = model.settings_.learning_rate, model.settings_.batch_size
    assert chosen == max(values, key=values.__getitem__)
    assert model.tune_seconds_ > model.fit_seconds_
    again = clone(model).set_params(learning_rate=chosen[0], batch_size=chosen[1])
    assert again.fit(X, y, weights).coef_.tobytes() == model.coef_.tobytes()


def test_it_is_an_estimator() -> None:
    X, y, weights = table(200)
    names = np.array(["one", "three", "two"])[y]
    model = LinearClassifier(random_state=0).fit(X, names, weights)
    assert set(model.predict(X)) <= set(names)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=1e-12)
    assert model.decision_function(X).shape == (200, 3)
    assert not hasattr(LinearClassifier("svm"), "predict_proba")
    two = LinearClassifier(random_state=0).fit(X, y > 0)
    assert ((two.decision_function(X) > 0) == two.predict(X)).all()
    assert cross_val_score(clone(model), X, y).mean() > 0.6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "ridge"}, "'ridge' is not known"),
        ({"learning_rate": 0}, "above 0"),
        ({"learning_rate": "fast"}, "'tuned'"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"epochs": 0}, "epochs=0"),
        ({"momentum": 1}, "below 1"),
        ({"penalty": -1}, "at least 0"),
    ],
)
def test_what_has_no_meaning_is_refused(options: dict[str, Any], message: str) -> None:
    X, y, _ = table()
    with pytest.raises(ParameterError, match=message):
        LinearClassifier(**options).fit(X, y)


def test_one_class_is_refused() -> None:
    with pytest.raises(LabelError, match="1 class"):
        LinearClassifier().fit(np.zeros((3, 2)), [1, 1, 1])


def test_without_torch_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y, _ = table()
    original = builtins.__import__

    def blocked(name: str, *rest: Any, **options: Any) -> Any:
        if name == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return original(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", blocked)
    with pytest.raises(MissingDependencyError, match=r"coresift\[torch\]"):
        LinearClassifier().fit(X, y)


def test_rows_drawn_anew_make_the_steps_of_a_coreset_over_other_rows() -> None:
    X, y, weights = table(500)
    model = LinearClassifier(batch_size=16, epochs=7, budget=0.1, random_state=0)
    model.fit(X, y, weights, watch=(X, y))
    coreset = clone(model).set_params(budget=None).fit(X[:50], y[:50], watch=(X, y))
    steps = [iteration for iteration, _ in model.curve_]
    assert steps == [iteration for iteration, _ in coreset.curve_]
    assert steps[-1] == 7 * 4
    assert model.curve_[-1][1] == model.score(X, y)
    again = clone(model).set_params(budget=50).fit(X, y, weights)
    assert again.coef_.tobytes() == model.coef_.tobytes()


def test_each_epoch_draws_other_rows_and_none_twice() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    epochs = [
        np.concatenate([batch.numpy() for batch in _batches(torch, rng, 100, 8, 30)])
        for _ in range(200)
    ]
    assert {len(set(rows.tolist())) for rows in epochs} == {30}
    assert len({tuple(sorted(rows)) for rows in epochs}) == 200
    times = np.bincount(np.concatenate(epochs), minlength=100)
    assert abs(times - 60).max() < 5 * np.sqrt(200 * 0.3 * 0.7)


def test_a_batch_of_a_whole_draw_is_a_step_on_its_rows() -> None:
    X, y, weights = table(40)
    settings = SGDSettings(batch_size=40, epochs=1)
    found = descend(X, y, weights, 3, settings, 5, size=12)
    rows = stream(5).choice(40, 12, replace=False)
    shares = (weights / weights.mean())[rows]
    params = np.zeros((5, 3))
    step = np.full(params.shape, 0.0)
    for place in np.ndindex(params.shape):
        ahead = np.zeros_like(params)
        ahead[place] = 1e-6
        here = (X[rows], y[rows], shares, 0.0)
        step[place] = (
            objective("logistic", ahead, *here) - objective("logistic", -ahead, *here)
        ) / 2e-6
    np.testing.assert_allclose(found.coef.T, -0.1 * step[:-1], rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(found.intercept, -0.1 * step[-1], rtol=1e-3, atol=1e-5)


def test_tuning_draws_too() -> None:
    X, y, weights = table(150)
    model = LinearClassifier(learning_rate="tuned", budget=140, epochs=2, random_state=0)
    model.fit(X, y, weights)  # more rows than are left when a fifth is put aside
    assert model.settings_.learning_rate in LEARNING_RATES


@pytest.mark.parametrize(("budget", "message"), [(61, "budget=61 rows"), (0.0, "in (0, 1]")])
def test_a_budget_that_cannot_be_met_is_refused(budget: float, message: str) -> None:
    X, y, _ = table(60)
    with pytest.raises(BudgetError, match=re.escape(message)):
        LinearClassifier(budget=budget).fit(X, y)
