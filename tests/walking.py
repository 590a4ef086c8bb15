"""Every class of the package, so that no new one is forgotten."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import coresift

# They need optional libraries that are slow to load, or run on import.
LEFT_OUT = ("coresift.torch", "coresift.cli.__main__")


def classes() -> Iterator[type]:
    """Yield each class where it is defined, but for those of `LEFT_OUT`."""
    for module in pkgutil.walk_packages(coresift.__path__, "coresift."):
        if not module.name.startswith(LEFT_OUT):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and value.__module__ == module.name:
                    yield value
