"""Processes of runs: what they import, and what is left when one of the two is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from coresift.experiments import _processes, _starts
from coresift.experiments._processes import Workshop, run_isolated
from coresift.experiments._shared_selection import SharedSelectionJob
from coresift.experiments._split import Split
from coresift.experiments._starts import _environment, shared_starts
from coresift.selectors import BaseSelector, Uniform
from troubled import Rolls, Sleeps

pytestmark = pytest.mark.usefixtures("own_starts")

TESTS = Path(__file__).resolve().parent.parent
POSIX = os.name == "posix"
linux = pytest.mark.skipif(not Path("/proc/self").exists(), reason="it looks into /proc")

# As the installed command does, whose folder is the first of sys.path.
COMMAND = """
import sys
from coresift.cli import main
from coresift.selectors import METHODS
from troubled import Sleeps
METHODS["sleeps"] = Sleeps
if __name__ == "__main__":
    main()
"""


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(600, 3)), columns=list("abc"))
    path = tmp_path / "data" / "rows.parquet"
    path.parent.mkdir()
    frame.assign(y=rng.integers(0, 2, 600)).to_parquet(path)
    return path


def start(rows: Path, *arguments: object, temporary: Path) -> subprocess.Popen[str]:
    """Start a command on the rows, in their folder."""
    script = rows.parent.parent / "coresift_command.py"
    script.write_text(COMMAND)
    temporary.mkdir(exist_ok=True)
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, str(script), *map(str, arguments), str(rows), "--label", "y",
         "--budget", "20"],
        cwd=rows.parent,
        env={**os.environ, "PYTHONPATH": path.rstrip(os.pathsep), "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def wait_for(what: Callable[[], bool], seconds: float = 120) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.05)
    return what()


def workers(temporary: Path) -> list[int]:
    """Return the processes that work in a folder."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if str(temporary).encode() in command and b"coresift.exp" in command:
                found.append(int(folder.name))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "--seeds", "1", "--methods", "uniform", "--json"],
        ["select", "--engine", "processes", "--threads", "2", "--json", "-o", "out.parquet"],
    ],
)
def test_code_of_the_current_folder_is_never_run(
    rows: Path, tmp_path: Path, arguments: list[str]
) -> None:
    for name in ("threadpoolctl", "numpy", "json", "pickle", "socket", "sitecustomize", "shutil"):
        (rows.parent / f"{name}.py").write_text(f"open({str(tmp_path / 'RAN')!r}, 'w')\n")
    done = start(rows, *arguments, temporary=tmp_path / "t")
    out, error = done.communicate(timeout=300)
    assert (done.returncode, error) == (0, "")
    assert '"status": "ok"' in out or '"n_chosen": 20' in out
    assert not (tmp_path / "RAN").exists()
    assert list((tmp_path / "t").iterdir()) == []


@linux
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("SIGTERM", 143, "coresift: terminated\n"),
        ("SIGINT", 130, "coresift: interrupted\n"),
        ("SIGKILL", -9, ""),
    ],
)
def test_a_comparison_that_is_killed_leaves_no_process_and_no_rows(
    rows: Path, tmp_path: Path, name: str, status: int, words: str
) -> None:
    temporary, kept = tmp_path / "t", tmp_path / "runs.jsonl"
    options = ["--seeds", "1", "--methods", "sleeps", "--resume", kept]
    done = start(rows, "compare", *options, temporary=temporary)
    assert wait_for(lambda: any(temporary.glob("coresift-*/*/ready")))
    assert len(workers(temporary)) == 2  # the run, and what it was forked from
    written = [path for path in temporary.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in written) < 600 * 3 * 4  # the rows are not there
    done.send_signal(getattr(signal, name))
    out, error = done.communicate(timeout=60)
    assert (done.returncode, out, error) == (status, "", words)
    assert wait_for(lambda: not workers(temporary), 30)
    assert wait_for(lambda: not list(temporary.iterdir()), 30)
    assert not kept.exists()


def test_rows_are_in_a_file_without_a_name_and_can_be_read_twice() -> None:
    rng = np.random.default_rng(0)
    split = Split.of(rng.normal(size=(50, 3)), np.arange(50) % 2, None, 0.5, 0)
    with Workshop.of(split) as workshop:
        assert (list(workshop.folder.iterdir()) == []) == POSIX
        for _ in range(2):
            with open(workshop.rows, "rb", closefd=not POSIX) as file:
                file.seek(0)
                assert Split.load(file).fingerprint == split.fingerprint
    assert not workshop.folder.exists()


def test_a_process_finds_what_this_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["/one", "/two", "/one"])
    found = _environment()
    assert found["PYTHONSAFEPATH"] == "1"
    path = found["PYTHONPATH"].split(os.pathsep)
    assert path[:2] == ["/one", "/two"]
    assert os.getcwd() not in path
    monkeypatch.setattr(sys, "path", ["", "/one"])
    path = _environment()["PYTHONPATH"].split(os.pathsep)
    assert (path[0], path[-1]) == ("/one", os.getcwd())


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    X = np.random.default_rng(0).normal(size=(500, 3))
    with Workshop.of(Split.of(X, np.arange(500) % 2, None, 0.5, 0)) as held:
        yield held


def run(workshop: Workshop, selector: BaseSelector, **options: Any) -> dict[str, Any]:
    models = {"model": LogisticRegression()}
    job = SharedSelectionJob("any", selector, 50, 0, models, n_threads=1, isolate=True)
    return run_isolated(job, workshop, None, options.pop("limit", None))["model"]


@pytest.mark.slow
@pytest.mark.parametrize("forks", [pytest.param(True, marks=linux), False])
def test_a_run_is_the_same_however_its_process_starts(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, forks: bool
) -> None:
    monkeypatch.setattr(_starts, "_FORKS", forks)
    assert run(workshop, Sleeps(), limit=0.3)["status"] == "time limit"
    record = run(workshop, Uniform())
    assert record["status"] == "ok"
    rows = np.random.default_rng(0).normal(size=(500, 3))
    split = Split.of(rows, np.arange(500) % 2, None, 0.5, 0)
    models = {"model": LogisticRegression()}
    ((_, here),) = SharedSelectionJob("any", Uniform(), 50, 0, models, n_threads=1).records(split)
    assert record["log_loss"] == here["log_loss"]


@linux
@pytest.mark.slow
def test_what_is_drawn_without_a_seed_differs_between_processes(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLS", str(tmp_path / "rolls"))
    for _ in range(2):
        assert run(workshop, Rolls())["status"] == "ok"
    rolls = (tmp_path / "rolls").read_text().split()
    assert len(rolls) >= 2
    assert len(set(rolls)) == len(rolls)


@linux
@pytest.mark.slow
def test_a_run_whose_server_is_killed_is_ended_and_the_next_one_gets_another(
    workshop: Workshop,
) -> None:
    assert run(workshop, Uniform())["status"] == "ok"
    server = workshop.starter._server
    assert server is not None

    def kill() -> None:
        assert wait_for(lambda: any(workshop.folder.glob("*/ready")))
        server.kill()

    killer = Thread(target=kill)
    killer.start()
    record = run(workshop, Sleeps(), limit=60)
    killer.join()
    assert record["error"] == "the process was ended by signal 9 (9 is often a lack of memory)"
    assert wait_for(lambda: not workers(workshop.folder), 30)
    assert run(workshop, Uniform())["status"] == "ok"


@linux
@pytest.mark.slow
def test_comparisons_share_what_they_start_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_processes, "shared_starter", _starts.shared_starter)
    rng = np.random.default_rng(0)
    servers, scores = set(), []
    with shared_starts():
        for n_rows in (300, 500):
            X = rng.normal(size=(n_rows, 3))
            with Workshop.of(Split.of(X, np.arange(n_rows) % 2, None, 0.5, 0)) as held:
                record = run(held, Uniform())
                servers.add(held.starter._server)
                folder = held.starter.parent
                assert held.folder.parent == folder
            assert record["status"] == "ok"
            scores.append(record["score"])
            assert not held.folder.exists()
        (server,) = servers
        assert server is not None
        assert server.poll() is None
    assert server.poll() is not None
    assert not folder.exists()
    assert scores[0] != scores[1]  # each of its own rows
