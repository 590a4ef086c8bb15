"""Draws: as many distinct rows each epoch, unbiased to the last bit, classes in proportion."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coresift import BudgetError, DataError, ParameterError
from coresift.core.draws import Draws

SCORES = st.one_of(st.just(0.0), st.floats(0, 10), st.sampled_from([1e-300, 1e-9, 1.0, 1e9, 1e300]))


@st.composite
def made(draw: Any) -> tuple[Draws, np.ndarray, float]:
    """Draws of few rows, their classes, and the uniform share."""
    n_rows = draw(st.integers(1, 30))
    values = draw(st.lists(SCORES, min_size=n_rows, max_size=n_rows))
    classes = np.array(draw(st.lists(st.integers(0, 3), min_size=n_rows, max_size=n_rows)))
    cells = draw(st.none() | st.lists(st.integers(0, 5), min_size=n_rows, max_size=n_rows))
    uniform = draw(st.sampled_from([1e-6, 0.1, 0.5, 1.0]))
    found = Draws.of(
        draw(st.integers(1, n_rows)), n_rows, draw(st.sampled_from([None, values])),
        classes=classes, cells=cells, uniform=uniform, seed=draw(st.integers(0, 99)),
    )  # fmt: skip
    return found, classes, uniform


def all_samples(draws: Draws) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Every sample that there is, and the number of starts that lead to it."""
    _, ends = draws.order(0)
    starts = sorted({0, *(-ends % draws.one).tolist()})
    lengths = np.diff([*starts, draws.one])
    return [
        (int(length), *draws.sample(0, start))
        for start, length in zip(starts, lengths, strict=True)
    ]


@given(made())
def test_each_epoch_has_exactly_as_many_distinct_rows(case: Any) -> None:
    draws, _, _ = case
    for epoch in range(5):
        rows, weights = draws.at(epoch)
        assert len(rows) == len(weights) == draws.n_drawn
        assert (np.diff(rows) > 0).all()
        np.testing.assert_array_equal(weights, draws.weights[rows])


@given(made())
def test_probabilities_sum_to_the_sample(case: Any) -> None:
    draws, _, _ = case
    assert int(draws.shares.sum()) == draws.n_drawn * draws.one
    assert (draws.shares > 0).all()
    assert (draws.shares <= draws.one).all()


@given(made())
def test_weights_are_unbiased_exactly(case: Any) -> None:
    draws, _, _ = case
    chances = np.zeros(len(draws.shares), dtype=np.int64)
    for length, rows, _ in all_samples(draws):
        chances[rows] += length
    np.testing.assert_array_equal(chances, draws.shares)
    expected = [
        Fraction(int(chance), draws.one) * Fraction(draws.one, int(share))
        for chance, share in zip(chances, draws.shares, strict=True)
    ]
    assert set(expected) == {Fraction(1)}


@given(made())
def test_each_epoch_has_each_class_in_proportion(case: Any) -> None:
    draws, classes, _ = case
    exact = np.bincount(classes) * draws.n_drawn / len(classes)
    for _, rows, _ in all_samples(draws):
        found = np.bincount(classes[rows], minlength=len(exact))
        assert (np.abs(found - exact) < 1 + 1e-9).all()


@given(made())
def test_no_weight_is_above_its_cap(case: Any) -> None:
    draws, classes, uniform = case
    mean = len(classes) / draws.n_drawn
    assert draws.weights.max() <= mean / uniform * (1 + 1e-3)
    assert draws.weights.min() >= 1


@given(made(), st.integers(0, 20))
def test_epochs_are_those_of_seed_and_number_alone(case: Any, epoch: int) -> None:
    draws, _, _ = case
    again = Draws(draws.shares, draws.runs, draws.n_drawn, draws.one, draws.seed)
    first = draws.at(epoch)
    again.at(epoch + 3)
    for left, right in zip(first, again.at(epoch), strict=True):
        np.testing.assert_array_equal(left, right)


def test_a_row_comes_as_evenly_as_can_be() -> None:
    draws = Draws.of(0.1, 2000, np.arange(2000) % 5 + 1.0, seed=3)
    count = np.zeros(2000)
    for epoch in range(100):
        count[draws.at(epoch)[0]] += 1
    expected = 100 * draws.probabilities
    by_chance = expected * (1 - draws.probabilities)
    assert (count - expected).var() < by_chance.mean() / 2
    alike = Draws.of(0.1, 2000, seed=3)  # of equal probabilities, a cycle has ten samples
    assert len({tuple(alike.at(epoch)[0]) for epoch in range(100)}) > 75


def test_scores_decide_within_a_class() -> None:
    classes = np.repeat(["a", "b"], [900, 100])
    scores = np.where(np.arange(1000) % 2, 3.0, 1.0)
    draws = Draws.of(100, 1000, scores, classes=classes, uniform=0.5, seed=0)
    found = draws.probabilities[[0, 1, 900, 901]]
    np.testing.assert_allclose(found, [0.075, 0.125, 0.075, 0.125], rtol=1e-6)


def test_a_sample_has_a_row_of_each_cell_where_its_rows_sum_to_one() -> None:
    cells = np.repeat(np.arange(20), np.arange(1, 21))
    sizes = np.bincount(cells)
    draws = Draws.of(20, len(cells), 1 / sizes[cells], cells=cells, uniform=1e-9, seed=0)
    for epoch in range(10):
        counts = np.bincount(cells[draws.at(epoch)[0]], minlength=20)
        assert counts.max() <= 2
        assert (counts == 1).mean() > 0.8  # the tiny uniform share moves the ends of cells


@settings(max_examples=20)
@given(st.integers(1, 50), st.integers(0, 1000))
def test_all_rows_weigh_one(n_rows: int, epoch: int) -> None:
    rows, weights = Draws.of(n_rows, n_rows, np.arange(n_rows), seed=1).at(epoch)
    assert rows.tolist() == list(range(n_rows))
    assert set(weights) == {1.0}


def test_scores_that_are_all_0_make_rows_equal() -> None:
    draws = Draws.of(10, 100, np.zeros(100))
    np.testing.assert_allclose(draws.probabilities, 0.1)


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"budget": 11}, BudgetError, "budget=11"),
    ({"budget": 0}, BudgetError, "budget=0"),
    ({"scores": [1.0] * 9 + [np.nan]}, DataError, r"score of row 9 is nan"),
    ({"scores": [1.0] * 9 + [np.inf]}, DataError, r"score of row 9 is inf"),
    ({"scores": [-1.0] * 10}, DataError, r"score of row 0 is -1"),
    ({"scores": [1.0] * 9}, DataError, r"shape \(9,\) for 10 rows"),
    ({"classes": [1] * 9}, DataError, r"classes of shape \(9,\)"),
    ({"uniform": 0}, ParameterError, "uniform=0: must be above 0"),
    ({"uniform": np.nan}, ParameterError, "uniform=nan"),
]


@pytest.mark.parametrize(("changed", "kind", "message"), BAD)
def test_bad_input(changed: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        Draws.of(**{"budget": 3, "n_rows": 10, **changed})
