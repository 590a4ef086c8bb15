"""No answer changes unawares: rows and weights of every method equal the pinned ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from golden import GOLDEN, KEYS, digests, same, selector, table, write_table

PINNED: dict[str, dict[str, Any]] = json.loads(GOLDEN.read_text())


@pytest.fixture(scope="module")
def arrays() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return table()


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("golden") / "rows.parquet")


def test_every_selection_is_pinned_and_nothing_else() -> None:
    assert list(PINNED) == KEYS


@pytest.mark.parametrize("key", KEYS)
def test_the_answer_from_arrays_and_from_parquet_is_the_pinned_one(
    key: str, arrays: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]], parquet: Path
) -> None:
    for fitted in (selector(key).fit(*arrays), selector(key).fit(parquet, "y")):
        assert same(digests(fitted), PINNED[key])
