from __future__ import annotations

import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift._kernels.exact import BIAS, N_LIMBS, add_exactly, add_exactly_weighted
from naive import exact_sum, weighted_sum
from strategies import Array, matrices

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
LARGEST = float(np.finfo(np.float32).max)
SMALLEST = float(np.finfo(np.float32).smallest_subnormal)


def totals(limbs: Array) -> list[Fraction]:
    return [sum(Fraction(int(v) << 32 * b, 2**BIAS) for b, v in enumerate(row)) for row in limbs]


@pytest.mark.parametrize("power", [1, 2])
@given(rows=matrices(st.integers(0, 6), st.integers(1, 3), FINITE))
def test_sums_equal_fractions(power: int, rows: Array) -> None:
    limbs = np.zeros((rows.shape[1], N_LIMBS), dtype=np.int64)
    add_exactly(rows, power, limbs)
    assert totals(limbs) == [exact_sum(column, power) for column in rows.T]
    add_exactly(rows, power, limbs)  # adds to what is there
    assert totals(limbs) == [2 * exact_sum(column, power) for column in rows.T]


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("value", [LARGEST, -LARGEST, SMALLEST, -SMALLEST, 0.0, -0.0, 2.0**-126])
def test_extreme_values_are_exact(value: float, power: int) -> None:
    limbs = np.zeros((1, N_LIMBS), dtype=np.int64)
    add_exactly(np.full((3, 1), value, dtype=np.float32), power, limbs)
    assert totals(limbs) == [3 * Fraction(value) ** power]


@pytest.mark.parametrize("power", [1, 2])
@given(rows=matrices(st.integers(0, 6), st.integers(1, 3), FINITE), data=st.data())
def test_weighted_sums_equal_fractions(power: int, rows: Array, data: st.DataObject) -> None:
    whole = st.integers(0, 2**53) | st.just(2**53)
    factors = data.draw(st.lists(whole, min_size=len(rows), max_size=len(rows)))
    limbs = np.zeros((rows.shape[1], N_LIMBS), dtype=np.int64)
    add_exactly_weighted(rows, power, np.array(factors, dtype=np.int64), limbs)
    assert totals(limbs) == [weighted_sum(column, power, factors) for column in rows.T]


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("value", [LARGEST, -LARGEST, SMALLEST, -SMALLEST, 0.0, 2.0**-126])
def test_extreme_values_times_extreme_factors_are_exact(value: float, power: int) -> None:
    limbs = np.zeros((1, N_LIMBS), dtype=np.int64)
    rows, factors = np.full((3, 1), value, dtype=np.float32), np.array([0, 1, 2**53])
    add_exactly_weighted(rows, power, factors, limbs)
    assert totals(limbs) == [(1 + 2**53) * Fraction(value) ** power]


def test_a_full_limb_leaves_room_for_a_billion_rows() -> None:
    limbs = np.zeros((1, N_LIMBS), dtype=np.int64)
    add_exactly(np.full((1, 1), LARGEST, dtype=np.float32), 2, limbs)
    assert int(np.abs(limbs).max()) * 2**30 < sys.maxsize
