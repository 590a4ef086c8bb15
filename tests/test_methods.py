"""What every user may rely on, for each of the paper's other methods (laws 7, 8)."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from coresift import (
    BudgetError,
    CoresetClassifier,
    Craig,
    CraigPQ,
    DataError,
    DeepFool,
    FastCoreHull,
    Glister,
    LabelError,
    ParameterError,
    Stratified,
    Uniform,
)
from coresift.core.budget import resolve_budget, split_budget
from coresift.selectors import BaseSelector
from coresift.sources import as_source

SELECTORS: dict[str, BaseSelector] = {
    "uniform": Uniform(0.05, random_state=3),
    "uniform-assignment": Uniform(40, weights="assignment", random_state=1),
    "stratified": Stratified(0.05, random_state=3),
    "stratified-assignment": Stratified(0.05, n_planes=8, weights="assignment", random_state=2),
    "deepfool": DeepFool(0.05, random_state=3),
    "deepfool-twice": DeepFool(40, epochs=6, update_every=2, scale="standard", random_state=1),
    "glister": Glister(0.05, random_state=3),
    "glister-few": Glister(40, n_blocks=3, validation=0.5, scale="standard", random_state=1),
    "stratified-few": Stratified(40, max_clusters=3, scale="standard", random_state=1),
    "craig": Craig(0.05, random_state=3),
    "craig-recompute": Craig(0.05, distances="recompute", random_state=3),
    "craig-neighbours": Craig(40, distances="neighbours", n_neighbours=20, random_state=1),
    "craig-stochastic": Craig(40, greedy="stochastic", n_candidates=20, random_state=2),
    "craig-pq": CraigPQ(0.05, random_state=3),
    "craig-pq-paper": CraigPQ(
        40, subspaces="blocks", distance="sum", greedy="stochastic", weights="code", random_state=1
    ),
    "hull": FastCoreHull(0.05, random_state=3),
    "hull-lazy": FastCoreHull(40, greedy="lazy", weights="cluster", n_planes=8, random_state=1),
}
METHODS = {type(selector): selector for selector in reversed(SELECTORS.values())}
UNSCORED = {"uniform", "stratified", "stratified-few", "craig-pq-paper", "hull-lazy"}
UNSCORED |= {"deepfool", "deepfool-twice", "glister", "glister-few"}
each_selector = pytest.mark.parametrize("selector", SELECTORS.values(), ids=SELECTORS)
each_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)


def table(n_rows: int = 1500, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.choice(4, size=n_rows, p=[0.6, 0.3, 0.09, 0.01])
    y[0] = 3
    X = rng.normal(size=(n_rows, 7)) + y[:, None]
    X[:, 5] = rng.integers(0, 2, size=n_rows)
    X[:, 6] = 4.0  # constant
    X[100:140] = X[60:100]  # equal rows
    return X.astype(np.float32), y


def answer(selector: BaseSelector) -> tuple[bytes, bytes]:
    return selector.sample_indices_.tobytes(), selector.sample_weight_.tobytes()


@each_selector
def test_law_7_same_coreset_for_any_threads_chunks_and_sources(
    selector: BaseSelector, tmp_path: Path
) -> None:
    X, y = table(700)
    expected = answer(clone(selector).fit(X, y))
    values = X.astype(np.float64)  # which CSV holds exactly
    frame = pd.DataFrame(values, columns=[f"f{j}" for j in range(X.shape[1])]).assign(y=y)
    frame.to_parquet(tmp_path / "rows.parquet", row_group_size=333)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    inputs: list[Any] = [as_source(X, y, chunk_rows=size) for size in (1, 97, 700, 10_000)]
    inputs += [
        as_source(tmp_path / "rows.parquet", label="y", chunk_rows=501),
        as_source(tmp_path / "rows.csv", label="y", chunk_rows=100),
        as_source(sp.csr_array(X), y),
        as_source(pl.from_pandas(frame), label="y"),
        as_source(pa.Table.from_pandas(frame), label="y", chunk_rows=64),
        as_source(np.asfortranarray(X.astype(np.float64)), y),
    ]
    for threads in (1, 2, 5):
        assert answer(clone(selector).set_params(n_threads=threads).fit(X, y)) == expected
    for source in inputs:
        assert answer(clone(selector).fit(source)) == expected


@each_selector
def test_law_8_exactly_the_budget_with_every_class_and_whole_weights(
    selector: BaseSelector,
) -> None:
    X, y = table()
    fitted = clone(selector).fit(X, y)
    rows, weights = fitted.sample_indices_, fitted.sample_weight_
    assert (rows.dtype, weights.dtype) == (np.int64, np.float64)
    budget = resolve_budget(selector.budget, len(X))
    assert len(rows) == budget
    assert (np.diff(rows) > 0).all()
    assert (np.isfinite(weights) & (weights > 0)).all()
    sizes = np.bincount(y)
    quotas = split_budget(budget, sizes)
    assert np.bincount(y[rows]).tolist() == quotas.tolist()
    np.testing.assert_allclose(np.bincount(y[rows], weights=weights), sizes, rtol=1e-12)
    report = fitted.report_
    assert (report["n_rows"], report["n_features"], report["n_chosen"]) == (1500, 7, budget)
    found = [(c["label"], c["rows"], c["chosen"]) for c in report["classes"]]
    assert found == list(zip(range(4), sizes, quotas, strict=True))
    assert report["seconds"]


@each_method
@settings(max_examples=25)
@given(
    n_rows=st.integers(1, 40),
    n_features=st.integers(1, 5),
    n_classes=st.integers(1, 4),
    data=st.data(),
)
def test_law_8_on_small_tables(
    method: type[BaseSelector], n_rows: int, n_features: int, n_classes: int, data: Any
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    X = rng.integers(0, 4, size=(n_rows, n_features)).astype(float)
    y = rng.integers(0, n_classes, size=n_rows)
    budget = data.draw(st.integers(len(np.unique(y)), n_rows))
    selector = method(budget, random_state=0).fit(X, y)
    assert len(np.unique(selector.sample_indices_)) == budget
    assert (selector.sample_weight_ > 0).all()
    sums = np.bincount(y[selector.sample_indices_], selector.sample_weight_, minlength=n_classes)
    np.testing.assert_allclose(sums, np.bincount(y, minlength=n_classes), rtol=1e-12)


@pytest.mark.parametrize("name", SELECTORS)
def test_the_score_is_the_mean_distance_to_the_nearest_chosen_row_of_the_class(name: str) -> None:
    X, y = table()
    selector = clone(SELECTORS[name]).set_params(scale=None).fit(X, y)
    if name in UNSCORED:
        assert selector.report_["score"] is None
        return
    rows = selector.sample_indices_
    distances = np.linalg.norm(X[:, None] - X[rows][None].astype(np.float64), axis=2)
    distances[y[:, None] != y[rows][None]] = np.inf
    assert selector.report_["score"] == pytest.approx(distances.min(axis=1).mean(), rel=1e-5)


@each_method
def test_the_seed_decides(method: type[BaseSelector]) -> None:
    X, y = table()
    assert answer(method(random_state=1).fit(X, y)) == answer(method(random_state=1).fit(X, y))
    random = {"Uniform", "Stratified", "DeepFool", "Glister", "CraigPQ", "FastCoreHull"}
    if method.__name__ in random:
        assert answer(method(random_state=1).fit(X, y)) != answer(method(random_state=2).fit(X, y))


@each_method
def test_scikit_learn_conventions(method: type[BaseSelector]) -> None:
    X, y = table(300)
    selector = method(0.1, random_state=0)
    assert clone(selector).get_params() == selector.get_params()
    frame = pd.DataFrame(X, columns=list("abcdefg"))
    X_small, y_small = selector.fit_resample(frame, y)
    assert X_small.index.tolist() == selector.sample_indices_.tolist()
    assert y_small.tolist() == y[selector.sample_indices_].tolist()
    assert selector.feature_names_in_.tolist() == list("abcdefg")
    assert answer(pickle.loads(pickle.dumps(selector))) == answer(selector)
    assert selector.get_support().sum() == 30
    y = (y > 0).astype(int)
    model = CoresetClassifier(LogisticRegression(), method(0.2, random_state=0)).fit(X, y)
    assert model.score(X, y) > 0.6


@each_method
def test_progress_reaches_the_end_of_each_stage(method: type[BaseSelector]) -> None:
    X, y = table(300)
    last: dict[str, tuple[int, int]] = {}

    def note(stage: str, done: int, total: int) -> None:
        last[stage] = (done, total)

    selector = method(0.1, random_state=0).fit(X, y, progress=note)
    assert set(last) == set(selector.report_["seconds"])
    assert all(done == total for done, total in last.values())


# Bad and unusual input


@each_method
@pytest.mark.parametrize("budget", [0, 301, 1.5, float("nan"), True, "a", None])
def test_budgets_that_cannot_be(method: type[BaseSelector], budget: Any) -> None:
    X, y = table(300)
    with pytest.raises(BudgetError, match="budget="):
        method(budget).fit(X, y)


@each_method
def test_rows_and_labels_that_cannot_be_used(method: type[BaseSelector]) -> None:
    X, y = table(300)
    with pytest.raises(BudgetError, match="at least 30"):
        method(10).fit(np.zeros((30, 2)), np.arange(30))
    with pytest.raises(LabelError, match="1 of 3 labels are missing"):
        method(2).fit(np.eye(3), [1.0, float("nan"), 2.0])
    X[[3, 9], 2] = np.nan
    with pytest.raises(DataError, match="'x2' has 2 NaN"):
        method(10).fit(X, y)


@each_selector
@pytest.mark.parametrize("constant", ["all-rows-equal", "one-feature"])
def test_constant_features_and_equal_rows_are_legal(selector: BaseSelector, constant: str) -> None:
    X = np.full((400, 3), 2.5)
    if constant == "one-feature":
        X[:, 0] = np.arange(400)
    fitted = clone(selector).fit(X, np.arange(400) % 3)
    assert len(np.unique(fitted.sample_indices_)) == resolve_budget(selector.budget, 400)
    assert fitted.sample_weight_.sum() == pytest.approx(400)


@each_method
def test_labels_may_be_missing_altogether_and_classes_small(method: type[BaseSelector]) -> None:
    X = np.random.default_rng(0).normal(size=(50, 3))
    assert method(5, random_state=0).fit(X).sample_weight_.sum() == pytest.approx(50)
    y = np.zeros(50, dtype=int)
    y[17] = 1
    selector = method(5, random_state=0).fit(X, y)
    place = selector.sample_indices_.tolist().index(17)
    assert selector.sample_weight_[place] == 1.0
    assert method(50, random_state=0).fit(X, y).sample_weight_.tolist() == [1.0] * 50


@pytest.mark.parametrize(
    ("method", "wrong"),
    [
        (Uniform, {"stratify": "yes"}),
        (Uniform, {"weights": "cluster"}),
        (Uniform, {"scale": "robust"}),
        (Uniform, {"n_threads": 0}),
        (Uniform, {"engine": "fast"}),
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
        (DeepFool, {"scale": "robust"}),
        (DeepFool, {"n_threads": 0}),
        (Glister, {"n_blocks": 0}),
        (Glister, {"validation": 1}),
        (Glister, {"max_validation": 0}),
        (Glister, {"scale": "robust"}),
        (Glister, {"n_threads": 0}),
        (Craig, {"distances": "sparse"}),
        (Craig, {"n_neighbours": 0}),
        (Craig, {"greedy": "fast"}),
        (Craig, {"n_candidates": 1.5}),
        (Craig, {"max_bytes": 0}),
        (Craig, {"n_threads": 0}),
        (CraigPQ, {"n_subspaces": 0}),
        (CraigPQ, {"n_codewords": 257}),
        (CraigPQ, {"distance": "rms"}),
        (CraigPQ, {"weights": "none"}),
        (CraigPQ, {"subspaces": "odd"}),
        (FastCoreHull, {"greedy": "fast"}),
        (FastCoreHull, {"weights": "code"}),
        (FastCoreHull, {"max_clusters": 0}),
        (FastCoreHull, {"n_candidates": 0}),
    ],
    ids=str,
)
def test_parameters_out_of_range(method: type[BaseSelector], wrong: dict[str, Any]) -> None:
    X, y = table(300)
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        method(0.1, **wrong).fit(X, y)
