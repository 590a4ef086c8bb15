"""The checks of scikit-learn and imbalanced-learn, on everything that claims their protocols."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from imblearn.utils._tags import InputTags, SamplerTags
from imblearn.utils._tags import Tags as ImblearnTags
from imblearn.utils.estimator_checks import estimator_checks_generator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils.estimator_checks import parametrize_with_checks

from coresift import CoresetClassifier, CoresetRegressor, FastCore, Uniform
from coresift.selectors import BaseSelector
from coresift.selectors._registry import estimators

# of the 15 rows that some checks have, too few would be left for each of the classes
SELECTORS = [make(0.9, random_state=0) for make in estimators().values()]
MODELS = [
    CoresetClassifier(LogisticRegression(), FastCore(1.0, random_state=0)),
    CoresetRegressor(Ridge(), FastCore(1.0, random_state=0)),
    CoresetClassifier(LogisticRegression(), FastCore(0.5, random_state=0)),
    CoresetRegressor(Ridge(), Uniform(0.5, random_state=0)),
]

SETS_CLUSTERS = "sets n_clusters=1 or 2, which is for clusters='kmeans' or 'gmm': LSH finds its own"
NO_FEATURES = "uniform sampling looks at no feature, so it refuses none"
OTHER_ROWS = "a row that is there twice is two rows to choose from: another coreset, equally good"


def expected_failures(estimator: Any) -> dict[str, str]:
    """Return the checks of scikit-learn that fail on purpose, and why."""
    if isinstance(estimator, FastCore) and estimator.clusters == "lsh":
        names = "dont_overwrite_parameters methods_sample_order_invariance fit2d_1sample"
        names += " methods_subset_invariance fit2d_1feature fit2d_predict1d"
        return {f"check_{name}": SETS_CLUSTERS for name in names.split()}
    if isinstance(estimator, Uniform):
        names = "dtype_object estimators_empty_data_messages fit1d"
        return {f"check_{name}": NO_FEATURES for name in names.split()}
    if isinstance(estimator, CoresetClassifier | CoresetRegressor):
        found = {}
        if estimator.selector.budget < 1:
            name = "check_sample_weight_equivalence_on"
            found = {f"{name}_{kind}_data": OTHER_ROWS for kind in ("dense", "sparse")}
        if isinstance(estimator.selector, Uniform):
            found["check_dtype_object"] = NO_FEATURES
            found["check_estimators_nan_inf"] = (
                NO_FEATURES + "; the rows that it drew may be finite"
            )
        return found
    return {}


@parametrize_with_checks(
    [*SELECTORS, FastCore(0.9, clusters="kmeans", random_state=0), *MODELS],
    expected_failed_checks=expected_failures,
)
def test_checks_of_scikit_learn(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


def sampler(selector: BaseSelector) -> BaseSelector:
    """Return the selector with the tags of imbalanced-learn, which its checks read."""
    kind = type(selector)

    def tags(self: BaseSelector) -> ImblearnTags:
        own = kind.__sklearn_tags__(self)
        parts = {field.name: getattr(own, field.name) for field in dataclasses.fields(own)}
        inputs = InputTags(**dataclasses.asdict(own.input_tags), dataframe=True)
        parts |= {"input_tags": inputs, "sampler_tags": SamplerTags(sample_indices=True)}
        return ImblearnTags(**parts)

    named = type(kind.__name__, (kind,), {"__sklearn_tags__": tags})
    made: BaseSelector = named(**selector.get_params(deep=False))
    return made


ITS_COLUMNS = "rows come back with the columns that they have: there are no names of others"
IMBLEARN_FAILURES = {
    "check_samplers_one_label": "one class is legal: this chooses rows, it does not balance",
    "check_samplers_fit": "sampling_strategy_ is how classes are balanced; here the budget says it",
    "check_samplers_multiclass_ova": "labels are one for each row, not a column for each class",
    "check_sampler_get_feature_names_out": ITS_COLUMNS,
    "check_sampler_get_feature_names_out_pandas": ITS_COLUMNS,
}


@pytest.mark.filterwarnings("ignore::coresift.WeightsLostWarning")
@pytest.mark.parametrize(  # imbalanced-learn's own decorator hands pytest a generator
    ("estimator", "check"),
    [
        pair
        for make in estimators().values()
        for pair in estimator_checks_generator(
            sampler(make(0.05, random_state=0)),
            expected_failed_checks=IMBLEARN_FAILURES,
            mark="xfail",
        )
    ],
    ids=lambda value: getattr(value, "func", type(value)).__name__,
)
def test_checks_of_imbalanced_learn(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)
