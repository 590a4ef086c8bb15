"""Losses: their errors are their derivatives, to the bit independent of the rows around them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coresift import CoresiftError
from coresift._threads import threads
from coresift.gradients import LOSSES, Logistic, Loss, Pilot, loss_named
from strategies import SEEDS, Array, Draw, chunkings


@st.composite
def cases(draw: Draw) -> tuple[Loss, int, Array, Array]:
    """A loss, its number of classes, outputs and targets."""
    loss = draw(st.sampled_from(list(LOSSES.values())))
    n_classes = draw(st.integers(2, 4)) if loss.classifies else 0
    n_rows = draw(st.integers(1, 8))
    shape = (n_rows, loss.n_outputs(n_classes))
    outputs = draw(arrays(np.float64, shape, elements=st.floats(-3, 3)))
    if loss.classifies:
        targets = draw(arrays(np.int64, n_rows, elements=st.integers(0, n_classes - 1)))
    else:
        targets = draw(arrays(np.float64, n_rows, elements=st.floats(-3, 3)))
    return loss, n_classes, outputs, targets


@given(case=cases())
def test_errors_are_the_derivatives_of_the_values(case: tuple[Loss, int, Array, Array]) -> None:
    loss, n_classes, outputs, targets = case
    errors, step = loss.errors(outputs, targets), 1e-6
    for c in range(outputs.shape[1]):
        ahead, behind = outputs.copy(), outputs.copy()
        ahead[:, c] += step
        behind[:, c] -= step
        slope = (loss.values(ahead, targets) - loss.values(behind, targets)) / (2 * step)
        assert errors[:, c] == pytest.approx(slope, abs=1e-5)
    assert np.linalg.matrix_rank(errors) <= loss.n_free(n_classes)


@given(case=cases(), data=st.data(), seed=SEEDS)
def test_rows_are_treated_one_by_one(
    case: tuple[Loss, int, Array, Array], data: st.DataObject, seed: int
) -> None:
    loss, n_classes, outputs, targets = case
    rng = np.random.default_rng(seed)
    coef = rng.standard_normal((4, outputs.shape[1]))
    rows = rng.standard_normal((len(outputs), 3)).astype(np.float32)
    pilot = Pilot(coef, loss, n_classes)
    whole = pilot.errors(rows, targets)
    for part in data.draw(chunkings(len(rows))):
        assert (pilot.errors(rows[part], targets[part]) == whole[part]).all()
    one_by_one = [pilot.errors(rows[i : i + 1], targets[i : i + 1])[0] for i in range(len(rows))]
    assert (np.array(one_by_one) == whole).all()


def test_threads_divide_the_rows_only() -> None:
    rng = np.random.default_rng(0)
    rows, targets = rng.random((5000, 7), dtype=np.float32), rng.integers(0, 3, 5000)
    pilot = Pilot(rng.standard_normal((8, 3)), Logistic(), 3)
    alone = pilot.errors(rows, targets)
    with threads(4):
        assert (pilot.errors(rows, targets) == alone).all()


def test_free_parameters_are_counted() -> None:
    assert Pilot(np.zeros((55, 7)), Logistic(), 7).n_free == 6 * 55
    assert Pilot(np.zeros((55, 1)), Logistic(), 2).n_free == 55
    assert Pilot(np.zeros((55, 7)), loss_named("squared_hinge"), 7).n_free == 7 * 55


def test_an_unknown_loss_is_refused() -> None:
    with pytest.raises(CoresiftError, match="'hinge' is not known: use one of logistic"):
        loss_named("hinge")
