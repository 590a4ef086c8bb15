"""What stands in the way of a selection, column by column, and what helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

_SHOWN = 12  # columns that a message names; all of them are in the error's `obstacles`


@dataclass(frozen=True)
class Obstacle:
    """One column that cannot be used as it is.

    Parameters
    ----------
    column : str or None
        Its name; None for labels that are not a column.
    what : str
        What is wrong, as in "has 3 missing values".
    option : tuple of (str, str or int) or None
        The option of `as_source` that mends it, and the value; None if there is none.
    can_drop : bool
        Whether it has a name by which it can be left out.
    is_label : bool
        Whether it holds the labels, which are never left out.

    Examples
    --------
    >>> from coresift.sources import Obstacle
    >>> str(Obstacle("born", "holds dates (date32[day])", ("dates", "parts")))
    "column 'born' holds dates (date32[day])"
    """

    column: str | None
    what: str
    option: tuple[str, str | int] | None = None
    can_drop: bool = True
    is_label: bool = False

    def __str__(self) -> str:
        if self.column is None:
            return f"the label {self.what}"
        kind = "the label column" if self.is_label else "column"
        return f"{kind} {self.column!r} {self.what}"


def python_message(obstacles: Sequence[Obstacle]) -> str:
    """Return one line with every obstacle and the call that clears them.

    Examples
    --------
    >>> from coresift.sources import Obstacle
    >>> from coresift.sources._obstacles import python_message
    >>> python_message([Obstacle("a", "has 3 missing values", ("missing", "impute"))])
    "column 'a' has 3 missing values: pass as_source(..., missing='impute'), or drop=['a']"
    """
    options = [f"{name}={value!r}" for name, value in _options(obstacles).items()]
    hard, dropped = _names(obstacles, hard=True), _names(obstacles, hard=False)
    if options:
        calls = [*options, *([f"drop={_listed(hard)}"] if hard else [])]
        other = f", or drop={_listed(dropped)}" if dropped and dropped != hard else ""
        remedy = f"pass as_source(..., {', '.join(calls)}){other}"
    else:
        remedy = f"pass as_source(..., drop={_listed(dropped)})" if dropped else "convert it"
    return f"{head(obstacles)}: {remedy}"


def command_line_message(obstacles: Sequence[Obstacle]) -> str:
    """Return the same line with options of the command line in place of arguments.

    Examples
    --------
    >>> from coresift.sources import Obstacle, command_line_message
    >>> command_line_message([Obstacle("a b", "has 3 missing values", ("missing", "impute"))])
    "column 'a b' has 3 missing values: use --missing impute, or --drop 'a b'"
    """
    options = [f"--{name.replace('_', '-')} {value}" for name, value in _options(obstacles).items()]
    hard, dropped = (
        [f"--drop {quote(name)}" for name in _names(obstacles, hard=hard)] for hard in (True, False)
    )
    if options:
        other = f", or {' '.join(dropped)}" if dropped and dropped != hard else ""
        return f"{head(obstacles)}: use {' '.join([*options, *hard])}{other}"
    return f"{head(obstacles)}: {'use ' + ' '.join(dropped) if dropped else 'convert it'}"


def head(obstacles: Sequence[Obstacle]) -> str:
    """Return the sentence that names the obstacles."""
    if len(obstacles) == 1:
        return str(obstacles[0])
    more = f"; and {len(obstacles) - _SHOWN} more" if len(obstacles) > _SHOWN else ""
    named = "; ".join(map(str, obstacles[:_SHOWN]))
    return f"{len(obstacles)} columns are in the way ({named}{more})"


def _options(obstacles: Sequence[Obstacle]) -> dict[str, str | int]:
    """Return the options that help, of a number the largest."""
    options: dict[str, str | int] = {}
    for option in (obstacle.option for obstacle in obstacles if obstacle.option is not None):
        name, value = option
        known = options.get(name)
        larger = isinstance(known, int) and isinstance(value, int) and known > value
        options[name] = options[name] if larger else value
    return options


def _names(obstacles: Sequence[Obstacle], *, hard: bool) -> list[str]:
    """Return the columns that may be left out; the hard ones are those that no option helps."""
    return [
        obstacle.column
        for obstacle in obstacles
        if obstacle.column is not None
        and obstacle.can_drop
        and not obstacle.is_label
        and not (hard and obstacle.option is not None)
    ]


def _listed(names: Sequence[str]) -> str:
    if len(names) <= _SHOWN:
        return repr(list(names))
    return f"[{', '.join(map(repr, names[:_SHOWN]))}, ...]"
