"""The tables and figures, by name."""

from __future__ import annotations

import importlib

from coresift._errors import ParameterError
from coresift.reproduce._experiment import Experiment

ALL = "all"
# Those that share their runs, and the quick ones, come first.
NAMES = (
    *("table1", "table2", "table4", "table5"),
    *("fig5", "fig6", "fig7", "table6", "fig10", "fig11", "fig12", "fig8", "fig9"),
)


def experiment(name: str) -> Experiment:
    """Return a table or a figure.

    Examples
    --------
    >>> from coresift.reproduce._registry import experiment
    >>> experiment("fig7").title
    'Figure 7: convergence'
    """
    found: Experiment = importlib.import_module(f"coresift.reproduce.{name}").EXPERIMENT
    return found


def names_of(name: str) -> tuple[str, ...]:
    """Return the names that a name stands for.

    Raises
    ------
    ParameterError
        For what is no table or figure.
    """
    if name == ALL:
        return NAMES
    if name not in NAMES:
        raise ParameterError(
            f"{name!r} is no table or figure that can be reproduced: use one of "
            f"{', '.join(NAMES)}, or {ALL}"
        )
    return (name,)
