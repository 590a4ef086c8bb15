from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift._errors import BudgetError, CoresiftError
from coresift.core.budget import resolve_budget, split_budget

SIZES = st.lists(st.integers(1, 60), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("budget", "n_rows", "expected"),
    [
        (1, 1, 1),
        (10, 10, 10),
        (np.int64(3), 10, 3),
        (1.0, 10, 10),
        (0.25, 10, 2),  # rounded down
        (0.29, 100, 29),  # 0.29 * 100 is 28.999999999999996
        (np.float32(0.5), 10, 5),
        (Fraction(1, 2), 10, 5),
        (1e-9, 10, 1),  # at least one row
    ],
)
def test_budgets_that_can_be_met(budget: Any, n_rows: int, expected: int) -> None:
    found = resolve_budget(budget, n_rows)
    assert found == expected
    assert type(found) is int


@pytest.mark.parametrize(
    "budget",
    [0, -1, 11, 0.0, -0.5, 1.5, float("nan"), float("inf"), True, np.True_, "3", "0.1", None, 1j],
)
def test_other_budgets_are_refused_and_named(budget: Any) -> None:
    with pytest.raises(BudgetError) as caught:
        resolve_budget(budget, 10)
    assert isinstance(caught.value, CoresiftError)
    assert isinstance(caught.value, ValueError)
    assert str(budget) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_budget_above_the_number_of_rows_names_both() -> None:
    with pytest.raises(BudgetError, match=r"budget=11 rows.* 10"):
        resolve_budget(11, 10)


@given(sizes=SIZES, data=st.data())
def test_split_equals_its_oracle(sizes: list[int], data: st.DataObject) -> None:
    budget = data.draw(st.integers(len(sizes), sum(sizes)))
    quotas = split_budget(budget, np.array(sizes))
    assert quotas.tolist() == naive.split_budget(budget, sizes)
    assert quotas.sum() == budget
    assert ((quotas >= 1) & (quotas <= sizes)).all()


@given(sizes=SIZES, data=st.data())
def test_split_is_proportional_where_no_class_needs_help(
    sizes: list[int], data: st.DataObject
) -> None:
    budget = data.draw(st.integers(len(sizes), sum(sizes)))
    ideal = [Fraction(budget * size, sum(sizes)) for size in sizes]
    quotas = split_budget(budget, np.array(sizes))
    if min(ideal) >= 1:
        assert all(abs(q - share) < 1 for q, share in zip(quotas.tolist(), ideal, strict=True))
    assert split_budget(sum(sizes), np.array(sizes)).tolist() == sizes


def test_a_class_of_one_row_keeps_it() -> None:
    assert split_budget(3, np.array([1_000_000, 1, 1])).tolist() == [1, 1, 1]


def test_a_tie_goes_to_the_first_class() -> None:
    assert split_budget(3, np.array([5, 5])).tolist() == [2, 1]


def test_more_classes_than_rows_are_refused() -> None:
    with pytest.raises(BudgetError, match=r"budget=2 .* 3 classes.* at least 3"):
        split_budget(2, np.array([5, 5, 5]))


@given(sizes=st.lists(st.integers(1, 10**6), min_size=20, max_size=60), share=st.floats(0, 1))
def test_a_split_over_many_classes_equals_its_oracle(sizes: list[int], share: float) -> None:
    budget = min(len(sizes) + int(share * 3 * len(sizes)), sum(sizes))
    assert split_budget(budget, np.array(sizes)).tolist() == naive.split_budget(budget, sizes)


def test_a_split_over_a_hundred_thousand_classes_takes_no_time() -> None:
    sizes = np.random.default_rng(0).integers(1, 40, size=100_000)
    started = time.process_time()
    quotas = split_budget(200_000, sizes)
    assert time.process_time() - started < 10  # looking at all classes for each row: hours
    assert quotas.sum() == 200_000
    assert ((quotas >= 1) & (quotas <= sizes)).all()
