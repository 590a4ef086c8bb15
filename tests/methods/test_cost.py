"""What a dry run says is an upper limit, and time does not grow with the cube of anything."""

from __future__ import annotations

import re
import time
import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from coresift import (
    FastCore,
    FastCoreHull,
    MemoryLimitError,
    ParameterError,
    Stratified,
    Uniform,
)
from coresift.core.budget import split_budget
from coresift.core.memory import PROCESS_BYTES, Extent
from coresift.methods import FastCorePlan
from coresift.select import outlook
from coresift.selectors import METHODS, BaseSelector, make_selector
from coresift.sources import ArraySource, Source, WeightedSource, as_source
from coresift.sources._shifted import ShiftedSource
from strategies import Array


@pytest.mark.parametrize(
    "selector", [FastCore(0.01, representative="medoid"), Stratified(0.01), Uniform(0.01)], ids=str
)
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
    plan = selector.plan()
    taken = plan.memory(plan.extent(source, *sizes_and_quotas(y, 100)))
    tracemalloc.start()
    try:
        selector.fit(source)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < max(taken.values())


def sizes_and_quotas(y: Array, n_chosen: int) -> tuple[Array, Array]:
    sizes = np.bincount(y)
    return sizes, split_budget(n_chosen, sizes)


X = np.random.default_rng(0).normal(size=(3000, 10)).astype(np.float32)
Y = np.arange(3000) % 3


@pytest.mark.parametrize("name", METHODS)
def test_every_method_says_what_each_stage_takes(name: str) -> None:
    plan, source = make_selector(name).set_params(budget=60, n_threads=1).plan(), ArraySource(X, Y)
    found = outlook(source, plan)
    assert found["max_bytes"] == max(found["memory"].values()) > PROCESS_BYTES
    assert {"survey", "choose"} <= set(found["memory"])
    more = replace(plan, budget=600)
    assert outlook(source, more)["max_bytes"] >= found["max_bytes"]


def test_all_classes_are_counted() -> None:
    plan = FastCore(60, weights="cluster", n_threads=1).plan()
    assert outlook(ArraySource(X, Y), plan)["max_clusters"] == 3000  # 1,000 rows of each class
    assert outlook(ArraySource(np.tile(X, (9, 1))), plan)["max_clusters"] == 4096
    nine = np.repeat(np.arange(9), 3000)
    assert outlook(ArraySource(np.tile(X, (9, 1)), nine), plan)["max_clusters"] == 9 * 3000


@pytest.mark.parametrize("engine", ["serial", "processes"])
def test_what_cannot_fit_is_refused_before_a_row_is_read(engine: str) -> None:
    class Unread(ArraySource):
        n_rows = 0

        def parts(self) -> Any:
            raise AssertionError("a pass has begun")

    source = Unread(X, Y)
    source.n_rows = 10**9
    how = {"representative": "medoid", "n_threads": 2}  # "auto" is known after the first pass
    selector = FastCore(0.001, engine=engine, memory_limit="2GiB", **how)
    with pytest.raises(
        MemoryLimitError, match=r"memory_limit='2GiB': choose .*allow more with"
    ) as e:
        selector.fit(source)
    assert isinstance(e.value, MemoryError)
    wanted = re.search(r"--memory-limit (\S+)\)", str(e.value))
    assert wanted is not None
    with pytest.raises(AssertionError, match="a pass has begun"):
        selector.set_params(memory_limit=wanted[1]).fit(source)
    with pytest.raises(AssertionError, match="a pass has begun"):
        selector.set_params(memory_limit=None).fit(source)


def test_wide_sparse_rows_count_as_they_are_projected() -> None:
    rows = csr_array(([1.0], ([7], [9])), shape=(2000, 130_000))
    source, plan = as_source(rows), FastCore(1000, memory_limit="2GiB").plan()
    assert plan.extent(source).n_features == 512
    assert plan.fitted(plan.extent(WeightedSource(source, np.ones(2000)))) is plan
    with pytest.raises(MemoryLimitError):
        plan.fitted(plan.extent(as_source(rows, project=None)))


def test_what_classes_need_is_refused_once_they_are_known() -> None:
    plan = FastCore(60, weights="cluster", max_clusters=10**6, memory_limit="512MiB").plan()
    big = Extent(10**8, 10, 60, 2**20)
    plan.fitted(big)
    with pytest.raises(MemoryLimitError, match=r"^to choose 60 of 100,000,000 rows"):
        plan.fitted(replace(big, sizes=np.array([10**8]), quotas=np.array([60])))


def test_fewer_workers_run_where_the_limit_is_low() -> None:
    plan = FastCore(60, engine="processes", n_threads=8, memory_limit="2GiB").plan()
    extent = plan.extent(ArraySource(X, Y))
    fitted = plan.fitted(extent)
    assert fitted.n_threads in range(2, 8)
    assert max(fitted.needed(extent).values()) <= 2**31 < max(plan.needed(extent).values())
    assert plan.fitted(replace(extent, n_rows=3)).limit == 2**31


def test_a_low_limit_makes_chunks_clusters_and_samples_smaller() -> None:
    plan = FastCore(60, memory_limit="512MiB").plan()
    usual = FastCore(60).plan()
    assert plan.chunk_bytes == usual.chunk_bytes // 4
    assert plan.exact_bytes == usual.exact_bytes // 4
    assert plan.sample_bytes == usual.sample_bytes // 4
    quotas, sizes = np.array([10**6]), np.array([10**8])
    few, many = (one.layout(quotas, sizes, 6).max_clusters[0] for one in (plan, usual))
    assert few == many // 4
    generous = replace(usual, memory_limit=None)
    assert generous.layout(quotas, sizes, 6) == usual.layout(quotas, sizes, 6)


@pytest.mark.parametrize("value", ["2 GiB", "2GiB", 2**31, "2048m", "2147483648", "2.0 gib"])
def test_amounts_of_memory_are_read(value: Any) -> None:
    expected = 2_048_000_000 if value == "2048m" else 2**31
    assert FastCore(60, memory_limit=value).plan().limit == expected


@pytest.mark.parametrize("value", ["", "much", "2 PB", -1, 0, True, 1.5, "1MiB", [1], np.nan])
def test_what_is_no_amount_of_memory_is_one_error(value: Any) -> None:
    with pytest.raises(ParameterError, match=r"^memory_limit=.*use a number of bytes"):
        FastCore(60, memory_limit=value).plan()


@pytest.mark.parametrize(
    "source",
    [
        ArraySource(X, Y),
        WeightedSource(ArraySource(X, Y), np.ones(3000)),
        ShiftedSource(ArraySource(X), 5),
    ],
    ids=lambda source: type(source).__name__,
)
def test_rows_come_in_smaller_chunks(source: Source) -> None:
    few = source.in_chunks(8 * 10 * 7)
    assert max(len(chunk.rows) for chunk in few.chunks()) == 7
    whole = np.concatenate([chunk.rows for chunk in few.chunks()])
    assert np.array_equal(whole, X)
    assert source.in_chunks(2**40) is source
    assert max(len(chunk.rows) for chunk in source.chunks()) > 7


def test_many_rows_of_a_hull_take_seconds() -> None:
    X = np.random.default_rng(0).normal(size=(1500, 70))
    FastCoreHull(5, n_threads=1).fit(X[:50])
    start = time.process_time()
    FastCoreHull(300, random_state=0, n_threads=1).fit(X)
    assert time.process_time() - start < 20  # 0.8 s; it was minutes


def test_fewer_members_of_cells_are_held_where_the_limit_binds() -> None:
    sizes, quotas = np.full(10, 6_000), np.full(10, 600)
    extent = Extent(60_000, 784, 6_000, 32 * 2**20, sizes, quotas)  # MNIST at 10 %
    ample = FastCorePlan(0.1, representative="balanced", weights="calibrated")
    tight = replace(ample, memory_limit="2GiB")
    assert ample.members_within(extent) == 30
    assert 4 < tight.members_within(extent) < 15
    assert max(tight.needed(extent).values()) <= 2**31 < max(ample.needed(extent).values())
    assert tight.fitted(extent) is tight
    assert tight.weighting_within(extent).n_members == tight.members_within(extent)
    shared = replace(tight, engine="processes", n_threads=4)
    assert shared.members_within(extent) == tight.members_within(extent)  # an engine is no answer


def test_a_coreset_of_fewer_members(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(900, 5)), np.arange(900) % 3
    settings = {"budget": 90, "representative": "balanced", "random_state": 0, "n_threads": 1}
    ample = FastCore(**settings).fit(X, y)
    monkeypatch.setattr(FastCorePlan, "members_within", lambda *_: 4)
    tight = FastCore(**settings, memory_limit="1GiB").fit(X, y)
    assert len(set(tight.sample_indices_)) == 90
    assert tight.sample_indices_.tolist() != ample.sample_indices_.tolist()
    errors = tight.report_["gradient_error"]
    assert errors["after"] < errors["before"]
