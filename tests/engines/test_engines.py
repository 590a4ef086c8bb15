"""Every engine gives what the serial one gives, and says why where it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coresift._errors import DataError, EngineError, ParameterError
from coresift._threads import threads
from coresift.engines import Engine, Merger, Serial, check_rows, engine_names, make_engine
from coresift.engines._processes import Processes
from worker_tasks import DieAt, FailAt, Note, NoteProcess, NoteSlice, Rows, Seen

PARTS = [Rows(0, 5), Rows(5, 1), Rows(6, 0), Rows(6, 7), *(Rows(13 + i, 1) for i in range(9))]
N_ROWS = 22


ENGINES = [
    "serial",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("processes", "dask")),
]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "serial":
        return Serial()
    own: Engine = request.getfixturevalue(request.param)
    return own


def folded(engine: Engine, task: Any, parts: Sequence[Any] = PARTS) -> Seen | None:
    return engine.fold(task, parts, lambda _: None).value


def test_results_are_merged_in_the_order_of_the_parts_and_chunks(engine: Engine) -> None:
    steps: list[int] = []
    done = engine.fold(Note(), PARTS, steps.append)
    assert done.value is not None
    assert done.value.values == tuple(range(N_ROWS))
    assert done.n_rows == sum(steps) == N_ROWS
    assert list(done.seconds) == ["note"]
    assert done.seconds["note"] > 0


def test_each_part_gets_what_it_needs_of_a_task(engine: Engine) -> None:
    task = NoteSlice(0, tuple(range(100, 100 + N_ROWS)))
    found = folded(engine, task)
    assert found is not None
    rows = [value for _, *values in found.values for value in values]
    assert rows == list(task.table)
    lengths = {length for length, *_ in found.values}
    assert lengths == ({N_ROWS} if engine.name == "serial" else {1, 5, 7})


def test_no_parts_have_no_result(engine: Engine) -> None:
    for parts in ([], [Rows(0, 0)]):
        done = engine.fold(Note(), parts, lambda _: None)
        assert (done.value, done.n_rows) == (None, 0)


def test_an_error_in_a_task_arrives_as_it_is(engine: Engine) -> None:
    with pytest.raises(DataError, match=r"^row 7 cannot be used$"):
        folded(engine, FailAt(7))
    assert folded(engine, Note()) is not None  # and the engine still works


@pytest.mark.slow
def test_parts_are_read_by_other_processes_with_one_thread_each(processes: Processes) -> None:
    with threads(5):
        found = folded(processes, NoteProcess(), [Rows(i, 1) for i in range(40)])
    assert found is not None
    assert len(found.values) == 40
    assert {n_threads for _, n_threads in found.values} == {1}
    workers = {process for process, _ in found.values}
    assert os.getpid() not in workers
    assert len(workers) <= 2


@pytest.mark.slow
def test_a_worker_that_dies_is_one_clear_error_and_the_next_pass_starts_new_ones() -> None:
    with threads(1), Processes() as engine:
        with pytest.raises(EngineError, match=r"a worker process has died.*n_threads"):
            folded(engine, DieAt(5))
        engine.close()
        found = folded(engine, Note())
    assert found is not None
    assert found.values == tuple(range(N_ROWS))


def test_each_result_takes_part_in_few_merges() -> None:
    merger: Merger[Seen] = Merger()
    for number in range(1000):
        merger.add(Seen((number,)))
    total = merger.total()
    assert total is not None
    assert total.values == tuple(range(1000))
    assert total.depth <= 20


def test_of_results_at_their_limit_few_exist_at_a_time() -> None:
    @dataclass(frozen=True)
    class Full:
        values: np.ndarray

        def merge(self, other: Full) -> Full:
            return Full(np.zeros(min(1000, len(self.values) + len(other.values))))

    merger: Merger[Full] = Merger()
    most = 0
    for _ in range(500):
        merger.add(Full(np.zeros(100)))
        most = max(most, sum(size for size, _ in merger._carries))
    total = merger.total()
    assert total is not None
    assert len(total.values) == 1000
    assert most <= 2 * 8 * 1000


def test_chunks_are_read_one_at_a_time_and_not_held() -> None:
    class Held:
        rows = (0,)

    alive: weakref.WeakSet[Held] = weakref.WeakSet()
    most = 0

    class Part:
        def chunks(self) -> Iterator[Held]:
            for _ in range(20):
                chunk = Held()
                alive.add(chunk)
                yield chunk
                del chunk

    def look(_: Held) -> Seen:
        nonlocal most
        most = max(most, len(alive))
        return Seen(())

    assert Serial().fold(look, [Part()], lambda _: None).n_rows == 20
    assert most <= 2  # the one at hand, and the one before until the loop lets go of it


def test_a_pass_that_has_read_another_number_of_rows_is_refused() -> None:
    check_rows(3, 3)
    with pytest.raises(DataError, match=r"has read 1,003 rows, the input has 1,004"):
        check_rows(1003, 1004)


def test_engines_are_found_by_name() -> None:
    assert {"serial", "processes"} <= set(engine_names())
    for name in engine_names():
        assert make_engine(name).name == name
    own = Processes(3)
    assert make_engine(own) is own


@pytest.mark.parametrize("engine", ["fast", "base", "registry", "", None, 3, Serial])
def test_engines_that_are_none_are_refused(engine: Any) -> None:
    with pytest.raises(ParameterError, match=r"engine=.*: use one of .*processes, serial.*"):
        make_engine(engine)


SELECTION = """
import numpy as np
from coresift import Uniform
if __name__ == "__main__":
    X = np.arange(4000.0)[:, None]
    print(len(Uniform(9, engine="processes", n_threads=1).fit(X).sample_indices_))
"""


@pytest.mark.slow
def test_workers_run_no_code_of_the_current_folder(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for folder in (here, elsewhere):
        folder.mkdir()
    for name in ("pickle", "socket", "threadpoolctl"):
        (here / f"{name}.py").write_text("open('ran', 'w')\n")
    (elsewhere / "selection.py").write_text(SELECTION)
    done = subprocess.run(
        [sys.executable, elsewhere / "selection.py"],
        capture_output=True,
        check=False,
        cwd=here,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "9"), done.stderr
    assert not (here / "ran").exists()
