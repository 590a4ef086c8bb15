"""DeepFool: the closed form of the margin, and which rows join when."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from coresift import DeepFool
from coresift.methods._rounds import best_of_each_class, shares_of
from coresift.methods._softmax import Softmax, Training, linear
from coresift.methods.deepfool import margins


@given(st.integers(0, 2**32 - 1), st.integers(2, 4))
def test_a_step_of_the_margin_reaches_the_boundary_and_a_shorter_one_does_not(
    seed: int, n_classes: int
) -> None:
    rng = np.random.default_rng(seed)
    matrix, row = rng.normal(size=(4, n_classes)), rng.normal(size=(1, 3))
    (margin,) = margins(linear(row, matrix), matrix)
    outputs = linear(row, matrix)[0]
    best = outputs.argmax()
    for _ in range(200):  # no direction changes the prediction sooner
        step = rng.normal(size=3)
        step *= 0.999 * margin / np.linalg.norm(step)
        assert linear(row + step, matrix)[0].argmax() == best
    changed = []
    for other in set(range(n_classes)) - {best}:
        normal = matrix[:-1, other] - matrix[:-1, best]
        step = 1.001 * margin * normal / np.linalg.norm(normal)
        changed.append(linear(row + step, matrix)[0].argmax() != best)
    assert any(changed)


def test_the_margin_is_the_distance_that_an_optimiser_finds() -> None:
    rng = np.random.default_rng(3)
    matrix, row = rng.normal(size=(4, 3)), rng.normal(size=3)
    (margin,) = margins(linear(row[None], matrix), matrix)
    best = linear(row[None], matrix)[0].argmax()
    found = [
        minimize(
            lambda x: ((x - row) ** 2).sum(),
            row,
            constraints={
                "type": "ineq",
                "fun": lambda x, c=other: np.diff(linear(x[None], matrix)[0][[best, c]])[0],
            },
        ).fun
        for other in set(range(3)) - {best}
    ]
    assert margin == pytest.approx(np.sqrt(min(found)), rel=1e-5)


def test_classes_of_equal_weights_have_no_boundary() -> None:
    matrix = np.array([[1.0, 1.0, 2.0], [0.0, 0.5, 0.0]])
    (one,) = margins(linear(np.array([[0.0]]), matrix), matrix)
    assert one == pytest.approx(0.5)  # to class 2; class 0 and class 1 never meet
    assert margins(np.zeros((2, 1)), np.ones((3, 1))).tolist() == [np.inf, np.inf]


def test_parts_of_the_budget() -> None:
    parts = shares_of(np.array([1, 6, 8]), 4)
    assert parts.tolist() == [[1, 2, 2], [0, 2, 2], [0, 1, 2], [0, 1, 2]]


def test_rows_near_the_boundary_are_preferred() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(2000, 2))
    y = (X[:, 0] > 0).astype(int)
    rows = DeepFool(200, random_state=0).fit(X, y).sample_indices_
    near = np.abs(X[rows, 0])
    assert np.sort(near)[:150].max() < 0.25  # three quarters next to x = 0, one random
    assert np.median(near) < 0.3 * np.median(np.abs(X[:, 0]))


def test_the_best_of_each_class_are_those_of_a_sort() -> None:
    rng = np.random.default_rng(1)
    values, y = rng.integers(0, 6, 90).astype(float), rng.integers(0, 3, 90)
    open_to, quotas = rng.random(90) < 0.8, np.array([4, 0, 7])
    found = best_of_each_class(values, y, quotas, open_to, seed=1)
    assert open_to[found].all()
    for class_id, quota in enumerate(quotas):
        own = found[y[found] == class_id]
        assert len(np.unique(own)) == quota
        expected = np.sort(values[open_to & (y == class_id)])[:quota]
        assert values[own].tolist() == expected.tolist()


def test_rounds_follow_from_the_epochs() -> None:
    X = np.random.default_rng(1).normal(size=(120, 3))
    y = (X.sum(axis=1) > 0).astype(int)
    for epochs, rounds in ((40, 3), (20, 1), (10, 1), (45, 4)):
        selector = DeepFool(20, epochs=epochs, random_state=5).fit(X, y)
        assert selector.report_["n_rounds"] == rounds


def test_training_lowers_the_weighted_loss() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4)).astype(np.float32)
    y = (X[:, 0] > 0).astype(np.int64) + (X[:, 1] > 1)
    model, training = Softmax.zero(4, 3), Training()
    losses = []
    for start in (0, 10, 20):
        outputs = model.outputs(X)
        raised = np.log(np.exp(outputs).sum(axis=1)) - outputs[np.arange(300), y]
        losses.append(raised.mean())
        model = model.trained(X, y, np.ones(300), training, start, np.random.default_rng(0))
    assert losses[0] == pytest.approx(np.log(3))
    assert losses[0] > 1.5 * max(losses[1:])
    assert (model.outputs(X).argmax(axis=1) == y).mean() > 0.85


def test_the_output_of_a_row_does_not_depend_on_the_rows_beside_it() -> None:
    rng = np.random.default_rng(0)
    rows, matrix = rng.normal(size=(500, 9)).astype(np.float32), rng.normal(size=(10, 3))
    whole = linear(rows, matrix)
    assert all((linear(rows[i : i + 1], matrix)[0] == whole[i]).all() for i in range(500))
    np.testing.assert_allclose(whole, rows @ matrix[:-1] + matrix[-1], rtol=1e-9, atol=1e-12)
