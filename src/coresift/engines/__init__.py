"""Engines: one verb, ``map_reduce(function, chunks, merge, zero)``."""

from coresift.engines._serial import map_reduce

__all__ = ["map_reduce"]
