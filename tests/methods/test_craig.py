"""Craig and CraigPQ against their oracles, and what they say about memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift import Craig, CraigPQ, ParameterError, Uniform
from coresift._rng import Purpose, derived_seed
from coresift.core.budget import split_budget
from coresift.core.facility.blocks import Grid
from coresift.core.scaler import Moments, Scaler
from coresift.methods import CraigPlan, CraigPQPlan, Plan
from coresift.methods.craig import store_bytes
from coresift.select import select
from coresift.sources import as_source
from strategies import SMALL, UNIT, Array, flagged, matrices


@pytest.mark.parametrize("distances", ["dense", "recompute", "neighbours"])
@given(
    rows=matrices(st.integers(2, 25), st.integers(1, 4), SMALL | UNIT)
    | flagged(st.integers(2, 25), st.integers(0, 2), st.integers(5, 40)),
    data=st.data(),
)
def test_craig_equals_its_oracle_in_each_class(
    distances: str, rows: Array, data: st.DataObject
) -> None:
    n_rows = len(rows)
    y = np.arange(n_rows) % 3 // 2
    budget = data.draw(st.integers(2, n_rows))
    chosen = Craig(
        budget, distances=distances, n_neighbours=n_rows, scale="minmax", random_state=7
    ).fit(rows, y if n_rows > 2 else np.arange(n_rows))
    if n_rows == 2:
        assert chosen.sample_indices_.tolist() == [0, 1]
        return
    scaled = Scaler.from_moments(Moments.of(rows, "minmax"), "minmax").transform(rows)
    expected: list[int] = []
    for c, quota in enumerate(split_budget(budget, np.bincount(y)).tolist()):
        here = np.flatnonzero(y == c)
        grid = Grid.of(scaled[here])
        used = grid.flags.tolist(), grid.features.tolist()
        own = scaled[here]
        pairs = [[naive.whole_distance(a, b, *used, grid.scale) for b in own] for a in own]
        ranked = naive.smallest(here, len(here), derived_seed(7, Purpose.ROWS))
        spare = [here.tolist().index(row) for row in ranked]
        expected += here[naive.facility_greedy(pairs, grid.worst, quota, spare)].tolist()
    assert chosen.sample_indices_.tolist() == sorted(expected)


@given(
    rows=matrices(st.integers(1, 30), st.integers(1, 4), st.integers(0, 9).map(float)),
    data=st.data(),
)
def test_craig_pq_equals_its_oracle(rows: Array, data: st.DataObject) -> None:
    # A subspace for each feature and few values: codewords are the values, distances whole.
    budget = data.draw(st.integers(1, len(rows)))
    plan = CraigPQPlan(
        budget, n_subspaces=rows.shape[1], subspaces="blocks", distance="sum", scale=None, seed=3
    )
    coreset = select(as_source(rows), plan)
    assert coreset.report is not None
    codes, code_of, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    bounds = abs(codes[:, None] - codes[None]).sum(axis=2).tolist()
    worst, rounds = float(np.ptp(rows, axis=0).sum()), [(range(len(bounds)), budget)]
    picks, _ = naive.greedy(bounds, counts.tolist(), worst, rounds)
    expected = set()
    for pick in picks:
        holders = np.flatnonzero(code_of.reshape(-1) == pick)
        expected.add(naive.smallest(holders, 1, derived_seed(3, Purpose.ROWS))[0])
    assert expected <= set(coreset.row_ids.tolist())
    assert coreset.report.facts["n_codes"] == len(codes)
    if picks:
        nearest = np.array(bounds)[picks].min(axis=0)
        score = coreset.report.facts["code_score"]
        assert score == pytest.approx((counts * nearest).sum() / len(rows))


def table(n_rows: int = 900) -> tuple[Array, Array]:
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2, size=n_rows)
    return (rng.normal(size=(n_rows, 6)) + y[:, None]).astype(np.float32), y


def test_stores_choose_the_same_rows_and_beat_other_samples() -> None:
    X, y = table()
    fits = {
        name: Craig(0.05, distances=name, random_state=0).fit(X, y)
        for name in ("auto", "dense", "recompute", "neighbours")
    }
    rows = fits["auto"].sample_indices_.tolist()
    assert rows == fits["dense"].sample_indices_.tolist()
    assert rows == fits["recompute"].sample_indices_.tolist()
    score = fits["auto"].report_["score"]
    assert score <= fits["neighbours"].report_["score"] < 1.2 * score
    assert score <= Craig(0.05, greedy="stochastic", random_state=0).fit(X, y).report_["score"]
    codes = CraigPQ(0.05, random_state=0).fit(X, y).report_["score"]
    sample = Uniform(0.05, weights="assignment", random_state=0).fit(X, y).report_["score"]
    assert score < codes < sample


def test_naive_and_lazy_choose_the_same_rows() -> None:
    X, y = table(300)
    for method in (Craig, CraigPQ):
        lazy, naive_ = (
            method(0.1, greedy=greedy, random_state=1).fit(X, y) for greedy in ("lazy", "naive")
        )
        assert lazy.sample_indices_.tolist() == naive_.sample_indices_.tolist()


def test_auto_takes_the_dense_store_where_it_fits() -> None:
    X, y = table()
    y[:] = np.arange(len(y)) < 100
    limit = store_bytes("dense", 100, 6, 1)
    report = Craig(0.05, max_bytes=limit, random_state=0).fit(X, y).report_
    assert [c["distances"] for c in report["classes"]] == ["recompute", "dense"]
    for distances in ("dense", "neighbours"):
        with pytest.raises(ParameterError, match=r"bytes for a class of 800 rows, max_bytes="):
            Craig(0.05, distances=distances, max_bytes=limit).fit(X, y)


@pytest.mark.parametrize(
    "plan",
    [
        CraigPlan(40, distances="dense"),
        CraigPlan(40, distances="recompute"),
        CraigPlan(40, distances="neighbours", n_neighbours=64),
        CraigPQPlan(40),
    ],
    ids=["dense", "recompute", "neighbours", "pq"],
)
def test_memory_stays_below_what_the_plan_says(plan: Plan) -> None:
    X = np.random.default_rng(0).normal(size=(6000, 30)).astype(np.float32)
    source = as_source(X)
    select(as_source(X[:300]), plan)  # compiles
    tracemalloc.start()
    coreset = select(source, plan)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    said = plan.cost(source)
    assert said["budget"] == len(coreset.row_ids) == 40
    assert said["passes"] == 3
    assert peak < said["max_bytes"]
