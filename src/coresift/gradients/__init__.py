"""Gradients of rows at a pilot, and coresets whose weighted gradients add up to the whole's."""

from coresift.gradients.calibration import Calibration, calibrate, to_class_sizes
from coresift.gradients.callables import GivenGradient
from coresift.gradients.check import (
    FEW,
    Verdict,
    WeightFacts,
    held_out_losses,
    hold_back,
    paired_error,
    sentence,
)
from coresift.gradients.choice import Balanced, CellGradients, Search, balance, gradient_error
from coresift.gradients.fit import fit_pilot, one_step
from coresift.gradients.given import pilot_from_model
from coresift.gradients.losses import LOSSES, Logistic, Loss, Squared, SquaredHinge, loss_named
from coresift.gradients.members import Aim, Sample, choose_members, fit_on, search_for
from coresift.gradients.metric import (
    KroneckerMetric,
    Metric,
    WholeMetric,
    metric_for,
    ridge_for,
)
from coresift.gradients.noise import check_noise, plausibility, plausible, without_noise
from coresift.gradients.penalty import ENOUGH_ROWS, PENALTIES, choose_penalty
from coresift.gradients.pilot import Pilot
from coresift.gradients.rows import Curvatures, RowGradients
from coresift.gradients.total import GradientSum, Steps

__all__ = [
    "ENOUGH_ROWS",
    "FEW",
    "LOSSES",
    "PENALTIES",
    "Aim",
    "Balanced",
    "Calibration",
    "CellGradients",
    "Curvatures",
    "GivenGradient",
    "GradientSum",
    "KroneckerMetric",
    "Logistic",
    "Loss",
    "Metric",
    "Pilot",
    "RowGradients",
    "Sample",
    "Search",
    "Squared",
    "SquaredHinge",
    "Steps",
    "Verdict",
    "WeightFacts",
    "WholeMetric",
    "balance",
    "calibrate",
    "check_noise",
    "choose_members",
    "choose_penalty",
    "fit_on",
    "fit_pilot",
    "gradient_error",
    "held_out_losses",
    "hold_back",
    "loss_named",
    "metric_for",
    "one_step",
    "paired_error",
    "pilot_from_model",
    "plausibility",
    "plausible",
    "ridge_for",
    "search_for",
    "sentence",
    "to_class_sizes",
    "without_noise",
]
