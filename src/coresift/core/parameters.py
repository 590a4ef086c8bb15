"""Checks of parameters: each names the value, the limit and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from coresift._errors import ParameterError


def check_choice(name: str, value: object, choices: Iterable[object]) -> None:
    """Refuse a value that is none of the choices.

    Raises
    ------
    ParameterError
        Lists the choices.

    Examples
    --------
    >>> from coresift.core.parameters import check_choice
    >>> check_choice("greedy", "lazy", ("lazy", "naive"))
    """
    if not any(value is choice or value == choice for choice in choices):
        raise ParameterError(
            f"{name}={value!r} is not known: use one of {', '.join(map(repr, choices))}"
        )


def check_range(name: str, value: Any, highest: int | None = None, lowest: int = 1) -> None:
    """Refuse what is no whole number from ``lowest`` to ``highest``.

    Raises
    ------
    ParameterError
        Names the limits.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < lowest or (highest is not None and value > highest):
        limit = f"at least {lowest}" if highest is None else f"from {lowest} to {highest}"
        raise ParameterError(f"{name}={value!r} is out of range: use a whole number, {limit}")
