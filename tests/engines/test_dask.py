"""Dask: workers that are killed, what travels, and how a cluster is reached."""

from __future__ import annotations

import os
import signal
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from coresift import FastCore
from coresift._errors import EngineError
from coresift.engines import make_engine
from coresift.engines._dask import Dask
from coresift.engines._parcel import Parcel, opened
from coresift.sources import ArraySource
from worker_tasks import DieAt, Note, Rows

pytestmark = pytest.mark.slow  # a cluster takes seconds to start

PARTS = [Rows(i, 1) for i in range(20)]


def answer(selector: FastCore) -> tuple[list[int], list[float]]:
    return selector.sample_indices_.tolist(), selector.sample_weight_.tolist()


def test_a_worker_killed_in_every_pass_changes_nothing(client: Any) -> None:
    rng = np.random.default_rng(5)
    y = rng.integers(0, 3, size=3000)
    # rows of more than a megabyte a part go to the workers, and are lost with them
    X = (rng.normal(size=(3000, 700)) + y[:, None]).astype(np.float32)
    source = ArraySource(X, y, chunk_rows=375)
    killed: dict[str, int] = {}

    def kill(stage: str, done: int, total: int) -> None:
        if stage in ("survey", "summarise", "refine", "weigh") and done and stage not in killed:
            killed[stage] = next(iter(client.run(os.getpid).values()))
            os.kill(killed[stage], signal.SIGKILL)

    settings: dict[str, Any] = {"budget": 30, "random_state": 1, "n_codewords": 16, "n_planes": 8}
    found = FastCore(**settings, engine=client).fit(source, progress=kill)
    assert set(killed) == {"survey", "summarise", "refine", "weigh"}
    assert len(set(killed.values())) == 4
    assert answer(found) == answer(FastCore(**settings).fit(source))


def test_a_part_that_kills_all_workers_is_one_clear_error(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.cluster.scheduler, "allowed_failures", 0)  # not four workers
    dask = make_engine(client)
    with pytest.raises(EngineError, match=r"^workers of the Dask cluster have died, .*memory"):
        dask.fold(DieAt(3), PARTS, lambda _: None)


def test_arrays_that_all_parts_share_do_not_travel_with_each() -> None:
    task = {"encoder": np.arange(10_000), "own": np.arange(3), "again": None}
    task["again"] = task["encoder"]
    parcel = Parcel(task)
    rest = parcel.rest({**task, "own": np.arange(5_000), "new": np.ones(9)})
    assert 40_000 < len(rest) < 41_000
    found = opened(parcel.shared, rest)
    assert found["encoder"] is found["again"]
    np.testing.assert_array_equal(found["encoder"], task["encoder"])
    np.testing.assert_array_equal(found["own"], np.arange(5_000))
    assert found["encoder"].flags.writeable


def test_a_client_is_an_engine_and_stays_open(client: Any) -> None:
    engine = make_engine(client)
    assert isinstance(engine, Dask)
    with engine:
        assert engine.fold(Note(), PARTS, lambda _: None).n_rows == 20
    assert client.status == "running"
    assert clone(FastCore(3, engine=engine)).engine is engine


def test_an_address_is_an_engine(client: Any) -> None:
    with Dask(client.scheduler_info()["address"]) as engine:
        assert engine.fold(Note(), PARTS, lambda _: None).n_rows == 20
    assert client.status == "running"


def test_a_scheduler_that_does_not_answer_is_one_clear_error() -> None:
    import dask
    import distributed  # which has defaults of its own

    assert distributed.__version__
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "300ms"}),
        pytest.raises(EngineError, match=r"no scheduler of Dask answers at 'tcp://127.0.0.1:1'"),
    ):
        Dask("tcp://127.0.0.1:1").fold(Note(), PARTS, lambda _: None)


def test_a_dask_array_is_computed_on_the_workers(client: Any) -> None:
    da = pytest.importorskip("dask.array")
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(400, 3)), rng.integers(0, 2, size=400)

    here = os.getpid()

    def made(block: Any) -> Any:
        assert os.getpid() != here
        return block

    rows = da.from_array(X, chunks=(150, 3)).map_blocks(made, dtype=X.dtype)
    settings: dict[str, Any] = {"budget": 20, "random_state": 0}
    found = FastCore(**settings, engine=client).fit(rows, da.from_array(y, chunks=150))
    assert answer(found) == answer(FastCore(**settings).fit(X, y))
