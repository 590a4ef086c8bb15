"""Chunks one after the other; the kernels inside use the threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

C = TypeVar("C")
R = TypeVar("R")


def map_reduce(
    function: Callable[[C], R], chunks: Iterable[C], merge: Callable[[R, R], R], zero: R
) -> R:
    """Merge ``function(chunk)`` over all chunks.

    Parameters
    ----------
    function : callable
        Chunk to result.
    chunks : iterable
        Read once, never held together.
    merge : callable
        Associative, with ``zero`` as its neutral element.
    zero : object
        The result of no chunks.

    Notes
    -----
    Results are merged like carries of a binary counter: each takes part in
    ``log2(number of chunks)`` merges, not in all that follow it.

    Examples
    --------
    >>> from coresift.engines import map_reduce
    >>> map_reduce(lambda chunk: [sum(chunk)], [[1, 2], [3], [4]], list.__add__, [])
    [3, 3, 4]
    """
    carries: list[tuple[int, R]] = []
    for chunk in chunks:
        level, result = 0, function(chunk)
        while carries and carries[-1][0] == level:
            result = merge(carries.pop()[1], result)
            level += 1
        carries.append((level, result))
    total = zero
    for _, result in reversed(carries):
        total = merge(result, total)
    return total
