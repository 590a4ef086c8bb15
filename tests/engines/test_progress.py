"""How far a call is, and how fast."""

from __future__ import annotations

import time

import numpy as np
import pytest

from coresift import FastCore, Pace, paced
from coresift.engines import Engine, engine_names
from coresift.sources import ArraySource

X = np.random.default_rng(0).normal(size=(4000, 3)).astype(np.float32)
ENGINES = [
    name if name == "serial" else pytest.param(name, marks=pytest.mark.slow)
    for name in engine_names()
]


def test_rate_and_time_left_follow_from_what_is_done() -> None:
    pace = Pace("survey", 300, 1200, 1.5, 10)
    assert (pace.rate, pace.seconds_left) == (200.0, 4.5)
    for unknown in (Pace("survey", 0, 10, 2.0), Pace("survey", 1, 10, 0.0)):
        assert (unknown.rate, unknown.seconds_left) == (None, None)
    assert Pace("cluster", 5, 0, 2.0).seconds_left is None
    assert Pace("survey", 12, 10, 2.0).seconds_left == 0


def test_bytes_are_told_in_passes_over_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    now, told = [0.0], list[Pace]()
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    progress = paced(told.append, n_rows=100, n_bytes=5000)
    for stage, done, total in [
        ("survey", 0, 100), ("survey", 50, 100), ("choose", 0, 7), ("choose", 7, 7),
        ("refine", 300, 400), ("survey", 0, 100), ("survey", 10, 100),
    ]:  # fmt: skip
        progress(stage, done, total)
        now[0] += 1
    assert [pace.n_bytes for pace in told] == [0, 2500, None, None, 15000, 0, 500]
    assert told[1].seconds == told[3].seconds == told[-1].seconds == 1  # entered again: anew


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_tells_all_rows_of_a_pass(name: str, request: pytest.FixtureRequest) -> None:
    engine: str | Engine = name if name == "serial" else request.getfixturevalue(name)
    told: list[Pace] = []
    selector = FastCore(20, random_state=0, engine=engine, n_threads=2)
    selector.fit(
        ArraySource(X, chunk_rows=250), progress=paced(told.append, n_rows=4000, n_bytes=9)
    )
    survey = [pace for pace in told if pace.stage == "survey"]
    assert [survey[0].done, survey[-1].done, survey[-1].n_bytes] == [0, 4000, 9]
    assert len(survey) > 5
    assert survey[-1].seconds_left == 0
