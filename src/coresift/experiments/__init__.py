"""Methods tried on data: comparisons, how many rows to keep, how many hyperplanes to cut with."""

from coresift.experiments._budget import BudgetAdvice, BudgetStep, suggest_budget
from coresift.experiments._comparison import compare, compare_on_digits
from coresift.experiments._logistic import L2Logistic
from coresift.experiments._models import DEFAULT_MODEL, MODELS, NETWORKS
from coresift.experiments._planes import PlanesAdvice, PlanesStep, suggest_planes
from coresift.experiments._results import Comparison, Figure, Result

__all__ = [
    "DEFAULT_MODEL",
    "MODELS",
    "NETWORKS",
    "BudgetAdvice",
    "BudgetStep",
    "Comparison",
    "Figure",
    "L2Logistic",
    "PlanesAdvice",
    "PlanesStep",
    "Result",
    "compare",
    "compare_on_digits",
    "suggest_budget",
    "suggest_planes",
]
