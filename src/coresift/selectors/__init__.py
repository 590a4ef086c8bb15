"""Estimators: they translate between scikit-learn's conventions and the plan."""

from coresift.selectors._base import BaseSelector
from coresift.selectors._classifier import CoresetClassifier
from coresift.selectors._fastcore import FastCore

__all__ = ["BaseSelector", "CoresetClassifier", "FastCore"]
