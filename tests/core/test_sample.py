from __future__ import annotations

from functools import reduce

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift.core.sample import RowSample
from naive import identical
from strategies import SEEDS, Dataset, chunkings, datasets

SIZES = st.integers(1, 25)


@given(rows=datasets(), size=SIZES, seed=SEEDS)
def test_sample_holds_the_rows_of_smallest_hash(rows: Dataset, size: int, seed: int) -> None:
    found = RowSample.of(rows.rows, rows.row_ids, size, seed)
    expected = naive.smallest(rows.row_ids, size, seed)
    place = {row_id: i for i, row_id in enumerate(rows.row_ids.tolist())}
    assert found.row_ids.tolist() == expected
    assert found.rows.tolist() == [rows.rows[place[row_id]].tolist() for row_id in expected]


@given(rows=datasets(), size=SIZES, seed=SEEDS, data=st.data())
def test_sample_of_all_rows_is_the_merge_of_samples_of_chunks(
    rows: Dataset, size: int, seed: int, data: st.DataObject
) -> None:
    chunks = [rows.part(chunk) for chunk in data.draw(chunkings(len(rows)))]
    samples = [RowSample.of(chunk.rows, chunk.row_ids, size, seed) for chunk in chunks]
    whole = RowSample.of(rows.rows, rows.row_ids, size, seed)
    assert identical(reduce(RowSample.merge, samples), whole)
    assert identical(reduce(RowSample.merge, samples[::-1]), whole)


def test_another_seed_draws_other_rows() -> None:
    ids = np.arange(1000)
    one, two = (set(RowSample.of(ids[:, None], ids, 100, s).row_ids.tolist()) for s in (0, 1))
    assert len(one & two) < 50
