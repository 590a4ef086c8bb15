"""coresift picks a small weighted subset of a training set that trains like the whole."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from coresift._errors import (
    BudgetError,
    ColumnError,
    CoresiftError,
    DataError,
    FormatError,
    InputChangedError,
    LabelError,
    MissingDependencyError,
    ParameterError,
)

if TYPE_CHECKING:
    from coresift.report import compare, suggest_budget
    from coresift.selectors import (
        CoresetClassifier,
        Craig,
        CraigPQ,
        DeepFool,
        FastCore,
        FastCoreHull,
        Glister,
        Stratified,
        Uniform,
        suggest_planes,
    )

__version__ = "0.1.0"

__all__ = [
    "BudgetError",
    "ColumnError",
    "CoresetClassifier",
    "CoresiftError",
    "Craig",
    "CraigPQ",
    "DataError",
    "DeepFool",
    "FastCore",
    "FastCoreHull",
    "FormatError",
    "Glister",
    "InputChangedError",
    "LabelError",
    "MissingDependencyError",
    "ParameterError",
    "Stratified",
    "Uniform",
    "__version__",
    "compare",
    "suggest_budget",
    "suggest_planes",
]


_REPORTS = {"compare", "suggest_budget"}


def __getattr__(name: str) -> Any:
    """Import an estimator or a comparison when it is asked for: scikit-learn alone takes 0.9 s."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "coresift.report" if name in _REPORTS else "coresift.selectors"
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
