"""Kernels where there is no place for a cache: a read-only installation, and no home folder."""

from __future__ import annotations

import logging
from typing import Any

import numba
import pytest

from coresift._kernels._jit import kernel

NOWHERE = "/proc/coresift"  # nobody, root included, can make a folder there
SOURCE = "def twice(value):\n    return 2 * value\n"


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled, so nothing is cached")
def test_kernels_compile_where_nothing_can_be_cached(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("numba.core.config.CACHE_DIR", "")
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, NOWHERE)
    names: dict[str, Any] = {"__name__": "nowhere"}
    exec(compile(SOURCE, f"{NOWHERE}/nowhere.py", "exec"), names)
    with caplog.at_level(logging.INFO):
        assert kernel(names["twice"])(21) == 42
    assert "NUMBA_CACHE_DIR" in caplog.text
