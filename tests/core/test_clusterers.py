"""Clusters by k-means and by a mixture: what hyperplanes promise, they promise too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift._threads import threads
from coresift.core.centroids import Centroids
from coresift.core.hyperplanes import prefix
from coresift.core.kd_order import block_order, tree_buckets, tree_depth
from coresift.core.mixture import Mixture
from strategies import SEEDS, Array, Dataset, clusterers, datasets, expected_buckets

KINDS = {"kmeans": Centroids, "gmm": Mixture}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def blobs(n_rows: int, n_features: int = 5) -> Array:
    """Rows around 8 far corners, in any order."""
    rng = np.random.default_rng(0)
    corners = 20.0 * (rng.integers(0, 8, size=n_rows)[:, None] >> np.arange(3) & 1)
    rows = rng.standard_normal((n_rows, n_features))
    rows[:, :3] += corners
    return rows.astype(np.float32)


def train(kind: Any, rows: Array, n_clusters: int, seed: int = 0) -> Any:
    return kind.train(rows, n_clusters, np.random.default_rng(seed))


@given(rows=datasets(), seed=SEEDS, data=st.data())
def test_buckets_equal_their_oracle(rows: Dataset, seed: int, data: st.DataObject) -> None:
    clusterer = data.draw(clusterers(rows.rows, np.random.default_rng(seed)))
    buckets = clusterer.buckets(rows.rows)
    assert (buckets.dtype, buckets.shape) == (np.uint64, (len(rows),))
    assert buckets.tolist() == expected_buckets(clusterer, rows.rows)
    assert (prefix(buckets, clusterer.n_bits) == buckets).all()


@each_kind
def test_threads_change_neither_training_nor_buckets(kind: Any) -> None:
    rows = blobs(3000)
    one = train(kind, rows, 60).buckets(rows)
    assert len(set(one.tolist())) > 40
    for n_threads in (2, 3, None):
        with threads(n_threads):
            assert (train(kind, rows, 60).buckets(rows) == one).all()


@each_kind
def test_clusters_are_what_is_to_be_found(kind: Any) -> None:
    rows = blobs(800)
    buckets = train(kind, rows, 8).buckets(rows)
    corners = (rows[:, :3] > 10) @ np.array([1, 2, 4])
    pairs = set(zip(buckets.tolist(), corners.tolist(), strict=True))
    assert len(pairs) == len(set(buckets.tolist())) == 8


@each_kind
def test_buckets_that_share_their_first_bits_are_neighbours(kind: Any) -> None:
    rows = blobs(2000)
    coarse = prefix(train(kind, rows, 64).buckets(rows), 3)
    parts = [rows[coarse == bucket, :3] for bucket in np.unique(coarse)]
    assert len(parts) == 8
    inside = np.mean([part.var(axis=0).sum() for part in parts])
    assert inside < 0.3 * rows[:, :3].var(axis=0).sum()


@each_kind
@pytest.mark.parametrize("n_clusters", [3, 4, 100])
def test_fewer_distinct_rows_than_clusters(kind: Any, n_clusters: int) -> None:
    distinct = np.array([[0, 1, 5], [2, 1, 5], [9, 1, 5]], dtype=np.float32)  # two constant columns
    rows = distinct[[0, 1, 2, 0, 0, 2]]
    clusterer = train(kind, rows, n_clusters)
    assert len(clusterer.ways) == 3
    assert len(set(clusterer.buckets(rows).tolist())) == 3


@each_kind
@pytest.mark.parametrize("n_rows", [1, 30])
def test_equal_rows_are_one_cluster(kind: Any, n_rows: int) -> None:
    clusterer = train(kind, np.full((n_rows, 2), 7, dtype=np.float32), 5)
    assert clusterer.n_bits == 1
    elsewhere = np.array([[7, 7], [-1e17, 3]], dtype=np.float32)
    assert clusterer.buckets(elsewhere).tolist() == [0, 0]


def test_a_mixture_knows_how_wide_its_components_are() -> None:
    rng = np.random.default_rng(0)
    narrow, wide = rng.normal(0, 0.1, size=500), rng.normal(4, 1, size=500)
    rows = np.concatenate([narrow, wide])[:, None].astype(np.float32)
    between = np.array([[0.0], [1.7], [4.0]], dtype=np.float32)
    near, far = train(Centroids, rows, 2).buckets(between), train(Mixture, rows, 2).buckets(between)
    assert near[0] == near[1] != near[2]
    assert far[0] != far[1] == far[2]


@given(n_points=st.integers(1, 300))
def test_ways_through_the_tree(n_points: int) -> None:
    ways = tree_buckets(n_points).tolist()
    assert ways == [naive.way(place, n_points) for place in range(n_points)]
    assert ways == sorted(set(ways))
    assert 2 ** (tree_depth(n_points) - 1) < max(n_points, 2) <= 2 ** tree_depth(n_points)


def test_the_first_bit_is_the_first_cut() -> None:
    points = np.random.default_rng(0).random((37, 1))
    ordered = points[block_order(points, 1)]
    right = tree_buckets(37) >> np.uint64(63) == 1
    assert ordered[~right].max() < ordered[right].min()
