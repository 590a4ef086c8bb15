from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift._rng import row_hash, seed_of, stream

IDS = st.lists(st.integers(0, 2**62), min_size=1, max_size=20, unique=True)
ANY_SEED = st.integers(-(2**63), 2**64 - 1)


@given(ids=IDS, seed=ANY_SEED)
def test_row_hash_equals_its_oracle(ids: list[int], seed: int) -> None:
    hashes = row_hash(np.array(ids), seed)
    assert hashes.dtype == np.uint64
    assert hashes.tolist() == [naive.row_hash(row_id, seed % 2**64) for row_id in ids]
    assert len(set(hashes.tolist())) == len(ids)


def test_hashes_are_spread_evenly() -> None:
    counts = np.bincount(row_hash(np.arange(64_000), seed=1) >> np.uint64(58), minlength=64)
    assert ((counts - 1000) ** 2 / 1000).sum() < 120  # chi squared of 63 degrees: 1 in 20,000


def test_seed_of() -> None:
    assert seed_of(7) == 7
    assert seed_of(np.int64(7)) == 7
    same = [seed_of(np.random.default_rng(1)) for _ in range(2)]
    old = [seed_of(np.random.RandomState(1)) for _ in range(2)]
    assert same[0] == same[1]
    assert old[0] == old[1]
    assert seed_of(np.random.default_rng(2)) != same[0]


def test_a_generator_moves_on() -> None:
    rng = np.random.default_rng(1)
    assert seed_of(rng) != seed_of(rng)


@pytest.mark.parametrize("seed", [0, -1, 2**63])
def test_each_purpose_has_its_own_stream(seed: int) -> None:
    paths = [(0,), (1,), (2,), (4, 0), (4, 1)]
    first = [stream(seed, *path).random() for path in paths]
    assert len(set(first)) == len(paths)
    assert [stream(seed, *path).random() for path in paths] == first
