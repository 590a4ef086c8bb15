"""Estimators: they translate between scikit-learn's conventions and the plan."""

from typing import Any

from coresift.selectors._base import BaseSelector
from coresift.selectors._classifier import CoresetClassifier
from coresift.selectors._craig import Craig, CraigPQ
from coresift.selectors._fastcore import FastCore
from coresift.selectors._hull import FastCoreHull
from coresift.selectors._kmeans_snap import KMeansSnap
from coresift.selectors._registry import FULL, METHODS, estimators, make_selector
from coresift.selectors._regressor import CoresetRegressor
from coresift.selectors._sampling import Stratified, Uniform
from coresift.selectors._training import DeepFool, Glister

__all__ = [
    "FULL",
    "METHODS",
    "BaseSelector",
    "CoresetClassifier",
    "CoresetRegressor",
    "Craig",
    "CraigPQ",
    "DeepFool",
    "FastCore",
    "FastCoreHull",
    "Glister",
    "KMeansSnap",
    "Stratified",
    "Uniform",
    "make_selector",
]


def __getattr__(name: str) -> Any:
    """Return the estimator of any registered method."""
    if name not in estimators():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return estimators()[name]
