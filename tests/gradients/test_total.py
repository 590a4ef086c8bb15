"""Sums of gradients: exact, whatever the chunks and their order."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift.gradients import LOSSES, GradientSum, Loss, Pilot, Steps
from naive import identical
from strategies import SEEDS, Array, Dataset, chunkings, datasets

N_OUTPUTS = 2


def steps_of(rows: Dataset, weight: float = 1.0) -> Steps:
    return Steps.of(1.0, rows.rows.min(axis=0), rows.rows.max(axis=0), weight)


def errors_of(rows: Dataset, seed: int) -> Array:
    return np.random.default_rng(seed).uniform(-1, 1, (len(rows), N_OUTPUTS))


@given(rows=datasets(), data=st.data(), seed=SEEDS)
def test_law_2_the_sum_of_all_rows_is_that_of_their_chunks(
    rows: Dataset, data: st.DataObject, seed: int
) -> None:
    steps, errors = steps_of(rows), errors_of(rows, seed)
    parts = [
        GradientSum.of(errors[part], rows.rows[part], steps)
        for part in data.draw(chunkings(len(rows)))
    ]
    whole = GradientSum.of(errors, rows.rows, steps)
    zero = GradientSum.empty(N_OUTPUTS, rows.rows.shape[1])
    assert identical(reduce(GradientSum.merge, parts, zero), whole)
    order = np.random.default_rng(seed).permutation(len(rows))
    assert identical(GradientSum.of(errors[order], rows.rows[order], steps), whole)


@given(rows=datasets(), seed=SEEDS)
def test_law_1_merging_is_associative_and_commutative(rows: Dataset, seed: int) -> None:
    steps, errors = steps_of(rows), errors_of(rows, seed)
    one, two, three = (GradientSum.of(errors[i::3], rows.rows[i::3], steps) for i in range(3))
    assert identical(one.merge(two).merge(three), one.merge(two.merge(three)))
    assert identical(one.merge(two), two.merge(one))
    assert identical(one.merge(GradientSum.empty(N_OUTPUTS, rows.rows.shape[1])), one)


@given(rows=datasets(), seed=SEEDS)
def test_sums_are_as_close_as_the_steps(rows: Dataset, seed: int) -> None:
    steps, errors = steps_of(rows), errors_of(rows, seed)
    wide = np.hstack([rows.rows.astype(np.float64), np.ones((len(rows), 1))])
    extent = np.abs(wide).max(axis=0)
    apart = np.abs(GradientSum.of(errors, rows.rows, steps).value(steps) - errors.T @ wide)
    assert (apart <= 2e-7 * len(rows) * extent + 1e-300).all()


@given(rows=datasets(), seed=SEEDS)
def test_a_row_of_weight_two_is_the_row_twice(rows: Dataset, seed: int) -> None:
    steps, errors = steps_of(rows, weight=3), errors_of(rows, seed)
    times = np.random.default_rng(seed).integers(0, 4, len(rows))
    weighted = GradientSum.of(errors, rows.rows, steps, times.astype(float))
    copied = GradientSum.of(np.repeat(errors, times, axis=0), np.repeat(rows.rows, times, 0), steps)
    assert identical(weighted, copied)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@given(rows=datasets(), seed=SEEDS)
def test_errors_stay_within_their_bound(loss: Loss, rows: Dataset, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_classes = 3 if loss.classifies else 0
    coef = rng.standard_normal((rows.rows.shape[1] + 1, loss.n_outputs(n_classes)))
    pilot = Pilot(coef, loss, n_classes)
    targets = rows.class_ids if loss.classifies else rng.uniform(-5, 5, len(rows))
    low, high = rows.rows.min(axis=0), rows.rows.max(axis=0)
    bound = pilot.largest_error(low.astype(float), high.astype(float), target=5)
    errors = pilot.errors(rows.rows, targets)
    assert np.abs(errors).max() <= bound * (1 + 1e-12)
    steps = Steps.of(bound, low, high)
    assert np.abs(np.ldexp(errors, steps.error_bits)).max() <= 2**30 * (1 + 1e-12)
