"""Hypothesis profiles, the way to the real data, and worker processes that tests share."""

from __future__ import annotations

import os

# Before numpy is loaded. Two workers of pytest on two cores would otherwise run four threads of
# BLAS, which wait for each other: a product of 1 ms takes 25.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from coresift._typing import Float32, Rows
from coresift.core import centroids, codebook, kmeans, mixture
from coresift.engines._processes import Processes
from coresift.experiments import _processes
from coresift.experiments._starts import shared_starts

# The first call of a kernel compiles it, which no deadline and no health check should see.
COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile(
    "default", max_examples=40, derandomize=bool(os.environ.get("CI")), **COMMON
)
settings.register_profile("fast", max_examples=3, derandomize=True, database=None, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of the real data sets; for tests marked ``data``."""
    beside = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    folder = Path(os.environ.get("CORESIFT_DATA", beside))
    if not any(folder.glob("*.parquet")):
        pytest.skip(f"no real data in {folder}: set CORESIFT_DATA to the folder that holds it")
    return folder


@pytest.fixture(scope="session", autouse=True)
def means() -> Iterator[None]:
    """Train k-means once for the same rows: most of the time of a selection as small as here."""
    kept: dict[tuple[object, ...], Float32] = {}

    def trained(rows: Rows, n_means: int, seed: int) -> Float32:
        key = rows.tobytes(), rows.shape, n_means, seed
        if key not in kept:
            kept[key] = kmeans.train_means(rows, n_means, seed)
        return kept[key].copy()

    with pytest.MonkeyPatch.context() as patch:
        for module in (centroids, codebook, mixture):
            patch.setattr(module, "train_means", trained)
        yield


@pytest.fixture(scope="session", autouse=True)
def starts() -> Iterator[None]:
    """Fork the runs of all comparisons from one process: its imports take 3 s."""
    with shared_starts():
        yield


@pytest.fixture
def own_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start processes as a comparison does alone: with the environment of now."""
    monkeypatch.setattr(_processes, "shared_starter", lambda: None)


class Kept(Processes):
    """Workers that outlive a selection."""

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    """Two workers, which take seconds to start."""
    engine = Kept(2)
    yield engine
    engine.close()
