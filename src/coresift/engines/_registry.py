"""Engines by name: every file of this package that holds one."""

from __future__ import annotations

from typing import Any

from coresift._errors import ParameterError
from coresift._found import concrete_in, modules_beside
from coresift.engines._base import Engine

_NO_ENGINES = {"_base", "_cluster", "_kept", "_parcel", "_registry", "_workers"}


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


def make_engine(engine: Any) -> Engine:
    """Return the engine of a name or of a client, or the given one.

    Raises
    ------
    ParameterError
        For a name that is not known, or what is not an engine.
    """
    if isinstance(engine, Engine):
        return engine
    if isinstance(engine, str) and engine in engine_names():
        return _kind(engine)()
    adopted = None if isinstance(engine, str) else _adopted(engine)
    if adopted is not None:
        return adopted
    raise ParameterError(
        f"engine={engine!r} is not known: use one of {', '.join(engine_names())}, a client of "
        "Dask, or an Engine"
    )


def _adopted(value: Any) -> Engine | None:
    """Return the engine that a value stands for, such as a client."""
    engines = (_kind(name).of(value) for name in engine_names())
    return next((engine for engine in engines if engine is not None), None)


def _kind(name: str) -> type[Engine]:
    return concrete_in(f"coresift.engines._{name}", Engine)[0]  # type: ignore[type-abstract]
