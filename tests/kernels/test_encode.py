from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coresift._kernels.encode import project_signs, quantise
from naive import bucket, code, nearest
from strategies import SMALL, UNIT, Array, matrices

FEW = st.integers(1, 8)


def buckets_of(rows: Array, planes: Array, offsets: Array) -> list[int]:
    buckets = np.empty(len(rows), dtype=np.uint64)
    project_signs(rows, planes, offsets, buckets)
    return buckets.tolist()


def codes_of(rows: Array, features: Array, codewords: Array) -> list[int]:
    codes = np.empty(len(rows), dtype=np.uint8)
    quantise(rows, features, codewords, codes)
    return codes.tolist()


@given(rows=matrices(st.integers(0, 5), FEW), data=st.data())
def test_project_signs_equals_its_oracle(rows: Array, data: st.DataObject) -> None:
    n_planes = data.draw(st.sampled_from([0, 1, 3, 64]))
    numbers = SMALL | UNIT
    planes = data.draw(arrays(np.float32, (rows.shape[1], n_planes), elements=numbers))
    offsets = data.draw(arrays(np.float32, n_planes, elements=numbers))
    expected = [bucket(row, planes, offsets) for row in rows]
    assert buckets_of(rows, planes, offsets) == expected


def test_random_rows_and_planes_equal_the_oracle() -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((20, 11)).astype(np.float32)
    planes = rng.standard_normal((11, 64)).astype(np.float32)
    offsets = rng.standard_normal(64).astype(np.float32)
    assert buckets_of(rows, planes, offsets) == [bucket(row, planes, offsets) for row in rows]


def test_a_row_on_a_plane_is_not_on_its_positive_side() -> None:
    rows = np.array([[0.5], [0.0], [-0.5]], dtype=np.float32)
    planes = np.ones((1, 2), dtype=np.float32)
    offsets = np.array([0.5, 0.0], dtype=np.float32)
    assert buckets_of(rows, planes, offsets) == [0b01 << 62, 0, 0]


def test_plane_0_is_the_highest_bit_and_plane_63_the_lowest() -> None:
    planes = np.full((1, 64), -1, dtype=np.float32)
    planes[0, [0, 63]] = 1
    row = np.ones((1, 1), dtype=np.float32)
    assert buckets_of(row, planes, np.zeros(64, dtype=np.float32)) == [2**63 + 1]


@given(rows=matrices(st.integers(0, 6), st.just(9)), data=st.data())
def test_quantise_equals_its_oracle(rows: Array, data: st.DataObject) -> None:
    columns = st.lists(st.integers(0, 8), min_size=1, max_size=9, unique=True)
    features = np.array(data.draw(columns))
    codewords = data.draw(matrices(st.just(len(features)), st.integers(1, 9)))
    expected = [code(row, [features], [codewords])[0] for row in rows]
    assert codes_of(rows, features, codewords) == expected


@pytest.mark.parametrize("dsub", range(1, 10))
def test_256_codewords_equal_the_oracle(dsub: int) -> None:
    rng = np.random.default_rng(dsub)
    rows = rng.standard_normal((10, dsub)).astype(np.float32)
    codewords = rng.standard_normal((dsub, 256)).astype(np.float32)
    expected = [nearest(row, codewords.T) for row in rows]
    assert codes_of(rows, np.arange(dsub), codewords) == expected


def test_a_tie_goes_to_the_lowest_codeword() -> None:
    rows = np.array([[0.0], [1.0], [2.0]], dtype=np.float32)
    codewords = np.array([[2.0, 0.0, 2.0, 0.0]], dtype=np.float32)
    assert codes_of(rows, np.array([0]), codewords) == [1, 0, 0]
