"""The one place where the compiler's flags stand."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

import numba
from numba.core.event import TimingListener, install_listener

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """Compile a function with the flags that every kernel shares."""
    try:
        return _compiled(function, cache=True)
    except RuntimeError as error:
        # A read-only installation, and no home folder either (a container): numba finds no place
        # for its cache. Then every process compiles anew.
        if "cannot cache" not in str(error):
            raise
        logging.getLogger(__name__).info("%s; set NUMBA_CACHE_DIR to a folder for it", error)
        return _compiled(function, cache=False)


def _compiled(function: F, *, cache: bool) -> F:
    compile_it = numba.njit(cache=cache, nogil=True, error_model="numpy", fastmath=False)
    return cast("F", compile_it(function))


@contextmanager
def compile_seconds() -> Iterator[Callable[[], float]]:
    """Yield what tells the seconds that compilation has taken inside; kept code takes none."""
    listener = TimingListener()  # type: ignore[no-untyped-call]
    with install_listener("numba:compile", listener):
        yield lambda: listener.duration if listener.done else 0.0
