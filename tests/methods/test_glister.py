"""Glister: the Taylor approximation, the greedy over blocks, the validation rows."""

from __future__ import annotations

import numpy as np
import pytest

from coresift import Glister
from coresift.methods._softmax import Softmax, linear
from coresift.methods.glister import GlisterPlan, choose, gradient


def loss(rows: np.ndarray, y: np.ndarray, matrix: np.ndarray) -> float:
    """The mean cross-entropy, row by row."""
    total = 0.0
    for row, label in zip(rows.astype(float), y, strict=True):
        outputs = row @ matrix[:-1] + matrix[-1]
        total += np.log(np.exp(outputs).sum()) - outputs[label]
    return total / len(rows)


def one_gradient(row: np.ndarray, label: int, matrix: np.ndarray) -> np.ndarray:
    """The gradient of the cross-entropy of a row, by central differences."""
    found = np.zeros_like(matrix)
    for place in np.ndindex(matrix.shape):
        step = np.zeros_like(matrix)
        step[place] = 1e-5
        ahead, behind = (loss(row[None], [label], matrix + sign * step) for sign in (1, -1))
        found[place] = (ahead - behind) / 2e-5
    return found


def problem(n_rows: int = 40) -> tuple[np.ndarray, np.ndarray, Softmax]:
    rng = np.random.default_rng(2)
    y = rng.integers(0, 3, n_rows)
    rows = (rng.normal(size=(n_rows, 3)) + y[:, None]).astype(np.float32)
    return rows, y, Softmax(rng.normal(size=(4, 3)), np.zeros((4, 3)))


def naive(
    model: Softmax,
    rows: np.ndarray,
    y: np.ndarray,
    aside: np.ndarray,
    blocks: list[list[int]],
    step: float,
) -> set[int]:
    """The greedy with gradients from finite differences of the loss."""
    gradients = [one_gradient(row, label, model.matrix) for row, label in zip(rows, y, strict=True)]
    matrix, chosen = model.matrix.copy(), []
    for block in blocks:
        slope = sum(one_gradient(rows[i], y[i], matrix) for i in aside) / len(aside)
        new = []
        for class_id, count in enumerate(block):
            open_to = [i for i in range(len(y)) if y[i] == class_id and i not in {*aside, *chosen}]
            new += sorted(open_to, key=lambda i: -(gradients[i] * slope).sum())[:count]
        chosen += new
        matrix = matrix - step * sum(gradients[i] for i in new)
    return set(chosen)


def test_law_11_the_choice_is_that_of_finite_differences() -> None:
    rows, y, model = problem()
    aside = np.arange(0, 40, 5)
    open_to = np.ones(40, dtype=bool)
    open_to[aside] = False
    found = choose(model, rows, y, aside, open_to, np.array([3, 3, 3]), GlisterPlan(9, n_blocks=3))
    assert set(found) == naive(model, rows, y, aside, [[1, 1, 1]] * 3, step=0.1 * 10 / 9)


def test_the_gain_is_the_first_order_change_of_the_validation_loss() -> None:
    rows, y, model = problem()
    judged, expected = rows[:10], y[:10]
    before = loss(judged, expected, model.matrix)
    for i in range(10, 20):
        own = one_gradient(rows[i], y[i], model.matrix)
        slope = sum(
            one_gradient(*pair, model.matrix) for pair in zip(judged, expected, strict=True)
        )
        change = loss(judged, expected, model.matrix - 1e-4 * own) - before
        assert change == pytest.approx(-1e-4 * (own * slope).sum() / 10, rel=1e-2, abs=1e-9)


def test_gradients_are_those_of_finite_differences() -> None:
    rows, y, model = problem(5)
    outputs = linear(rows, model.matrix)
    errors = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True) - np.eye(3)[y]
    found = sum(one_gradient(*pair, model.matrix) for pair in zip(rows, y, strict=True))
    np.testing.assert_allclose(gradient(rows, errors), found, rtol=1e-4, atol=1e-7)


def test_the_choice_lowers_the_validation_loss_more_than_random_rows_do() -> None:
    rows, y, model = problem(200)
    aside, open_to = np.arange(50), np.arange(200) >= 50
    quotas = np.array([5, 5, 5])
    found = choose(model, rows, y, aside, open_to, quotas, GlisterPlan(15))
    assert not set(found) & set(aside)

    def after(chosen: np.ndarray) -> float:
        step = sum(one_gradient(rows[i], y[i], model.matrix) for i in chosen) / len(chosen)
        return loss(rows[aside], y[aside], model.matrix - step)

    rng = np.random.default_rng(0)
    random = [after(50 + rng.choice(150, 15, replace=False)) for _ in range(20)]
    assert after(found) < min(random)
    assert after(found) < loss(rows[aside], y[aside], model.matrix)


def test_validation_rows_are_not_chosen_but_where_all_are() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 3)), rng.integers(0, 2, 200)
    selector = Glister(30, validation=0.3, random_state=0).fit(X, y)
    assert 60 <= selector.report_["n_validation"] <= 62
    most = Glister(150, validation=0.9, max_validation=20, random_state=0).fit(X, y)
    assert most.report_["n_validation"] <= 22
    assert Glister(200, random_state=0).fit(X, y).report_["n_validation"] == 200
