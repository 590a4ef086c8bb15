"""Engines by name: every file of this package that holds one."""

from __future__ import annotations

from coresift._errors import ParameterError
from coresift._found import concrete_in, modules_beside
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
    found = modules_beside(__file__)
    return tuple(name.removeprefix("_") for name in found if name not in _NO_ENGINES)


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
    kinds = concrete_in(f"coresift.engines._{engine}", Engine)  # type: ignore[type-abstract]
    return kinds[0]()
