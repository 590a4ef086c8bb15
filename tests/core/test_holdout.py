"""Rows put aside: class by class, or group by group, by hash."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift import ParameterError
from coresift.core.holdout import holdout, holdout_groups


@given(st.lists(st.integers(0, 3), min_size=2, max_size=80), st.floats(0.05, 0.95), st.integers(0))
def test_every_class_stays_and_spares_a_row_where_it_can(
    labels: list[int], share: float, seed: int
) -> None:
    class_ids = np.unique(labels, return_inverse=True)[1]
    sizes = np.bincount(class_ids)
    if sizes.max() == 1:
        with pytest.raises(ParameterError, match="no class has more than 1 row"):
            holdout(class_ids, share, seed)
        return
    out = np.bincount(class_ids[holdout(class_ids, share, seed)], minlength=len(sizes))
    assert (out < sizes).all()
    assert ((out > 0) == (sizes > 1)).all()


def test_the_share_is_met_exactly_where_the_classes_allow_it() -> None:
    class_ids = np.repeat([0, 1, 2], [500, 300, 212])
    assert holdout(class_ids, 0.25, 1).sum() == 253
    assert (holdout(class_ids, 0.25, 1) == holdout(class_ids, 0.25, 1)).all()
    assert (holdout(class_ids, 0.25, 1) != holdout(class_ids, 0.25, 2)).any()


@pytest.mark.parametrize("share", [0, 1, -0.5, float("nan")])
def test_a_share_that_makes_no_sense_is_refused(share: float) -> None:
    with pytest.raises(ParameterError, match="between 0 and 1"):
        holdout(np.array([0, 0, 1, 1]), share, 0)


@given(
    pairs=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=2, max_size=60),
    share=st.floats(0.05, 0.95),
    seed=st.integers(0, 99),
)
def test_groups_are_put_aside_whole_and_every_class_stays(
    pairs: list[tuple[int, int]], share: float, seed: int
) -> None:
    groups, class_ids = (np.unique(part, return_inverse=True)[1] for part in np.transpose(pairs))
    try:
        aside = holdout_groups(groups, class_ids, share, seed)
    except ParameterError:  # each group has all rows of a class
        for group in range(groups.max() + 1):
            kept = class_ids[groups != group]
            assert len(np.unique(kept)) <= class_ids.max()
        return
    assert aside.any()
    assert not set(groups[aside]) & set(groups[~aside])
    assert set(class_ids[~aside]) == set(class_ids)
    largest = np.bincount(groups).max()
    assert aside.sum() <= share * len(groups) + largest
    again = holdout_groups(groups, class_ids, share, seed)
    np.testing.assert_array_equal(aside, again)


def test_many_small_groups_come_near_the_share() -> None:
    groups = np.random.default_rng(0).integers(0, 400, 5000)
    sizes = [holdout_groups(groups, groups % 2, 0.2, seed).sum() for seed in range(5)]
    assert max(abs(size - 1000) for size in sizes) <= 10
    assert len(set(sizes)) > 1
