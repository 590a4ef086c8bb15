from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from coresift._errors import ParameterError
from coresift._threads import threads
from coresift.core.bounds import BOUNDS, bound_of
from coresift.core.codebook import Codebook
from coresift.core.objective import CodeCounts, CodeObjective
from coresift.core.summary import Layout
from naive import identical
from strategies import Encoded, World, worlds


def large_world(n_rows: int = 3000, n_buckets: int = 700) -> World:
    """Enough clusters and candidates for several threads."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 16, size=(n_rows, 3), dtype=np.uint8)
    words = [rng.standard_normal((2, 16)).astype(np.float32) for _ in range(3)]
    features = tuple(np.array([2 * subspace, 2 * subspace + 1]) for subspace in range(3))
    encoded = Encoded(
        np.zeros(n_rows, dtype=np.int64),
        rng.integers(0, n_buckets, size=n_rows).astype(np.uint64),
        codes,
        np.arange(n_rows),
        Layout(3, 64, (n_rows,), (n_rows,), 0),
    )
    return World(encoded, Codebook(features, tuple(words)))


@pytest.mark.parametrize("kind", BOUNDS)
def test_threads_change_nothing(kind: str) -> None:
    world = large_world()
    one = world.objective(kind)
    for n_threads in (2, 3):
        with threads(n_threads):
            other = world.objective(kind)
        assert identical(one.candidates, other.candidates)
        assert identical(one.table, other.table)
    which = np.arange(one.n_candidates)
    one.absorb(17)
    expected = one.gains(which)
    assert len(set(expected.tolist())) > 1000
    for n_threads in (2, 3, None):
        with threads(n_threads):
            assert (one.gains(which) == expected).all()
            assert (one.upper(which) == expected).all()


@given(world=worlds(whole=False))
def test_order_is_a_permutation_and_sizes_follow_it(world: World) -> None:
    summary, table = world.summary, world.objective("rms").table
    n_clusters = len(summary.sizes)
    assert sorted(table.order.tolist()) == list(range(n_clusters))
    assert (table.sizes[:n_clusters] == summary.sizes[table.order]).all()
    assert not table.sizes[n_clusters:].any()


@given(world=worlds(whole=False))
def test_means_are_those_of_the_decoded_members(world: World) -> None:
    summary = world.summary
    means = CodeCounts.of(summary).means(world.codebook, summary.sizes)
    for t, mean in enumerate(means):
        decoded = world.codebook.decode(world.members(t)).astype(np.float64)
        assert mean == pytest.approx(decoded.mean(axis=0), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("kind", BOUNDS)
@given(world=worlds(whole=False))
def test_uncovered_is_covered_by_the_worst_bound(kind: str, world: World) -> None:
    objective = world.objective(kind)
    worst = objective.table.worst
    worst = np.sqrt(np.float32(worst)) if kind != "sum" else worst
    assert objective.score() == pytest.approx(len(world.encoded) * float(worst), rel=1e-12)
    slack = 1 + 20 * 2.0**-24  # means round, maxima do not
    for candidate in range(objective.n_candidates):
        assert (objective.bounds(candidate) <= worst * (slack if kind == "rms" else 1)).all()


@given(world=worlds(whole=False))
def test_objectives_of_one_table_do_not_share_what_is_covered(world: World) -> None:
    one = world.objective("sum")
    other = CodeObjective(one.candidates, one.table)
    one.absorb(0)
    assert identical(other.state, one.table.uncovered())
    assert other.score() >= one.score()


@pytest.mark.parametrize("kind", BOUNDS)
def test_equal_rows_have_no_distance(kind: str) -> None:
    world = large_world(n_rows=5, n_buckets=1)
    equal = replace(world.encoded, codes=np.zeros_like(world.encoded.codes))
    objective = CodeObjective.of(equal.summary().of_class(0), world.codebook, bound_of(kind))
    assert objective.candidates.codes.tolist() == [[0, 0, 0]]
    assert objective.candidates.counts.tolist() == [5]
    assert objective.bounds(0).tolist() == [0]


@pytest.mark.parametrize("kind", BOUNDS)
def test_no_clusters_have_no_score(kind: str) -> None:
    world = large_world()
    empty = world.encoded.summary(slice(0, 0)).of_class(0)
    objective = CodeObjective.of(empty, world.codebook, bound_of(kind))
    assert objective.n_candidates == 0
    assert objective.score() == 0
    assert objective.gains(np.arange(0)).tolist() == []


def test_an_unknown_bound_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"bound='max' is not known.*'sum', 'root', 'rms'"):
        bound_of("max")


def test_the_bounds_say_what_they_are_above() -> None:
    targets = {name: bound.target for name, bound in BOUNDS.items()}
    expected = {"sum": "largest distance", "root": "largest distance", "rms": "mean distance"}
    assert targets == expected
