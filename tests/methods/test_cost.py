"""What a dry run says is an upper limit, and time does not grow with the cube of anything."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest

from coresift import FastCore, FastCoreHull, Stratified, Uniform
from coresift.selectors import BaseSelector
from coresift.sources import ArraySource


@pytest.mark.parametrize("selector", [FastCore(0.01), Stratified(0.01), Uniform(0.01)], ids=str)
@pytest.mark.slow
@pytest.mark.parametrize("n_classes", [1, 5])
def test_the_memory_is_within_the_limit_of_a_dry_run(
    selector: BaseSelector, n_classes: int
) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10_000, 10)).astype(np.float32)
    y = rng.integers(0, n_classes, len(X))
    selector.set_params(random_state=0, n_threads=1)
    selector.fit(X[:1000], y[:1000])  # compiled before it is measured
    source = ArraySource(X, y)
    tracemalloc.start()
    try:
        selector.fit(source)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < selector.plan().cost(source)["max_bytes"]


def test_many_rows_of_a_hull_take_seconds() -> None:
    X = np.random.default_rng(0).normal(size=(1500, 70))
    FastCoreHull(5, n_threads=1).fit(X[:50])
    start = time.process_time()
    FastCoreHull(300, random_state=0, n_threads=1).fit(X)
    assert time.process_time() - start < 20  # 0.8 s; it was minutes
