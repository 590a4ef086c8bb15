"""Gradients of rows at a pilot, and coresets whose weighted gradients add up to the whole's."""

from coresift.gradients.calibration import Calibration, calibrate, to_class_sizes
from coresift.gradients.choice import Balanced, CellGradients, Search, balance, gradient_error
from coresift.gradients.fit import fit_pilot, one_step
from coresift.gradients.given import pilot_from_model
from coresift.gradients.losses import LOSSES, Logistic, Loss, Squared, SquaredHinge, loss_named
from coresift.gradients.metric import (
    KroneckerMetric,
    Metric,
    WholeMetric,
    metric_for,
    ridge_for,
)
from coresift.gradients.pilot import Pilot
from coresift.gradients.rows import Curvatures, RowGradients
from coresift.gradients.total import GradientSum, Steps

__all__ = [
    "LOSSES",
    "Balanced",
    "Calibration",
    "CellGradients",
    "Curvatures",
    "GradientSum",
    "KroneckerMetric",
    "Logistic",
    "Loss",
    "Metric",
    "Pilot",
    "RowGradients",
    "Search",
    "Squared",
    "SquaredHinge",
    "Steps",
    "WholeMetric",
    "balance",
    "calibrate",
    "fit_pilot",
    "gradient_error",
    "loss_named",
    "metric_for",
    "one_step",
    "pilot_from_model",
    "ridge_for",
    "to_class_sizes",
]
