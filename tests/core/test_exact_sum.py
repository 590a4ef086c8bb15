from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift.core.exact_sum import ExactSum, standard_deviation
from naive import exact_sum
from strategies import Array, matrices

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
ROWS = matrices(st.integers(0, 8), st.just(2), FINITE)


@pytest.mark.parametrize("power", [1, 2])
@given(rows=ROWS)
def test_sums_are_exact(power: int, rows: Array) -> None:
    found = ExactSum.of(rows, power)
    expected = [exact_sum(column, power) for column in rows.T]
    assert found.fractions() == expected
    assert found.value().tolist() == [float(total) for total in expected]
    assert found.total() == sum(expected)


def test_other_layouts_and_dtypes_are_converted() -> None:
    rows = np.arange(12.0).reshape(3, 4)
    assert ExactSum.of(np.asfortranarray(rows)[::-1]).value().tolist() == [12, 15, 18, 21]


@given(rows=matrices(st.integers(1, 8), st.just(1), FINITE))
def test_standard_deviation_is_that_of_the_rows(rows: Array) -> None:
    (total,), (squares,) = ExactSum.of(rows).fractions(), ExactSum.of(rows, 2).fractions()
    values = [Fraction(float(value)) for value in rows[:, 0]]
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    assert standard_deviation(total, squares, len(rows)) == math.sqrt(float(variance))
