"""What becomes of columns, where there is a choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypedDict

from coresift._errors import ParameterError
from coresift.core.parameters import check_choice, check_range

Missing: TypeAlias = Literal["error", "drop", "impute"]
Dates: TypeAlias = Literal["error", "parts", "number"]
Numbers: TypeAlias = Literal["error", "parse", "levels"]


class ColumnKeywords(TypedDict, total=False):
    """The keywords of `ColumnOptions`."""

    max_levels: int
    drop: Sequence[str]
    dates: Dates
    numbers: Numbers
    like: Any
    features: bool


@dataclass(frozen=True, eq=False)
class ColumnOptions:
    """What becomes of columns, where there is a choice.

    Parameters
    ----------
    max_levels : int, default=100
        Most levels that a text column may have.
    drop : sequence of str, default=()
        Columns that are not features.
    dates : {"error", "parts", "number"}, default="error"
        Dates and times are refused; or become the year, month, day, weekday (Monday is 0) and hour;
        or one number, the seconds since 1970 (of a time, since midnight).
    numbers : {"error", "parse", "levels"}, default="error"
        Text columns that are numbers (``1,234``, ``12%``, ``$5``, or ``?`` among numbers): those of
        more than 10 levels are refused; or they become numbers, where what is not a number is
        missing; or each level is a feature, as of any text.
    like : ColumnLayout or None, default=None
        The layout of other rows, such as the training rows, which these rows get by name.
    features : bool, default=True
        False reads the labels only: no column is a feature, and none is looked at.

    Raises
    ------
    ParameterError
        For a value outside its documented range.
    """

    max_levels: int = 100
    drop: Sequence[str] = ()
    dates: Dates = "error"
    numbers: Numbers = "error"
    like: Any = None
    features: bool = True

    def __post_init__(self) -> None:
        check_range("max_levels", self.max_levels)
        check_choice("dates", self.dates, ("error", "parts", "number"))
        check_choice("numbers", self.numbers, ("error", "parse", "levels"))
        check_choice("features", self.features, (True, False))
        if isinstance(self.drop, str):
            raise ParameterError(f"drop={self.drop!r} is one text: pass a list, [{self.drop!r}]")
