"""Errors of coresift.

Every error says three things in one line: the value that was met, the limit
that it broke, and the remedy. Each inherits from `CoresiftError` and from the
built-in exception that a user would expect, so that either can be caught.
"""

from __future__ import annotations

from typing import Any


class CoresiftError(Exception):
    """Base of every error that coresift raises on purpose.

    Attributes
    ----------
    obstacles : tuple
        Each column that stands in the way, as a `coresift.sources.Obstacle`; mostly empty.
    """

    obstacles: tuple[Any, ...] = ()


class BudgetError(CoresiftError, ValueError):
    """A budget that cannot be met: not a number, out of range, or too small for the classes."""


class DataError(CoresiftError, ValueError):
    """Rows that cannot be used: NaN, infinity, no rows, wrong shapes."""


class DataTypeError(DataError, TypeError):
    """Values that are not numbers and cannot become some: also a `TypeError`."""


class ColumnError(CoresiftError, KeyError):
    """A column that is missing, or of a type that has no meaning as a number."""

    def __str__(self) -> str:  # KeyError would print the repr of the message
        return str(self.args[0]) if self.args else ""


class LabelError(CoresiftError, ValueError):
    """Labels that cannot be used: missing values, or a length that does not match."""


class ParameterError(CoresiftError, ValueError):
    """A parameter outside its documented values."""


class MemoryLimitError(CoresiftError, MemoryError):
    """A selection that takes more memory than it may."""


class FormatError(CoresiftError, ValueError):
    """A file or an object whose format is not known, or that cannot be read or written."""


class MissingDataError(CoresiftError, FileNotFoundError):
    """A data set that is neither in a folder of this machine nor could be fetched."""


class InputChangedError(CoresiftError, ValueError):
    """A file of the input that is no longer the one that was read before."""

    @classmethod
    def of(cls, path: str, change: str) -> InputChangedError:
        """Return the error about one file; change says what is different, in a few words."""
        return cls(
            f"{path!r} has changed while it was being read ({change}): select again, and do not "
            "write to the input meanwhile"
        )


class MissingDependencyError(CoresiftError, ImportError):
    """An optional dependency that the call needs is not installed."""


class WeightsLostWarning(UserWarning):
    """Rows are handed on without their weights, which differ."""


class EngineError(CoresiftError, RuntimeError):
    """A worker that was lost, or an engine that cannot be reached."""
