"""coresift picks a small weighted subset of a training set that trains like the whole."""

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
    FastCore,
    FastCoreHull,
    Stratified,
    Uniform,
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
    "FastCore",
    "FastCoreHull",
    "FormatError",
    "LabelError",
    "MissingDependencyError",
    "ParameterError",
    "Stratified",
    "Uniform",
    "__version__",
]
