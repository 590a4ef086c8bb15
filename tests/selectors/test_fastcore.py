"""FastCore: what its settings do, beyond what every method keeps (test_contract.py)."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import load_digits

from coresift import Craig, DataError, FastCore, ParameterError
from coresift.methods._exact import small_classes
from coresift.methods._exchanged import exchanged_classes, n_tried
from coresift.methods._sampled import sample_limits
from coresift.sources import as_source
from tables import answer, table

MEDOIDS = partial(FastCore, representative="medoid", random_state=0)


@given(
    n_rows=st.integers(1, 60),
    n_features=st.integers(1, 5),
    n_classes=st.integers(1, 4),
    data=st.data(),
)
def test_law_8_on_small_tables_with_any_settings(
    n_rows: int, n_features: int, n_classes: int, data: Any
) -> None:
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


def test_refining_lowers_the_score_and_says_so() -> None:
    X, y = table()
    codes = partial(FastCore, 0.05, start="codes", representative="medoid", random_state=0)
    plain, refined = codes(refine=0).fit(X, y), codes(refine=3).fit(X, y)
    scores = refined.report_["scores"]
    assert scores[0] == plain.report_["score"] > scores[1]
    assert (np.diff(scores) <= 0).all()
    assert scores[-1] == refined.report_["score"]


def test_a_random_representative_stands_for_the_rows_of_the_medoid() -> None:
    X, y = table()
    options = {"start": "codes", "refine": 2, "scale": None, "random_state": 0}
    medoids = FastCore(0.05, representative="medoid", **options).fit(X, y)
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
    error = (
        FastCore(0.05, bound=bound, start="codes", random_state=0).fit(X, y).report_["bound_error"]
    )
    assert error["pairs"] > 500
    assert error["target"] == ("mean distance" if bound == "rms" else "largest distance")
    assert 0 < error["mean_relative_error"] < 1


def test_it_beats_uniform_samples_on_the_score() -> None:
    X, y = table(4000)
    selector = FastCore(0.05, scale=None, representative="medoid", random_state=0)
    chosen = selector.fit(X, y).report_["score"]

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
    seconds = (
        FastCore(0.05, clusters=clusters, start="codes", random_state=0)
        .fit(X, y)
        .report_["seconds"]
    )
    taken = time.perf_counter() - start
    assert min(seconds.values()) >= 0
    assert seconds["cluster"] > 0
    assert sum(seconds.values()) <= taken + 1e-3


def test_huge_values() -> None:
    X, y = table(300)
    X[:, 0] *= np.float32(1e30)
    assert np.isfinite(FastCore(0.1, random_state=0).fit(X, y).sample_weight_).all()
    selector = FastCore(0.1, representative="medoid", random_state=0)
    assert np.isfinite(selector.fit(X, y).report_["score"])
    for scale in ("standard", None):
        with pytest.raises(DataError, match="'x0' holds values up to"):
            FastCore(0.1, scale=scale).fit(X, y)


def test_small_classes_are_chosen_from_exactly() -> None:
    X, y = table()
    options = {"refine": 0, "scale": None, "representative": "medoid"}
    selector = FastCore(0.1, exact_below=300, random_state=0, **options).fit(X, y)
    craig = Craig(0.1, scale=None, random_state=0).fit(X, y)
    for fact in selector.report_["classes"]:
        small = fact["rows"] < 300
        assert ("exact" in fact, "sampled" in fact) == (small, not small)
        if small:  # distances are rounded alike, in other places: picks are those of Craig
            own = [
                fitted.sample_indices_[y[fitted.sample_indices_] == fact["label"]]
                for fitted in (selector, craig)
            ]
            assert own[0].tolist() == own[1].tolist()


def test_exact_classes_have_a_better_score_than_codes() -> None:
    X, y = load_digits(return_X_y=True)
    exact, coded = (
        FastCore(0.1, start=start, representative="medoid", random_state=0).fit(X, y).report_
        for start in ("auto", "codes")
    )
    assert exact["score"] < coded["score"]
    assert exact["score"] <= exact["bound"] * (1 + 1e-6)
    assert (exact["n_clusters"], exact["n_candidates"]) == (0, len(X))
    assert "train" not in exact["seconds"]


@pytest.mark.parametrize(
    "setting",
    [
        {"n_planes": 32},
        {"bound": "root"},
        {"greedy": "lazy"},
        {"clusters": "kmeans"},
        {"max_candidates": 50},
        {"weights": "cluster"},
        {"start": "codes"},
    ],
)
def test_whoever_says_how_rows_are_coded_gets_codes(setting: dict[str, Any]) -> None:
    X, y = table()
    report = FastCore(0.1, random_state=0, **setting).fit(X, y).report_
    assert all("clusters" in fact for fact in report["classes"])


def test_exact_classes_need_weights_that_do_without_clusters() -> None:
    X, y = table()
    with pytest.raises(ParameterError, match=r"exact_below=9 .*weights='assignment'"):
        FastCore(0.1, exact_below=9, weights="cluster").fit(X, y)
    for wrong in (-1, 2**14 + 1, 1.5, "always"):
        with pytest.raises(ParameterError, match="exact_below"):
            FastCore(0.1, exact_below=wrong).fit(X, y)


def test_the_smallest_classes_go_first_until_their_rows_take_too_much() -> None:
    sizes = np.array([10, 30, 20, 5000, 40])
    few = small_classes(sizes, 3, 2000, most_bytes=60 * 4 * 3)
    assert few.tolist() == [True, True, True, False, False]
    assert small_classes(sizes, 3, 2000).tolist() == [True, True, True, False, True]
    assert small_classes(sizes, 3, 40).tolist() == [True, True, True, False, False]


@given(
    n_rows=st.integers(1, 60),
    n_features=st.integers(1, 5),
    n_classes=st.integers(1, 4),
    values=st.integers(1, 4),
    refine=st.integers(0, 2),
    data=st.data(),
)
def test_law_8_on_small_tables_from_samples(
    n_rows: int, n_features: int, n_classes: int, values: int, refine: int, data: Any
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    X = rng.integers(0, values, size=(n_rows, n_features)).astype(float)
    y = rng.integers(0, n_classes, size=n_rows)
    weights = data.draw(st.none() | st.just(rng.integers(0, 3, size=n_rows) + (y == y[0])))
    n_present = n_rows if weights is None else int((weights > 0).sum())
    kept = y if weights is None else y[weights > 0]
    if not n_present:
        return
    budget = data.draw(st.integers(len(np.unique(kept)), n_present))
    below = data.draw(st.sampled_from([0, 15]))
    selector = FastCore(budget, start="sample", exact_below=below, refine=refine, random_state=0)
    selector.fit(X, y, sample_weight=weights)
    assert len(np.unique(selector.sample_indices_)) == budget
    assert (selector.sample_weight_ > 0).all()
    sums = np.bincount(y[selector.sample_indices_], selector.sample_weight_, minlength=n_classes)
    np.testing.assert_allclose(sums, np.bincount(y, weights, minlength=n_classes), rtol=1e-12)


def test_moves_over_all_rows_lower_the_score() -> None:
    X = np.random.default_rng(0).standard_normal((12_000, 6)).astype(np.float32)
    scores = [
        FastCore(400, refine=refine, random_state=0).fit(X).report_["score"] for refine in (0, 1, 3)
    ]
    assert scores[0] > scores[1] > scores[2]


def test_a_sample_does_as_well_as_codes() -> None:
    X, y = load_digits(return_X_y=True)
    sampled, coded = (
        MEDOIDS(0.1, start=start, exact_below=0).fit(X, y).report_ for start in ("sample", "codes")
    )
    assert sampled["score"] < coded["score"]
    assert all("sampled" in fact for fact in sampled["classes"])
    assert sampled["n_clusters"] == 0
    assert "bound" not in sampled


def test_exchanging_rows_of_small_classes_lowers_the_score() -> None:
    X, y = load_digits(return_X_y=True)
    plain, better = (MEDOIDS(0.1, refine=refine).fit(X, y).report_ for refine in (0, 1))
    assert better["score"] < plain["score"]


def test_rows_of_middling_classes_are_exchanged() -> None:
    X, y = table(9_000)
    exchanged, sampled = (
        MEDOIDS(0.02, exact_below=below).fit(X, y).report_ for below in ("auto", 2000)
    )
    larger = [fact for fact in exchanged["classes"] if fact["rows"] >= 2000]
    assert larger
    assert all("exchanged" in fact for fact in larger)
    assert exchanged["score"] < sampled["score"]
    assert exchanged["score"] <= exchanged["bound"] * (1 + 1e-6)
    assert "refine" not in exchanged["seconds"]  # no pass over the rows
    plain = MEDOIDS(0.02, refine=0).fit(X, y).report_
    assert plain["score"] > exchanged["score"]


def test_rows_are_exchanged_where_that_is_cheap() -> None:
    sizes, quotas = np.array([1900, 6000, 16_000, 17_000, 5000]), np.array([19, 60, 160, 170, 4000])
    small = sizes < 2000
    assert n_tried(quotas, sizes, 40).tolist() == [20, 20, 13, 0, 1]
    assert n_tried(quotas, sizes, 5).max() == 4
    assert n_tried(quotas, sizes, 10**4).max() == 5
    assert exchanged_classes(sizes, quotas, 40, small, 2**28).nonzero()[0].tolist() == [1, 2]
    few = exchanged_classes(sizes, quotas, 40, small, 8000 * 4 * 40)
    assert few.nonzero()[0].tolist() == [1]


@pytest.mark.parametrize("weighted", [False, True])
def test_law_7_where_rows_are_exchanged(weighted: bool) -> None:
    X, y = table(9_000)
    prior = np.random.default_rng(0).integers(0, 4, size=len(X)) if weighted else None
    selector = MEDOIDS(0.02, random_state=0)
    expected = answer(selector.fit(X, y, sample_weight=prior))
    assert any("exchanged" in fact for fact in selector.report_["classes"])
    for size in (997, 4_000):
        source = as_source(X, y, chunk_rows=size, sample_weight=prior)
        assert answer(clone(selector).fit(source)) == expected
    assert answer(clone(selector).set_params(n_threads=3).fit(X, y, prior)) == expected


@pytest.mark.parametrize("values", [1, 2])
def test_law_8_where_few_rows_differ_and_are_exchanged(values: int) -> None:
    X = np.random.default_rng(0).integers(0, values, size=(3000, 3)).astype(float)
    selector = MEDOIDS(50).fit(X)
    assert "exchanged" in selector.report_["classes"][0]
    assert len(np.unique(selector.sample_indices_)) == 50
    assert selector.sample_weight_.sum() == 3000


def test_the_sample_holds_what_is_to_be_chosen_and_is_bounded() -> None:
    sizes = np.array([40, 10**6, 10**7])
    assert sample_limits(np.array([40, 1, 50]), sizes, 54).tolist() == [40, 12_288, 12_288]
    for n_features in (1, 54, 10**5):
        quotas = np.array([1, 10**6, 10**6])
        limits = sample_limits(quotas, sizes, n_features)
        assert (limits >= np.minimum(quotas, sizes)).all()
        assert (limits <= sizes).all()


def test_law_7_where_a_sample_is_a_part_of_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coresift.methods._sampled.LEAST_ROWS", (60, 60))
    monkeypatch.setattr("coresift.methods._sampled.MANY_PER_PICK", 3)
    X, y = table(900)
    weights = np.random.default_rng(0).integers(0, 4, size=900)
    selector = FastCore(0.05, exact_below=50, random_state=0)
    for prior in (None, weights):
        expected = answer(selector.fit(X, y, sample_weight=prior))
        assert any(
            fact.get("sampled", 900) < 0.7 * fact["rows"] for fact in selector.report_["classes"]
        )
        for size in (1, 97, 10_000):
            source = as_source(X, y, chunk_rows=size, sample_weight=prior)
            assert answer(clone(selector).fit(source)) == expected
        assert answer(clone(selector).set_params(n_threads=3).fit(X, y, prior)) == expected
