"""Classes that are found by the file that they stand in."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def modules_beside(file: str) -> list[str]:
    """Return the names of the modules in the folder of a file, in order.

    Examples
    --------
    >>> import coresift.engines
    >>> from coresift._found import modules_beside
    >>> "_serial" in modules_beside(coresift.engines.__file__)
    True
    """
    return sorted(module.name for module in pkgutil.iter_modules([str(Path(file).parent)]))


def concrete_in(module: str, kind: type[T]) -> list[type[T]]:
    """Return the classes of a kind that a module defines, abstract ones left out."""
    found = importlib.import_module(module)
    return [
        value
        for value in vars(found).values()
        if isinstance(value, type)
        and issubclass(value, kind)
        and value.__module__ == module
        and not inspect.isabstract(value)
    ]
