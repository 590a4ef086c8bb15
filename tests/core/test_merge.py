"""The rows of smallest key of each group, counts, and several results at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift._errors import ParameterError
from coresift.core.merge import BottomK, Count, Together, rank_in_group
from coresift.core.profile import sample_rows
from strategies import SEEDS, Array, Dataset, datasets

SIZES = st.integers(1, 25)
N_GROUPS = 4


@given(rows=datasets(max_classes=N_GROUPS), n_keys=st.integers(1, 2), data=st.data())
def test_the_smallest_of_each_group_equal_their_oracle(
    rows: Dataset, n_keys: int, data: st.DataObject
) -> None:
    n_groups = data.draw(st.sampled_from([rows.n_classes, N_GROUPS]))
    limits = np.array(data.draw(st.tuples(*[st.integers(0, 5)] * n_groups)))
    numbers = st.lists(st.sampled_from([0.0, 0.5, 1e9]), min_size=len(rows), max_size=len(rows))
    keys = tuple(np.array(data.draw(numbers), dtype=np.float32) for _ in range(n_keys))
    found = BottomK.of(rows.class_ids, keys, rows.row_ids, limits, (rows.rows, rows.class_ids))
    places = naive.bottom_k(
        rows.class_ids.tolist(), list(zip(*keys, strict=True)), rows.row_ids.tolist(), limits
    )
    assert found.row_ids.tolist() == rows.row_ids[places].tolist()
    assert found.groups.tolist() == rows.class_ids[places].tolist()
    assert [key.tolist() for key in found.keys] == [key[places].tolist() for key in keys]
    assert found.payload[0].tolist() == rows.rows[places].tolist()
    assert found.payload[1].tolist() == rows.class_ids[places].tolist()
    for group, limit in enumerate(limits):
        part = found.of_group(group)
        assert part.row_ids.tolist() == found.row_ids[found.groups == group].tolist()
        assert len(part.row_ids) == min(limit, np.count_nonzero(rows.class_ids == group))


@given(rows=datasets(), size=SIZES, seed=SEEDS)
def test_a_sample_holds_the_rows_of_smallest_hash(rows: Dataset, size: int, seed: int) -> None:
    found = sample_rows(rows.rows, rows.row_ids, size, seed)
    expected = naive.smallest(rows.row_ids, size, seed)
    place = {row_id: i for i, row_id in enumerate(rows.row_ids.tolist())}
    assert found.row_ids.tolist() == expected
    assert found.payload[0].tolist() == [rows.rows[place[row_id]].tolist() for row_id in expected]


def test_another_seed_draws_other_rows() -> None:
    ids = np.arange(1000)
    one, two = (set(sample_rows(ids[:, None], ids, 100, s).row_ids.tolist()) for s in (0, 1))
    assert len(one & two) < 50


def test_rows_kept_under_different_limits_are_not_merged() -> None:
    def kept(limits: list[int]) -> BottomK:
        zeros = np.zeros(1, dtype=np.int64)
        return BottomK.of(zeros, (zeros,), zeros, np.array(limits))

    for other in ([2], [1, 1]):
        with pytest.raises(ParameterError, match="different limits"):
            kept([1]).merge(kept(other))


@given(groups=st.lists(st.integers(0, 5), max_size=20).map(sorted))
def test_ranks_count_from_the_start_of_each_group(groups: list[int]) -> None:
    expected = [groups[:place].count(group) for place, group in enumerate(groups)]
    assert rank_in_group(np.array(groups, dtype=np.int64)).tolist() == expected


@given(numbers=st.lists(st.integers(0, 4)))
def test_counts_are_those_of_each_number(numbers: list[int]) -> None:
    found: Array = Count.of(np.array(numbers, dtype=np.int64), 5).counts
    assert found.dtype == np.int64
    assert found.tolist() == [numbers.count(number) for number in range(5)]


def test_results_of_different_numbers_of_tasks_are_not_merged() -> None:
    one = Count(np.zeros(1, dtype=np.int64))
    with pytest.raises(ValueError, match="argument 2"):
        Together((one, one)).merge(Together((one,)))
