"""Checks of parameters: each names the value, the limit and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from coresift._errors import ParameterError
from coresift._rng import seed_of

_MOST_THREADS = 4096
_HIGHEST_SEED = 2**64 - 1


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
    """Refuse what is not a whole number from ``lowest`` to ``highest``.

    Raises
    ------
    ParameterError
        Names the limits.
    """
    if not _is_whole(value) or value < lowest or (highest is not None and value > highest):
        limit = f"at least {lowest}" if highest is None else f"from {lowest} to {highest}"
        raise ParameterError(f"{name}={value!r} is out of range: use a whole number, {limit}")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def check_threads(value: Any) -> None:
    """Refuse what is not a number of threads; None, and scikit-learn's -1, are every processor.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> from coresift.core.parameters import check_threads
    >>> check_threads(-1), check_threads(2)
    (None, None)
    """
    if value is not None and not (
        _is_whole(value) and (value == -1 or 1 <= value <= _MOST_THREADS)
    ):
        raise ParameterError(
            f"n_threads={value!r} is out of range: use a whole number, from 1 to {_MOST_THREADS}, "
            "or None or -1 for every processor"
        )


def checked_seed(random_state: Any) -> int:
    """Return the seed of scikit-learn's ``random_state``, or of a Generator.

    Raises
    ------
    ParameterError
        For anything else.

    Examples
    --------
    >>> from coresift.core.parameters import checked_seed
    >>> checked_seed(7)
    7
    """
    drawn = random_state is None or isinstance(
        random_state, np.random.RandomState | np.random.Generator
    )
    if not drawn and not (_is_whole(random_state) and 0 <= random_state <= _HIGHEST_SEED):
        text = " ".join(repr(random_state).split())
        text = text if len(text) <= 60 else f"{text[:57]}..."
        raise ParameterError(
            f"random_state={text}: use None, a whole number from 0 to 2**64 - 1, a RandomState, "
            "or a Generator such as np.random.default_rng(0)"
        )
    return seed_of(random_state)
