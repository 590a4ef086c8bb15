"""The kernels of the greedy, through `CodeObjective`, `greedy` and `Urn`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift._kernels.greedy import WIDTH
from coresift.core.bounds import BOUNDS
from coresift.core.greedy import Urn, greedy
from coresift.core.objective import CodeObjective
from naive import identical
from strategies import SEEDS, Array, World, worlds

# A gain is a float32 sum of up to 4 blocks; each addition, each product and each difference of
# bounds rounds once, and all terms are positive: so many units in the last place, relative.
ROUNDING = 8 * 2.0**-24


def bounds_of(objective: CodeObjective) -> Array:
    return np.stack([objective.bounds(c) for c in range(objective.n_candidates)])


def absorbed(objective: CodeObjective, chosen: list[int]) -> CodeObjective:
    for candidate in chosen:
        objective.absorb(candidate)
    return objective


def cover_of(objective: CodeObjective) -> Array:
    """The cover of each cluster, in the order of the summary."""
    order = objective.table.order
    cover = np.empty(len(order), dtype=np.float32)
    cover[order] = objective.state.cover[: len(order)]
    return cover


def some_candidates(data: st.DataObject, objective: CodeObjective) -> list[int]:
    candidates = st.integers(0, objective.n_candidates - 1)
    return data.draw(st.lists(candidates, min_size=1, max_size=4))


@pytest.mark.parametrize("kind", BOUNDS)
@given(world=worlds(whole=False), data=st.data())
def test_absorb_keeps_the_smallest_bound_of_each_cluster(
    kind: str, world: World, data: st.DataObject
) -> None:
    objective = world.objective(kind)
    chosen = some_candidates(data, objective)
    worst = naive.worst(kind, world.codebook.sdc_table(kind != "sum"))
    assert (cover_of(objective) == worst).all()
    expected = np.minimum(worst, bounds_of(objective)[chosen].min(axis=0))
    state = absorbed(objective, chosen).state
    assert cover_of(objective).tolist() == expected.tolist()
    assert state.peak.tolist() == state.key.reshape(-1, WIDTH).max(axis=1).tolist()


@given(world=worlds(), data=st.data())
def test_gains_of_whole_bounds_equal_their_oracle(world: World, data: st.DataObject) -> None:
    objective = world.objective("sum")
    absorbed(objective, some_candidates(data, objective)[1:])
    cover, sizes = cover_of(objective), world.summary.sizes.tolist()
    expected = [naive.gain(row, cover, sizes) for row in bounds_of(objective)]
    assert objective.gains(np.arange(objective.n_candidates)).tolist() == expected


@pytest.mark.parametrize("kind", BOUNDS)
@given(world=worlds(whole=False), data=st.data())
def test_gains_equal_their_oracle_up_to_rounding(
    kind: str, world: World, data: st.DataObject
) -> None:
    objective = world.objective(kind)
    absorbed(objective, some_candidates(data, objective)[1:])
    cover, sizes = cover_of(objective), world.summary.sizes.tolist()
    which = np.arange(objective.n_candidates)[::-2]
    expected = [naive.gain(objective.bounds(c), cover, sizes) for c in which]
    assert objective.gains(which) == pytest.approx(expected, rel=ROUNDING, abs=0)


@given(world=worlds(), data=st.data())
def test_score_falls_by_exactly_the_gain(world: World, data: st.DataObject) -> None:
    objective = world.objective("sum")
    for candidate in some_candidates(data, objective):
        before = objective.score()
        (gain,) = objective.gains(np.array([candidate]))
        objective.absorb(candidate)
        assert objective.score() == before - gain


@given(world=worlds(), data=st.data())
def test_owners_have_the_smallest_bound_and_the_lowest_index(
    world: World, data: st.DataObject
) -> None:
    objective = world.objective("sum")
    picks = some_candidates(data, objective)
    bounds, ordered = bounds_of(objective), sorted(set(picks))
    expected = [min(ordered, key=lambda c: column[c]) for column in bounds.T]  # the first of equals
    assert objective.owners(np.array(picks)).tolist() == expected


@pytest.mark.parametrize("method", ["auto", "lazy", "naive", "stochastic"])
@given(world=worlds(max_rows=60), data=st.data())
def test_greedy_equals_its_oracle_as_long_as_there_is_a_gain(
    method: str, world: World, data: st.DataObject
) -> None:
    objective = world.objective("sum")
    sizes, n_rows = world.summary.sizes.tolist(), len(world.encoded)
    budget = data.draw(st.integers(1, n_rows))
    found = greedy(objective, budget, np.random.default_rng(0), method=method, n_candidates=n_rows)
    rounds = [(range(objective.n_candidates), budget)]
    picks, gains = naive.greedy(bounds_of(objective).tolist(), sizes, objective.table.worst, rounds)
    assert found.candidates[: len(picks)].tolist() == picks
    assert found.gains.tolist() == gains + [0.0] * (budget - len(picks))
    assert identical(objective.state, absorbed(world.objective("sum"), picks).state)


@given(world=worlds(max_rows=100), seed=SEEDS, data=st.data())
def test_gradual_greedy_equals_its_oracle(world: World, seed: int, data: st.DataObject) -> None:
    objective = world.objective("sum")
    sizes, n_rows = world.summary.sizes.tolist(), len(world.encoded)
    budget = data.draw(st.integers(1, n_rows))
    found = greedy(objective, budget, np.random.default_rng(seed), method="gradual")
    order = np.random.default_rng(seed).permutation(objective.n_candidates).tolist()
    n_rounds = -(-budget // 16)
    arriving = (n_rounds + 1) // 2
    rounds = [
        (order[: -(-len(order) * min(r, arriving) // arriving)], min(16 * r, budget))
        for r in range(1, n_rounds + 1)
    ]
    picks, gains = naive.greedy(bounds_of(objective).tolist(), sizes, objective.table.worst, rounds)
    assert found.candidates[: len(picks)].tolist() == picks
    assert found.gains.tolist() == gains + [0.0] * (budget - len(picks))


@given(counts=st.lists(st.integers(0, 4), min_size=1, max_size=20), seed=SEEDS, data=st.data())
def test_urn_equals_its_oracle(counts: list[int], seed: int, data: st.DataObject) -> None:
    urn, oracle = Urn(np.array(counts)), naive.Urn(counts)
    while oracle.rows:
        n_rows = data.draw(st.integers(1, len(oracle.rows) + 1))
        drawn = urn.draw(np.random.default_rng(seed), n_rows)
        assert drawn.tolist() == oracle.draw(np.random.default_rng(seed), n_rows)
        taken = data.draw(st.sampled_from(oracle.rows))
        urn.take(taken)
        oracle.take(taken)
    assert urn.draw(np.random.default_rng(seed), 1).tolist() == []
