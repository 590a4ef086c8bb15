from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift._threads import threads
from coresift.core.bounds import bound_of
from coresift.core.centers import Assignment, Centers
from coresift.core.cluster_shares import cluster_weights
from coresift.core.hyperplanes import prefix
from coresift.core.objective import CodeObjective
from naive import identical
from strategies import Array, Dataset, World, datasets, worlds


def some_rows_of_each_class(rows: Dataset, data: st.DataObject) -> Array:
    """Positions of chosen rows, in ascending order of their ids."""
    first = {rows.class_ids.tolist().index(c) for c in range(rows.n_classes)}
    chosen = first | data.draw(st.sets(st.integers(0, len(rows) - 1)))
    return np.array(sorted(chosen, key=lambda i: rows.row_ids[i]))


def centers_of(rows: Dataset, chosen: Array) -> Centers:
    part = rows.part(chosen)
    return Centers.of(part.row_ids, part.rows, part.class_ids, rows.n_classes)


def assign(rows: Dataset, centers: Centers) -> Assignment:
    owners, distances = centers.owners(rows.rows, rows.class_ids, rows.row_ids)
    return Assignment.of(rows.class_ids, owners, distances, centers)


# Weights from clusters


@given(world=worlds(), data=st.data())
def test_cluster_weights_equal_their_oracle(world: World, data: st.DataObject) -> None:
    summary, encoded = world.summary, world.encoded
    objective = CodeObjective.of(summary, world.codebook, bound_of("sum"))
    chosen = sorted(data.draw(st.sets(st.integers(0, len(encoded) - 1), min_size=1)))
    codes = objective.candidates.codes.tolist()
    picks = [codes.index(encoded.codes[i].tolist()) for i in chosen]
    homes = [summary.cluster_bucket.tolist().index(encoded.buckets[i]) for i in chosen]
    bounds = [objective.bounds(c).tolist() for c in range(len(codes))]
    owners = objective.owners(np.array(picks))
    found = cluster_weights(summary, owners, np.array(picks), encoded.buckets[chosen])
    expected = naive.cluster_weights(bounds, summary.sizes.tolist(), picks, homes)
    assert found.tolist() == [float(weight) for weight in expected]
    assert (found >= 1).all()
    assert found.sum() == pytest.approx(len(encoded), rel=1e-12)


@given(world=worlds(), limit=st.integers(1, 5))
def test_cluster_weights_of_a_coarsened_summary_sum_to_the_class(world: World, limit: int) -> None:
    summary = world.summary.coarsen(np.array([64 - limit]))
    objective = CodeObjective.of(summary, world.codebook, bound_of("sum"))
    picks = np.zeros(1, dtype=np.int64)
    buckets = world.encoded.buckets[:1]
    assert cluster_weights(summary, objective.owners(picks), picks, buckets) == len(world.encoded)


@given(buckets=st.lists(st.integers(0, 2**64 - 1)), n_bits=st.integers(0, 64))
def test_prefix_equals_its_oracle(buckets: list[int], n_bits: int) -> None:
    found = prefix(np.array(buckets, dtype=np.uint64), n_bits)
    assert found.tolist() == [naive.prefix(bucket, n_bits) for bucket in buckets]


# Weights by assignment


@given(rows=datasets(), data=st.data())
def test_assignment_and_weights_equal_their_oracle(rows: Dataset, data: st.DataObject) -> None:
    rows = Dataset(np.clip(rows.rows, -1e17, 1e17), rows.class_ids, rows.row_ids)
    chosen = some_rows_of_each_class(rows, data)
    centers = centers_of(rows, chosen)
    found = assign(rows, centers)
    owners, distances = naive.assigned(rows.rows, rows.class_ids, rows.row_ids, chosen)
    count = Counter(owners)
    assert found.counts.tolist() == [count[row_id] for row_id in centers.row_ids.tolist()]
    assert found.distances.fractions() == [
        naive.exact_sum(d for d, c in zip(distances, rows.class_ids, strict=True) if c == class_id)
        for class_id in range(rows.n_classes)
    ]
    part = rows.part(chosen)
    weights = found.weights(centers)
    expected = naive.shared(part.rows, part.class_ids, found.counts)
    assert weights.tolist() == [float(weight) for weight in expected]
    assert (weights >= 1).all()
    per_class = np.bincount(part.class_ids, weights=weights)
    assert per_class == pytest.approx(np.bincount(rows.class_ids), rel=1e-12)


def test_equal_chosen_rows_share_alike_but_not_across_classes() -> None:
    rows = np.zeros((6, 2), dtype=np.float32)
    data = Dataset(rows, np.array([0, 0, 0, 0, 1, 1]), np.arange(6))
    chosen = np.array([0, 3, 5])
    centers = centers_of(data, chosen)
    found = assign(data, centers)
    # a chosen row stands for itself, a tie is the first's
    assert found.counts.tolist() == [3, 1, 2]
    assert found.weights(centers).tolist() == [2, 2, 2]


def test_one_row_stands_for_all() -> None:
    rows = np.arange(8, dtype=np.float32)[:, None]
    data = Dataset(rows, np.zeros(8, dtype=np.int64), np.arange(8))
    centers = centers_of(data, np.array([2]))
    found = assign(data, centers)
    assert found.counts.tolist() == [8]
    assert found.distances.total() == 0 + 1 + 2 + 1 + 2 + 3 + 4 + 5


def test_threads_change_nothing() -> None:
    rows = np.random.default_rng(0).standard_normal((1500, 6)).astype(np.float32)
    data = Dataset(rows, np.zeros(1500, dtype=np.int64), np.arange(1500))
    centers = centers_of(data, np.arange(0, 1500, 11))
    found = []
    for n_threads in (1, 2, 3):
        with threads(n_threads):
            found.append(centers.tiles[0].nearest(rows))
    one, two, three = found
    assert len(set(one[0].tolist())) == len(centers.row_ids)
    assert identical(one, two)
    assert identical(one, three)
