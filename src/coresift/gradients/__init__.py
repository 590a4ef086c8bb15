"""Gradients of rows at a pilot, and coresets whose weighted gradients add up to the whole's."""

from coresift.gradients.calibration import Calibration, calibrate, to_class_sizes
from coresift.gradients.choice import CellGradients, balance
from coresift.gradients.fit import fit_pilot
from coresift.gradients.given import pilot_from_model
from coresift.gradients.losses import LOSSES, Logistic, Loss, Squared, SquaredHinge, loss_named
from coresift.gradients.metric import Metric, ridge_for
from coresift.gradients.pilot import Pilot
from coresift.gradients.total import GradientSum, Steps

__all__ = [
    "LOSSES",
    "Calibration",
    "CellGradients",
    "GradientSum",
    "Logistic",
    "Loss",
    "Metric",
    "Pilot",
    "Squared",
    "SquaredHinge",
    "Steps",
    "balance",
    "calibrate",
    "fit_pilot",
    "loss_named",
    "pilot_from_model",
    "ridge_for",
    "to_class_sizes",
]
