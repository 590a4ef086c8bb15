"""Models on a coreset inside scikit-learn: routing, ensembles, and what is refused first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.ensemble import AdaBoostClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.metadata_routing import get_routing_for_object

from coresift import (
    CoresetClassifier,
    CoresetRegressor,
    FastCore,
    LabelError,
    ParameterError,
    Uniform,
)
from tables import table

X, LABELS = table(300)
Y = (LABELS > 0).astype(int)
WEIGHTS = np.random.default_rng(5).integers(0, 4, 300).astype(float)


class Recording(LogisticRegression):  # type: ignore[misc]
    """Keeps the weights that it was fitted with."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        self.weights_ = sample_weight
        return super().fit(X, y, sample_weight)


@pytest.fixture
def routing() -> Iterator[None]:
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def pipeline() -> Pipeline:
    return make_pipeline(StandardScaler(), Recording().set_fit_request(sample_weight=True))


@pytest.mark.usefixtures("routing")
def test_a_pipeline_hands_the_weights_of_the_coreset_on() -> None:
    inner = pipeline()
    inner[0].set_fit_request(sample_weight=False)
    model = CoresetClassifier(inner, FastCore(0.2, random_state=0)).fit(X, Y)
    weights = model.selector_.sample_weight_
    assert model.estimator_[-1].weights_.tolist() == weights.tolist()
    rows = model.selector_.sample_indices_
    expected = clone(inner).fit(X[rows], Y[rows], sample_weight=weights)
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))


def test_a_pipeline_without_routing_is_refused_with_the_remedy() -> None:
    steps = make_pipeline(StandardScaler(), LogisticRegression())
    with pytest.raises(ParameterError, match=r"Pipeline.*enable metadata routing.*set_fit_request"):
        CoresetClassifier(steps, FastCore(0.2)).fit(X, Y)
    # enabled, but nobody asks for it
    enabled = sklearn.config_context(enable_metadata_routing=True)
    with enabled, pytest.raises(ParameterError, match="set_fit_request"):
        CoresetClassifier(steps, FastCore(0.2)).fit(X, Y)


@pytest.mark.usefixtures("routing")
def test_prior_weights_are_routed_through_a_search_and_a_validation() -> None:
    model = CoresetClassifier(Recording(), FastCore(0.3, random_state=0))
    model.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    found = cross_validate(
        model,
        X,
        Y,
        cv=3,
        params={"sample_weight": WEIGHTS},
        return_estimator=True,
        return_indices=True,
    )
    for fitted, rows in zip(found["estimator"], found["indices"]["train"], strict=True):
        assert fitted.estimator_.weights_.sum() == pytest.approx(WEIGHTS[rows].sum())
    scaler = StandardScaler().set_fit_request(sample_weight=False)
    search = GridSearchCV(make_pipeline(scaler, model), {}, cv=2)
    search.fit(X, Y, sample_weight=WEIGHTS)
    assert search.best_estimator_[-1].estimator_.weights_.sum() == pytest.approx(WEIGHTS.sum())
    unset = CoresetClassifier(Recording(), FastCore(0.3, random_state=0))
    with pytest.raises(ValueError, match="not explicitly set as requested"):
        cross_validate(unset, X, Y, params={"sample_weight": WEIGHTS}, error_score="raise")


@pytest.mark.usefixtures("routing")
def test_models_are_routers() -> None:
    ridge = Ridge().set_fit_request(sample_weight=True)
    for model in (CoresetClassifier(pipeline()), CoresetRegressor(ridge)):
        router = model.get_metadata_routing()
        assert router.consumes("fit", ["sample_weight"]) == {"sample_weight"}  # of the estimator
        own = get_routing_for_object(model.set_fit_request(sample_weight=False))
        assert own._self_request.fit.requests == {"sample_weight": False}


def test_weights_of_ensembles_reach_the_selection() -> None:
    boosted = AdaBoostClassifier(CoresetClassifier(Recording(), Uniform(0.3)), n_estimators=3)
    assert boosted.fit(X, Y).score(X, Y) > 0.6
    voting = VotingClassifier([("one", CoresetClassifier(Recording(), Uniform(0.3)))])
    voting.fit(X, Y, sample_weight=WEIGHTS)
    assert voting.estimators_[0].estimator_.weights_.sum() == pytest.approx(WEIGHTS.sum())


class Untouched(FastCore):
    """Is refused nothing, so that a test sees that it was never asked."""

    def fit(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("the selection has begun")


@pytest.mark.parametrize(
    ("model", "y", "error", "message"),
    [
        (CoresetClassifier, "y", LabelError, r"'y' is the name of a column.*X\['y'\]"),
        (CoresetClassifier, None, LabelError, "requires y to be passed"),
        (CoresetClassifier, np.linspace(0, 1, 300), LabelError, "continuous.*CoresetRegressor"),
        (CoresetRegressor, None, LabelError, "requires y to be passed"),
    ],
)
def test_labels_that_no_model_learns_are_refused_first(
    model: Any, y: Any, error: type[Exception], message: str
) -> None:
    estimator = Ridge() if model is CoresetRegressor else LogisticRegression()
    frame = pd.DataFrame(X).rename(columns=str).assign(y=Y)
    with pytest.raises(error, match=message):
        model(estimator, Untouched(0.1)).fit(frame, y)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (CoresetClassifier(Ridge(), Untouched()), "Ridge predicts numbers: use CoresetRegressor"),
        (CoresetRegressor(Recording(), Untouched()), "Recording predicts classes: use CoresetC"),
        (CoresetClassifier(KNeighborsClassifier(), Untouched()), "takes no sample_weight"),
    ],
)
def test_estimators_that_do_not_fit_are_refused_first(model: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        model.fit(X, Y)
