"""What a kept run has to look like: a file of runs may be anything."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

_STATUS = ("ok", "failed", "time limit")


def check_run(run: Any) -> None:
    """Refuse what is not a run of a comparison.

    Raises
    ------
    ValueError
        Says which field is odd.
    """
    if not isinstance(run, dict):
        raise ValueError("not an object")
    _check(run, _NAMES)
    if run["status"] == "ok":
        _check(run, _FIGURES)
        of_numbers = run.get("r2") is not None  # a regressor has no accuracy
        _check(run, dict.fromkeys(("r2", "mae") if of_numbers else ("accuracy",), is_number))
    elif run["status"] == "failed" or run["time_limit"] is not None:
        _check(run, {"error": _is_text})
    else:
        raise ValueError("'time_limit' is missing")


def _check(run: Mapping[str, Any], fields: Mapping[str, Callable[[Any], bool]]) -> None:
    for name, is_good in fields.items():
        if not is_good(run.get(name)):
            raise ValueError(f"{name!r} is {str(run.get(name, 'missing'))[:40]}")


def is_number(value: object) -> bool:
    """Tell whether a value of JSON is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def is_numbers(value: object) -> bool:
    """Tell whether a value of JSON is a mapping of names to finite numbers."""
    return isinstance(value, dict) and all(map(is_number, value.values()))


def is_number_or_none(value: object) -> bool:
    """Tell whether a value of JSON is a finite number or null."""
    return value is None or is_number(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_curve(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(point, list) and len(point) == 2 and all(map(is_number, point))
        for point in value
    )


_NAMES: dict[str, Callable[[Any], bool]] = {
    "key": _is_text,
    "method": _is_text,
    "model": _is_text,
    "budget": is_number_or_none,
    "seed": _is_count,
    "status": lambda value: value in _STATUS,
    "time_limit": is_number_or_none,
}
_FIGURES: dict[str, Callable[[Any], bool]] = {
    "rows": _is_count,
    "select_seconds": is_number,
    "train_seconds": is_number,
    "total_seconds": is_number,
    "log_loss": is_number_or_none,
    "score": is_number_or_none,
    "peak_mib": is_number_or_none,
    "select_mib": is_number_or_none,
    "stages": lambda value: value is None or is_numbers(value),
    "curve": _is_curve,
    "notes": lambda value: isinstance(value, list) and all(map(_is_text, value)),
}
