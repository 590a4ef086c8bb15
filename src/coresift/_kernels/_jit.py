"""The one place where the compiler's flags stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """Compile a function with the flags that every kernel shares."""
    compile_it = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=False)
    return cast("F", compile_it(function))
