"""How many bits of a word are set: one instruction, compiled, that the compiler vectorises."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic, overload


def popcount(word: np.uint32) -> int:
    """Return the number of ones among the bits of a uint32."""
    return int(word).bit_count()


@intrinsic
def _ctpop(_context: Any, word: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int32(word), generate


@overload(popcount)
def _popcount(word: Any) -> Any:
    def compiled(word: Any) -> Any:
        return _ctpop(word)  # type: ignore[call-arg]

    return compiled if word == types.uint32 else None
