"""Uniform and stratified samples: what is drawn, and what their weights are worth."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift import Stratified, Uniform
from coresift._rng import Purpose, derived_seed, stream
from coresift.core.hyperplanes import Hyperplanes
from coresift.core.scaler import Moments, Scaler
from coresift.methods import StratifiedPlan
from coresift.methods.stratified import proportional
from coresift.select import select
from coresift.sources import as_source
from strategies import SEEDS


def test_uniform_takes_the_rows_of_smallest_hash_of_each_class() -> None:
    X, y = np.zeros((90, 1)), np.array([0] * 70 + [1] * 20)
    selector = Uniform(9, random_state=5).fit(X, y)
    seed = derived_seed(5, Purpose.ROWS)
    expected = naive.smallest(range(70), 7, seed) + naive.smallest(range(70, 90), 2, seed)
    assert selector.sample_indices_.tolist() == sorted(expected)
    assert selector.sample_weight_.tolist() == [10.0] * 9
    everywhere = Uniform(9, stratify=False, random_state=5).fit(X, y)
    assert everywhere.sample_indices_.tolist() == sorted(naive.smallest(range(90), 9, seed))
    assert everywhere.sample_weight_.tolist() == [10.0] * 9


@pytest.mark.parametrize(
    "selector",
    [Uniform(12), Uniform(12, stratify=False), Stratified(12, n_planes=3, max_clusters=3)],
    ids=["uniform", "not-stratified", "stratified"],
)
def test_weighted_sums_are_unbiased(selector: Uniform | Stratified) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 2))
    y = (X[:, 0] + rng.normal(size=100) > 0.8).astype(int)
    values = np.exp(X[:, 0]) + 3 * y
    estimates = []
    for seed in range(400):
        fitted = selector.set_params(random_state=seed).fit(X, y)
        estimates.append(values[fitted.sample_indices_] @ fitted.sample_weight_)
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert np.mean(estimates) == pytest.approx(values.sum(), abs=4 * error)


def test_a_class_may_be_missing_without_stratification() -> None:
    y = np.zeros(1000, dtype=int)
    y[500] = 1
    selector = Uniform(10, stratify=False, random_state=0).fit(np.zeros((1000, 1)), y)
    assert [c["chosen"] for c in selector.report_["classes"]] == [10, 0]
    assert selector.sample_weight_.sum() == 1000


@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=12), seed=SEEDS, data=st.data())
def test_proportional_equals_its_oracle(sizes: list[int], seed: int, data: st.DataObject) -> None:
    quota = data.draw(st.integers(1, sum(sizes)))
    ties = np.random.default_rng(seed).permutation(len(sizes)).astype(np.uint64)
    found = proportional(quota, np.array(sizes), ties).tolist()
    assert found == naive.proportional(quota, sizes, ties.tolist())
    assert sum(found) == quota
    assert all(count <= size for count, size in zip(found, sizes, strict=True))


@pytest.mark.parametrize("max_clusters", [None, 2, 5])
def test_stratified_draws_from_clusters_in_proportion(max_clusters: int | None) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(300, 3)).astype(np.float32)
    plan = StratifiedPlan(20, n_planes=6, max_clusters=max_clusters, seed=4)
    coreset = select(as_source(X), plan)
    assert coreset.report is not None
    scaled = Scaler.from_moments(Moments.of(X, "minmax"), "minmax").transform(X)
    order = naive.smallest(range(300), 300, derived_seed(4, Purpose.SAMPLE))
    middle = scaled[order].mean(axis=0, dtype=np.float64).astype(np.float32)
    planes = Hyperplanes.draw(3, 6, stream(4, Purpose.PLANES), middle)
    buckets = [naive.bucket(row, planes.planes, planes.offsets) for row in scaled]
    bits = naive.bits_within(buckets, 6, max_clusters or 200)
    assert [entry.facts["bits"] for entry in coreset.report.classes] == [bits]
    clusters = np.array([naive.prefix(bucket, bits) for bucket in buckets], dtype=np.uint64)
    assert coreset.report.facts["n_clusters"] == len(np.unique(clusters))
    sizes = Counter(clusters.tolist())
    drawn = Counter(clusters[coreset.row_ids].tolist())
    assert coreset.report.facts["n_clusters_chosen"] == len(drawn)
    raised = 300 / sum(sizes[bucket] for bucket in drawn)
    for bucket, count in drawn.items():
        assert abs(count - 20 * sizes[bucket] / 300) < 1 or count == 1
        members = np.flatnonzero(clusters == bucket)
        chosen = naive.smallest(members, count, derived_seed(4, Purpose.ROWS))
        here = np.isin(coreset.row_ids, members)
        assert coreset.row_ids[here].tolist() == sorted(chosen)
        np.testing.assert_allclose(coreset.weights[here], sizes[bucket] / count * raised)
