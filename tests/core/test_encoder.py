from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift._threads import threads
from coresift.core.codebook import Codebook
from coresift.core.encoder import Encoder
from coresift.core.hyperplanes import Hyperplanes
from coresift.core.scaler import Moments, Scaler
from strategies import Array, Dataset, datasets, encoders


def encoder_of(rows: Array, n_planes: int = 64, n_subspaces: int = 3) -> Encoder:
    scaler = Scaler.from_moments(Moments.of(rows, "minmax"), "minmax")
    scaled = scaler.transform(rows)
    rng = np.random.default_rng(0)
    planes = Hyperplanes.draw(rows.shape[1], n_planes, rng, scaled.mean(axis=0))
    return Encoder(scaler, planes, Codebook.train(scaled[:200], n_subspaces, 8, rng))


@given(rows=datasets(), data=st.data())
def test_shapes_and_dtypes(rows: Dataset, data: st.DataObject) -> None:
    encoder = data.draw(encoders(rows))
    buckets, codes = encoder.encode(rows.rows)
    assert (buckets.dtype, buckets.shape) == (np.uint64, (len(rows),))
    assert (codes.dtype, codes.shape) == (np.uint8, (len(rows), encoder.codebook.n_subspaces))
    for code, words in zip(codes.T, encoder.codebook.codewords, strict=True):
        assert code.max() < words.shape[1]


def test_no_rows_have_no_codes() -> None:
    rows = np.random.default_rng(0).random((9, 4))
    buckets, codes = encoder_of(rows).encode(rows[:0])
    assert buckets.shape == (0,)
    assert codes.shape == (0, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_neither_threads_nor_memory_order_change_the_codes(dtype: type) -> None:
    rows = np.random.default_rng(0).random((4000, 6)).astype(dtype)
    encoder = encoder_of(rows)
    buckets, codes = encoder.encode(rows)
    assert len(np.unique(codes, axis=0)) > 100
    for other in (rows, np.asfortranarray(rows), np.repeat(rows, 2, axis=1)[:, ::2]):
        for n_threads in (2, 3, None):
            with threads(n_threads):
                found = encoder.encode(other)
            assert (found[0] == buckets).all()
            assert (found[1] == codes).all()


def test_equal_rows_share_bucket_and_code() -> None:
    rows = np.full((7, 3), 2.5)
    buckets, codes = encoder_of(rows).encode(rows)
    assert set(buckets.tolist()) == {buckets[0]}
    assert not codes.any()


def test_one_row_is_enough() -> None:
    rows = np.array([[3.0, -1.0, 0.0]])
    encoder = encoder_of(rows, n_subspaces=5)
    assert encoder.codebook.n_subspaces == 3
    assert encoder.encode(rows)[1].tolist() == [[0, 0, 0]]
