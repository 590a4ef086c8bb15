"""What every user may rely on: one contract for every method (laws 7 and 8), and for input."""

from __future__ import annotations

import inspect
import pickle
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from coresift import (
    BudgetError,
    ColumnError,
    CoresetClassifier,
    CoresiftError,
    Craig,
    CraigPQ,
    DataError,
    DeepFool,
    FastCore,
    FastCoreHull,
    FormatError,
    Glister,
    KMeansSnap,
    LabelError,
    ParameterError,
    Stratified,
    Uniform,
)
from coresift.core.budget import resolve_budget, split_budget
from coresift.selectors import METHODS, BaseSelector
from coresift.sources import as_source
from coresift.weightings import weighting_names
from tables import answer, table

REGISTERED = {name: make(budget=0.05, random_state=3) for name, make in METHODS.items()}
SETTINGS: dict[str, BaseSelector] = {
    "root-naive": FastCore(
        40, bound="root", greedy="naive", scale="standard", weights="assignment", random_state=1
    ),
    "refined": FastCore(0.05, refine=2, representative="medoid", random_state=5),
    "refined-codes": FastCore(
        0.05, start="codes", refine=2, representative="medoid", random_state=5
    ),
    "sampled": FastCore(
        0.05, exact_below=100, scale="standard", representative="medoid", random_state=6
    ),
    "random": FastCore(0.05, refine=1, representative="random", greedy="gradual", random_state=4),
    "gmm-cluster": FastCore(0.05, clusters="gmm", n_clusters=70, weights="cluster", random_state=3),
    "few-candidates": FastCore(
        0.05, greedy="stochastic", n_candidates=10, weights="assignment", random_state=2
    ),
    "hull-lazy": FastCoreHull(40, greedy="lazy", weights="cluster", n_planes=8, random_state=1),
    "craig-recompute": Craig(0.05, distances="recompute", random_state=3),
    "craig-neighbours": Craig(40, distances="neighbours", n_neighbours=20, random_state=1),
    "craig-stochastic": Craig(40, greedy="stochastic", n_candidates=20, random_state=2),
    "craig-pq-paper": CraigPQ(
        40, subspaces="blocks", distance="sum", greedy="stochastic", weights="code", random_state=1
    ),
    "kmeans-snap-small": KMeansSnap(40, batch_size=50, scale="standard", random_state=1),
    "uniform-small": Uniform(40, weights="assignment", random_state=1),
    "stratified-assignment": Stratified(0.05, n_planes=8, weights="assignment", random_state=2),
    "stratified-few": Stratified(40, max_clusters=3, scale="standard", random_state=1),
    "deepfool-twice": DeepFool(40, epochs=6, update_every=2, scale="standard", random_state=1),
    "glister-few": Glister(40, n_blocks=3, validation=0.5, scale="standard", random_state=1),
}
SELECTORS = REGISTERED | SETTINGS
UNSCORED = {"fastcore-paper", "uniform", "stratified", "deepfool", "glister"}
UNSCORED |= {"gmm-cluster", "hull-lazy", "craig-pq-paper", "stratified-few"}
UNSCORED |= {"deepfool-twice", "glister-few", "fastcore", "fastcore-kmeans", "fastcore-gmm"}
WITHOUT_CHANCE = {"craig", "fastcore-medoid"}  # FastCore takes classes as small as these exactly
READS_NO_FEATURE = {"uniform"}
each_setting = pytest.mark.parametrize("name", SELECTORS)
each_method = pytest.mark.parametrize("name", REGISTERED)


def fitted(name: str, X: Any, y: Any = None, **parameters: Any) -> BaseSelector:
    return clone(SELECTORS[name]).set_params(**parameters).fit(X, y)


def flat(plan: Any, of: Any) -> dict[str, Any]:
    """Return what ``of`` tells of the fields of a plan and of the plans in it; not MISSING."""
    found: dict[str, Any] = {}
    for field in fields(plan):
        value = getattr(plan, field.name)
        found |= flat(value, of) if is_dataclass(value) else {field.name: of(plan, field)}
    return {key: value for key, value in found.items() if value is not MISSING}


class TestContract:
    """The promises of a method, whatever it is: the settings of a method keep them as well."""

    # The coreset

    @each_setting
    def test_law_7_same_coreset_for_any_threads_chunks_and_sources(
        self, name: str, tmp_path: Path
    ) -> None:
        X, y = table(700)
        expected = answer(fitted(name, X, y))
        values = X.astype(np.float64)  # which CSV holds exactly
        frame = pd.DataFrame(values, columns=[f"f{j}" for j in range(X.shape[1])]).assign(y=y)
        frame.to_parquet(tmp_path / "rows.parquet", row_group_size=333)
        frame.to_csv(tmp_path / "rows.csv", index=False)
        inputs: list[Any] = [as_source(X, y, chunk_rows=size) for size in (7, 97, 700, 10_000)]
        inputs += [
            as_source(tmp_path / "rows.parquet", label="y", chunk_rows=501),
            as_source(tmp_path / "rows.csv", label="y", chunk_rows=100),
            as_source(sp.csr_array(X), y),
            as_source(pl.from_pandas(frame), label="y"),
            as_source(pa.Table.from_pandas(frame), label="y", chunk_rows=64),
            as_source(np.asfortranarray(values), y),
        ]
        for threads in (1, 2, 5):
            assert answer(fitted(name, X, y, n_threads=threads)) == expected
        for source in inputs:
            assert answer(fitted(name, source)) == expected

    @each_setting
    def test_law_7_where_each_row_is_a_chunk(self, name: str) -> None:
        X, y = table(150)
        selector = fitted(name, X, y)
        assert answer(fitted(name, as_source(X, y, chunk_rows=1))) == answer(selector)

    @each_setting
    def test_law_8_exactly_the_budget_with_every_class_and_whole_weights(self, name: str) -> None:
        X, y = table()
        selector = fitted(name, X, y)
        rows, weights = selector.sample_indices_, selector.sample_weight_
        assert (rows.dtype, weights.dtype) == (np.int64, np.float64)
        budget = resolve_budget(selector.budget, len(X))
        assert len(rows) == budget
        assert (np.diff(rows) > 0).all()
        assert rows[0] >= 0
        assert rows[-1] < len(X)
        assert (np.isfinite(weights) & (weights > 0)).all()
        sizes = np.bincount(y)
        quotas = split_budget(budget, sizes)
        assert np.bincount(y[rows]).tolist() == quotas.tolist()
        np.testing.assert_allclose(np.bincount(y[rows], weights=weights), sizes, rtol=1e-12)
        report = selector.report_
        n_features = 0 if name in READS_NO_FEATURE else 7
        found = report["n_rows"], report["n_features"], report["n_chosen"]
        assert found == (1500, n_features, budget)
        found = [(c["label"], c["rows"], c["chosen"]) for c in report["classes"]]
        assert found == list(zip(range(4), sizes, quotas, strict=True))
        assert report["seconds"]

    @each_method
    def test_law_8_with_every_weighting_that_serves_the_method(self, name: str) -> None:
        X, y = table(500)
        for weights in weighting_names(type(SELECTORS[name].plan())):
            own = {"refine": None, "representative": "auto"}
            extra = {key: own[key] for key in own if key in SELECTORS[name].get_params()}
            selector = fitted(name, X, y, weights=weights, **extra)
            assert (selector.sample_weight_ > 0).all()
            sums = np.bincount(y[selector.sample_indices_], weights=selector.sample_weight_)
            np.testing.assert_allclose(sums, np.bincount(y), rtol=1e-12)

    @each_method
    @settings(max_examples=25)
    @given(
        n_rows=st.integers(1, 40),
        n_features=st.integers(1, 5),
        n_classes=st.integers(1, 4),
        data=st.data(),
    )
    def test_law_8_on_small_tables(
        self, name: str, n_rows: int, n_features: int, n_classes: int, data: Any
    ) -> None:
        rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
        X = rng.integers(0, 4, size=(n_rows, n_features)).astype(float)
        y = rng.integers(0, n_classes, size=n_rows)
        budget = data.draw(st.integers(len(np.unique(y)), n_rows))
        selector = fitted(name, X, y, budget=budget)
        rows, weights = selector.sample_indices_, selector.sample_weight_
        assert len(np.unique(rows)) == budget
        assert (weights > 0).all()
        sums = np.bincount(y[rows], weights, minlength=n_classes)
        np.testing.assert_allclose(sums, np.bincount(y, minlength=n_classes), rtol=1e-12)

    @each_setting
    @pytest.mark.parametrize("constant", ["all-rows-equal", "one-feature"])
    def test_constant_features_and_equal_rows_are_legal(self, name: str, constant: str) -> None:
        X = np.full((400, 3), 2.5)
        if constant == "one-feature":
            X[:, 0] = np.arange(400)
        selector = fitted(name, X, np.arange(400) % 3)
        assert len(np.unique(selector.sample_indices_)) == resolve_budget(selector.budget, 400)
        assert selector.sample_weight_.sum() == pytest.approx(400)

    @each_method
    @pytest.mark.parametrize("y", [None, np.zeros(50), ["only"] * 50], ids=["none", "0", "only"])
    def test_one_class_is_legal(self, name: str, y: Any) -> None:
        X = np.random.default_rng(0).normal(size=(50, 3))
        assert fitted(name, X, y, budget=5).sample_weight_.sum() == pytest.approx(50)

    @each_method
    def test_a_class_of_one_row_is_chosen_with_weight_one(self, name: str) -> None:
        X, y = np.random.default_rng(0).normal(size=(50, 3)), np.zeros(50, dtype=int)
        y[17] = 1
        selector = fitted(name, X, y, budget=5)
        assert selector.sample_weight_[selector.sample_indices_ == 17].tolist() == [1.0]

    @each_method
    def test_all_rows_have_weight_one(self, name: str) -> None:
        X, y = table(50)
        assert fitted(name, X, y, budget=50).sample_weight_.tolist() == [1.0] * 50

    @each_setting
    def test_the_score_is_the_mean_distance_to_the_nearest_chosen_row_of_the_class(
        self, name: str
    ) -> None:
        X, y = table()
        selector = fitted(name, X, y, scale=None)
        if name in UNSCORED:
            assert selector.report_["score"] is None
            return
        rows = selector.sample_indices_
        distances = np.linalg.norm(X[:, None] - X[rows][None].astype(np.float64), axis=2)
        distances[y[:, None] != y[rows][None]] = np.inf
        expected = distances.min(axis=1).mean()
        assert selector.report_["score"] == pytest.approx(expected, rel=1e-5)

    @each_method
    def test_the_seed_decides(self, name: str) -> None:
        X, y = table()
        one, again, other = (answer(fitted(name, X, y, random_state=s)) for s in (1, 1, 2))
        assert one == again
        assert (one == other) == (name in WITHOUT_CHANCE)

    # The estimator

    @each_method
    def test_parameters_are_cloned_got_and_set(self, name: str) -> None:
        selector = clone(SELECTORS[name])
        assert clone(selector).get_params() == selector.get_params()
        assert type(selector)().set_params(**selector.get_params()).get_params() == (
            selector.get_params()
        )
        with pytest.raises(ValueError, match="nonsense"):
            selector.set_params(nonsense=1)

    @each_method
    def test_defaults_are_those_of_the_plan(self, name: str) -> None:
        selector = type(SELECTORS[name])()
        signature = inspect.signature(type(selector)).parameters
        defaults = {key: parameter.default for key, parameter in signature.items()}
        del defaults["budget"], defaults["random_state"]  # an argument of the plan, and its seed
        planned = flat(selector.plan(), lambda _, field: field.default)
        assert {key: planned[key] for key in planned if key != "seed"} == defaults

    @each_setting
    def test_the_plan_holds_the_parameters(self, name: str) -> None:
        parameters = SELECTORS[name].get_params()
        seed = parameters.pop("random_state")
        values = flat(SELECTORS[name].plan(), lambda plan, field: getattr(plan, field.name))
        assert values == parameters | {"seed": seed}

    @each_method
    def test_a_fitted_selector_is_pickled_with_its_answer(self, name: str) -> None:
        selector = fitted(name, *table(300))
        assert answer(pickle.loads(pickle.dumps(selector))) == answer(selector)

    @each_method
    def test_rows_are_given_back_in_order(self, name: str) -> None:
        X, y = table(300)
        frame = pd.DataFrame(X, columns=list("abcdefg"))
        selector = clone(SELECTORS[name]).set_params(budget=30)
        X_small, y_small, weights = selector.fit_resample(frame, y, return_weight=True)
        assert weights is selector.sample_weight_
        assert X_small.index.tolist() == selector.sample_indices_.tolist()
        assert y_small.tolist() == y[selector.sample_indices_].tolist()
        assert selector.feature_names_in_.tolist() == list("abcdefg")
        assert selector.n_features_in_ == 7
        assert selector.get_support().sum() == 30
        assert selector.get_support(indices=True).tolist() == X_small.index.tolist()

    @each_method
    def test_a_classifier_learns_from_the_coreset(self, name: str) -> None:
        X, y = table(300)
        selector = clone(SELECTORS[name]).set_params(budget=0.2)
        model = CoresetClassifier(LogisticRegression(), selector).fit(X, y > 0)
        assert model.score(X, y > 0) > 0.6
        assert model.selector_.sample_weight_.sum() == pytest.approx(300)

    @each_method
    def test_progress_reaches_the_end_of_each_stage(self, name: str) -> None:
        X, y = table(300)
        last: dict[str, tuple[int, int]] = {}

        def note(stage: str, done: int, total: int) -> None:
            last[stage] = (done, total)

        selector = clone(SELECTORS[name]).fit(X, y, progress=note)
        assert set(last) == set(selector.report_["seconds"])
        assert all(done == total for done, total in last.values())

    # Errors

    @each_method
    @pytest.mark.parametrize(
        "budget", [0, -1, 301, 0.0, 1.5, -0.1, float("nan"), float("inf"), True, "a", None]
    )
    def test_budgets_that_cannot_be(self, name: str, budget: Any) -> None:
        with pytest.raises(BudgetError, match="budget="):
            fitted(name, *table(300), budget=budget)

    @each_method
    def test_more_classes_than_rows_to_choose(self, name: str) -> None:
        with pytest.raises(BudgetError, match="at least 30"):
            fitted(name, np.zeros((30, 2)), np.arange(30), budget=10)

    @each_method
    def test_values_and_labels_that_are_missing(self, name: str) -> None:
        with pytest.raises(LabelError, match="1 of 3 labels are missing"):
            fitted(name, np.eye(3), [1.0, float("nan"), 2.0], budget=2)
        X, y = table(300)
        X[[3, 9], 2] = np.nan
        if name in READS_NO_FEATURE:
            assert answer(fitted(name, X, y)) == answer(fitted(name, *table(300)))
            return
        with pytest.raises(DataError, match="'x2' has 2 NaN"):
            fitted(name, X, y)

    @each_method
    @pytest.mark.parametrize("wrong", [{"scale": "robust"}, {"n_threads": 0}], ids=str)
    def test_parameters_of_every_method_out_of_range(
        self, name: str, wrong: dict[str, Any]
    ) -> None:
        with pytest.raises(ParameterError, match=next(iter(wrong))):
            fitted(name, *table(300), **wrong)


@pytest.mark.parametrize(
    ("method", "wrong"),
    [
        (FastCore, {"clusters": "dbscan"}),
        (FastCore, {"n_clusters": 5}),
        (FastCore, {"n_clusters": 0, "clusters": "kmeans"}),
        (FastCore, {"n_planes": 0}),
        (FastCore, {"n_planes": 65}),
        (FastCore, {"n_codewords": 257}),
        (FastCore, {"n_subspaces": 0}),
        (FastCore, {"n_candidates": 1.5}),
        (FastCore, {"bound": "max"}),
        (FastCore, {"greedy": "fast"}),
        (FastCore, {"weights": "none"}),
        (FastCore, {"refine": -1}),
        (FastCore, {"refine": 1, "weights": "cluster"}),
        (FastCore, {"representative": "mean"}),
        (FastCore, {"max_clusters": 0}),
        (FastCore, {"center": "yes"}),
        (KMeansSnap, {"batch_size": 0}),
        (FastCoreHull, {"greedy": "fast"}),
        (FastCoreHull, {"weights": "code"}),
        (FastCoreHull, {"max_clusters": 0}),
        (FastCoreHull, {"n_candidates": 0}),
        (Craig, {"distances": "sparse"}),
        (Craig, {"n_neighbours": 0}),
        (Craig, {"greedy": "fast"}),
        (Craig, {"n_candidates": 1.5}),
        (Craig, {"max_bytes": 0}),
        (Craig, {"weights": "cluster"}),
        (CraigPQ, {"n_subspaces": 0}),
        (CraigPQ, {"n_codewords": 257}),
        (CraigPQ, {"distance": "rms"}),
        (CraigPQ, {"weights": "none"}),
        (CraigPQ, {"subspaces": "odd"}),
        (Uniform, {"stratify": "yes"}),
        (Uniform, {"weights": "cluster"}),
        (Uniform, {"stratify": False, "weights": "assignment"}),
        (Stratified, {"n_planes": 65}),
        (Stratified, {"center": 2}),
        (Stratified, {"max_clusters": 0}),
        (Stratified, {"weights": "code"}),
        (Stratified, {"scale": 1}),
        (DeepFool, {"epochs": 0}),
        (DeepFool, {"update_every": 1.5}),
        (DeepFool, {"batch_size": 0}),
        (DeepFool, {"learning_rate": 0}),
        (Glister, {"n_blocks": 0}),
        (Glister, {"validation": 1}),
        (Glister, {"max_validation": 0}),
    ],
    ids=str,
)
def test_parameters_out_of_range(method: type[BaseSelector], wrong: dict[str, Any]) -> None:
    X, y = table(300)
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        method(0.1, **wrong).fit(X, y)


def test_every_error_is_a_coresift_error() -> None:
    for error in (BudgetError, ColumnError, DataError, FormatError, LabelError, ParameterError):
        assert issubclass(error, CoresiftError)


# What comes in, which all methods read in the same way: the default method stands for them


@pytest.mark.parametrize("kind", ["numpy", "pandas", "polars", "arrow", "csr"])
def test_fit_resample_returns_the_type_that_came_in(kind: str) -> None:
    X, y = table(300)
    frame = pd.DataFrame(X, columns=list("abcdefg"))
    given_X: Any = {
        "numpy": X,
        "pandas": frame,
        "polars": pl.from_pandas(frame),
        "arrow": pa.Table.from_pandas(frame),
        "csr": sp.csr_array(X),
    }[kind]
    selector = FastCore(30, random_state=0)
    X_small, y_small, _ = selector.fit_resample(given_X, y, return_weight=True)
    assert type(X_small) is type(given_X)
    values = X_small.toarray() if kind == "csr" else np.asarray(X_small)
    if kind == "arrow":
        values = np.column_stack([X_small[name].to_numpy() for name in "abcdefg"])
    np.testing.assert_array_equal(values, X[selector.sample_indices_])
    np.testing.assert_array_equal(y_small, y[selector.sample_indices_])


def test_text_columns_are_one_hot_encoded() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=100), "t": rng.choice(list("xyz"), size=100)})
    selector = FastCore(10, random_state=0).fit(frame, rng.integers(0, 2, 100))
    assert selector.n_features_in_ == 4
    assert len(selector.feature_names_in_) == 4


def test_classifier_in_pipeline_and_search() -> None:
    X, y = table()
    y = (y > 0).astype(int)
    model = CoresetClassifier(LogisticRegression(), FastCore(0.1, random_state=0))
    search = GridSearchCV(
        make_pipeline(StandardScaler(), model),
        {"coresetclassifier__selector__budget": [0.05, 0.1]},
        cv=2,
    ).fit(X, y)
    assert search.score(X, y) > 0.7
    assert model.fit(X, y).predict_proba(X).shape == (len(X), 2)
    assert model.selector_.sample_weight_.sum() == pytest.approx(len(X))


# Bad input: one clear error each


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_an_empty_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name.endswith("csv"):
        path.write_text("a,y\n")
    else:
        pq.write_table(pa.table({"a": pa.array([], pa.float64()), "y": []}), path)
    with pytest.raises(DataError, match=r"0 rows|no rows"):
        FastCore(1).fit(path, "y")


def test_a_file_of_no_bytes(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").touch()
    with pytest.raises((FormatError, DataError), match=r"rows\.csv"):
        FastCore(1).fit(tmp_path / "rows.csv", "y")


def test_a_label_column_that_is_missing() -> None:
    with pytest.raises(ColumnError, match="'nowhere'"):
        FastCore(1).fit(pd.DataFrame({"a": [1.0, 2.0]}), "nowhere")


@pytest.mark.parametrize("y", [[1.0, float("nan"), 2.0], ["a", None, "b"]])
def test_labels_that_are_missing(y: Any) -> None:
    with pytest.raises(LabelError, match="1 of 3 labels are missing"):
        FastCore(2).fit(np.eye(3), y)


def test_labels_without_a_common_order() -> None:
    with pytest.raises(LabelError, match="int, str"):
        FastCore(2).fit(np.eye(3), np.array([1, "a", 2], dtype=object))


def test_a_text_column_with_too_many_levels() -> None:
    frame = pd.DataFrame({"name": [f"n{i}" for i in range(200)]})
    with pytest.raises(ColumnError, match="'name'"):
        FastCore(2).fit(frame, np.arange(200) % 2)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite(value: float) -> None:
    X, y = table(300)
    X[[3, 9], 2] = value
    with pytest.raises(DataError, match=r"'x2' has [02] NaN and [02] infinite"):
        FastCore(10).fit(X, y)
