from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import logsumexp

import naive
from coresift._kernels.gradients import add_outer, linear_outputs, logit_errors, softmax_errors
from strategies import Array, Draw, matrices

COEFFICIENTS = st.floats(-50, 50) | st.sampled_from([0.0, 1.0])


@given(rows=matrices(st.integers(0, 6), st.integers(0, 9)), data=st.data())
def test_outputs_equal_sums_in_feature_order(rows: Array, data: st.DataObject) -> None:
    shape = (rows.shape[1] + 1, data.draw(st.integers(1, 9)))
    coef = data.draw(arrays(np.float64, shape, elements=COEFFICIENTS))
    outputs = np.full((len(rows), shape[1]), np.nan)
    linear_outputs(rows, coef, outputs)
    assert outputs.tolist() == [naive.linear_outputs(row, coef) for row in rows]


@st.composite
def labelled(draw: Draw, n_outputs: int | None = None) -> tuple[Array, Array]:
    n_rows, n_classes = draw(st.integers(0, 5)), n_outputs or draw(st.integers(1, 5))
    elements = st.floats(-800, 800) | st.integers(-2, 2).map(float)
    outputs = draw(arrays(np.float64, (n_rows, n_classes), elements=elements))
    highest = max(n_classes, 2) - 1 if n_outputs else n_classes - 1
    return outputs, draw(arrays(np.int64, n_rows, elements=st.integers(0, highest)))


@given(case=labelled())
def test_softmax_errors(case: tuple[Array, Array]) -> None:
    outputs, class_ids = case
    expected = [
        naive.softmax_errors(*pair) for pair in zip(outputs.tolist(), class_ids, strict=True)
    ]
    losses = logsumexp(outputs, axis=1) - outputs[np.arange(len(outputs)), class_ids]
    values = np.full(len(outputs), np.nan)
    softmax_errors(class_ids, outputs, values)
    assert outputs.tolist() == expected
    assert values == pytest.approx(losses, rel=1e-12, abs=1e-12)
    assert outputs.sum(axis=1) == pytest.approx(np.zeros(len(outputs)), abs=1e-12)


@given(case=labelled(n_outputs=1))
def test_logit_errors(case: tuple[Array, Array]) -> None:
    outputs, class_ids = case
    expected = [
        [naive.logit_error(*pair)] for pair in zip(outputs[:, 0].tolist(), class_ids, strict=True)
    ]
    losses = np.logaddexp(0, np.where(class_ids == 1, -1, 1) * outputs[:, 0])
    values = np.full(len(outputs), np.nan)
    logit_errors(class_ids, outputs, values)
    assert outputs.tolist() == expected
    assert values == pytest.approx(losses, rel=1e-12, abs=1e-12)


@given(rows=matrices(st.integers(0, 9), st.integers(0, 4)), data=st.data())
def test_outer_sums_are_exact(rows: Array, data: st.DataObject) -> None:
    large = st.integers(-(2**30), 2**30) | st.sampled_from([0, 1, -1])
    left = data.draw(arrays(np.int64, (len(rows), data.draw(st.integers(1, 3))), elements=large))
    bits = data.draw(arrays(np.int64, rows.shape[1], elements=st.integers(-2, 22)))
    high = np.zeros((left.shape[1], rows.shape[1] + 1), dtype=np.int64)
    low = np.zeros_like(high)
    for times in (1, 2):  # adds to what is there
        add_outer(left, rows, 2.0**bits, data.draw(st.integers(1, 4)), high, low)
        assert ((low >= 0) & (low < 2**32)).all()
        found = (high.astype(object) * 2**32 + low).tolist()
        expected = naive.outer_sum(left, rows, 2.0**bits)
        assert found == [[times * value for value in row] for row in expected]
