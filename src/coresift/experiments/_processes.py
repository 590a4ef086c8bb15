"""Runs in processes of their own, which end when this one does and leave nothing behind."""

from __future__ import annotations

import json
import os
import pickle
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from coresift._errors import ParameterError
from coresift.experiments._job import Job, Record
from coresift.experiments._split import Split
from coresift.experiments._starts import Started, Starter, shared_starter
from coresift.experiments._worker import JOB, LOG, READY, result_file

_START_LIMIT = 600.0  # seconds to load and compile, before the time limit begins


@dataclass(frozen=True)
class Workshop:
    """What the processes of a comparison share.

    Parameters
    ----------
    folder : Path
        For what they leave. A process removes it where this one is killed.
    rows : int or Path
        What to open: the rows, in a file that has no name where the system has such files, so
        that nothing is left of it however this process ends.
    starter : Starter
    """

    folder: Path
    rows: int | Path
    starter: Starter

    @classmethod
    @contextmanager
    def of(cls, split: Split) -> Iterator[Workshop]:
        """Hold the rows ready for processes."""
        shared = shared_starter()
        within = None if shared is None else shared.parent
        with tempfile.TemporaryDirectory(prefix="coresift-", dir=within) as name:
            folder = Path(name)
            with (folder / "rows").open("w+b") as file:
                nameless = os.name == "posix"
                if nameless:
                    (folder / "rows").unlink()
                split.save(file)
                file.flush()
                if shared is not None:  # whose process was there before the file
                    yield cls(folder, Path(f"/proc/{os.getpid()}/fd/{file.fileno()}"), shared)
                    return
                rows = file.fileno() if nameless else folder / "rows"
                with closing(Starter(folder, [rows] if isinstance(rows, int) else [])) as starter:
                    yield cls(folder, rows, starter)


def run_isolated(
    job: Job, workshop: Workshop, kept: Path | None, time_limit: float | None
) -> dict[str, Record]:
    """Run a job in a process of its own and return the records of its models.

    A process that dies in the training of one model leaves the others to another process, which
    takes up the selection.

    Parameters
    ----------
    job : Job
        Its selector and models are of classes that another process can import.
    workshop : Workshop
    kept : Path or None
        File of the selection; None keeps it until the end of the run.
    time_limit : float or None
        Seconds for selection, scoring and all trainings; loading and compiling come before.
    """
    records: dict[str, Record] = {}
    taken = 0.0
    with tempfile.TemporaryDirectory(dir=workshop.folder) as name:
        kept = kept or Path(name) / "selection.npz"
        while rest := [name for name in job.models if name not in records]:
            left = None if time_limit is None else time_limit - taken
            ended = _run_process(job.only(rest), workshop, kept, left)
            taken += ended.seconds
            records |= ended.records
            missing = rest[len(ended.records) :]
            failure = {"status": "failed", "error": ended.last_words}
            if ended.late:
                error = f"passed the time limit of {time_limit:g} s"
                failure = {"status": "time limit", "error": error}
            elif job.selector is None or kept.exists():
                missing = missing[:1]  # it died in the training of this one
            records |= {name: {**failure} for name in missing}
    return records


class _Ended(NamedTuple):
    """What a process left: the records of its first models, seconds since it was ready."""

    records: dict[str, Record]
    late: bool
    seconds: float
    last_words: str


def _run_process(job: Job, workshop: Workshop, kept: Path, limit: float | None) -> _Ended:
    with tempfile.TemporaryDirectory(dir=workshop.folder) as name:
        folder = Path(name)
        (folder / JOB).write_bytes(_pickled(job, workshop, kept))
        process = workshop.starter.start(folder, job.imports())
        try:
            status, seconds = _wait(process, folder / READY, limit)
        finally:
            process.kill()
        records = {}
        for number, model in enumerate(job.models):
            with suppress(FileNotFoundError):
                records[model] = json.loads(result_file(folder, number).read_text("utf-8"))
        return _Ended(records, status is None, seconds, _last_words(status, folder / LOG))


def _pickled(job: Job, workshop: Workshop, kept: Path) -> bytes:
    for part in (job.selector, *job.models.values()):
        if type(part).__module__ == "__main__":
            raise ParameterError(
                f"{type(part).__name__} is defined in the program itself, where another process "
                "cannot find it: move it to a module, or pass isolate=False"
            )
    return pickle.dumps((job, workshop.rows, kept.absolute()))


def _wait(process: Started, ready: Path, limit: float | None) -> tuple[int | None, float]:
    """Wait for the end of a process; return its status, None if late, and seconds from ready on."""
    since, begun = time.monotonic(), False
    while (status := process.wait(0.05)) is None:
        if not begun and ready.exists():
            begun, since = True, time.monotonic()
        allowed = limit if begun else _START_LIMIT
        if limit is not None and allowed is not None and time.monotonic() - since > allowed:
            break
    return status, time.monotonic() - since if begun or status is None else 0.0


def _last_words(code: int | None, log: Path) -> str:
    """Return why a process ended without a result, in one line."""
    if code is not None and code < 0:
        return f"the process was ended by signal {-code} (9 is often a lack of memory)"
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else f"the process ended with exit status {code}"
