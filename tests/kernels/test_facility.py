"""The kernels of facility location, through the stores of distances and the greedy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift._errors import ParameterError
from coresift._kernels.tiles import WIDTH, to_boxes
from coresift._threads import threads
from coresift.core.facility import Dense, Neighbours, Recomputed
from coresift.core.facility.blocks import Blocks, Grid
from coresift.core.facility.greedy import ROW_GREEDY, facility_greedy
from coresift.core.objective import Objective
from strategies import SEEDS, SMALL, UNIT, WIDE, Array, flagged, matrices

STORES = {"recompute": Recomputed, "dense": Dense, "neighbours": lambda r: Neighbours(r, len(r))}
each_store = pytest.mark.parametrize("store", STORES.values(), ids=STORES)
FLAGS = st.sampled_from([5, 6, 32, 33, 70])
ROWS = matrices(st.integers(1, 40), st.integers(1, 11), SMALL | UNIT) | flagged(
    st.integers(1, 40), st.integers(0, 11), FLAGS, SMALL | UNIT
)


def distances_of(rows: Array) -> list[list[int]]:
    grid = Grid.of(rows)
    flags, features = grid.flags.tolist(), grid.features.tolist()
    return [[naive.whole_distance(a, b, flags, features, grid.scale) for b in rows] for a in rows]


def clustered(n_rows: int, seed: int, n_flags: int = 0) -> Array:
    """Rows in clumps, some of them equal: enough that blocks and groups are skipped."""
    rng = np.random.default_rng(seed)
    centers, home = rng.normal(size=(40, 11)) * 5, rng.integers(0, 40, size=n_rows)
    rows = centers[home] + rng.normal(size=(n_rows, 11))
    rows[::7] = np.round(rows[::7])
    flags = (rng.random((40, n_flags)) < 0.3)[home] ^ (rng.random((n_rows, n_flags)) < 0.01)
    rows = np.hstack([rows, flags * 0.6])
    rows[1::9] = rows[0]
    return rows.astype(np.float32)


def greedy(facility: Objective, budget: int, **options: object) -> list[int]:
    spare, rng = np.arange(len(facility.counts))[::-1], np.random.default_rng(0)
    return facility_greedy(facility, budget, spare, rng, **options).tolist()  # type: ignore[arg-type]


@given(
    rows=matrices(st.integers(1, 9), st.integers(1, 9), SMALL | UNIT | WIDE)
    | flagged(st.integers(1, 9), st.integers(0, 3), FLAGS, WIDE)
)
def test_no_distance_is_above_the_worst(rows: Array) -> None:
    grid = Grid.of(rows)
    used = [*grid.features, *grid.flags]
    assert sorted(used) == np.flatnonzero(np.ptp(rows, axis=0)).tolist()
    for part in (grid.features, grid.flags):
        assert (np.diff(rows.var(axis=0, dtype=np.float64)[part]) <= 0).all()
    assert np.log2(grid.scale) % 1 == 0
    assert max(map(max, distances_of(rows))) <= grid.worst <= 2**30


@each_store
@given(rows=ROWS, data=st.data())
def test_gains_and_score_equal_their_oracle(
    store: type[Recomputed], rows: Array, data: st.DataObject
) -> None:
    facility, distances = store(rows), distances_of(rows)
    candidates = st.integers(0, len(rows) - 1)
    cover = [Grid.of(rows).worst] * len(rows)
    for pick in data.draw(st.lists(candidates, max_size=4)):
        facility.absorb(pick)
        cover = [min(c, d) for c, d in zip(cover, distances[pick], strict=True)]
    which = np.array(data.draw(st.lists(candidates, max_size=9)), dtype=np.int64)
    expected = [naive.facility_gain(distances[j], cover) for j in which]
    assert facility.gains(which).tolist() == expected
    assert (facility.upper(which) >= expected).all()
    assert facility.score() == sum(cover)


@each_store
@pytest.mark.parametrize("method", ROW_GREEDY)
@given(rows=ROWS, data=st.data())
def test_greedy_equals_its_oracle_ties_included(
    store: type[Recomputed], method: str, rows: Array, data: st.DataObject
) -> None:
    budget = data.draw(st.integers(1, min(12, len(rows))))
    spare = range(len(rows))[::-1]
    expected = naive.facility_greedy(distances_of(rows), Grid.of(rows).worst, budget, spare)
    assert greedy(store(rows), budget, method=method, n_candidates=len(rows)) == expected


@pytest.mark.slow  # without compilation
@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize(("seed", "n_flags"), [(0, 0), (1, 40)])
def test_skipping_blocks_changes_nothing(n_threads: int, seed: int, n_flags: int) -> None:
    rows = clustered(2500, seed, n_flags)
    which = np.arange(0, 2500, 9)
    with threads(n_threads):
        exact, every = Recomputed(rows), Dense(rows)
        for pick in (0, 1234, 77, 2499, 500):
            exact.absorb(pick)
            every.absorb(pick)
            gains = every.gains(which)
            assert exact.gains(which).tolist() == gains.tolist()
            upper = exact.upper(which)
            assert (upper >= gains).all()
            assert upper.sum() < 40 * gains.sum()
        assert exact.score() == every.score()
        picks = greedy(Recomputed(rows), 60)
    assert picks == greedy(Dense(rows), 60) == greedy(Recomputed(rows), 60, method="naive")


@pytest.mark.slow  # without compilation
@pytest.mark.parametrize("n_neighbours", [1, 7, 100])
def test_neighbours_are_the_nearest_rows(n_neighbours: int) -> None:
    rows = clustered(1400, 2)
    grid = Grid.of(rows)
    every = Dense(rows)
    near = Neighbours(rows, n_neighbours)
    alone = np.arange(1400)
    # A row that is chosen first lowers the cover of those that have it as a neighbour.
    distances = np.array([every._distances[every._starts[j] :][:1400] for j in alone])
    kept = np.sort(distances, axis=0)[:n_neighbours]
    assert near.gains(alone).sum() == (grid.worst - kept.astype(np.int64)).sum()
    inside = distances < kept[-1]
    surely = ((grid.worst - distances.astype(np.int64)) * inside).sum(axis=1)
    assert (near.gains(alone) >= surely).all()


@given(rows=ROWS, seed=SEEDS, size=st.integers(1, 5), data=st.data())
def test_stochastic_picks_are_distinct_and_fill_the_budget(
    rows: Array, seed: int, size: int, data: st.DataObject
) -> None:
    budget = data.draw(st.integers(1, len(rows)))
    spare = np.arange(len(rows))
    steps: list[int] = []
    picks = facility_greedy(
        Recomputed(rows),
        budget,
        spare,
        np.random.default_rng(seed),
        method="stochastic",
        n_candidates=size,
        advance=steps.append,
    )
    assert len(set(picks.tolist())) == budget == sum(steps)


def test_equal_rows_fill_the_budget_from_the_spare_rows() -> None:
    rows = np.full((50, 3), 2.5, dtype=np.float32)
    for store in STORES.values():
        assert greedy(store(rows), 3) == [49, 48, 47]


def test_tiny_and_huge_distances() -> None:
    for factor in (1e-37, 1e-18, 1e17):
        rows = (np.arange(40, dtype=np.float32) * np.float32(factor))[:, None]
        picks = greedy(Recomputed(rows), 5)
        assert len(set(picks)) == 5
        assert picks == greedy(Dense(rows), 5)


@each_store
def test_rows_far_from_the_origin(store: type[Recomputed]) -> None:
    rows = np.array([[100.0], [101.0], [103.0]], dtype=np.float32)
    distances, cover = distances_of(rows), [Grid.of(rows).worst] * 3
    expected = [naive.facility_gain(distances[j], cover) for j in range(3)]
    assert store(rows).gains(np.arange(3)).tolist() == expected


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"greedy='fast'.*'lazy', 'naive', 'stochastic'"):
        greedy(Dense(np.zeros((2, 1), dtype=np.float32)), 1, method="fast")


@pytest.mark.parametrize("n_flags", [0, 10, 40])
def test_boxes_are_as_far_as_their_oracle_says(n_flags: int) -> None:
    rows = clustered(100, 3, n_flags)
    blocks = Blocks.of(rows)
    flags, features = blocks.grid.flags.tolist(), blocks.grid.features.tolist()
    ordered, total = rows[blocks.order], np.empty(WIDTH, dtype=np.float32)
    for place, row in enumerate(ordered):
        to_boxes(blocks.tiles, place, blocks.block_box, 0, total)
        for k in range(blocks.n_blocks):
            inside = ordered[k * WIDTH : (k + 1) * WIDTH]
            nearest = np.clip(row, inside.min(axis=0), inside.max(axis=0))
            missed = [j for j in flags if nearest[j] != row[j]]
            expected = np.float32(len(missed)) * blocks.grid.unit
            for j in features:
                expected = expected + (row[j] - nearest[j]) * (row[j] - nearest[j])
            assert total[k] == expected


@pytest.mark.slow  # without compilation
def test_a_group_that_is_just_within_reach_is_not_skipped() -> None:
    rng = np.random.default_rng(0)
    rows = rng.random((2048, 3), dtype=np.float32)
    rows[:1024, 0] *= 10
    rows[1024:, 0] += 100
    exact, every = Recomputed(rows), Dense(rows)
    for facility in (exact, every):
        facility.absorb(int(np.argmin(rows[:, 0])))
    which = np.arange(0, 2048, 5)
    assert exact.gains(which).tolist() == every.gains(which).tolist()


@pytest.mark.parametrize("seed", range(20))
def test_cheap_bounds_hold_for_wide_blocks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.random((96, 2), dtype=np.float32)
    facility = Recomputed(rows)
    for pick in rng.integers(0, 96, size=2):
        facility.absorb(int(pick))
        which = np.arange(96)
        assert (facility.upper(which) >= facility.gains(which)).all()
