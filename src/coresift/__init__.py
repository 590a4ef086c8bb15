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
    DeepFool,
    FastCore,
    Glister,
    Stratified,
    Uniform,
)

if TYPE_CHECKING:
    from coresift.report import compare

__version__ = "0.1.0"

__all__ = [
    "BudgetError",
    "ColumnError",
    "CoresetClassifier",
    "CoresiftError",
    "DataError",
    "DeepFool",
    "FastCore",
    "FormatError",
    "Glister",
    "LabelError",
    "MissingDependencyError",
    "ParameterError",
    "Stratified",
    "Uniform",
    "__version__",
    "compare",
]


def __getattr__(name: str) -> Any:
    """Import what few programs need when it is asked for, so that the import stays light."""
    if name == "compare":
        from coresift.report import compare

        return compare
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
