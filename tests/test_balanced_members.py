"""Members of cells: the half that is nearest to the center."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift import FastCore
from coresift._threads import threads
from coresift.core.centers import Centers
from coresift.gradients import Sample
from coresift.methods import _fastcore_parameters
from coresift.methods.fastcore import FastCorePlan
from coresift.sources import as_source
from coresift.weightings import _members
from coresift.weightings._members import Members, highest_hashes
from strategies import Array
from tables import answer, table


def members_of(sizes: list[int], rng: np.random.Generator) -> tuple[Members, Array]:
    """So many members of each cell, on a grid where distances tie; and the centers."""
    cells = np.repeat(np.arange(len(sizes)), sizes)
    rows = rng.integers(0, 3, (len(cells), 2)).astype(np.float32)
    row_ids = rng.permutation(len(cells))
    order = np.lexsort((row_ids, cells))
    sample = Sample(rows, np.zeros(len(cells), dtype=np.int64), np.ones(len(cells)))
    centers = rng.integers(0, 3, (len(sizes), 2)).astype(np.float32)
    return Members(cells, row_ids[order], sample, np.ones(len(sizes))), centers


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(0, 2**16))
def test_the_nearer_half_of_each_cell_stays(sizes: list[int], seed: int) -> None:
    members, centers = members_of(sizes, np.random.default_rng(seed))
    kept = members.nearer_half(centers)
    for cell, size in enumerate(sizes):
        own = members.cells == cell
        apart = ((members.sample.rows[own] - centers[cell]) ** 2).sum(axis=1)
        pairs = sorted(zip(apart, members.row_ids[own], strict=True))
        nearest = sorted(row for _, row in pairs[: (size + 1) // 2])
        assert kept.row_ids[kept.cells == cell].tolist() == nearest


def test_rows_stay_with_their_ids_for_any_threads() -> None:
    members, centers = members_of([7, 1, 12], np.random.default_rng(0))
    with threads(1):
        whole = members.nearer_half(centers)
    with threads(3):
        pieces = members.nearer_half(centers)
    assert pieces.row_ids.tolist() == whole.row_ids.tolist()
    numbered = dict(zip(members.row_ids.tolist(), members.sample.rows.tolist(), strict=True))
    assert [numbered[row] for row in whole.row_ids.tolist()] == whole.sample.rows.tolist()


@pytest.mark.parametrize(("budget", "central"), [(12, True), (40, False)])
def test_few_rows_for_many_parameters_are_central_ones(
    monkeypatch: pytest.MonkeyPatch, budget: int, central: bool
) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 30)).astype(np.float32)  # 31 parameters
    y = (X[:, 0] + rng.normal(size=3000) > 0).astype(int)

    def chosen() -> list[int]:
        how = {"representative": "balanced", "weights": "calibrated", "random_state": 0}
        return FastCore(budget, **how).fit(X, y).sample_indices_.tolist()

    with_half = chosen()
    monkeypatch.setattr(Members, "nearer_half", lambda self, centers: self)
    assert (with_half != chosen()) == central


def test_members_of_very_many_rows_are_drawn_from_a_share_of_each_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows, sizes = np.zeros((4, 1), dtype=np.float32), np.array([60_000, 40])
    centers = Centers.of(np.arange(4), rows, np.array([0, 0, 1, 1]), 2)
    assert highest_hashes(centers, sizes, 30) is None
    monkeypatch.setattr(_members, "MANY_ROWS", 1000)
    highest = highest_hashes(centers, sizes, 30)
    assert highest is not None
    assert highest[0] == highest[1] == int(5 * 30 * 2 / 60_000 * 2**64)
    assert highest[2] == highest[3] == 2**64 - 1  # cells of 20 rows: all of them


def test_law_7_where_balanced_members_need_no_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = table(4000)
    how = {"exact_below": 0, "representative": "balanced", "random_state": 0}
    passed = answer(FastCore(20, **how).fit(X, y))
    for module in (_fastcore_parameters, _members):
        monkeypatch.setattr(module, "MANY_ROWS", 3999)
    selector = FastCore(20, **how).fit(X, y)
    assert answer(selector) != passed
    assert "refine" not in selector.report_["seconds"]
    assert selector.sample_weight_.sum() == pytest.approx(4000)
    assert np.isin(np.unique(y), y[selector.sample_indices_]).all()
    assert answer(FastCore(20, n_threads=3, **how).fit(X, y)) == answer(selector)
    for size in (97, 1000):
        assert answer(FastCore(20, **how).fit(as_source(X, y, chunk_rows=size))) == answer(selector)
    asked = FastCore(20, refine=1, **how).fit(X, y)
    assert "refine" in asked.report_["seconds"]


def test_the_plan_counts_no_pass_where_a_sample_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    source = as_source(np.zeros((100, 3), dtype=np.float32))
    plan = FastCorePlan(40, exact_below=0, representative="balanced", weights="calibrated")
    passed = plan.cost(source)
    monkeypatch.setattr(_fastcore_parameters, "MANY_ROWS", 99)
    sampled = plan.cost(source)
    assert (passed["passes"], sampled["passes"]) == (6, 3)
    assert ("refine" in passed["memory"], "refine" in sampled["memory"]) == (True, False)
    auto = FastCorePlan(40, exact_below=0)  # not refused for what it may not need
    assert "refine" not in auto.cost(source)["memory"]
    medoid = FastCorePlan(40, exact_below=0, representative="medoid", weights="assignment")
    assert medoid.cost(source)["passes"] == 6
