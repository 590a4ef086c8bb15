"""Wide sparse matrices: projected rows, and what is chosen on them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from sklearn.linear_model import LogisticRegression

import naive
from coresift import DataError, FastCore, ParameterError, Uniform
from coresift._threads import threads
from coresift.core.scaler import Moments, Scaler
from coresift.sources import ArraySource, SparseSource, as_source
from coresift.sources._projected import REPEATS, Projection
from tables import answer


def text(n_rows: int = 120, n_columns: int = 3000, entries: int = 40, seed: int = 0) -> Any:
    """Rows of a few positive entries, some columns far more frequent than others; two topics."""
    rng = np.random.default_rng(seed)
    columns = (n_columns * rng.random((n_rows, entries)) ** 4).astype(int)
    columns[::2] = n_columns - 1 - columns[::2]
    rows = np.repeat(np.arange(n_rows), entries)
    values = rng.integers(1, 5, size=rows.shape).astype(np.float32)
    matrix = scipy.sparse.coo_array((values, (rows, columns.ravel())), shape=(n_rows, n_columns))
    return matrix.tocsr()


def rows_of(source: Any) -> Any:
    return np.concatenate([chunk.rows for chunk in source.chunks()])


@given(data=st.data(), n_columns=st.integers(1, 6), n_rows=st.integers(0, 5))
def test_projected_rows_equal_their_oracle(data: Any, n_columns: int, n_rows: int) -> None:
    values = st.integers(-3, 3).map(float)
    dense = np.array(
        [[data.draw(values) for _ in range(n_columns)] for _ in range(n_rows)], dtype=float
    ).reshape(n_rows, n_columns)
    factor = np.array([data.draw(st.sampled_from([0.0, 0.5, 1.0, 3.0])) for _ in range(n_columns)])
    projection = Projection(factor, 8)
    matrix = scipy.sparse.csr_array(dense)
    found = projection.rows(matrix.data, matrix.indices, matrix.indptr)
    slots, factors = projection.tables()
    expected = [naive.projected(row, slots, factors, 8) for row in dense]
    assert [row.tolist() for row in found] == expected


def test_each_column_has_distinct_places_and_its_length() -> None:
    slots, factors = Projection(np.full(500, 3.0), 64).tables()
    assert (np.diff(np.sort(slots, axis=1), axis=1) > 0).all()
    assert slots.min() >= 0
    assert slots.max() < 64
    assert np.allclose((factors**2).sum(axis=1), 9.0)


@pytest.mark.parametrize("scale", ["minmax", "standard", None])
def test_distances_are_those_of_scaled_rows_but_for_a_few_percent(scale: str | None) -> None:
    matrix = text() - text(seed=1)  # with values below zero
    dense = matrix.toarray()
    scaled = Scaler.from_moments(Moments.of(dense, scale), scale).transform(dense)
    projected = rows_of(SparseSource(matrix).narrowed(scale))
    assert projected.shape == (120, 512)
    assert projected.dtype == np.float32
    ratio = pdist(projected) / pdist(scaled)
    assert abs(ratio.mean() - 1) < 0.02
    assert ratio.std() < 0.1


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil"])
def test_the_form_of_the_matrix_changes_nothing(form: str) -> None:
    matrix = text()
    expected = rows_of(SparseSource(matrix).narrowed("minmax"))
    other = matrix.asformat(form)
    assert np.array_equal(rows_of(SparseSource(other).narrowed("minmax")), expected)


def test_entries_in_any_order_stored_twice_or_zero_change_nothing() -> None:
    matrix = text()
    expected = rows_of(SparseSource(matrix).narrowed("minmax"))
    halves, columns = np.repeat(matrix.data / 2, 2), np.repeat(matrix.indices, 2)
    for start, stop in zip(2 * matrix.indptr[:-1], 2 * matrix.indptr[1:], strict=True):
        columns[start:stop] = columns[start:stop][::-1]
        halves[start:stop] = halves[start:stop][::-1]
    twice = scipy.sparse.csr_array((halves, columns, 2 * matrix.indptr), shape=matrix.shape)
    assert np.array_equal(rows_of(SparseSource(twice).narrowed("minmax")), expected)
    assert len(twice.data) == 2 * len(matrix.data)  # the matrix of the caller stays as it is
    zeros = matrix.copy()
    zeros.data[::7] = 0
    without = zeros.copy()
    without.eliminate_zeros()
    left, right = (rows_of(SparseSource(m).narrowed("minmax")) for m in (zeros, without))
    assert np.array_equal(left, right)


def test_rows_are_projected_one_by_one() -> None:
    source = SparseSource(text()).narrowed("minmax")
    whole = rows_of(source)
    for rows in (np.arange(120), np.array([5]), np.array([0, 7, 119])):
        assert np.array_equal(source.take(rows), whole[rows])
    chunked = SparseSource(text(), chunk_rows=7).narrowed("minmax")
    assert np.array_equal(rows_of(chunked), whole)
    alone = rows_of(SparseSource(text(4000)).narrowed(None))
    with threads(3):
        assert np.array_equal(rows_of(SparseSource(text(4000)).narrowed(None)), alone)


@pytest.mark.parametrize("kind", [FastCore, Uniform])
def test_the_same_coreset_for_any_chunks_threads_and_processes(kind: Any) -> None:
    matrix, y = text(300), np.arange(300) % 3
    expected = answer(kind(40, random_state=0, n_threads=1).fit(matrix, y))
    for chunk_rows in (1, 33):
        source = as_source(matrix.tocoo(), y, chunk_rows=chunk_rows)
        assert answer(kind(40, random_state=0, n_threads=2).fit(source)) == expected
    parallel = kind(40, random_state=0, n_threads=2, engine="processes")
    assert answer(parallel.fit(as_source(matrix, y, chunk_rows=33))) == expected


def test_the_coreset_is_nearly_as_good_as_that_of_all_features() -> None:
    matrix, y = text(600), np.arange(600) % 2
    dense = matrix.toarray() / np.maximum(matrix.max(axis=0).toarray(), 1)

    def score(selector: Any, project: int | str | None) -> float:
        selector.fit(as_source(matrix, y, project=project))
        chosen, total = selector.sample_indices_, 0.0
        for label in (0, 1):
            own, some = dense[y == label], dense[chosen[y[chosen] == label]]
            total += np.sqrt(((own[:, None] - some[None]) ** 2).sum(axis=2)).min(axis=1).sum()
        return total / len(y)

    medoids = FastCore(60, representative="medoid", random_state=0)
    full, projected = score(medoids, None), score(medoids, "auto")
    uniform = score(Uniform(60, random_state=0), None)
    assert full <= projected < full + 0.25 * (uniform - full)


def test_the_report_says_so_and_the_estimator_has_all_features() -> None:
    matrix, y = text(), np.arange(120) % 2
    fitted = FastCore(20, random_state=0).fit(matrix, y)
    assert fitted.n_features_in_ == fitted.report_["n_features"] == 3000
    assert fitted.report_["projected"] == 512
    small: Any = fitted.fit_resample(matrix, y, return_weight=True)[0]
    assert small.format == "csr"
    assert small.shape == (20, 3000)
    few = FastCore(20, random_state=0).fit(matrix[:, :2048], y)
    assert "projected" not in few.report_


def test_how_many_features_is_asked_for() -> None:
    matrix = text()
    assert SparseSource(matrix, project=None).narrowed(None).n_features == 3000
    assert SparseSource(matrix[:, :9], project=6).narrowed(None).n_features == REPEATS
    assert SparseSource(matrix, project=101).narrowed(None).n_features == 100
    wrong: Any
    for wrong in (0, -3, 1.5, "all"):
        with pytest.raises(ParameterError, match="project"):
            as_source(matrix, project=wrong)
    with pytest.raises(ParameterError, match="project is given together with data"):
        as_source(np.eye(3), project=8)
    assert isinstance(as_source(np.eye(3)), ArraySource)


def test_rows_of_weight_zero_are_as_if_they_were_not_there() -> None:
    matrix, y = text(), np.arange(120) % 2
    matrix.data[matrix.indptr[7] : matrix.indptr[8]] = 1000  # would decide the scale
    weights = np.where(np.arange(120) % 5 == 2, 0.0, 1.0)
    rows = np.flatnonzero(weights)
    medoids = partial(FastCore, 20, representative="medoid", random_state=0)
    given = medoids().fit(matrix, y, sample_weight=weights)
    assert given.report_["projected"] == 512
    alone = medoids().fit(matrix[rows], y[rows])
    assert given.report_["score"] == alone.report_["score"]
    assert given.sample_indices_.tolist() == rows[alone.sample_indices_].tolist()
    heavy = FastCore(20, scale="standard", random_state=0).fit(matrix, y, sample_weight=weights)
    assert "projected" not in heavy.report_


def test_a_model_that_is_given_sees_all_features() -> None:
    matrix, y = text(n_columns=2100), np.arange(120) % 2
    pilot = LogisticRegression().fit(matrix, y)
    fitted = FastCore(20, representative="balanced", pilot=pilot, random_state=0).fit(matrix, y)
    assert "projected" not in fitted.report_
    assert len(fitted.sample_indices_) == 20


@pytest.mark.parametrize(("value", "told"), [(np.nan, "1 NaN and 0"), (np.inf, "0 NaN and 1")])
def test_values_that_are_not_finite_are_named(value: float, told: str) -> None:
    matrix = text()
    matrix.data[17] = value
    with pytest.raises(DataError, match=f"column 'x{matrix.indices[17]}' has {told}"):
        FastCore(20).fit(matrix, np.arange(120) % 2)


def test_values_too_large_without_a_scale_are_named() -> None:
    matrix = text()
    matrix.data[17] = 1e18
    with pytest.raises(DataError, match=f"column 'x{matrix.indices[17]}' holds values up to 1e"):
        FastCore(20, scale=None).fit(matrix, np.arange(120) % 2)


def test_labels_that_are_missing_are_counted() -> None:
    with pytest.raises(ValueError, match="1 of 120 labels"):
        FastCore(20).fit(text(), np.array([np.nan, *range(119)]))


def test_a_wide_table_takes_work_and_memory_of_its_entries() -> None:
    matrix, y = text(2000, 500_000, 20), np.arange(2000) % 4
    report = FastCore(40, random_state=0).fit(matrix, y).report_  # dense: 4 GB
    assert (report["n_features"], report["projected"]) == (500_000, 512)
