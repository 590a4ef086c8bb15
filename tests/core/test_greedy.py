from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift._errors import ParameterError
from coresift.core.bounds import BOUNDS
from coresift.core.codebook import Codebook
from coresift.core.greedy import GREEDY, Urn, greedy
from coresift.core.objective import CodeObjective
from coresift.core.summary import Layout
from naive import identical
from strategies import SEEDS, Encoded, World, worlds

FEW_ROWS = st.integers(1, 6)


def equal_rows(n_words: int, n_rows: int) -> World:
    """Codes that differ, codewords that do not: every row is as good as every other."""
    encoded = Encoded(
        np.zeros(n_rows, dtype=np.int64),
        np.zeros(n_rows, dtype=np.uint64),
        (np.arange(n_rows) % n_words).astype(np.uint8)[:, None],
        np.arange(n_rows),
        Layout(1, 64, (1,), (n_rows,), 0),
    )
    words = np.zeros((1, n_words), dtype=np.float32)
    return World(encoded, Codebook((np.array([0]),), (words,)))


@pytest.mark.parametrize("kind", BOUNDS)
@pytest.mark.parametrize("method", GREEDY)
@given(world=worlds(whole=False), seed=SEEDS, n_candidates=FEW_ROWS, data=st.data())
def test_picks_fill_the_budget_with_distinct_rows_and_their_true_gains(
    kind: str, method: str, world: World, seed: int, n_candidates: int, data: st.DataObject
) -> None:
    objective = world.objective(kind)
    budget = data.draw(st.integers(1, len(world.encoded)))
    rng = np.random.default_rng(seed)
    found = greedy(objective, budget, rng, method=method, n_candidates=n_candidates)
    assert found.candidates.shape == found.gains.shape == (budget,)
    taken = np.bincount(found.candidates, minlength=objective.n_candidates)
    assert (taken <= objective.candidates.counts).all()
    replayed = CodeObjective(objective.candidates, objective.table)
    for candidate, gain in zip(found.candidates.tolist(), found.gains, strict=True):
        assert replayed.gains(np.array([candidate]))[0] == gain
        if gain > 0:  # rows that fill up may lower a key by less than the root shows
            replayed.absorb(candidate)
    assert identical(objective.state, replayed.state)
    assert objective.score() == replayed.score()
    afresh, again = world.objective(kind), np.random.default_rng(seed)
    assert identical(found, greedy(afresh, budget, again, method=method, n_candidates=n_candidates))


@pytest.mark.parametrize("method", GREEDY)
@given(world=worlds(whole=False), seed=SEEDS)
def test_a_budget_of_all_rows_takes_all_rows(method: str, world: World, seed: int) -> None:
    objective = world.objective("rms")
    rng = np.random.default_rng(seed)
    found = greedy(objective, len(world.encoded), rng, method=method, n_candidates=3)
    taken = np.bincount(found.candidates, minlength=objective.n_candidates)
    assert taken.tolist() == objective.candidates.counts.tolist()


@pytest.mark.parametrize("kind", BOUNDS)
@given(world=worlds(whole=False))
def test_gains_of_lazy_greedy_fall(kind: str, world: World) -> None:
    objective = world.objective(kind)
    found = greedy(objective, len(world.encoded), np.random.default_rng(0), method="lazy")
    assert (np.diff(found.gains) <= 0).all()


@pytest.mark.parametrize("method", GREEDY)
def test_where_no_candidate_has_a_gain_rows_are_drawn_uniformly(method: str) -> None:
    world = equal_rows(n_words=4, n_rows=400)
    drawn = np.zeros(4, dtype=np.int64)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        found = greedy(world.objective("sum"), 10, rng, method=method, n_candidates=20)
        assert not found.gains.any()
        drawn += np.bincount(found.candidates, minlength=4)
    # 100 rows of each code are drawn on average: a uniform draw is off by 9, file order by 300
    assert (abs(drawn - 100) < 45).all()


@given(counts=st.lists(st.integers(0, 4), min_size=1, max_size=20), seed=SEEDS, data=st.data())
def test_urn_draws_rows_that_are_left(counts: list[int], seed: int, data: st.DataObject) -> None:
    urn = Urn(np.array(counts))
    n_rows = data.draw(st.integers(1, 80))
    drawn = urn.draw(np.random.default_rng(seed), n_rows)
    assert len(drawn) == min(n_rows, sum(counts))
    assert (np.bincount(drawn, minlength=len(counts)) <= counts).all()


def test_urn_draws_every_row_alike() -> None:
    counts = np.array([1, 0, 5, 2, 2])
    urn, rng = Urn(counts), np.random.default_rng(0)
    drawn = sum(np.bincount(urn.draw(rng, 3), minlength=5) for _ in range(4000))
    assert drawn / 4000 == pytest.approx(counts * 0.3, abs=0.05)


def test_an_unknown_method_is_refused() -> None:
    world = equal_rows(1, 1)
    objective = world.objective("sum")
    with pytest.raises(
        ParameterError, match=r"greedy='fast'.*'lazy', 'gradual', 'naive', 'stochastic'"
    ):
        greedy(objective, 1, np.random.default_rng(0), method="fast")


def test_auto_is_lazy_for_few_pairs_and_gradual_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    encoded = Encoded(
        np.zeros(300, dtype=np.int64),
        rng.integers(0, 60, size=300).astype(np.uint64),
        rng.integers(0, 8, size=(300, 3)).astype(np.uint8),
        np.arange(300),
        Layout(3, 64, (300,), (300,), 0),
    )
    words = tuple(rng.standard_normal((1, 8)).astype(np.float32) for _ in range(3))
    world = World(encoded, Codebook(tuple(np.array([j]) for j in range(3)), words))

    def picks(method: str) -> list[int]:
        found = greedy(world.objective("rms"), 50, np.random.default_rng(0), method=method)
        return found.candidates.tolist()

    assert picks("auto") == picks("lazy") != picks("gradual")
    monkeypatch.setattr("coresift.core.greedy._LAZY_PAIRS", 0)
    assert picks("auto") == picks("gradual")
