from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from coresift._errors import DataError, ParameterError
from coresift.core.scaler import LARGEST, SCALES, Moments, Scaler
from naive import exact_sum
from strategies import Array, Dataset, datasets


def scaler_of(rows: Array, scale: str | None) -> Scaler:
    return Scaler.from_moments(Moments.of(rows, scale), scale)


def scaled(rows: Any, scale: str | None) -> Array:
    rows = np.array(rows)
    return scaler_of(rows, scale).transform(rows)


@pytest.mark.parametrize("scale", SCALES)
@given(rows=datasets())
def test_moments_equal_their_oracle(scale: str | None, rows: Dataset) -> None:
    found = Moments.of(rows.rows, scale)
    assert found.n_rows == len(rows)
    assert found.minimum.tolist() == [min(column) for column in rows.rows.T.tolist()]
    assert found.maximum.tolist() == [max(column) for column in rows.rows.T.tolist()]
    assert (found.sums is not None) == (found.squares is not None) == (scale == "standard")
    if found.sums and found.squares:
        assert found.sums.fractions() == [exact_sum(column) for column in rows.rows.T]
        assert found.squares.fractions() == [exact_sum(column, 2) for column in rows.rows.T]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(rows=datasets())
def test_minmax_scales_to_0_and_1_and_constants_to_0(dtype: type, rows: Dataset) -> None:
    found = scaled(rows.rows.astype(dtype), "minmax")
    assert found.dtype == np.float32
    for raw, column in zip(rows.rows.T, found.T, strict=True):
        if raw.min() == raw.max():
            assert not column.any()
        else:
            assert column[raw.argmin()] == 0
            assert column[raw.argmax()] == pytest.approx(1, rel=1e-6)


@given(rows=datasets())
def test_standard_scales_to_mean_0_and_deviation_1_and_constants_to_0(rows: Dataset) -> None:
    found = scaled(rows.rows, "standard").astype(np.float64)
    for raw, column in zip(rows.rows.T, found.T, strict=True):
        if raw.min() == raw.max():
            assert not column.any()
        else:
            assert column.mean() == pytest.approx(0, abs=1e-5)
            assert column.std() == pytest.approx(1, rel=1e-5)


def test_no_scale_keeps_the_rows() -> None:
    rows = np.array([[-0.1, 1e17], [3.3, 0.0]], dtype=np.float32)
    assert scaled(rows, None).tolist() == rows.tolist()
    assert scaled(rows.astype(np.float64), None).tolist() == rows.tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_minmax_holds_huge_values(dtype: type) -> None:
    rows = np.array([[1e30, 5.0], [-1e30, 5.0], [0.0, 5.0]], dtype=dtype)
    assert scaled(rows, "minmax").tolist() == [[1, 0], [0, 0], [0.5, 0]]


def test_minmax_holds_values_near_the_end_of_float64() -> None:
    assert scaled([[4e307], [-4e307], [0.0]], "minmax").tolist() == [[1], [0], [0.5]]
    with pytest.raises(DataError):
        scaled([[1e308]], "minmax")


@pytest.mark.parametrize("scale", ["standard", None])
def test_other_scales_refuse_huge_values_and_name_the_column(scale: str | None) -> None:
    rows = np.array([[1.0, 1e30], [2.0, 0.0]])
    with pytest.raises(DataError, match=r"'x1' holds values up to 1e\+30.* 1e\+17: use scale="):
        scaler_of(rows, scale)
    with pytest.raises(DataError, match="'price'"):
        Scaler.from_moments(Moments.of(rows, scale), scale, ("size", "price"))
    assert np.isfinite(scaled(np.clip(rows, None, LARGEST), scale)).all()


@pytest.mark.parametrize("scale", ["minmax", "standard"])
@pytest.mark.parametrize("value", [0.0, -7.25, 0.1, 1e17])
def test_a_constant_becomes_exactly_0(scale: str, value: float) -> None:
    assert scaled(np.full((1001, 1), value), scale).tolist() == [[0]] * 1001


def test_a_range_whose_inverse_overflows_counts_as_constant() -> None:
    assert scaled([[0.0], [5e-324]], "minmax").tolist() == [[0], [0]]


def test_an_unknown_scale_is_refused() -> None:
    with pytest.raises(ParameterError, match="scale='robust'"):
        scaler_of(np.ones((1, 1)), "robust")
