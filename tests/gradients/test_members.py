"""From a pilot and candidates to members; checks of them; noise; functions as gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift import CoresiftError
from coresift.gradients import (
    PENALTIES,
    Aim,
    GivenGradient,
    GradientSum,
    Logistic,
    Loss,
    Pilot,
    Sample,
    Squared,
    SquaredHinge,
    Steps,
    WeightFacts,
    check_noise,
    choose_members,
    choose_penalty,
    fit_on,
    held_out_losses,
    hold_back,
    plausibility,
    plausible,
    search_for,
    to_class_sizes,
    without_noise,
)
from strategies import SEEDS, Array

N_ROWS = 3000


def table(seed: int, n_classes: int = 3) -> Sample:
    rng = np.random.default_rng(seed)
    rows = rng.random((N_ROWS, 4), dtype=np.float32)
    outputs = 4 * (rows - 0.5) @ rng.standard_normal((4, max(n_classes, 1)))
    noisy = outputs + rng.gumbel(size=outputs.shape)
    return Sample(rows, noisy.argmax(axis=1) if n_classes else noisy[:, 0], np.ones(N_ROWS))


def aim_of(data: Sample, loss: Loss, n_classes: int, n_sample: int = 1000) -> Aim:
    sample = data.take(np.arange(n_sample))
    pilot = fit_on(sample, loss, n_classes, 1e-4)
    shares = data.weights / data.weights.sum()
    return Aim(pilot, pilot.look(data.rows, data.targets).sum(shares), sample, 1e-4)


@pytest.mark.parametrize("loss", [Logistic(), SquaredHinge(), Squared()], ids=lambda x: x.name)
@pytest.mark.parametrize("seed", range(2))
def test_a_model_of_the_members_is_closer_than_one_of_random_rows(loss: Loss, seed: int) -> None:
    n_classes, n_cells = 3 if loss.classifies else 0, 60
    data = table(seed, n_classes)
    rng = np.random.default_rng(seed)
    cells = np.sort(np.append(np.arange(n_cells), rng.integers(0, n_cells, N_ROWS - n_cells)))
    sizes = np.bincount(cells).astype(float)
    aim = aim_of(data, loss, n_classes).moved()
    found, _ = choose_members(aim, cells, data, sizes, N_ROWS, np.random.default_rng(seed))
    assert cells[found.chosen].tolist() == list(range(n_cells))
    assert found.errors[-1] < 0.1 * found.errors[0]
    part = data.take(found.chosen)
    balanced = fit_on(Sample(part.rows, part.targets, found.weights), loss, n_classes, 1e-4)
    drawn = fit_on(data.take(rng.choice(N_ROWS, n_cells, False)), loss, n_classes, 1e-4)
    full = fit_on(data, loss, n_classes, 1e-4)
    floor = full.values(data.rows, data.targets).mean()
    ours = balanced.values(data.rows, data.targets).mean() - floor
    assert ours < 0.3 * (drawn.values(data.rows, data.targets).mean() - floor)


def test_every_cell_needs_a_candidate() -> None:
    data = table(0)
    aim = aim_of(data, Logistic(), 3)
    with pytest.raises(CoresiftError, match="1 of 3 cells have no candidate"):
        choose_members(
            aim,
            np.array([0, 2]),
            data.take(np.array([0, 1])),
            np.ones(3),
            N_ROWS,
            np.random.default_rng(0),
        )


def test_the_search_goes_by_rows_and_parameters() -> None:
    assert search_for(10, 100, 10**6).sharpen
    assert not search_for(1000, 100, 10**6).sharpen
    assert search_for(10, 100, 10**6).enough == pytest.approx(3e-6)


# Checks


def test_weights_are_described() -> None:
    assert WeightFacts.of(np.full(7, 3.0)) == WeightFacts(1.0, 1.0)


@given(seed=SEEDS, n_free=st.sampled_from([10, 10_000]), worse=st.sampled_from([-0.1, -0.01, 0.5]))
def test_holding_back(seed: int, n_free: int, worse: float) -> None:
    rng = np.random.default_rng(seed)
    base = rng.random(400)
    losses = {
        "medoid": base - 1,
        "stratified": base,
        "balanced": base + worse + rng.normal(0, 0.01, 400),
    }
    verdict = hold_back(losses, np.ones(400), 100, n_free)
    kept = worse < 0.1 and n_free == 10
    assert verdict.chosen == ("balanced" if kept else "medoid")
    assert verdict.losses["medoid"] == pytest.approx(base.mean() - 1)
    assert ("free parameters" in verdict.reason) == (n_free == 10_000)


def test_a_loss_within_two_standard_errors_is_no_reason() -> None:
    rng = np.random.default_rng(0)
    base, noise = rng.random(400), rng.normal(0, 1, 400)
    noise -= noise.mean()
    for error, name in ((1.8, "balanced"), (2.2, "stratified")):
        shift = error * noise.std() / 20
        losses = {"balanced": base + noise + shift, "stratified": base}
        assert hold_back(losses, np.ones(400), 100, 10).chosen == name


def test_models_of_coresets_are_tried_on_rows_held_out() -> None:
    data = table(0)
    coresets = {"some": data.take(np.arange(500)), "few": data.take(np.arange(12))}
    losses = held_out_losses(coresets, Logistic(), 3, 1e-4, data.take(np.arange(2000, 3000)))
    assert losses["some"].shape == (1000,)
    assert losses["some"].mean() < losses["few"].mean()


# Noise


@pytest.mark.parametrize("n_classes", [2, 3])
def test_flipped_labels_are_left_out(n_classes: int) -> None:
    rng = np.random.default_rng(0)
    rows = rng.random((N_ROWS, 4), dtype=np.float32)
    true = np.minimum((rows[:, 0] * n_classes).astype(np.int64), n_classes - 1)
    inner = np.abs(rows[:, 0] * n_classes - np.rint(rows[:, 0] * n_classes)) > 0.2
    rows, true = rows[inner], true[inner]
    flipped = rng.random(len(rows)) < 0.05
    labels = np.where(flipped, (true + 1) % n_classes, true)
    sample = Sample(rows, labels, np.ones(len(rows)))
    plain = fit_on(sample, Logistic(), n_classes, 1e-4)
    assert without_noise(plain, sample, 1e-4, None) is plain
    robust = without_noise(plain, sample, 1e-4, 0.05)
    clean = Sample(rows, true, np.ones(len(rows)))
    assert robust.values(rows, true).mean() < 0.5 * plain.values(rows, true).mean()
    kept = plausible(robust, sample, 0.05).weights
    assert kept[flipped].mean() < 0.3
    assert kept[~flipped].mean() > 0.95
    assert plausible(robust, clean, None) is clean


def test_the_penalty_is_that_of_the_lowest_loss_on_rows_held_out() -> None:
    data = table(0)
    ample, few = data.take(np.arange(1000)), data.take(np.arange(25))
    held_out = data.take(np.arange(1000, N_ROWS))
    for sample in ample, few:
        pilot, found = choose_penalty(sample, held_out, Logistic(), 3)
        losses = {
            l2: fit_on(sample, Logistic(), 3, l2).values(held_out.rows, held_out.targets).mean()
            for l2 in PENALTIES
        }
        assert found == min(losses, key=lambda l2: losses[l2])
        assert pilot.values(held_out.rows, held_out.targets).mean() <= losses[found] + 1e-4
    assert choose_penalty(few, held_out, Logistic(), 3)[1] > PENALTIES[-1]
    assert choose_penalty(few, few, Logistic(), 3)[1] == PENALTIES[-1]  # too few to tell


def test_plausibility_of_one_output_is_that_of_two() -> None:
    outputs, labels = np.array([[1.5], [-2.0]]), np.array([0, 1])
    both = np.hstack([np.zeros((2, 1)), outputs])
    assert plausibility(outputs, labels).tolist() == plausibility(both, labels).tolist()


@pytest.mark.parametrize(
    ("noise", "loss", "message"),
    [
        (0.0, Logistic(), "noise=0.0: use a number between 0 and 1"),
        (1.5, Logistic(), "between 0 and 1"),
        (0.05, SquaredHinge(), "which has no probabilities"),
        (0.05, Squared(), "which has no probabilities"),
    ],
)
def test_thresholds_that_cannot_be(noise: float, loss: Loss, message: str) -> None:
    with pytest.raises(CoresiftError, match=message):
        check_noise(noise, loss)
    check_noise(None, loss)


# Functions


def test_factors_from_a_function_are_those_of_the_pilot() -> None:
    data = table(0)
    pilot = fit_on(data, Logistic(), 3, 1e-4)
    given = GivenGradient(lambda rows, labels: (pilot.errors(rows, labels), rows))
    looked = given.look(data.rows, data.targets)
    weights = np.random.default_rng(0).random(N_ROWS)
    expected = pilot.look(data.rows, data.targets).sum(weights)
    assert looked.sum(weights) == pytest.approx(expected, rel=1e-6)


@given(seed=SEEDS, n_parameters=st.sampled_from([5, 64, 300]))
def test_projected_gradients_keep_lengths_and_do_not_depend_on_the_chunk(
    seed: int, n_parameters: int
) -> None:
    whole = np.random.default_rng(seed).standard_normal((20, n_parameters))
    given = GivenGradient(lambda rows, labels: rows, n_columns=64, seed=seed)
    found = given.look(whole, np.zeros(20)).rows
    assert found.shape == (20, min(n_parameters, 64))
    parts = [given.look(whole[i : i + 1], np.zeros(1)).rows for i in range(20)]
    assert (np.vstack(parts) == found).all()
    lengths = (found.astype(float) ** 2).sum(axis=1) / (whole**2).sum(axis=1)
    assert ((lengths > 0.2) & (lengths < 3)).all()


def test_values_beyond_the_bounds_count_as_the_bounds() -> None:
    steps = Steps.of(1.0, np.zeros(1), np.ones(1))
    rows, errors = np.float32([[9.0]]), np.array([[5.0]])
    assert GradientSum.of(errors, rows, steps).value(steps).tolist() == [[4.0, 2.0]]


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (np.ones(3), "returned shape .3,., dtype float64 for 3 rows"),
        (np.ones((2, 2)), "for 3 rows"),
        ((np.ones((3, 1)), np.ones((4, 1))), "returned shape .4, 1."),
        (np.full((3, 1), np.nan), "3 numbers that are not finite"),
        (np.full((3, 1), "a"), "return numbers"),
        (None, "return numbers"),
    ],
)
def test_results_that_are_no_gradients(result: Any, message: str) -> None:
    with pytest.raises(CoresiftError, match=message):
        GivenGradient(lambda rows, labels: result).look(np.ones((3, 2)), np.ones(3))


def test_weights_of_members_fit_their_classes() -> None:
    class_ids, sizes = np.array([0, 1, 1]), np.array([10.0, 5.0])
    weights: Array = to_class_sizes(np.array([1.0, 2.0, 3.0]), class_ids, sizes)
    assert np.bincount(class_ids, weights) == pytest.approx(sizes)
    assert isinstance(fit_on(table(0), Logistic(), 3, 1e-4), Pilot)
