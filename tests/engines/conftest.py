"""A Dask cluster that outlives a test: it takes seconds to start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from coresift.engines import Engine, make_engine


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    """A client of a cluster with two worker processes of one thread."""
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(**options) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def dask(client: Any) -> Iterator[Engine]:
    with make_engine(client) as engine:
        yield engine
