"""FastCore with balanced members and calibrated weights, from rows to report."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.svm import LinearSVC

from coresift import CoresiftError, FastCore, Stratified, Uniform
from coresift.sources import ArraySource
from coresift.table import Block
from coresift.weightings._hold_back import Alternative, stratified_from
from coresift.weightings._pilot import Goals
from strategies import Array

N_ROWS, N_TEST = 2000, 4000
BOTH = {"weights": "calibrated", "representative": "balanced"}


def table(seed: int = 0, n_classes: int = 3, n_rows: int = N_ROWS) -> tuple[Array, Array]:
    """Classes that overlap, features of different scales."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 5)) * [1, 10, 0.1, 1, 1]
    outputs = (X / [1, 10, 0.1, 1, 1]) @ np.random.default_rng(9).normal(size=(5, n_classes))
    return X.astype(np.float32), (outputs + rng.gumbel(size=outputs.shape)).argmax(axis=1)


def fitted(**options: Any) -> FastCore:
    return FastCore(40, random_state=0, n_threads=1, **options).fit(*table())


def loss(selector: Any) -> float:
    (X, y), (X_test, y_test) = table(), table(1, n_rows=N_TEST)
    rows = selector.sample_indices_
    low, high = X.min(axis=0), X.max(axis=0)
    model = LogisticRegression(C=1e4 / N_ROWS, max_iter=1000).fit(
        (X[rows] - low) / (high - low), y[rows], sample_weight=selector.sample_weight_
    )
    return float(log_loss(y_test, model.predict_proba((X_test - low) / (high - low))))


def answer(selector: FastCore) -> tuple[list[int], list[float]]:
    return selector.sample_indices_.tolist(), selector.sample_weight_.tolist()


def test_its_model_is_close_to_that_of_all_rows() -> None:
    whole = Uniform(1.0, random_state=0).fit(*table())
    stratified = np.mean([loss(Uniform(40, random_state=s).fit(*table())) for s in range(3)])
    excess = stratified - loss(whole)
    assert loss(fitted(**BOTH)) - loss(whole) < 0.2 * excess
    assert loss(fitted(representative="balanced")) - loss(whole) < 0.3 * excess
    assert loss(fitted(weights="calibrated")) < stratified


def test_calibrated_weights_serve_other_methods() -> None:
    plain, moved = (
        Stratified(40, random_state=0, weights=weights).fit(*table())
        for weights in ("assignment", "calibrated")
    )
    assert plain.sample_indices_.tolist() == moved.sample_indices_.tolist()
    assert loss(moved) < loss(plain)


@pytest.mark.parametrize("options", [BOTH, {"representative": "balanced"}])
def test_law_7_threads_chunks_and_engines(options: dict[str, Any]) -> None:
    X, y = table()
    expected = answer(fitted(**options))
    others = [({}, 333), ({"n_threads": 3}, 4000), ({"engine": "processes", "n_threads": 2}, 1000)]
    for more, chunk_rows in others:
        selector = FastCore(40, random_state=0, **{"n_threads": 1, **options, **more})
        assert answer(selector.fit(ArraySource(X, y, chunk_rows=chunk_rows))) == expected


def test_the_report_says_what_was_balanced() -> None:
    report = fitted(**BOTH).report_
    assert report["pilot"] == {
        "loss": "logistic",
        "l2": 1e-4,
        "rows": N_ROWS // 2,
        "free_parameters": 12,
        "runaway": False,
    }
    assert report["gradient_error"]["after"] < 0.05 * report["gradient_error"]["before"]
    assert 0 < report["effective_sample_size"] <= 1
    assert report["largest_weight"] >= 1
    check = report["check"]
    assert check["use"] == "balanced"
    assert set(check["losses"]) == {"balanced", "stratified", "pilot"}
    assert check["losses"]["balanced"] < check["losses"]["stratified"]
    assert check["sentence"].startswith("On rows held out a model of this coreset loses")
    assert "check" not in fitted(representative="balanced", weights="assignment").report_


def test_very_few_rows_for_the_parameters_are_held_back() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(3000, 100)), rng.integers(0, 5, 3000)
    selector = FastCore(10, random_state=0, **BOTH).fit(X, y)
    check = selector.report_["check"]
    assert set(check["losses"]) == {"balanced", "stratified", "medoid", "pilot"}
    del check["losses"]["pilot"]
    assert check["use"] == min(check["losses"], key=check["losses"].get)
    assert "10 rows for 404 free parameters" in check["reason"]
    assert len(selector.sample_indices_) == 10
    sums = np.bincount(y[selector.sample_indices_], selector.sample_weight_)
    np.testing.assert_allclose(sums, np.bincount(y), rtol=1e-12)


def test_a_pilot_may_be_given() -> None:
    X, y = table()
    model = LogisticRegression(max_iter=1000).fit(X, y)
    given = fitted(pilot=model, **BOTH)
    assert loss(given) < loss(fitted(representative="medoid"))
    hinge = fitted(pilot=LinearSVC().fit(X, y), **BOTH)
    assert hinge.report_["pilot"]["loss"] == "squared_hinge"
    with pytest.raises(CoresiftError, match="knows 5 features, the rows have 4"):
        FastCore(40, pilot=model, **BOTH).fit(X[:, :4], y)
    with pytest.raises(CoresiftError, match="other classes than the labels"):
        FastCore(40, pilot=model, **BOTH).fit(X, y + 1)
    with pytest.raises(CoresiftError, match="predicts a number"):
        FastCore(40, pilot=Ridge().fit(X, y), **BOTH).fit(X, y)


def test_separable_classes_are_said() -> None:
    X, y = table()
    X[:, 0] = np.where(y == 0, -9, 9) + np.random.default_rng(0).random(N_ROWS)
    for name in ("logistic", "squared_hinge"):
        selector = FastCore(20, random_state=0, loss=name, **BOTH).fit(X, (y > 0).astype(int))
        assert selector.report_["pilot"]["runaway"]
        assert selector.sample_weight_.sum() == pytest.approx(N_ROWS)
        assert (selector.sample_weight_ > 0).all()


def test_noise_leaves_out_rows_that_cannot_be() -> None:
    X, y = table()
    X[:, 0] += 8 * y
    rng = np.random.default_rng(0)
    wrong = rng.random(N_ROWS) < 0.05
    noisy = np.where(wrong, (y + 1) % 3, y)
    plain, robust = (
        FastCore(40, random_state=0, noise=noise, **BOTH).fit(X, noisy) for noise in (None, 0.05)
    )

    def mass(selector: FastCore) -> float:
        return float(selector.sample_weight_ @ wrong[selector.sample_indices_])

    assert mass(robust) < 0.5 * mass(plain)
    assert robust.sample_weight_.sum() == pytest.approx(N_ROWS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"noise": 0.0, **BOTH}, "noise=0.0: use a number between 0 and 1"),
        ({"noise": 0.05, "loss": "squared_hinge", **BOTH}, "has no probabilities"),
        ({"loss": "hinge", **BOTH}, "loss='hinge' is not known"),
        ({"weights": "calibrated", "representative": "random"}, "use 'balanced' or 'medoid'"),
        ({"weights": "cluster", "representative": "balanced"}, "use weights='assignment'"),
    ],
)
def test_parameters_that_cannot_be(options: dict[str, Any], message: str) -> None:
    with pytest.raises(CoresiftError, match=message):
        fitted(**options)


def test_one_class_leaves_nothing_to_balance() -> None:
    with pytest.raises(CoresiftError, match="1 class leaves a pilot nothing to tell apart"):
        FastCore(20, **BOTH).fit(table()[0])


def test_the_stratified_sample_is_random_where_rows_are_sorted() -> None:
    n_rows = 2000
    rows = np.linspace(0, 1, n_rows, dtype=np.float32)[:, None]
    class_ids = np.arange(n_rows) % 2
    drawn = Block(rows, class_ids, np.arange(n_rows))
    chosen = np.arange(100)
    ids = class_ids[chosen]
    centers = Alternative(chosen, ids, rows[chosen], ids, np.full(100, 20.0))
    found = stratified_from(drawn, centers, np.array([1000.0, 1000.0]), Goals(2))
    assert np.bincount(found.class_ids).tolist() == [50, 50]
    assert len(set(found.row_ids.tolist())) == 100
    assert found.rows.mean() == pytest.approx(0.5, abs=0.15)
    assert found.weights.sum() == n_rows
