"""What a person reads: comparisons as tables and pages."""

from coresift.report._budget import BudgetAdvice, BudgetStep, suggest_budget
from coresift.report._comparison import compare, compare_on_digits
from coresift.report._models import DEFAULT_MODEL, MODELS, NETWORKS
from coresift.report._result import Comparison, Figure, Result
from coresift.report._table import rich_table

__all__ = [
    "DEFAULT_MODEL",
    "MODELS",
    "NETWORKS",
    "BudgetAdvice",
    "BudgetStep",
    "Comparison",
    "Figure",
    "Result",
    "compare",
    "compare_on_digits",
    "rich_table",
    "suggest_budget",
]
