"""coresift picks a small weighted subset of a training set that trains like the whole."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from coresift._errors import (
    BudgetError,
    ColumnError,
    CoresiftError,
    DataError,
    EngineError,
    FormatError,
    InputChangedError,
    LabelError,
    MemoryLimitError,
    MissingDataError,
    MissingDependencyError,
    ParameterError,
    WeightsLostWarning,
)
from coresift._progress import Pace, paced

if TYPE_CHECKING:
    from coresift.experiments import compare, suggest_budget, suggest_planes
    from coresift.selectors import (
        CoresetClassifier,
        CoresetRegressor,
        Craig,
        CraigPQ,
        DeepFool,
        FastCore,
        FastCoreHull,
        Glister,
        KMeansSnap,
        Stratified,
        Uniform,
    )

__version__ = "0.1.0"

__all__ = [
    "BudgetError",
    "ColumnError",
    "CoresetClassifier",
    "CoresetRegressor",
    "CoresiftError",
    "Craig",
    "CraigPQ",
    "DataError",
    "DeepFool",
    "EngineError",
    "FastCore",
    "FastCoreHull",
    "FormatError",
    "Glister",
    "InputChangedError",
    "KMeansSnap",
    "LabelError",
    "MemoryLimitError",
    "MissingDataError",
    "MissingDependencyError",
    "Pace",
    "ParameterError",
    "Stratified",
    "Uniform",
    "WeightsLostWarning",
    "__version__",
    "compare",
    "paced",
    "suggest_budget",
    "suggest_planes",
]


_EXPERIMENTS = {"compare", "suggest_budget", "suggest_planes"}


def __getattr__(name: str) -> Any:
    """Import an estimator or a comparison when it is asked for: scikit-learn alone takes 0.9 s."""
    if not name[0].isupper() and name not in __all__:  # estimators of all methods are classes
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "coresift.experiments" if name in _EXPERIMENTS else "coresift.selectors"
    try:
        value = getattr(importlib.import_module(module), name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
