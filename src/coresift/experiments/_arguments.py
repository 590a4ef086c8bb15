"""What is passed to an experiment, checked before anything is read."""

from __future__ import annotations

import math
import numbers
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from coresift._errors import ParameterError
from coresift.core.parameters import check_choice, check_range, check_threads
from coresift.selectors import BaseSelector, make_selector

_MOST_SEEDS = 100_000
_HIGHEST_SEED = 2**32 - 1  # of scikit-learn's models


def check_number(name: str, value: Any, what: str, low: float, high: float = math.inf) -> None:
    """Refuse what is not a number above ``low`` and at most ``high``; infinity is refused too.

    Parameters
    ----------
    name : str
    value
    what : str
        The limits, in words.
    low, high : float

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> from coresift.experiments._arguments import check_number
    >>> check_number("start", 0.1, "a fraction above 0, at most 1", 0, 1)
    """
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)
    if not (is_number and low < value <= high and value < math.inf):
        raise ParameterError(f"{name}={_short(value)}: must be {what}")


def n_threads_of(value: Any) -> int | None:
    """Return a number of threads; None, and scikit-learn's -1, are every processor.

    Raises
    ------
    ParameterError
        For what is not a number of threads.
    """
    check_threads(value)
    return None if value in (None, -1) else int(value)


def check_seed(name: str, value: Any) -> None:
    """Refuse what is not a seed of a model.

    Raises
    ------
    ParameterError
    """
    check_range(name, value, _HIGHEST_SEED, lowest=0)


def seeds_of(seeds: Any) -> list[int]:
    """Return the seeds: so many from 0, or those that are listed.

    Raises
    ------
    ParameterError
        For none, and for what is not a seed.
    """
    listed = isinstance(seeds, Iterable) and not isinstance(seeds, str | bytes | Mapping)
    if not listed:
        check_range("seeds", seeds, _MOST_SEEDS)
        return list(range(seeds))
    found = list(seeds)
    if not found:
        raise ParameterError(f"seeds={seeds!r}: give at least one")
    for seed in found:
        check_seed("seeds", seed)
    return list(dict.fromkeys(map(int, found)))


def selector_of(method: Any) -> BaseSelector:
    """Return the selector of a name, or the given one.

    Raises
    ------
    ParameterError
        For a name that is not known, and for what is not a selector.
    """
    if isinstance(method, str):
        return make_selector(method)
    if isinstance(method, type) or not (hasattr(method, "fit") and hasattr(method, "set_params")):
        raise ParameterError(
            f"method {_short(method)} is not a selector: give a name, or an object such as "
            "FastCore()"
        )
    return method  # type: ignore[no-any-return]


def methods_of(methods: Any) -> dict[str, Any]:
    """Return methods by their names in the tables.

    Raises
    ------
    ParameterError
        For what is neither names nor selectors by name.
    """
    if isinstance(methods, str):
        return {methods: methods}
    if isinstance(methods, Mapping):
        return {str(name): method for name, method in methods.items()}
    names = list(methods) if isinstance(methods, Sequence | set | tuple) else [methods]
    for name in names:
        if not isinstance(name, str):
            raise ParameterError(
                f"methods={_short(methods)}: give names, or a dict of names and selectors"
            )
    return {name: name for name in names}


def path_of(name: str, value: Any) -> Path | None:
    """Return a path, or None.

    Raises
    ------
    ParameterError
        For what is not a path.
    """
    if value is None:
        return None
    if not isinstance(value, str | os.PathLike) or not isinstance(os.fspath(value), str):
        raise ParameterError(f"{name}={_short(value)} is not a path: give a text or a Path")
    return Path(value)


def check_flag(name: str, value: Any) -> None:
    """Refuse what is neither True nor False.

    Raises
    ------
    ParameterError
    """
    if not isinstance(value, bool | np.bool_):
        check_choice(name, _short(value), (True, False))


def _short(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
