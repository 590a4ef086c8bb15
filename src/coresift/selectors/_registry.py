"""Every method by name: what the command line, comparisons and the package itself read.

A new method is `coresift/methods/NAME.py`, an estimator in `coresift/selectors/_NAME.py`, and a
line here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from coresift._errors import ParameterError
from coresift.selectors._base import BaseSelector
from coresift.selectors._craig import Craig, CraigPQ
from coresift.selectors._fastcore import FastCore
from coresift.selectors._hull import FastCoreHull
from coresift.selectors._kmeans_snap import KMeansSnap
from coresift.selectors._sampling import Stratified, Uniform
from coresift.selectors._training import DeepFool, Glister

FULL = "full"  # all rows: no selection

METHODS: dict[str, Callable[..., BaseSelector]] = {
    "fastcore": FastCore,
    "fastcore-medoid": partial(FastCore, representative="medoid"),
    "fastcore-paper": FastCore.paper,
    "fastcore-kmeans": partial(FastCore, clusters="kmeans"),
    "fastcore-gmm": partial(FastCore, clusters="gmm"),
    "fastcore-hull": FastCoreHull,
    "craig": Craig,
    "craig-pq": CraigPQ,
    "kmeans-snap": KMeansSnap,
    "uniform": Uniform,
    "uniform-assignment": partial(Uniform, weights="assignment"),
    "stratified": Stratified,
    "deepfool": DeepFool,
    "glister": Glister,
}


def estimators() -> dict[str, type[BaseSelector]]:
    """Return the estimator classes of all methods by their own names.

    Examples
    --------
    >>> from coresift.selectors._registry import estimators
    >>> "FastCore" in estimators()
    True
    """
    kinds = [make for make in METHODS.values() if isinstance(make, type)]
    return {kind.__name__: kind for kind in kinds}


def make_selector(name: str) -> BaseSelector:
    """Return a selector with the defaults of the method of this name.

    Raises
    ------
    ParameterError
        For a name that is not known.

    Examples
    --------
    >>> from coresift.selectors import make_selector
    >>> type(make_selector("fastcore")).__name__
    'FastCore'
    """
    if name not in METHODS:
        raise ParameterError(f"method {name!r} is not known: use one of {', '.join(METHODS)}")
    return METHODS[name]()
