from __future__ import annotations

import numpy as np
from coresift.core.sample import RowSample
from hypothesis import given
from hypothesis import strategies as st

import naive
from strategies import SEEDS, Dataset, datasets

SIZES = st.integers(1, 25)


@given(rows=datasets(), size=SIZES, seed=SEEDS)
def test_sample_holds_the_rows_of_smallest_hash(rows: Dataset, size: int, seed: int) -> None:
    found = RowSample.of(rows.rows, rows.row_ids, size, seed)
    expected = naive.smallest(rows.row_ids, size, seed)
    place = {row_id: i for i, row_id in enumerate(rows.row_ids.tolist())}
    assert found.row_ids.tolist() == expected
    assert found.rows.tolist() == [rows.rows[place[row_id]].tolist() for row_id in expected]


def test_another_seed_draws_other_rows() -> None:
    ids = np.arange(1000)
    one, two = (set(RowSample.of(ids[:, None], ids, 100, s).row_ids.tolist()) for s in (0, 1))
    assert len(one & two) < 50
