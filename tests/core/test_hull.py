"""Hulls: no bound is below the true largest distance, whatever the points look like."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import naive
from coresift.core.facility.greedy import facility_greedy
from coresift.core.hull import HullObjective, Hulls, farthest_points, pair_up
from strategies import SEEDS, SMALL, UNIT, WIDE, Array, matrices

ROWS = matrices(st.integers(1, 60), st.integers(1, 7), SMALL | UNIT | WIDE)
POINTS = matrices(st.integers(1, 60), st.just(2), SMALL | UNIT | WIDE)


def distances(places: Array, points: Array) -> Array:
    apart = places[:, None].astype(np.float64) - points[None]
    return np.asarray(np.sqrt((apart**2).sum(axis=2)))


@given(points=POINTS, places=POINTS)
def test_the_farthest_point_is_among_those_kept(points: Array, places: Array) -> None:
    points = np.unique(points, axis=0)
    kept = farthest_points(points)
    everything = {tuple(point) for point in points.tolist()}
    assert {tuple(point) for point in kept.tolist()} <= everything
    farthest = distances(places, points).max(axis=1)
    assert (distances(places, kept).max(axis=1) * (1 + 2.0**-30) >= farthest).all()


@pytest.mark.parametrize(
    ("points", "n_kept"),
    [
        ([[1, 2]], 1),
        ([[0, 0], [1, 1]], 2),
        ([[0, y] for y in range(20)], 2),
        ([[x, 3] for x in range(20)], 2),
        ([[x, 2 * x] for x in range(20)], 2),
        ([[x, y] for x in range(5) for y in range(5)], 4),
        ([[x, x * x] for x in range(20)], 20),
    ],
    ids=["one", "two", "upright", "flat", "slanted", "square", "bow"],
)
def test_degenerate_and_plain_sets(points: list[list[int]], n_kept: int) -> None:
    assert len(farthest_points(np.array(points, dtype=np.float32))) == n_kept


@given(seed=SEEDS, noise=st.sampled_from([1e-16, 1e-12, 1e-8, 1e-4]))
def test_nearly_collinear_points(seed: int, noise: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.random(200)
    points = np.stack([x, 0.3 * x + noise * rng.normal(size=200)], axis=1).astype(np.float32)
    points = np.unique(points, axis=0)
    places = rng.normal(size=(50, 2)).astype(np.float32)
    kept = distances(places, farthest_points(points)).max(axis=1)
    assert (kept * (1 + 2.0**-30) >= distances(places, points).max(axis=1)).all()


@st.composite
def clustered(draw: st.DrawFn) -> tuple[Array, Array, int]:
    rows = draw(ROWS)
    ids = draw(arrays(np.int64, len(rows), elements=st.integers(0, 4)))
    known, clusters = np.unique(ids, return_inverse=True)
    return rows, clusters, len(known)


@given(data=clustered())
def test_no_bound_is_below_the_true_largest_distance(data: tuple[Array, Array, int]) -> None:
    rows, clusters, n_clusters = data
    pairs = pair_up(rows)
    hulls = Hulls.of(pairs, clusters, n_clusters)
    bounds = hulls.bounds(pairs)
    for t in range(n_clusters):
        members = rows[clusters == t]
        assert (bounds[:, t] >= distances(rows, members).max(axis=1)).all()
        expected = [naive.hull_bound(row, pairs[clusters == t]) for row in pairs]
        np.testing.assert_allclose(bounds[:, t], expected, rtol=1e-8)
    assert bounds.max() < hulls.worst
    assert hulls.sizes.tolist() == np.bincount(clusters).tolist()


@given(rows=ROWS)
def test_pairs_are_runs_of_two_features_by_variance(rows: Array) -> None:
    pairs = pair_up(rows)
    n_features = rows.shape[1]
    assert pairs.shape == (len(rows), n_features + n_features % 2)
    padded = np.concatenate([rows, np.zeros((len(rows), 1), dtype=np.float32)], axis=1)
    runs = [padded[:, j : j + 2].tobytes() for j in range(0, n_features, 2)]
    found = [pairs[:, j : j + 2].tobytes() for j in range(0, n_features, 2)]
    assert sorted(found) == sorted(runs)
    variance = pairs.var(axis=0, dtype=np.float64).reshape(-1, 2).sum(axis=1)
    assert (np.diff(variance) <= 0).all()


@given(data=clustered(), seed=SEEDS, shared=st.booleans())
def test_gains_owners_and_score_equal_their_oracle(
    data: tuple[Array, Array, int], seed: int, shared: bool
) -> None:
    rows, clusters, n_clusters = data
    if shared:
        rows = np.concatenate([rows, (rows > 0).astype(np.float32)], axis=1)
    pairs = pair_up(rows)
    hulls = Hulls.of(pairs, clusters, n_clusters)
    objective, bounds = HullObjective(pairs, hulls), hulls.bounds(pairs)
    picks = np.random.default_rng(seed).integers(0, len(rows), size=3)
    cover, scale = np.full(n_clusters, hulls.worst), hulls.worst * len(rows)
    for pick in picks.tolist():
        expected = [naive.gain(row, cover, hulls.sizes.tolist()) for row in bounds]
        gains = objective.gains(np.arange(len(rows)))
        np.testing.assert_allclose(gains, expected, rtol=1e-9, atol=1e-9 * scale)
        objective.absorb(pick)
        cover = np.minimum(cover, bounds[pick])
    best = bounds[picks[np.argmin(bounds[picks], axis=0)], range(n_clusters)]
    owned = bounds[objective.owners, range(n_clusters)]
    np.testing.assert_allclose(owned, best, rtol=1e-9)
    assert objective.score() == pytest.approx((hulls.sizes * cover).sum(), rel=1e-9)


@given(data=clustered())
def test_lazy_greedy_equals_naive_greedy(data: tuple[Array, Array, int]) -> None:
    rows, clusters, n_clusters = data
    pairs = pair_up(rows)
    hulls = Hulls.of(pairs, clusters, n_clusters)
    spare, rng = np.arange(len(rows)), np.random.default_rng(0)
    budget = min(8, len(rows))
    lazy, every = (
        facility_greedy(HullObjective(pairs, hulls), budget, spare, rng, method=method)
        for method in ("lazy", "naive")
    )
    assert lazy.tolist() == every.tolist()


@given(data=clustered(), seed=SEEDS, shared=st.booleans())
def test_a_table_of_bounds_changes_nothing_but_the_order_of_sums(
    data: tuple[Array, Array, int], seed: int, shared: bool
) -> None:
    rows, clusters, n_clusters = data
    if shared:
        rows = np.concatenate([rows, (rows > 0).astype(np.float32)], axis=1)
    pairs = pair_up(rows)
    hulls = Hulls.of(pairs, clusters, n_clusters)
    stored = HullObjective(pairs, hulls)
    with pytest.MonkeyPatch.context() as patch:
        # room for combinations that are shared, none for all bounds
        cells = n_clusters * (len(rows) - 1) if len(rows) > 1 else 0
        patch.setattr("coresift.core.hull._TABLE_CELLS", cells)
        computed = HullObjective(pairs, hulls)
    rng, close = np.random.default_rng(seed), 1e-12 * hulls.worst * len(rows)
    for pick in rng.integers(0, len(rows), size=3).tolist():
        which = np.unique(rng.integers(0, len(rows), size=4))
        np.testing.assert_allclose(stored.gains(which), computed.gains(which), atol=close)
        stored.absorb(pick)
        computed.absorb(pick)
        np.testing.assert_allclose(stored.score(), computed.score(), atol=close)
