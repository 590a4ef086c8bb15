"""Prior weights: a row of weight 2 is the row twice, a row of weight 0 is absent."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.ensemble import AdaBoostClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from coresift import (
    BudgetError,
    ColumnError,
    CoresetClassifier,
    Craig,
    CraigPQ,
    DataError,
    FastCore,
    ParameterError,
    Uniform,
)
from coresift._rng import draw_keys
from coresift.core.bound_error import Pairs, TrueDistances
from coresift.core.budget import resolve_budget
from coresift.core.centers import Assignment, Centers
from coresift.core.medoids import CellSums, FixedPoint, cell_costs, cell_distances
from coresift.core.merge import Count
from coresift.core.prior import PriorSum, Steps, level, weight_of
from coresift.core.scaler import SCALES, Moments, Scaler
from coresift.core.summary import Layout, Summary
from coresift.engines._processes import Processes
from coresift.selectors import METHODS, BaseSelector
from coresift.sources import WeightedSource, as_source
from coresift.weightings import weighting_names
from naive import identical
from strategies import Array, Dataset, datasets, encoders
from tables import answer, table

SETTINGS: dict[str, BaseSelector] = {
    **{name: make(budget=0.08, random_state=3) for name, make in METHODS.items()},
    "coarse": FastCore(0.08, n_planes=6, max_candidates=90, scale="standard", random_state=1),
    "sampled": FastCore(0.08, exact_below=60, weights="assignment", random_state=4),
    "random": FastCore(0.08, n_planes=6, representative="random", random_state=2),
    "unstratified": Uniform(0.08, stratify=False, random_state=1),
    "stochastic": FastCore(0.08, greedy="stochastic", n_candidates=9, random_state=2),
    "craig-neighbours": Craig(0.08, distances="neighbours", n_neighbours=20, random_state=1),
}
each_setting = pytest.mark.parametrize("name", SETTINGS)
each_method = pytest.mark.parametrize("name", METHODS)


def fitted(name: str, X: Any, y: Any = None, prior: Any = None, **more: Any) -> BaseSelector:
    return clone(SETTINGS[name]).set_params(**more).fit(X, y, prior)


def some_weights(n_rows: int, seed: int = 0) -> Array:
    """Weights of many sizes, a few of them 0."""
    rng = np.random.default_rng(seed)
    weights = rng.lognormal(sigma=1.5, size=n_rows)
    weights[rng.random(n_rows) < 0.1] = 0
    return weights


# Equal weights


@each_setting
@pytest.mark.parametrize("constant", [1, 3, 0.1, 1e-300])
def test_equal_weights_choose_the_same_rows_and_scale_the_weights(
    name: str, constant: float
) -> None:
    X, y = table(300)
    plain, scaled = fitted(name, X, y), fitted(name, X, y, np.full(300, constant))
    assert scaled.sample_indices_.tolist() == plain.sample_indices_.tolist()
    expected = plain.sample_weight_ * constant
    np.testing.assert_allclose(scaled.sample_weight_, expected, rtol=1e-9)
    if constant == 1:
        assert answer(scaled) == answer(plain)


# Absent rows


@each_setting
def test_rows_of_weight_0_are_not_chosen_and_not_looked_at(name: str) -> None:
    X, y = table(300)
    weights = some_weights(300)
    absent = weights == 0
    once = fitted(name, X, y, weights)
    assert not absent[once.sample_indices_].any()
    # As far away as can be, missing, of a class of their own.
    other, labels = X.copy(), y.copy()
    other[absent] = 1e30
    other[np.flatnonzero(absent)[0]] = np.nan
    labels[absent] = 9
    again = fitted(name, other, labels, weights)
    assert answer(again) == answer(once)


@each_setting
def test_a_mask_as_weights_keeps_what_is_left_out_from_counting(name: str) -> None:
    X, y = table(300)
    mask = np.random.default_rng(5).random(300) < 0.5
    mask[y == 3] = True
    found = fitted(name, X, y, mask)
    assert found.sample_weight_.sum() == pytest.approx(mask.sum())
    assert mask[found.sample_indices_].all()
    assert len(found.sample_indices_) == resolve_budget(0.08, int(mask.sum()))


def test_craig_chooses_as_if_absent_rows_were_removed() -> None:
    X, y = table(300)
    mask = np.random.default_rng(6).random(300) < 0.6
    mask[y == 3] = True
    selector = Craig(40, random_state=0)
    weighted = clone(selector).fit(X, y, mask)
    removed = clone(selector).fit(X[mask], y[mask])
    assert (
        weighted.sample_indices_.tolist() == np.flatnonzero(mask)[removed.sample_indices_].tolist()
    )
    assert weighted.sample_weight_.tolist() == removed.sample_weight_.tolist()


# Whole weights are repeated rows, in everything that counts


def repeated(rows: Dataset, times: Array) -> tuple[Dataset, Array]:
    """Return each row so many times, under ids of their own, and which row each is."""
    which = np.repeat(np.arange(len(rows)), times)
    return Dataset(rows.rows[which], rows.class_ids[which], np.arange(len(which))), which


@st.composite
def weighted_rows(draw: Any) -> tuple[Dataset, Array]:
    rows = draw(datasets())
    times = draw(st.lists(st.integers(1, 5), min_size=len(rows), max_size=len(rows)))
    return rows, np.array(times, dtype=np.int64)


@pytest.mark.parametrize("scale", SCALES)
@given(given_rows=weighted_rows())
def test_moments_equal_those_of_repeated_rows(
    scale: str | None, given_rows: tuple[Dataset, Array]
) -> None:
    rows, times = given_rows
    found = Moments.of(rows.rows, scale, times)
    assert identical(found, Moments.of(repeated(rows, times)[0].rows, scale))


@given(given_rows=weighted_rows(), data=st.data())
def test_summaries_equal_those_of_repeated_rows_but_for_the_candidates(
    given_rows: tuple[Dataset, Array], data: st.DataObject
) -> None:
    rows, times = given_rows
    encoder = data.draw(encoders(rows))
    buckets, codes = encoder.encode(rows.rows)

    limits = (3,) * rows.n_classes
    layout = Layout(codes.shape[1], encoder.clusterer.n_bits, limits, (0,) * rows.n_classes, 0)
    many, which = repeated(rows, times)
    found = Summary.of(rows.class_ids, buckets, codes, rows.row_ids, layout, times)
    expected = Summary.of(many.class_ids, buckets[which], codes[which], many.row_ids, layout)
    for field in ("bits", "cluster_class", "cluster_bucket", "sizes", "entries", "entry_counts"):
        assert identical(getattr(found, field), getattr(expected, field))


@given(given_rows=weighted_rows(), data=st.data())
def test_cells_equal_those_of_repeated_rows(
    given_rows: tuple[Dataset, Array], data: st.DataObject
) -> None:
    rows, times = given_rows
    first = {rows.class_ids.tolist().index(c) for c in range(rows.n_classes)}
    chosen = first | data.draw(st.sets(st.integers(0, len(rows) - 1)))
    some = rows.part(np.array(sorted(chosen, key=lambda i: rows.row_ids[i])))
    centers = Centers.of(some.row_ids, some.rows, some.class_ids, rows.n_classes)
    owners, distances = centers.owners(rows.rows, rows.class_ids, rows.row_ids)
    many, which = repeated(rows, times)
    found = Assignment.of(rows.class_ids, owners, distances, centers, times)
    expected = Assignment.of(many.class_ids, owners[which], distances[which], centers)
    assert identical(found, expected)
    assert found.score() == expected.score()
    values = np.clip(rows.rows, -1e3, 1e3)
    units = FixedPoint.of(values.min(axis=0), values.max(axis=0), int(times.sum()))
    n_cells = len(some.row_ids)
    assert identical(
        CellSums.of(values, owners, n_cells, units, times),
        CellSums.of(values[which], owners[which], n_cells, units),
    )
    squared = cell_distances(values, owners, np.clip(some.rows, -1e3, 1e3)[:, None])
    assert identical(
        cell_costs(squared, owners, n_cells, units, times),
        cell_costs(squared[which], owners[which], n_cells, units),
    )
    assert identical(Count.of(owners, n_cells, times), Count.of(owners[which], n_cells))


@given(given_rows=weighted_rows(), data=st.data())
def test_bound_errors_equal_those_of_repeated_rows(
    given_rows: tuple[Dataset, Array], data: st.DataObject
) -> None:

    rows, times = given_rows
    encoder = data.draw(encoders(rows))
    scaled, (buckets, codes) = encoder.scaler.transform(rows.rows), encoder.encode(rows.rows)
    limits = (3,) * rows.n_classes
    layout = Layout(codes.shape[1], encoder.clusterer.n_bits, limits, limits, 0)
    summary = Summary.of(rows.class_ids, buckets, codes, rows.row_ids, layout, times)
    pairs = Pairs.of(summary, rows.class_ids, scaled, buckets, codes)
    units = FixedPoint.of(scaled.min(axis=0), scaled.max(axis=0), int(times.sum()))
    many, which = repeated(rows, times)
    found = TrueDistances.of(pairs, summary, units, scaled, rows.class_ids, buckets, times)
    expected = TrueDistances.of(
        pairs, summary, units, scaled[which], many.class_ids, buckets[which]
    )
    assert identical(found, expected)


def test_craig_pq_chooses_the_codes_of_repeated_rows() -> None:
    # In general position, and a code for each row: then nothing is drawn, and no two are alike.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2)).astype(np.float32)
    times = rng.integers(1, 6, size=60)
    which = np.repeat(np.arange(60), times)
    selector = CraigPQ(6, n_subspaces=1, random_state=0)
    weighted, many = clone(selector).fit(X, None, times), clone(selector).fit(X[which])
    content = sorted(map(tuple, X[weighted.sample_indices_]))
    assert content == sorted(map(tuple, X[which][many.sample_indices_]))
    assert sorted(weighted.sample_weight_) == pytest.approx(sorted(many.sample_weight_))


# What the weights of a coreset sum to


@each_setting
def test_a_coreset_of_weighted_rows_keeps_its_promises(name: str) -> None:
    X, y = table(400)
    weights = some_weights(400)
    n_present = int((weights > 0).sum())
    for kind in weighting_names(type(SETTINGS[name].plan())):
        more: dict[str, Any] = (
            {"refine": None, "representative": "medoid"}
            if "refine" in SETTINGS[name].get_params()
            else {}
        )
        if name == "unstratified" and kind != "uniform":
            continue
        if name == "sampled" and kind in ("cluster", "uniform"):
            more["exact_below"] = "auto"  # there are no clusters without codes
        found = fitted(name, X, y, weights, weights=kind, **more)
        rows, given_weights = found.sample_indices_, found.sample_weight_
        assert len(np.unique(rows)) == resolve_budget(0.08, n_present)
        assert (np.isfinite(given_weights) & (given_weights > 0)).all()
        if name == "unstratified":
            assert given_weights.sum() == pytest.approx(weights.sum(), rel=1e-12)
            continue
        sums = np.bincount(y[rows], given_weights, minlength=4)
        np.testing.assert_allclose(sums, np.bincount(y, weights), rtol=1e-12)
        report = found.report_
        assert (report["n_rows"], report["n_weighted"]) == (400, n_present)
        assert report["total_weight"] == pytest.approx(weights.sum())
        assert [entry["weight"] for entry in report["classes"]] == pytest.approx(
            np.bincount(y, weights)
        )


@each_setting
def test_all_rows_keep_their_own_weights(name: str) -> None:
    X, y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 3
    weights = some_weights(60)
    found = fitted(name, X, y, weights, budget=1.0)
    present = np.flatnonzero(weights)
    assert found.sample_indices_.tolist() == present.tolist()
    np.testing.assert_allclose(found.sample_weight_, weights[present], rtol=1e-6)


@each_setting
@settings(max_examples=20)
@given(n_rows=st.integers(1, 30), n_classes=st.integers(1, 3), data=st.data())
def test_small_tables(name: str, n_rows: int, n_classes: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    X = rng.integers(0, 4, size=(n_rows, 2)).astype(float)
    y = rng.integers(0, n_classes, size=n_rows)
    some = st.sampled_from([0.0, 1.0, 2.0, 0.3, 1e-12, 1e9])
    weights = np.array(data.draw(st.tuples(*[some] * n_rows)))
    weights[0] = 1
    present = weights > 0
    budget = data.draw(st.integers(len(np.unique(y[present])), int(present.sum())))
    found = fitted(name, X, y, weights, budget=budget)
    rows = found.sample_indices_
    assert len(np.unique(rows)) == budget
    assert (found.sample_weight_ > 0).all()
    assert present[rows].all()
    if name == "unstratified":
        assert found.sample_weight_.sum() == pytest.approx(weights.sum())
    else:
        sums = np.bincount(y[rows], found.sample_weight_, minlength=n_classes)
        np.testing.assert_allclose(sums, np.bincount(y, weights, minlength=n_classes), rtol=1e-9)


def test_the_score_is_the_weighted_mean_distance() -> None:
    X, y = table(300)
    weights = some_weights(300)
    selector = FastCore(30, scale=None, representative="medoid", random_state=0)
    found = selector.fit(X, y, weights)
    distances = np.linalg.norm(X[:, None] - X[found.sample_indices_][None].astype(float), axis=2)
    distances[y[:, None] != y[found.sample_indices_][None]] = np.inf
    expected = np.average(distances.min(axis=1), weights=weights)
    assert found.report_["score"] == pytest.approx(expected, rel=1e-5)


def test_heavy_rows_are_chosen_and_light_ones_leave_their_places() -> None:
    rng = np.random.default_rng(0)
    X, weights = rng.normal(size=(500, 2)), np.ones(500)
    weights[:5] = 1e4
    for selector in (FastCore(20, random_state=0), Uniform(20, random_state=0)):
        found = selector.fit(X, None, weights)
        assert set(range(5)) <= set(found.sample_indices_.tolist())
    np.testing.assert_allclose(found.sample_weight_[:5], 1e4)
    np.testing.assert_allclose(found.sample_weight_[5:], 495 / 15)


# Chunks, threads, engines and forms


@each_setting
def test_law_7_with_weights(name: str, tmp_path: Path) -> None:
    X, y = table(300)
    weights = some_weights(300)
    expected = answer(fitted(name, X, y, weights))
    frame = pd.DataFrame(X, columns=list("abcdefg")).assign(y=y, w=weights)
    frame.to_parquet(tmp_path / "rows.parquet", row_group_size=77)
    frame.astype(dict.fromkeys("abcdefg", float)).to_csv(tmp_path / "rows.csv", index=False)
    inputs = [
        *(as_source(X, y, sample_weight=weights, chunk_rows=size) for size in (1, 97, 10_000)),
        as_source(sp.csr_array(X), y, sample_weight=pd.Series(weights)),
        as_source(tmp_path / "rows.parquet", label="y", weight="w", chunk_rows=50),
        as_source(tmp_path / "rows.csv", label="y", weight="w", chunk_rows=50),
        as_source(pl.from_pandas(frame), label="y", weight="w", chunk_rows=70),
        as_source(frame.drop(columns="w"), label="y", sample_weight=weights.tolist()),
    ]
    for source in inputs:
        assert answer(fitted(name, source)) == expected
    assert answer(fitted(name, X, y, weights, n_threads=3)) == expected
    assert answer(fitted(name, frame, "y", "w")) == expected
    assert answer(fitted(name, tmp_path / "rows.parquet", "y", "w")) == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", ["coarse", "uniform", "stratified"])
def test_law_7_on_processes(name: str, tmp_path: Path, processes: Processes) -> None:
    X, y = table(300)
    weights = some_weights(300)
    frame = pd.DataFrame(X, columns=list("abcdefg")).assign(y=y, w=weights)
    frame.to_parquet(tmp_path / "rows.parquet", row_group_size=77)
    expected = answer(fitted(name, X, y, weights))
    for source in (
        as_source(X, y, sample_weight=weights, chunk_rows=40),
        as_source(tmp_path / "rows.parquet", label="y", weight="w", chunk_rows=40),
    ):
        assert answer(fitted(name, source, engine=processes)) == expected


def test_weights_are_those_of_the_given_rows(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": np.arange(5.0), "w": [1, 2, 0, 4, 5]})
    frame.to_parquet(tmp_path / "rows.parquet", row_group_size=2)
    for data in (frame, tmp_path / "rows.parquet"):
        source = as_source(data, weight="w")
        assert source.feature_names == ("a",)
        assert source.weights_at(np.array([1, 3])).tolist() == [2.0, 4.0]
        found = np.concatenate([chunk.weights for chunk in source.chunks()])
        assert found.tolist() == [1.0, 2.0, 0.0, 4.0, 5.0]
    assert as_source(frame).weights_at(np.array([0])) is None


# Draws


def test_keys_draw_in_proportion_to_the_weights() -> None:
    weights = np.array([1.0, 2.0, 3.0, 10.0])
    first = [int(draw_keys(np.arange(4), seed, weights)[0].argmin()) for seed in range(4000)]
    np.testing.assert_allclose(np.bincount(first) / 4000, weights / 16, atol=0.02)


@given(seed=st.integers(0, 2**63), constant=st.sampled_from([1.0, 0.1, 7.0]))
def test_keys_of_equal_weights_are_in_the_order_of_the_hashes(seed: int, constant: float) -> None:
    rows = np.arange(50)
    plain, weighted = draw_keys(rows, seed), draw_keys(rows, seed, np.full(50, constant))
    assert np.lexsort(weighted[::-1]).tolist() == np.argsort(plain[0]).tolist()


# Sums without rounding


@given(st.lists(st.floats(0, 1e300) | st.floats(0, 1e-300), min_size=1, max_size=20))
def test_prior_sums_are_exact(values: list[float]) -> None:

    found = PriorSum.of(np.array(values))
    assert Fraction(found.total, 2**1074) == sum(map(Fraction, values))
    assert found.n_rows == sum(value > 0 for value in values)


@given(st.lists(st.floats(0, 1e9) | st.integers(0, 2**45).map(float), min_size=1, max_size=20))
def test_steps_are_close_to_the_weights_and_below_their_limit(values: list[float]) -> None:
    weights = np.array(values)
    weights = weights[weights > 0]
    if not len(weights):
        return
    seen = PriorSum.of(weights)
    steps = Steps.of(seen)
    found = steps.count(weights)
    found = np.ones(len(weights), dtype=np.int64) if found is None else found
    assert (found >= 1).all()
    assert found.sum() <= steps.total <= 2**41
    np.testing.assert_allclose(found * steps.unit, weights, atol=weights.sum() * 2.0**-39)
    if (weights == np.floor(weights)).all() and weights.sum() < 2**40 and len(set(values)) > 2:
        assert (found * steps.unit == weights).all()


def test_exact_totals_become_floats_rounded_once() -> None:
    assert weight_of(PriorSum.of(np.array([0.1, 0.2])).total) == 0.1 + 0.2
    assert Steps.of(PriorSum.of(np.full(3, 0.1))).value(PriorSum.of(np.full(3, 0.1)).total) == 3


@given(own=st.lists(st.integers(1, 1000), min_size=1, max_size=10), extra=st.floats(0, 1e4))
def test_a_shared_mass_leaves_each_its_own(own: list[int], extra: float) -> None:
    found = level(np.array(own), sum(own) + extra)
    assert found.sum() == pytest.approx(sum(own) + extra)
    assert (found >= own).all()
    raised = found > own
    assert np.ptp(found[raised]) == 0 if raised.any() else extra < 1e-6


def test_a_weighted_scaler_is_that_of_repeated_rows() -> None:
    X = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    times = np.arange(1, 21)
    found = Scaler.from_moments(Moments.of(X, "standard", times), "standard")
    many = np.repeat(X, times, axis=0)
    expected = Scaler.from_moments(Moments.of(many, "standard"), "standard")
    assert identical(found, expected)


# Errors


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        ([1, -1, 2, 3], "1 below 0"),
        ([1, np.nan, 2, 3], "1 NaN or infinite"),
        ([1, np.inf, 2, 3], "1 NaN or infinite"),
        ([0, 0, 0, 0], "zero for all 4 rows"),
        ([1, 2, 3], r"shape \(3,\) for 4 rows"),
        ([[1, 2], [3, 4], [1, 2], [3, 4]], r"shape \(4, 2\)"),
        (["a", "b", "c", "d"], "give numbers"),
        ([1e308, 1e308, 1e308, 1], "more than 1e301"),
        (2.0, "sample_weight is 2.0"),
    ],
    ids=str,
)
def test_weights_that_cannot_be(weights: Any, match: str) -> None:
    with pytest.raises(DataError, match=match):
        Uniform(2).fit(np.eye(4), None, weights)


@pytest.mark.parametrize(
    ("weights", "match"),
    [([1, -1, 2], "1 below 0"), ([1, None, 2], "1 NaN"), ([0, 0, 0], "all 3 rows")],
    ids=str,
)
def test_weights_in_a_column_that_cannot_be(weights: Any, match: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "w": weights})
    frame.to_parquet(tmp_path / "rows.parquet")
    for data in (frame, tmp_path / "rows.parquet"):
        with pytest.raises(DataError, match=match):
            Uniform(1).fit(data, None, "w")


def test_columns_of_weights_that_cannot_be() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "w": ["x", "y"], "y": [0, 1]})
    with pytest.raises(ColumnError, match="'v' of the weights"):
        Uniform(1).fit(frame, "y", "v")
    with pytest.raises(ColumnError, match="weights are numbers"):
        Uniform(1).fit(frame, None, "w")
    with pytest.raises(ColumnError, match="for the labels and for the weights"):
        Uniform(1).fit(frame, "y", "y")
    with pytest.raises(ParameterError, match="weight is given together with an array, which"):
        Uniform(1).fit(np.eye(2), None, "w")
    with pytest.raises(ParameterError, match="weight is given together with sample_weight"):
        as_source(frame, weight="a", sample_weight=[1, 2])
    with pytest.raises(ParameterError, match="a source that has weights"):
        as_source(as_source(frame, weight="a"), sample_weight=[1, 2])


def test_a_budget_counts_the_rows_that_have_a_weight() -> None:
    weights = np.array([1.0, 0, 2, 0, 3])
    with pytest.raises(BudgetError, match="rows of a weight above 0, 3"):
        Uniform(4).fit(np.eye(5), None, weights)
    assert len(Uniform(1.0).fit(np.eye(5), None, weights).sample_indices_) == 3


# Estimators


def digits() -> tuple[Array, Array]:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X[:600] / 16, y[:600]


def classifier(budget: float = 0.3) -> CoresetClassifier:
    return CoresetClassifier(LogisticRegression(max_iter=500), FastCore(budget, random_state=0))


def test_a_classifier_hands_weights_to_its_selector() -> None:
    X, y = digits()
    weights = some_weights(len(y))
    model = classifier().fit(X, y, sample_weight=weights)
    assert model.selector_.sample_weight_.sum() == pytest.approx(weights.sum())
    assert model.score(X, y, sample_weight=weights) > 0.9
    selector = Uniform(30, random_state=0)
    X_small, y_small, _ = selector.fit_resample(X, y, weights, return_weight=True)
    assert len(X_small) == len(y_small) == 30


def test_adaboost_and_voting_weigh_their_classifiers() -> None:
    X, y = digits()
    weak = CoresetClassifier(LogisticRegression(C=1e4), FastCore(0.2, random_state=0))
    boosted = AdaBoostClassifier(weak, n_estimators=3, random_state=0).fit(X, y)
    sums = [model.selector_.sample_weight_.sum() for model in boosted.estimators_]
    assert sums == pytest.approx([1.0] * len(sums))
    assert boosted.score(X, y) > 0.8
    weights = some_weights(len(y))
    voting = VotingClassifier([("one", classifier()), ("two", classifier(0.2))])
    voting.fit(X, y, sample_weight=weights)
    found = [model.selector_.sample_weight_.sum() for model in voting.estimators_]
    assert found == pytest.approx([weights.sum()] * 2)


def test_weights_are_routed() -> None:
    X, y = digits()
    weights = some_weights(len(y))
    with sklearn.config_context(enable_metadata_routing=True):
        model = classifier().set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=True)
        found = cross_validate(
            model, X, y, params={"sample_weight": weights}, cv=2, return_estimator=True
        )
        halves = [m.selector_.sample_weight_.sum() for m in found["estimator"]]
        assert sum(halves) == pytest.approx(weights.sum())
        scaler = MinMaxScaler()
        piped = make_pipeline(scaler, classifier().set_fit_request(sample_weight=True))
        piped.fit(X, y, sample_weight=weights)
        assert piped[-1].selector_.sample_weight_.sum() == pytest.approx(weights.sum())
        search = GridSearchCV(model, {"selector__budget": [0.2, 0.3]}, cv=2)
        search.fit(X, y, sample_weight=weights)
        best = search.best_estimator_.selector_
        assert best.sample_weight_.sum() == pytest.approx(weights.sum())
        selector = Uniform(0.2).set_fit_request(sample_weight=True)
        assert selector.get_metadata_routing().fit.requests["sample_weight"] is True


def test_a_source_with_weights_has_what_the_source_has(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": np.arange(5.0), "b": list("vwxyz")})
    frame.to_parquet(tmp_path / "rows.parquet")
    source = as_source(tmp_path / "rows.parquet", sample_weight=[1, 2, 3, 4, 5])
    assert isinstance(source, WeightedSource)
    assert source.take_table(np.array([1])).to_pydict() == {"a": [1.0], "b": ["w"]}
    assert source.column_names == ("a", *["b"] * 5)
    assert StandardScaler().fit(source.take(np.arange(5))).n_features_in_ == 6
    with pytest.raises(AttributeError):
        _ = source.nothing
