"""What every user may rely on, at the level of the estimator (laws 7, 8, 9)."""

from __future__ import annotations

import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp
from hypothesis import given
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
    DataError,
    FastCore,
    FormatError,
    LabelError,
    ParameterError,
)
from coresift.core.budget import resolve_budget, split_budget
from coresift.sources import as_source

SELECTORS = {
    "default": FastCore(0.05, random_state=3),
    "paper": FastCore.paper(0.05, random_state=3),
    "root-naive": FastCore(40, bound="root", greedy="naive", scale="standard", random_state=1),
    "refined": FastCore(0.05, refine=2, random_state=5),
    "random": FastCore(0.05, refine=1, representative="random", greedy="gradual", random_state=4),
    "kmeans": FastCore(0.05, clusters="kmeans", random_state=3),
    "gmm": FastCore(0.05, clusters="gmm", n_clusters=70, weights="cluster", random_state=3),
    "few-candidates": FastCore(0.05, greedy="stochastic", n_candidates=10, random_state=2),
}
each_selector = pytest.mark.parametrize("selector", SELECTORS.values(), ids=SELECTORS)


def table(n_rows: int = 1500, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.choice(4, size=n_rows, p=[0.6, 0.3, 0.09, 0.01])
    y[0] = 3
    X = rng.normal(size=(n_rows, 7)) + y[:, None]
    X[:, 5] = rng.integers(0, 2, size=n_rows)
    X[:, 6] = 4.0  # constant
    X[100:140] = X[60:100]  # equal rows
    return X.astype(np.float32), y


def answer(selector: FastCore) -> tuple[bytes, bytes]:
    return selector.sample_indices_.tobytes(), selector.sample_weight_.tobytes()


@each_selector
def test_law_7_same_coreset_for_any_threads_chunks_and_sources(
    selector: FastCore, tmp_path: Path
) -> None:
    X, y = table()
    expected = answer(clone(selector).fit(X, y))
    values = X.astype(np.float64)  # which CSV holds exactly
    frame = pd.DataFrame(values, columns=[f"f{j}" for j in range(X.shape[1])]).assign(y=y)
    frame.to_parquet(tmp_path / "rows.parquet", row_group_size=333)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    inputs: list[Any] = [as_source(X, y, chunk_rows=size) for size in (11, 97, 1500, 10_000)]
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


def test_law_7_chunks_of_one_row() -> None:
    X, y = table(150)
    selector = FastCore(0.2, refine=1, random_state=0)
    expected = answer(clone(selector).fit(X, y))
    assert answer(selector.fit(as_source(X, y, chunk_rows=1))) == expected


@each_selector
def test_law_8_exactly_the_budget_with_every_class_and_whole_weights(selector: FastCore) -> None:
    X, y = table()
    fitted = clone(selector).fit(X, y)
    rows, weights = fitted.sample_indices_, fitted.sample_weight_
    assert rows.dtype == np.int64
    assert weights.dtype == np.float64
    budget = resolve_budget(selector.budget, len(X))
    assert len(rows) == budget
    assert (np.diff(rows) > 0).all()
    assert rows[0] >= 0
    assert rows[-1] < len(X)
    assert np.isfinite(weights).all()
    assert (weights > 0).all()
    sizes = np.bincount(y)
    assert np.bincount(y[rows]).tolist() == split_budget(budget, sizes).tolist()
    np.testing.assert_allclose(np.bincount(y[rows], weights=weights), sizes, rtol=1e-12)


@given(
    n_rows=st.integers(1, 60),
    n_features=st.integers(1, 5),
    n_classes=st.integers(1, 4),
    data=st.data(),
)
def test_law_8_on_small_tables(n_rows: int, n_features: int, n_classes: int, data: Any) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    X = rng.integers(0, 4, size=(n_rows, n_features)).astype(float)
    y = rng.integers(0, n_classes, size=n_rows)
    budget = data.draw(st.integers(len(np.unique(y)), n_rows))
    selector = FastCore(
        budget,
        n_codewords=data.draw(st.sampled_from([1, 3, 256])),
        n_subspaces=data.draw(st.integers(1, 6)),
        greedy=data.draw(st.sampled_from(["auto", "gradual", "stochastic"])),
        weights=data.draw(st.sampled_from(["assignment", "cluster"])),
        max_clusters=data.draw(st.sampled_from([None, 1, 5])),
        random_state=0,
        **data.draw(
            st.sampled_from(
                [{}, {"clusters": "kmeans"}, {"clusters": "gmm", "n_clusters": 7}],
            )
        ),
    ).fit(X, y)
    assert len(np.unique(selector.sample_indices_)) == budget
    assert (selector.sample_weight_ > 0).all()
    sums = np.bincount(y[selector.sample_indices_], selector.sample_weight_, minlength=n_classes)
    np.testing.assert_allclose(sums, np.bincount(y, minlength=n_classes), rtol=1e-12)


def test_the_seed_decides_which_rows_are_looked_at() -> None:
    X, y = table()
    one, again, other = (FastCore(max_candidates=300, random_state=seed) for seed in (1, 1, 2))
    assert answer(one.fit(X, y)) == answer(again.fit(X, y)) != answer(other.fit(X, y))


def test_the_score_is_the_mean_distance_to_the_nearest_chosen_row_of_the_class() -> None:
    X, y = table()
    selector = FastCore(0.05, scale=None, random_state=0).fit(X, y)
    rows = selector.sample_indices_
    distances = np.linalg.norm(X[:, None] - X[rows][None].astype(np.float64), axis=2)
    distances[y[:, None] != y[rows][None]] = np.inf
    assert selector.report_["score"] == pytest.approx(distances.min(axis=1).mean(), rel=1e-5)


def test_refining_lowers_the_score_and_says_so() -> None:
    X, y = table()
    plain = FastCore(0.05, refine=0, random_state=0).fit(X, y)
    refined = FastCore(0.05, refine=3, random_state=0).fit(X, y)
    scores = refined.report_["scores"]
    assert scores[0] == plain.report_["score"] > scores[1]
    assert (np.diff(scores) <= 0).all()
    assert scores[-1] == refined.report_["score"]


def test_a_random_representative_stands_for_the_rows_of_the_medoid() -> None:
    X, y = table()
    medoids = FastCore(0.05, refine=2, scale=None, random_state=0).fit(X, y)
    drawn = clone(medoids).set_params(representative="random").fit(X, y)
    rows, own = medoids.sample_indices_, drawn.sample_indices_
    distances = np.linalg.norm(X[own][:, None] - X[rows][None], axis=2)
    distances[y[own][:, None] != y[rows][None]] = np.inf
    medoid = distances.argmin(axis=1)
    assert len(set(medoid)) > 0.9 * len(rows)  # all but for equal rows
    assert np.mean(drawn.sample_weight_ == medoids.sample_weight_[medoid]) > 0.9
    assert 0 < np.isin(own, rows).mean() < 0.9
    assert drawn.report_["scores"][:-1] == medoids.report_["scores"]
    assert drawn.report_["scores"][-1] == drawn.report_["score"] > medoids.report_["score"]


@pytest.mark.parametrize("bound", ["sum", "root", "rms"])
def test_the_report_says_how_far_the_bound_is_from_what_it_bounds(bound: str) -> None:
    X, y = table()
    error = FastCore(0.05, bound=bound, random_state=0).fit(X, y).report_["bound_error"]
    assert error["pairs"] > 500
    assert error["target"] == ("mean distance" if bound == "rms" else "largest distance")
    assert 0 < error["mean_relative_error"] < 1


def test_it_beats_uniform_samples_on_the_score() -> None:
    X, y = table(4000)
    chosen = FastCore(0.05, scale=None, random_state=0).fit(X, y).report_["score"]

    def score(rows: np.ndarray) -> float:
        distances = np.linalg.norm(X[:, None] - X[rows][None], axis=2)
        distances[y[:, None] != y[rows][None]] = np.inf
        best = distances.min(axis=1)
        return float(best[np.isfinite(best)].mean())

    rng = np.random.default_rng(0)
    assert chosen < min(score(rng.choice(4000, 200, replace=False)) for _ in range(5))


def test_all_kinds_of_clusters_agree_where_there_is_one() -> None:
    X, y = table()
    # 32 rows a codeword train the codebook, and 8192 the clusters, of which the table has fewer.
    lsh = FastCore(0.05, n_codewords=16, max_clusters=1, random_state=0)
    expected = answer(clone(lsh).fit(X, y))
    for clusters in ("kmeans", "gmm"):
        one = FastCore(0.05, n_codewords=16, clusters=clusters, n_clusters=1, random_state=0)
        assert answer(one.fit(X, y)) == expected
        bounded = clone(lsh).set_params(clusters=clusters, n_clusters=9)
        assert answer(bounded.fit(X, y)) == expected


@pytest.mark.parametrize(
    ("parameters", "most"), [({"n_planes": 3}, 8), ({}, 1500 // 4), ({"max_clusters": 50}, 50)]
)
def test_as_many_clusters_as_hyperplanes_find_in_the_sample(
    parameters: dict[str, Any], most: int
) -> None:
    X, _ = table()
    lsh, kmeans = (
        FastCore(0.05, clusters=clusters, random_state=0, **parameters).fit(X).report_
        for clusters in ("lsh", "kmeans")
    )
    if parameters == {"n_planes": 3}:
        assert kmeans["n_clusters"] == lsh["n_clusters"] <= most
    else:
        assert kmeans["n_clusters"] == most


@pytest.mark.parametrize("clusters", ["lsh", "kmeans", "gmm"])
def test_the_time_of_clustering_is_a_stage_and_no_time_counts_twice(clusters: str) -> None:
    X, y = table()
    start = time.perf_counter()
    seconds = FastCore(0.05, clusters=clusters, random_state=0).fit(X, y).report_["seconds"]
    taken = time.perf_counter() - start
    assert min(seconds.values()) >= 0
    assert seconds["cluster"] > 0
    assert sum(seconds.values()) <= taken + 1e-3


# scikit-learn's conventions


def test_clone_params_pickle() -> None:
    X, y = table(300)
    selector = FastCore(0.1, n_planes=8, random_state=0)
    assert clone(selector).get_params() == selector.get_params()
    fitted = selector.fit(X, y)
    assert answer(pickle.loads(pickle.dumps(fitted))) == answer(fitted)
    assert fitted.get_support().sum() == 30
    assert fitted.n_features_in_ == 7


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
    X_small, y_small = selector.fit_resample(given_X, y)
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


@pytest.mark.parametrize(
    "budget", [0, -1, 301, 0.0, 1.5, -0.1, float("nan"), float("inf"), True, "a", None]
)
def test_budgets_that_cannot_be(budget: Any) -> None:
    X, y = table(300)
    with pytest.raises(BudgetError, match="budget="):
        FastCore(budget).fit(X, y)


def test_more_classes_than_rows_to_choose() -> None:
    with pytest.raises(BudgetError, match="at least 30"):
        FastCore(10).fit(np.zeros((30, 2)), np.arange(30))


@pytest.mark.parametrize("y", [None, np.zeros(50), ["only"] * 50])
def test_one_class_is_legal(y: Any) -> None:
    X = np.random.default_rng(0).normal(size=(50, 3))
    assert FastCore(5, random_state=0).fit(X, y).sample_weight_.sum() == 50


def test_a_class_of_one_row_is_chosen_with_weight_one() -> None:
    X = np.random.default_rng(0).normal(size=(50, 3))
    y = np.zeros(50, dtype=int)
    y[17] = 1
    selector = FastCore(5, random_state=0).fit(X, y)
    place = selector.sample_indices_.tolist().index(17)
    assert selector.sample_weight_[place] == 1.0


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


@each_selector
@pytest.mark.parametrize("constant", ["all-rows-equal", "one-feature"])
def test_constant_features_and_equal_rows_are_legal(selector: FastCore, constant: str) -> None:
    X = np.full((400, 3), 2.5)
    if constant == "one-feature":
        X[:, 0] = np.arange(400)
    fitted = clone(selector).fit(X, np.arange(400) % 3)
    assert len(np.unique(fitted.sample_indices_)) == resolve_budget(selector.budget, 400)
    assert fitted.sample_weight_.sum() == pytest.approx(400)


def test_huge_values() -> None:
    X, y = table(300)
    X[:, 0] *= np.float32(1e30)
    assert np.isfinite(FastCore(0.1, random_state=0).fit(X, y).report_["score"])
    for scale in ("standard", None):
        with pytest.raises(DataError, match="'x0' holds values up to"):
            FastCore(0.1, scale=scale).fit(X, y)


@pytest.mark.parametrize(
    "wrong",
    [
        {"clusters": "dbscan"},
        {"n_clusters": 5},
        {"n_clusters": 0, "clusters": "kmeans"},
        {"n_planes": 0},
        {"n_planes": 65},
        {"n_codewords": 257},
        {"n_subspaces": 0},
        {"n_candidates": 1.5},
        {"bound": "max"},
        {"greedy": "fast"},
        {"weights": "none"},
        {"refine": -1},
        {"refine": 1, "weights": "cluster"},
        {"representative": "mean"},
        {"scale": "robust"},
        {"max_clusters": 0},
        {"n_threads": 0},
        {"center": "yes"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_parameters_out_of_range(wrong: dict[str, Any]) -> None:
    X, y = table(300)
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        FastCore(0.1, **wrong).fit(X, y)


def test_every_error_is_a_coresift_error() -> None:
    for error in (BudgetError, ColumnError, DataError, FormatError, LabelError, ParameterError):
        assert issubclass(error, CoresiftError)
