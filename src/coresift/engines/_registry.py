"""Engines by name: every file of this package that holds one."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from coresift._errors import ParameterError
from coresift.engines._base import Engine

_NO_ENGINES = {"_base", "_registry"}


def engine_names() -> tuple[str, ...]:
    """Return the names that `make_engine` knows.

    Examples
    --------
    >>> from coresift.engines import engine_names
    >>> "serial" in engine_names() and "processes" in engine_names()
    True
    """
    found = {module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])}
    return tuple(sorted(name.removeprefix("_") for name in found - _NO_ENGINES))


def make_engine(engine: str | Engine) -> Engine:
    """Return the engine of a name, or the given one.

    Raises
    ------
    ParameterError
        For a name that is not known, or what is no engine.
    """
    if isinstance(engine, Engine):
        return engine
    if engine not in engine_names():
        raise ParameterError(
            f"engine={engine!r} is not known: use one of {', '.join(engine_names())}, or an Engine"
        )
    module = importlib.import_module(f"coresift.engines._{engine}")
    found = next(
        kind
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, Engine)
        and kind.__module__ == module.__name__
    )
    return found()
