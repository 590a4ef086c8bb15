"""Estimators: they translate between scikit-learn's conventions and the plan."""

from coresift.selectors._base import BaseSelector
from coresift.selectors._classifier import CoresetClassifier
from coresift.selectors._craig import Craig, CraigPQ
from coresift.selectors._fastcore import FastCore
from coresift.selectors._hull import FastCoreHull
from coresift.selectors._sampling import Stratified, Uniform

__all__ = [
    "BaseSelector",
    "CoresetClassifier",
    "Craig",
    "CraigPQ",
    "FastCore",
    "FastCoreHull",
    "Stratified",
    "Uniform",
]
