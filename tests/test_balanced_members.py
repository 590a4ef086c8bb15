"""Members of cells: the half that is nearest to the center."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift import FastCore
from coresift._threads import threads
from coresift.gradients import Sample
from coresift.weightings._members import Members
from strategies import Array


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
