"""What is added up and kept of the rows of each cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift._kernels.encode import scale_rows
from coresift._kernels.members import add_to_cells, keep_smallest
from naive import identical
from strategies import SEEDS

N_CELLS = 4


@given(seed=SEEDS, n_rows=st.integers(0, 20), weighted=st.booleans(), bits=st.integers(-3, 30))
def test_totals_equal_their_oracle(seed: int, n_rows: int, weighted: bool, bits: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n_rows, 3)).astype(np.float32)
    cells = rng.integers(0, N_CELLS, size=n_rows)
    steps = rng.integers(1, 9, size=n_rows) if weighted else np.zeros(0, dtype=np.int64)
    low = np.full(3, -2, dtype=np.float32)
    totals = np.ones((N_CELLS, 3), dtype=np.int64)
    add_to_cells(rows, cells, steps, low, 2.0**bits, totals)
    times = steps.tolist() if weighted else [1] * n_rows
    expected = naive.cell_totals(rows, cells, times, low, 2.0**bits, N_CELLS)
    assert (totals - 1).tolist() == expected


@given(seed=SEEDS, n_rows=st.integers(0, 30), number=st.integers(1, 5))
def test_the_smallest_values_equal_their_oracle(seed: int, n_rows: int, number: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 9, size=n_rows).astype(np.float32)
    cells = rng.integers(0, N_CELLS, size=n_rows)
    smallest = np.full((N_CELLS, number), np.inf, dtype=np.float32)
    keep_smallest(values, cells, smallest)
    assert smallest.tolist() == naive.smallest_of_cells(values, cells, N_CELLS, number)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(seed=SEEDS, n_rows=st.integers(0, 9))
def test_scaled_rows_equal_their_oracle(dtype: type, seed: int, n_rows: int) -> None:
    rng = np.random.default_rng(seed)
    rows = (1e3 * rng.standard_normal((n_rows, 4))).astype(dtype)
    offset, factor = rng.standard_normal(4), rng.random(4)
    found = np.empty((n_rows, 4), dtype=np.float32)
    scale_rows(rows, offset, factor, found)
    assert identical(found, naive.scaled(rows, offset, factor))
