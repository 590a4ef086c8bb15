"""Engines: one verb, `fold(task, parts)`: merge ``task(chunk)`` over all chunks."""

from coresift.engines._base import Engine, Folded, Merger, Task, check_rows, fold_part
from coresift.engines._registry import engine_names, make_engine
from coresift.engines._serial import Serial

__all__ = [
    "Engine",
    "Folded",
    "Merger",
    "Serial",
    "Task",
    "check_rows",
    "engine_names",
    "fold_part",
    "make_engine",
]
