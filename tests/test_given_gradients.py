"""Gradients that are given as a function, and pilots that are the coreset's own model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from coresift import CoresiftError, EngineError, FastCore
from coresift._rng import Purpose, derived_seed, draw_keys
from coresift.engines._workers import pickled_task
from coresift.gradients import RowGradients
from coresift.methods import FastCorePlan
from coresift.sources import ArraySource
from coresift.weightings import _members
from coresift.weightings._given import exact_total
from coresift.weightings._pilot import MEMBERS
from strategies import Array

N_ROWS, BUDGET, N_CLASSES = 1500, 30, 3


def table() -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_ROWS, 5)).astype(np.float32)
    outputs = X @ np.random.default_rng(9).normal(size=(5, N_CLASSES))
    return X, (outputs + rng.gumbel(size=outputs.shape)).argmax(axis=1)


MODEL = LogisticRegression(max_iter=1000).fit(*table())
NETWORK = MLPClassifier((8,), tol=0.01, random_state=0)


def errors(chances: Array, labels: Array) -> Array:
    return chances - np.eye(N_CLASSES)[labels]


def of_the_model(rows: Array, labels: Array) -> tuple[Array, Array]:
    """Gradients in factors; each row's by itself, whatever the rows beside it."""
    outputs = MODEL.intercept_ + (rows[:, None, :].astype(float) * MODEL.coef_).sum(axis=2)
    raised = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return errors(raised / raised.sum(axis=1, keepdims=True), labels), rows


def whole(rows: Array, labels: Array) -> Array:
    """The same gradients, written out."""
    left, right = of_the_model(rows, labels)
    wide = np.hstack([right, np.ones((len(right), 1))])
    return (left[:, :, None] * wide[:, None, :]).reshape(len(rows), -1)


def last_layer(rows: Array, labels: Array) -> tuple[Array, Array]:
    hidden = np.maximum(rows @ NETWORK.coefs_[0] + NETWORK.intercepts_[0], 0)
    return errors(NETWORK.predict_proba(rows), labels), hidden


def fitted(**options: Any) -> FastCore:
    return FastCore(BUDGET, random_state=0, n_threads=1, **options).fit(*table())


MEDOIDS = FastCore(BUDGET, representative="medoid", random_state=0)


def answer(selector: FastCore) -> tuple[list[int], list[float]]:
    return selector.sample_indices_.tolist(), selector.sample_weight_.tolist()


def error_of(gradients: Array, selector: FastCore) -> float:
    """Return how far a weighted mean of gradients is from that of all rows, in their spread."""
    shares = selector.sample_weight_ / selector.sample_weight_.sum()
    apart = shares @ gradients[selector.sample_indices_] - gradients.mean(axis=0)
    return float(np.linalg.norm(apart) / np.linalg.norm(gradients.std(axis=0)))


@pytest.mark.parametrize("gradient", [of_the_model, whole])
def test_given_gradients_add_up(gradient: Any) -> None:
    found, gradients = fitted(gradient=gradient), whole(*table())
    assert error_of(gradients, found) < 0.3 * error_of(gradients, fitted(representative="medoid"))
    report = found.report_
    assert report["pilot"]["loss"] == "given"
    assert report["gradient_error"]["after"] < 0.05 * report["gradient_error"]["before"]
    assert "check" not in report
    sums = np.bincount(table()[1][found.sample_indices_], found.sample_weight_)
    np.testing.assert_allclose(sums, np.bincount(table()[1]), rtol=1e-12)


def test_of_very_many_rows_members_come_from_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = fitted(gradient=of_the_model)
    monkeypatch.setattr(_members, "MANY_ROWS", N_ROWS - 1)
    monkeypatch.setattr(_members, "_SPARE", 0.5)
    found, gradients = fitted(gradient=of_the_model), whole(*table())
    assert answer(found) != answer(plain)
    hashes = draw_keys(found.sample_indices_, derived_seed(0, Purpose.CANDIDATES), None)[0]
    share = 0.5 * MEMBERS * BUDGET / N_ROWS
    assert (hashes <= 1.2 * share * 2.0**64).mean() > 0.8  # quotas are rounded, some are centers
    assert error_of(gradients, found) < 0.5 * error_of(gradients, fitted(representative="medoid"))


def test_the_last_layer_of_a_network() -> None:
    NETWORK.fit(*table())
    left, hidden = last_layer(*table())
    wide = np.hstack([hidden, np.ones((N_ROWS, 1))])
    gradients = (left[:, :, None] * wide[:, None, :]).reshape(N_ROWS, -1)
    found = fitted(gradient=last_layer)
    assert error_of(gradients, found) < 0.6 * error_of(gradients, fitted(representative="medoid"))


def test_numbers_to_predict_with_given_gradients() -> None:
    X, _ = table()
    y = X @ [1.0, 2.0, 0.0, 0.0, 1.0] + np.random.default_rng(1).normal(size=N_ROWS)
    found = FastCore(BUDGET, gradient=lambda rows, labels: (rows.sum(1) - labels)[:, None] * rows)
    found.fit(X, y)
    gradients = (X.sum(axis=1) - y)[:, None] * X
    assert error_of(gradients, found) < 0.1 * error_of(gradients, MEDOIDS.fit(X, y))


def test_calibrated_weights_of_given_gradients() -> None:
    kept = fitted(weights="calibrated", representative="medoid", gradient=of_the_model)
    medoids = fitted(representative="medoid")
    assert kept.sample_indices_.tolist() == medoids.sample_indices_.tolist()
    error = kept.report_["gradient_error"]
    assert error["after"] < error["before"]


@pytest.mark.parametrize(
    "options", [{"gradient": of_the_model}, {"rounds": 2}], ids=["gradient", "rounds"]
)
def test_law_7_threads_and_chunks(options: dict[str, Any]) -> None:
    X, y = table()
    expected = answer(fitted(**options))
    others: list[tuple[dict[str, Any], int]] = [({}, 333), ({"n_threads": 3}, 4000)]
    for more, chunk_rows in others:
        selector = FastCore(BUDGET, random_state=0, **{"n_threads": 1, **options, **more})
        assert answer(selector.fit(ArraySource(X, y, chunk_rows=chunk_rows))) == expected


@pytest.mark.parametrize("gradient", [of_the_model, whole])
def test_absent_rows_are_not_looked_at(gradient: Any) -> None:
    X, y = table()
    weights = np.where(np.arange(N_ROWS) < 1000, 1.0, 0.0)
    source = {"random_state": 0, "n_threads": 1, "gradient": gradient}
    alone = FastCore(BUDGET, **source).fit(X[:1000], y[:1000])
    assert answer(FastCore(BUDGET, **source).fit(X, y, weights)) == answer(alone)


def test_sums_of_gradients_are_exact() -> None:
    rng = np.random.default_rng(0)
    looked = RowGradients.given(rng.normal(size=(700, 2)).astype("f4"), rng.normal(size=(700, 3)))
    parts = [exact_total(looked.take(np.arange(a, b)), None) for a, b in ((0, 5), (5, 5), (5, 700))]
    assert parts[0].merge(parts[2]).merge(parts[1]) == exact_total(looked, None)
    twice = exact_total(looked, np.full(700, 2))
    assert twice == exact_total(looked, None).merge(exact_total(looked, None))
    np.testing.assert_allclose(
        exact_total(looked, None).value().reshape(3, 3), looked.sum(np.ones(700)), atol=1e-4
    )


# Rounds


def test_the_pilot_may_be_the_model_of_the_coreset() -> None:
    one, two = fitted(rounds=1, loss="logistic"), fitted(rounds=2)
    assert answer(one) != answer(two)
    errors_of_two = two.report_["gradient_error"]
    assert errors_of_two["after"] < 0.05 * errors_of_two["before"]
    assert two.report_["check"]["use"] == "balanced"
    plan = FastCorePlan(BUDGET, rounds=3)
    cost = FastCorePlan(BUDGET, representative="balanced").cost(ArraySource(*table()))
    assert plan.cost(ArraySource(*table()))["passes"] == cost["passes"] + 2


# Errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gradient": 3}, "gradient=3 cannot be called"),
        ({"gradient": whole, "pilot": MODEL}, "gradient= and pilot= say two things"),
        ({"gradient": whole, "loss": "logistic"}, "gradient= and loss= say two things"),
        ({"gradient": whole, "noise": 0.05}, "gradient= and noise= say two things"),
        ({"gradient": whole, "rounds": 2}, "gradient= and rounds= say two things"),
        ({"gradient": lambda r, _: r[:5]}, "returned shape .5, 5., dtype float32 for 750 rows"),
        ({"gradient": lambda r, _: r[:, 0]}, "returned shape .750,., dtype"),
        ({"gradient": lambda r, _: r * np.nan}, "returned 3750 numbers that are not finite"),
        ({"gradient": lambda r, _: r[:, : 1 + len(r) % 2]}, "1 columns, before|columns, before"),
        ({"gradient": lambda r, _: (r * 1e30, r * 1e30)}, "numbers beyond float32"),
        ({"rounds": 0}, "rounds=0"),
    ],
    ids=[
        *("not-callable", "pilot", "loss", "noise", "rounds-too", "rows", "axes", "nan"),
        *("columns", "beyond", "rounds"),
    ],
)
def test_gradients_that_cannot_be(options: dict[str, Any], message: str) -> None:
    X, y = table()
    with pytest.raises(CoresiftError, match=message):
        FastCore(BUDGET, **options).fit(ArraySource(X, y, chunk_rows=751))


def test_a_function_that_cannot_travel_is_said() -> None:
    with pytest.raises(EngineError, match=r"cannot be sent to worker processes.*engine='serial'"):
        pickled_task(lambda _: None)
