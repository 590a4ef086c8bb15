"""Rows without weights, as in pipelines of imbalanced-learn: right, or with a warning."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import Pipeline, make_pipeline
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import StandardScaler

from coresift import (
    CoresetClassifier,
    Craig,
    DataError,
    FastCore,
    Stratified,
    Uniform,
    WeightsLostWarning,
)
from coresift.selectors import BaseSelector
from coresift.sources import as_source
from tables import table

X, LABELS = table(600)
Y = (LABELS > 0).astype(int)


def pipeline(selector: BaseSelector) -> Pipeline:
    return make_pipeline(StandardScaler(), selector, LogisticRegression())


def told(function: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function()
    assert all(issubclass(one.category, WeightsLostWarning) for one in caught)
    return [str(one.message) for one in caught]


@pytest.mark.parametrize("selector", [FastCore(0.1), Craig(0.1), Stratified(0.05)], ids=str)
def test_a_pipeline_that_loses_weights_says_so_once_per_fit(selector: BaseSelector) -> None:
    selector.set_params(random_state=0)
    whole = pipeline(selector)
    (message,) = told(lambda: whole.fit(X, Y))
    fitted = whole[1]
    weights = fitted.sample_weight_
    moved = np.abs(weights / weights.sum() - 1 / len(weights)).sum() / 2
    assert f"{moved:.0%} of the weight moves" in message
    assert "CoresetClassifier" in message
    assert told(lambda: whole.predict(X)) == []
    assert len(told(lambda: clone(whole).fit(X, Y))) == 1
    assert pickle.loads(pickle.dumps(whole)).score(X, Y) == whole.score(X, Y)


@pytest.mark.parametrize("selector", [Uniform(0.1, stratify=False), Uniform(0.1)], ids=str)
def test_rows_that_are_right_without_weights_need_no_warning(selector: BaseSelector) -> None:
    selector.set_params(random_state=0)
    assert told(lambda: pipeline(selector).fit(X, Y)) == []
    weights = selector.fit(X, Y).sample_weight_
    assert weights.max() <= 1.1 * weights.min()


def test_a_search_over_a_pipeline() -> None:
    search = GridSearchCV(
        pipeline(FastCore(0.1, random_state=0)), {"fastcore__budget": [0.1, 0.2]}, cv=2
    )
    assert len(told(lambda: search.fit(X, Y))) == 5
    sampled = GridSearchCV(
        pipeline(Uniform(0.1, stratify=False, random_state=0)),
        {"uniform__budget": [0.1, 0.2]},
        cv=2,
    )
    assert told(lambda: sampled.fit(X, Y)) == []
    assert told(lambda: cross_val_score(pipeline(FastCore(1.0)), X, Y, cv=2)) == []  # all count 1


def test_weights_that_are_asked_for_are_not_lost() -> None:
    frame = pd.DataFrame(X).rename(columns=str)
    selector = FastCore(0.1, random_state=0)
    rows, labels, weights = selector.fit_resample(frame, Y, return_weight=True)
    assert weights.tolist() == selector.sample_weight_.tolist()
    assert len(rows) == len(labels) == len(weights)
    rows, weights = selector.fit_resample(frame.assign(y=Y), "y", return_weight=True)
    assert list(rows.columns) == [*frame.columns, "y"]
    rows, weights = selector.fit_resample(frame, return_weight=True)
    assert len(rows) == len(weights)
    with pytest.warns(WeightsLostWarning, match="return_weight=True"):
        selector.fit_resample(X, Y)
    model = CoresetClassifier(LogisticRegression(), selector)
    assert told(lambda: make_pipeline(StandardScaler(), model).fit(X, Y)) == []


def test_prior_weights_make_rows_of_a_uniform_sample_differ() -> None:
    prior = np.linspace(1, 20, 600)  # no row gets less than its own weight
    with pytest.warns(WeightsLostWarning):
        Uniform(500, random_state=0).fit_resample(X, Y, prior)


@pytest.mark.parametrize(
    "rows", ["t.parquet", "t.npy", as_source(X, Y)], ids=["parquet", "npy", "source"]
)
def test_what_has_no_rows_to_return_is_refused_first(rows: Any) -> None:
    with pytest.raises(DataError, match="cannot be returned as such"):
        FastCore(10).fit_resample(rows)
