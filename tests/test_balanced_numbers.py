"""Numbers to predict: gradients of squared errors are what is balanced, and the default."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Lasso, LogisticRegression, Ridge

from coresift import CoresiftError, FastCore, Uniform
from coresift.methods import FastCorePlan
from coresift.sources import ArraySource
from strategies import Array

N_ROWS, N_TEST, BUDGET = 2000, 4000, 40
SCALES = np.array([1, 10, 0.1, 1, 1])


def table(seed: int = 0, n_rows: int = N_ROWS) -> tuple[Array, Array]:
    """Rows of different scales; the number is not quite linear in them."""
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(n_rows, 5))
    y = 300 + 20 * (Z @ [1, -2, 0.5, 1, 0] + 0.5 * Z[:, 0] ** 2 + rng.standard_t(4, n_rows))
    return (Z * SCALES).astype(np.float32), y


def fitted(method: Any = FastCore, **options: Any) -> Any:
    return method(BUDGET, random_state=0, n_threads=1, **options).fit(*table())


def excess(selector: Any) -> float:
    """Return the mean squared error of a model above that of all rows."""
    (X, y), (X_test, y_test) = table(), table(1, N_TEST)

    def error(rows: Array, weights: Array) -> float:
        model = Ridge(1e-6).fit(X[rows] / SCALES, y[rows], sample_weight=weights)
        return float(((model.predict(X_test / SCALES) - y_test) ** 2).mean())

    full = error(np.arange(N_ROWS), np.ones(N_ROWS))
    return error(selector.sample_indices_, selector.sample_weight_) - full


def answer(selector: Any) -> tuple[list[int], list[float]]:
    return selector.sample_indices_.tolist(), selector.sample_weight_.tolist()


def test_the_default_is_balanced_and_close_to_all_rows() -> None:
    uniform = np.mean([excess(Uniform(BUDGET, random_state=s).fit(*table())) for s in range(5)])
    found = fitted()
    assert excess(found) < 0.1 * uniform
    assert answer(found) == answer(fitted(representative="balanced", weights="calibrated"))
    assert found.report_["pilot"]["loss"] == "squared"
    assert (
        found.report_["gradient_error"]["after"] < 0.01 * found.report_["gradient_error"]["before"]
    )
    check = found.report_["check"]
    assert check["use"] == "balanced"
    assert check["loss"] == "mean squared error"
    assert check["losses"]["balanced"] < check["losses"]["stratified"]


def test_calibrated_weights_serve_other_methods() -> None:
    plain = [Uniform(BUDGET, random_state=s).fit(*table()) for s in range(5)]
    moved = [Uniform(BUDGET, random_state=s, weights="calibrated").fit(*table()) for s in range(5)]
    assert np.mean([*map(excess, moved)]) < 0.7 * np.mean([*map(excess, plain)])
    sizes = np.array([entry["rows"] for entry in moved[0].report_["classes"]])
    ids = np.searchsorted(np.sort(table()[1])[np.cumsum(sizes)[:-1]], table()[1], side="right")
    sums = np.bincount(ids[moved[0].sample_indices_], moved[0].sample_weight_)
    np.testing.assert_allclose(sums, sizes, rtol=1e-9)


def test_what_is_said_stays() -> None:
    assert fitted(representative="medoid").report_["score"] > 0
    assert fitted(representative="medoid", weights="assignment").report_["score"] > 0
    assert fitted(weights="cluster").report_["score"] is None
    assert "check" not in fitted(weights="assignment").report_
    assert fitted(weights="assignment").report_["score"] > 0


@pytest.mark.parametrize(("factor", "center"), [(1e-9, 0.0), (1e6, -1e9), (1.0, 1e7)])
def test_the_units_of_the_numbers_do_not_matter(factor: float, center: float) -> None:
    X, y = table()
    found = FastCore(BUDGET, random_state=0, target="regression").fit(X, center + factor * y)
    expected = fitted().report_["gradient_error"]
    assert found.report_["gradient_error"]["before"] == pytest.approx(expected["before"], rel=0.05)
    assert found.report_["gradient_error"]["after"] < 0.01 * expected["before"]
    assert excess(found) < 0.2 * excess(Uniform(BUDGET, random_state=0).fit(X, y))


@pytest.mark.parametrize("model", [Ridge(1e-3), Lasso(0.01), Ridge()], ids=str)
def test_a_pilot_may_be_given(model: Any) -> None:
    found = fitted(pilot=model.fit(*table()))
    assert found.report_["pilot"]["loss"] == "squared"
    assert excess(found) < 0.2 * excess(fitted(Uniform))


def test_law_7_threads_chunks_and_engines() -> None:
    X, y = table()
    expected = answer(fitted())
    others = [({}, 333), ({"n_threads": 3}, 4000), ({"engine": "processes", "n_threads": 2}, 1000)]
    for more, chunk_rows in others:
        selector = FastCore(BUDGET, random_state=0, **{"n_threads": 1, **more})
        assert answer(selector.fit(ArraySource(X, y, chunk_rows=chunk_rows))) == expected


def test_a_constant_number_leaves_nothing_to_balance_and_does_no_harm() -> None:
    X, _ = table()
    found = FastCore(BUDGET, random_state=0, target="regression").fit(X, np.full(N_ROWS, 2.5))
    assert found.sample_weight_.sum() == pytest.approx(N_ROWS)
    assert found.report_["gradient_error"]["after"] == 0
    assert "uniform samples are as good" in found.report_["check"]["sentence"]


def test_numbers_that_are_linear_in_the_rows() -> None:
    X, _ = table()
    found = FastCore(BUDGET, random_state=0).fit(X, X @ [1.0, 0.1, 3.0, 0.0, 0.0])
    assert np.isfinite(found.sample_weight_).all()
    assert found.sample_weight_.sum() == pytest.approx(N_ROWS)


def test_the_plan_knows_what_y_decides() -> None:
    plan = FastCorePlan(BUDGET)
    models, neighbours = ("balanced", "calibrated"), ("medoid", "assignment")
    for numbers, n_free, n_chosen, expected in (
        (True, 0, 1, models),
        (False, 0, 9, neighbours),  # one class
        (False, 100, 5, models),
        (False, 101, 5, neighbours),  # no gradient can be matched
        (False, 10_001, 9999, neighbours),  # a pilot would take long
    ):
        settled = plan.settled(numbers, n_free, n_chosen)
        assert (settled.representative, settled.weights) == expected
    assert FastCorePlan(BUDGET, weights="assignment").settled(False).representative == "medoid"
    assert FastCorePlan(BUDGET, weights="cluster").settled(True).representative == "medoid"
    assert FastCorePlan(BUDGET, representative="random").settled(True).weights == "assignment"
    assert FastCorePlan(BUDGET, loss="squared_hinge").settled(False).weights == "calibrated"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "logistic"}, "loss='logistic' with numbers to predict: use loss='squared'"),
        ({"noise": 0.05}, "noise=0.05 with loss='squared', which has no probabilities"),
        ({"pilot": LogisticRegression().fit(*[[[0.0] * 5, [1.0] * 5], [0, 1]])}, "is a classifier"),
        ({"pilot": Ridge()}, "pilot=Ridge has no coef_"),
        ({"pilot": Ridge().fit(np.eye(4), np.arange(4))}, "knows 4 features, the rows have 5"),
        ({"pilot": Ridge().fit(np.eye(5), np.eye(5))}, "has 5 outputs"),
    ],
    ids=str,
)
def test_parameters_that_cannot_be(options: dict[str, Any], message: str) -> None:
    with pytest.raises(CoresiftError, match=message):
        fitted(**options)


def test_the_squared_loss_is_for_numbers() -> None:
    X, y = table()
    with pytest.raises(CoresiftError, match="loss='squared' with 2 classes: use loss='logistic'"):
        FastCore(BUDGET, loss="squared").fit(X, y > 300)
