"""coresift picks a small weighted subset of a training set that trains like the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coresift._errors import (
    BudgetError,
    ColumnError,
    CoresiftError,
    DataError,
    FormatError,
    LabelError,
    MissingDependencyError,
    ParameterError,
)
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

if TYPE_CHECKING:
    from coresift.report import compare, suggest_budget

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


def __getattr__(name: str) -> Any:
    """Import what few programs need when it is asked for, so that the import stays light."""
    if name in ("compare", "suggest_budget"):
        from coresift import report

        return getattr(report, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
