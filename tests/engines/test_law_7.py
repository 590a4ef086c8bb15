"""Law 7 over engines: the same coreset, bit for bit, whatever computes the sum."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from coresift import FastCore, Stratified, Uniform
from coresift._errors import InputChangedError
from coresift.engines import Engine
from coresift.engines._processes import Processes
from coresift.selectors import METHODS, BaseSelector
from coresift.sources import Source, as_source

pytestmark = pytest.mark.slow  # starting processes takes seconds

SELECTIONS = {
    **METHODS,
    "fastcore few": partial(
        FastCore, n_planes=6, max_candidates=90, refine=2, representative="random"
    ),
    "fastcore sampled": partial(FastCore, exact_below=50, refine=2),
    "fastcore calibrated": partial(FastCore, weights="calibrated"),
    "fastcore balanced": partial(FastCore, representative="balanced"),
    "uniform of all": partial(Uniform, stratify=False),
    "stratified cells": partial(Stratified, max_clusters=5, weights="assignment"),
}


@pytest.fixture(scope="module")
def table() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.choice(4, size=900, p=[0.6, 0.3, 0.09, 0.01])
    y[0] = 3
    X = rng.normal(size=(900, 5)) + y[:, None]
    X[100:140] = X[60:100]  # equal rows
    return X.astype(np.float32), y


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory, table: tuple[np.ndarray, np.ndarray]) -> Path:
    X, y = table
    path = tmp_path_factory.mktemp("law7") / "rows.parquet"
    pd.DataFrame(X, columns=list("abcde")).assign(y=y).to_parquet(path, row_group_size=100)
    return path


@pytest.fixture(params=["array", "parquet"])
def source(
    request: pytest.FixtureRequest, table: tuple[np.ndarray, np.ndarray], parquet: Path
) -> Source:
    """Nine parts or so."""
    if request.param == "array":
        return as_source(*table, chunk_rows=50)
    return as_source(parquet, label="y", chunk_rows=50)


def answer(selector: BaseSelector) -> tuple[list[int], list[float]]:
    return selector.sample_indices_.tolist(), selector.sample_weight_.tolist()


@pytest.mark.parametrize("name", SELECTIONS)
def test_processes_choose_what_one_process_chooses(
    name: str, source: Source, processes: Processes
) -> None:
    assert len(source.parts()) > 4
    serial = SELECTIONS[name](0.1, n_threads=1, random_state=3).fit(source)
    parallel = SELECTIONS[name](0.1, n_threads=2, random_state=3).set_params(engine=processes)
    parallel.fit(source)
    assert answer(parallel) == answer(serial)
    left, right = dict(parallel.report_), dict(serial.report_)
    assert set(left.pop("seconds")) == set(right.pop("seconds"))
    assert left == right


@pytest.mark.parametrize(
    "name", ["fastcore", "fastcore few", "uniform", "stratified cells", "craig"]
)
def test_dask_chooses_what_one_process_chooses(name: str, source: Source, dask: Engine) -> None:
    serial = SELECTIONS[name](0.1, n_threads=1, random_state=3).fit(source)
    parallel = SELECTIONS[name](0.1, random_state=3).set_params(engine=dask).fit(source)
    assert answer(parallel) == answer(serial)


@pytest.mark.parametrize("name", ["fastcore", "uniform"])
def test_progress_reaches_the_end_of_each_stage(
    name: str, source: Source, processes: Processes
) -> None:
    last: dict[str, tuple[int, int]] = {}

    def note(stage: str, done: int, total: int) -> None:
        last[stage] = (done, total)

    selector = METHODS[name](0.1, engine=processes).fit(source, progress=note)
    assert set(last) == set(selector.report_["seconds"])
    assert all(done == total for done, total in last.values())


def test_an_engine_by_name(table: tuple[np.ndarray, np.ndarray]) -> None:
    source = as_source(*table, chunk_rows=100)
    serial = FastCore(0.1, random_state=0).fit(source)
    parallel = clone(serial).set_params(engine="processes", n_threads=2).fit(source)
    assert answer(parallel) == answer(serial)


def test_a_file_that_changes_is_refused_as_in_one_process(
    parquet: Path, processes: Processes
) -> None:
    copied = parquet.with_name("changed.parquet")
    copied.write_bytes(parquet.read_bytes())
    source: Any = as_source(copied, label="y", chunk_rows=50)
    frame = pd.read_parquet(copied)
    frame.assign(a=frame["a"] + 1).to_parquet(copied, row_group_size=100)
    with pytest.raises(InputChangedError, match=r"changed\.parquet.*select again"):
        Uniform(10, engine=processes).fit(source)
