"""Gradients of rows at a pilot, and coresets whose weighted gradients add up to the whole's."""

from coresift.gradients.fit import fit_pilot
from coresift.gradients.given import pilot_from_model
from coresift.gradients.losses import LOSSES, Logistic, Loss, Squared, SquaredHinge, loss_named
from coresift.gradients.pilot import Pilot
from coresift.gradients.total import GradientSum, Steps

__all__ = [
    "LOSSES",
    "GradientSum",
    "Logistic",
    "Loss",
    "Pilot",
    "Squared",
    "SquaredHinge",
    "Steps",
    "fit_pilot",
    "loss_named",
    "pilot_from_model",
]
