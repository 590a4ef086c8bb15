"""The greedy on all distances of small classes, through `small_picks`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift._threads import threads
from coresift.core.facility import Dense, facility_greedy, small_picks
from strategies import Array, matrices

WHOLE = st.integers(-50, 50).map(float)


def split(places: Array, quotas: list[int]) -> list[list[int]]:
    return [part.tolist() for part in np.split(places, np.cumsum(quotas)[:-1])]


@given(rows=matrices(st.integers(1, 14), st.integers(1, 5)), data=st.data())
def test_picks_equal_their_oracle(rows: Array, data: st.DataObject) -> None:
    rows = np.clip(rows, -1e17, 1e17)
    n_classes = data.draw(st.integers(1, min(3, len(rows))))
    drawn = [data.draw(st.integers(0, n_classes - 1)) for _ in rows[n_classes:]]
    class_ids = np.array([*range(n_classes), *drawn])
    sizes = np.bincount(class_ids)
    quotas = [data.draw(st.integers(1, int(size))) for size in sizes]
    hashes = np.array(data.draw(st.permutations(range(len(rows)))), dtype=np.uint64)
    weights = data.draw(st.none() | st.just(np.arange(1, len(rows) + 1)))
    n_sweeps = data.draw(st.integers(0, 3))
    given = rows, class_ids, hashes, np.array(quotas), weights
    found = small_picks(*given, n_sweeps=n_sweeps)
    for c, picks in enumerate(split(found.places, quotas)):
        here = np.flatnonzero(class_ids == c)
        expected, bound = naive.small_picks(
            rows[here],
            hashes[here].tolist(),
            quotas[c],
            [1] * len(here) if weights is None else weights[here].tolist(),
            n_sweeps,
        )
        if quotas[c] < len(here):
            assert picks == here[expected].tolist()
        assert sorted(picks) == sorted(here[expected].tolist())
        nearest = [
            min(float(np.sqrt(naive.squared_distance(rows[i], rows[j]))) for j in picks)
            * (1 if weights is None else int(weights[i]))
            for i in here
        ]
        assert found.scores[c] == pytest.approx(bound, rel=1e-6)
        step = float(np.linalg.norm(np.ptp(rows[here].astype(float), axis=0))) * 2.0**-28
        assert found.scores[c] >= sum(nearest) * (1 - 1e-6) - step * len(rows) ** 2


@pytest.mark.parametrize("n_rows", [2, 31, 32, 33, 100])
@given(seed=st.integers(0, 50))
def test_picks_are_those_of_craig(n_rows: int, seed: int) -> None:
    # whole numbers: no distance is rounded, in any order of the features
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 4, size=(n_rows, 5)).astype(np.float32)
    rows[0], rows[-1] = 0, 7
    quota, spare = int(rng.integers(1, n_rows)), rng.permutation(n_rows)
    hashes = np.empty(n_rows, dtype=np.uint64)
    hashes[spare] = np.arange(n_rows, dtype=np.uint64)
    found = small_picks(rows, np.zeros(n_rows, dtype=np.int64), hashes, np.array([quota]))
    assert found.places.tolist() == facility_greedy(Dense(rows), quota, spare, rng).tolist()


def test_equal_rows_are_chosen_by_their_hashes() -> None:
    hashes = np.array([5, 1, 9, 0, 7], dtype=np.uint64)
    rows = np.full((5, 3), 2.5, dtype=np.float32)
    found = small_picks(rows, np.zeros(5, dtype=np.int64), hashes, np.array([3]))
    assert found.places.tolist() == [3, 1, 0]
    assert found.scores.tolist() == [0.0]


def test_threads_and_other_classes_change_nothing() -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((900, 6)).astype(np.float32)
    class_ids = rng.integers(0, 40, size=900)
    hashes = rng.permutation(900).astype(np.uint64)
    quotas = np.maximum(1, np.bincount(class_ids) // 4)
    done: list[int] = []
    alone = small_picks(rows, class_ids, hashes, quotas, advance=done.append)
    assert sum(done) == quotas.sum()
    with threads(3):
        together = small_picks(rows, class_ids, hashes, quotas)
    assert together.places.tolist() == alone.places.tolist()
    assert together.scores.tolist() == alone.scores.tolist()
    here = np.flatnonzero(class_ids == 7)
    zeros = np.zeros(len(here), dtype=np.int64)
    own = small_picks(rows[here], zeros, hashes[here], quotas[7:8])
    assert here[own.places].tolist() == split(alone.places, quotas.tolist())[7]
