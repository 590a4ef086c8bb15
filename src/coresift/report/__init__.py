"""What a person reads: comparisons as tables."""

from coresift.report._comparison import Result, compare_on_digits

__all__ = ["Result", "compare_on_digits"]
