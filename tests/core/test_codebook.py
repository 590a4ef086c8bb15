from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift._errors import ParameterError
from coresift._threads import threads
from coresift.core.codebook import SUBSPACES, Codebook, deal_features
from strategies import SEEDS, SMALL, Array, matrices

ROWS = matrices(st.integers(1, 25), st.integers(1, 7))


def normal(*shape: int) -> Array:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def train(rows: Array, n_subspaces: int, n_codewords: int, subspaces: str = "variance") -> Codebook:
    return Codebook.train(rows, n_subspaces, n_codewords, np.random.default_rng(0), subspaces)


@pytest.mark.parametrize("subspaces", SUBSPACES)
@given(rows=ROWS, data=st.data())
def test_every_feature_is_dealt_once_and_no_subspace_is_empty(
    subspaces: str, rows: Array, data: st.DataObject
) -> None:
    n_subspaces = data.draw(st.integers(1, rows.shape[1]))
    dealt = deal_features(rows, n_subspaces, subspaces)
    assert len(dealt) == n_subspaces
    assert all(len(part) > 0 and (np.diff(part) > 0).all() for part in dealt)
    assert sorted(np.concatenate(dealt).tolist()) == list(range(rows.shape[1]))


def test_blocks_are_runs_of_columns_even_where_they_cannot_be_equal() -> None:
    dealt = deal_features(normal(5, 7), 3, "blocks")
    assert [part.tolist() for part in dealt] == [[0, 1, 2], [3, 4], [5, 6]]


def test_variance_is_dealt_from_the_largest_down_to_the_least_loaded_subspace() -> None:
    rows = normal(200, 1)[:, [0] * 5] * np.array([1, 5, 2, 0, 4], dtype=np.float32)
    dealt = deal_features(rows, 2, "variance")  # variances 1, 25, 4, 0, 16
    assert [part.tolist() for part in dealt] == [[1], [0, 2, 3, 4]]


def test_constant_columns_are_spread() -> None:
    dealt = deal_features(np.ones((4, 6), dtype=np.float32), 3, "variance")
    assert [len(part) for part in dealt] == [2, 2, 2]


def test_unknown_subspaces_are_refused() -> None:
    with pytest.raises(ParameterError, match="subspaces='runs'"):
        deal_features(normal(5, 7), 3, "runs")


@given(rows=ROWS, n_codewords=st.sampled_from([1, 2, 5, 256]), n_subspaces=st.integers(1, 9))
def test_a_codebook_has_at_most_n_codewords_and_distinct_ones(
    rows: Array, n_codewords: int, n_subspaces: int
) -> None:
    codebook = train(rows, n_subspaces, n_codewords)
    assert codebook.n_subspaces == min(n_subspaces, rows.shape[1])
    for features, words in zip(codebook.features, codebook.codewords, strict=True):
        assert words.dtype == np.float32
        assert words.flags.c_contiguous
        assert words.shape[0] == len(features)
        assert 1 <= words.shape[1] <= n_codewords
        assert len(np.unique(words, axis=1).T) == words.shape[1]


@given(rows=matrices(st.integers(1, 25), st.integers(1, 7), SMALL), n_subspaces=st.integers(1, 9))
def test_fewer_distinct_rows_than_codewords_are_kept_as_they_are(
    rows: Array, n_subspaces: int
) -> None:
    codebook = train(rows, n_subspaces, 256)
    assert (codebook.decode(codebook.codes(rows)) == rows).all()


def test_training_does_not_depend_on_threads() -> None:
    rows = normal(500, 6)
    found = []
    for n_threads in (1, 2, 3):
        with threads(n_threads):
            found.append(Codebook.train(rows, 3, 16, np.random.default_rng(5)))
    one, two, three = found
    for other in (two, three):
        pairs = zip(one.codewords, other.codewords, strict=True)
        assert all((a == b).all() for a, b in pairs)


def test_training_depends_on_the_generator() -> None:
    rows = normal(500, 2)
    one, two = (Codebook.train(rows, 1, 16, np.random.default_rng(seed)) for seed in (0, 1))
    assert one.codewords[0].tolist() != two.codewords[0].tolist()


def test_k_means_beats_random_codewords() -> None:
    rows = normal(1000, 2)
    trained = train(rows, 1, 16)
    drawn = Codebook(trained.features, (np.ascontiguousarray(rows[:16].T),))
    error, baseline = (((rows - c.decode(c.codes(rows))) ** 2).sum() for c in (trained, drawn))
    assert error < 0.8 * baseline


def test_threads_do_not_change_codes() -> None:
    rows = normal(4000, 5)
    codebook = train(rows[:200], 2, 16)
    found = []
    for n_threads in (1, 2, 3):
        with threads(n_threads):
            found.append(codebook.codes(rows))
    one, two, three = found
    assert one.shape == (4000, 2)
    assert one.flags.c_contiguous
    assert (one == two).all()
    assert (one == three).all()


@given(rows=ROWS, seed=SEEDS)
def test_sdc_table_holds_the_distances_between_codewords(rows: Array, seed: int) -> None:
    codebook = Codebook.train(rows, 3, 4, np.random.default_rng(seed))
    plain, squared = codebook.sdc_table(), codebook.sdc_table(squared=True)
    assert plain.dtype == squared.dtype == np.float32
    for subspace, words in enumerate(codebook.codewords):
        n_words = words.shape[1]
        for a, b in np.ndindex(n_words, n_words):
            distance = math.dist(words[:, a].tolist(), words[:, b].tolist())
            # rounded once from float64, where the order of additions may differ
            assert plain[subspace, a, b] == pytest.approx(distance, rel=2.0**-23, abs=1e-44)
            assert squared[subspace, a, b] == pytest.approx(distance**2, rel=2.0**-23, abs=1e-44)
        assert not plain[subspace, n_words:].any()
        assert not plain[subspace, :, n_words:].any()
    assert (plain == plain.transpose(0, 2, 1)).all()
    assert (squared == squared.transpose(0, 2, 1)).all()
    assert not np.diagonal(plain, axis1=1, axis2=2).any()
