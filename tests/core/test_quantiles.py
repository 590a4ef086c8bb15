from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift import CoresiftError
from coresift.core.quantiles import quantile_edges, quantile_strata, strata_of

VALUES = st.lists(st.integers(-3, 3).map(float) | st.floats(-1e9, 1e9), min_size=1, max_size=30)


@given(values=VALUES, n_strata=st.integers(1, 8))
def test_strata_follow_the_order_and_none_is_empty(values: list[float], n_strata: int) -> None:
    y = np.array(values)
    strata = quantile_strata(y, n_strata)
    counts = np.bincount(strata)
    assert (counts > 0).all()
    assert len(counts) <= n_strata
    order = np.argsort(y, kind="stable")
    assert (np.diff(strata[order]) >= 0).all()
    for left, right in pairwise(order):
        assert (y[left] != y[right]) or strata[left] == strata[right]


@given(n_strata=st.integers(1, 8), times=st.integers(1, 4))
def test_distinct_values_make_equal_strata(n_strata: int, times: int) -> None:
    y = np.random.default_rng(0).permutation(n_strata * times).astype(float)
    assert np.bincount(quantile_strata(y, n_strata)).tolist() == [times] * n_strata


def test_edges_of_a_sample_hold_for_other_values() -> None:
    edges = quantile_edges(np.arange(100.0), 4)
    assert edges.tolist() == [25, 50, 75]
    assert strata_of(np.array([-1e9, 25, 24.9, 1e9]), edges).tolist() == [0, 1, 0, 3]
    assert quantile_edges(np.zeros(0), 4).tolist() == []
    assert quantile_edges(np.ones(9), 4).tolist() == []


def test_no_strata_are_refused() -> None:
    with pytest.raises(CoresiftError, match="n_strata=0 is out of range"):
        quantile_edges(np.ones(3), 0)
