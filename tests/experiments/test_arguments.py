"""Whatever is passed to an experiment is used, or refused in one line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from coresift import (
    BudgetError,
    CoresiftError,
    ParameterError,
    compare,
    suggest_budget,
    suggest_planes,
)
from coresift.experiments._arguments import n_threads_of, seeds_of

JUNK: dict[str, Any] = {
    "None": None, "text": "x", "percent": "10%", "negative": -1, "zero": 0, "half": 0.5,
    "above": 1.5, "nan": float("nan"), "infinity": float("inf"), "huge": 2**70,
    "empty": [], "list": [None],
    "dict": {}, "true": True, "object": object(), "bytes": b"x", "array": np.arange(3.0),
}  # fmt: skip
CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    compare: {"budget": 6, "seeds": 1, "isolate": False},
    suggest_budget: {"start": 0.2, "factor": 2.0, "seeds": 1, "method": "uniform"},
    suggest_planes: {"candidates": [4], "sample_size": 20},
}
LEFT_ALONE = {"X", "y", "progress", "on_step", "isolate"}
cases = [
    pytest.param(function, name, value, id=f"{function.__name__}-{name}-{kind}")
    for function in CALLS
    for name in inspect.signature(function).parameters
    if name not in LEFT_ALONE
    for kind, value in JUNK.items()
]


def test_minus_one_thread_is_every_processor() -> None:
    assert [n_threads_of(given) for given in (None, -1, 1)] == [None, None, 1]
    with pytest.raises(ParameterError, match="from 1 to 4096"):
        n_threads_of(-2)


def test_seeds_are_so_many_or_which() -> None:
    assert seeds_of(3) == [0, 1, 2]
    assert seeds_of((5, np.int64(7), 5)) == [5, 7]
    assert seeds_of(range(2, 4)) == [2, 3]


def test_a_text_is_not_a_list_of_budgets() -> None:
    with pytest.raises(BudgetError, match=r"budget='10%': must be a number of rows or a fraction"):
        compare(np.eye(6), np.arange(6) % 2, budget="10%")  # type: ignore[arg-type]


@pytest.mark.parametrize(("function", "name", "value"), cases)
def test_an_argument_is_used_or_refused_in_one_line(
    function: Callable[..., Any], name: str, value: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)  # where a text may name a file
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), np.arange(60) % 2
    message = "used"
    try:
        assert function(X, y, **{**CALLS[function], name: value}) is not None
    except CoresiftError as error:
        message = str(error)
    assert len(message.splitlines()) == 1
