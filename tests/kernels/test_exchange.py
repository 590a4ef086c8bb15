"""Chosen rows exchanged for candidates, through `exchange_rows`."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift.core.facility import exchange_rows
from strategies import Array, matrices


@given(rows=matrices(st.integers(2, 14), st.integers(1, 4)), data=st.data())
def test_picks_equal_their_oracle(rows: Array, data: st.DataObject) -> None:
    rows = np.clip(rows, -1e17, 1e17)
    candidates = data.draw(st.permutations(range(len(rows))))
    candidates = candidates[: data.draw(st.integers(1, len(rows)))]
    n_chosen = data.draw(st.integers(1, len(candidates)))
    n_sweeps = data.draw(st.integers(0, 3))
    weights = data.draw(st.none() | st.just(np.arange(1, len(rows) + 1)))
    picks, score = exchange_rows(rows, np.array(candidates), n_chosen, weights, n_sweeps)

    spread = [float(column.max()) - float(column.min()) for column in rows.T]
    diagonal = math.sqrt(sum(s * s for s in spread)) * (1 + (len(spread) + 8) * 2.0**-23)
    scale = 2.0 ** min(30 - math.frexp(diagonal)[1], 60)
    whole = [[naive.whole_distance(a, b, [], range(len(a)), scale) for b in rows] for a in rows]
    times = [1] * len(rows) if weights is None else weights.tolist()
    demand = [i for i, number in enumerate(times) for _ in range(number)]
    expected = naive.exchanged(whole, demand, candidates[:n_chosen], n_sweeps, candidates)
    assert picks.tolist() == expected
    nearest = [min(whole[i][j] for j in expected) for i in demand]
    assert score == pytest.approx(sum(d + 1 for d in nearest if d > 0) / scale)


@given(seed=st.integers(0, 100))
def test_more_sweeps_never_raise_the_score(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((200, 3)).astype(np.float32)
    candidates = rng.permutation(200)[:60]
    scores = [exchange_rows(rows, candidates, 8, None, sweeps)[1] for sweeps in (0, 1, 2, 9)]
    assert scores == sorted(scores, reverse=True)
    assert scores[1] < scores[0]


def test_the_order_of_the_rows_changes_no_pick() -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((300, 5)).astype(np.float32)
    candidates, order = rng.permutation(300)[:80], rng.permutation(300)
    place = np.argsort(order)
    picks, score = exchange_rows(rows, candidates, 10, None, 4)
    others, same = exchange_rows(rows[order], place[candidates], 10, None, 4)
    assert order[others].tolist() == picks.tolist()
    assert same == score
