"""The process of one run: ``python -m coresift.experiments._worker FOLDER``.

The folder holds the rows and the job; the process leaves a file ``ready`` when it has loaded
them, the selection in its file, and a file of JSON for each model as soon as it is measured.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from coresift._errors import ParameterError
from coresift._files import whole_file
from coresift.experiments._job import Job, Record
from coresift.experiments._split import Split

_JOB, _READY, _LOG = "job.pickle", "ready", "stderr.txt"
_START_LIMIT = 600.0  # seconds to load and compile, before the time limit begins


def run_isolated(
    job: Job, data: Path, kept: Path | None, time_limit: float | None
) -> dict[str, Record]:
    """Run a job in a process of its own and return the records of its models.

    A process that dies in the training of one model leaves the others to another process, which
    takes up the selection.

    Parameters
    ----------
    job : Job
        Its selector and models are of classes that another process can import.
    data : Path
        Folder written by `Split.save`.
    kept : Path or None
        File of the selection; None keeps it until the end of the run.
    time_limit : float or None
        Seconds for selection, scoring and all trainings; loading and compiling come before.
    """
    records: dict[str, Record] = {}
    taken = 0.0
    with tempfile.TemporaryDirectory() as name:
        kept = kept or Path(name) / "selection.npz"
        while rest := [name for name in job.models if name not in records]:
            left = None if time_limit is None else time_limit - taken
            ended = _run_process(job.only(rest), data, kept, left)
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


def _run_process(job: Job, data: Path, kept: Path, limit: float | None) -> _Ended:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / _JOB).write_bytes(_pickled(job, data, kept))
        with (folder / _LOG).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "coresift.experiments._worker", name],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                late, seconds = _wait(process, folder / _READY, limit)
            finally:
                _kill(process)
        records = {}
        for number, model in enumerate(job.models):
            with suppress(FileNotFoundError):
                records[model] = json.loads(_result(folder, number).read_text(encoding="utf-8"))
        return _Ended(records, late, seconds, _last_words(process.returncode, folder / _LOG))


def _result(folder: Path, number: int) -> Path:
    return folder / f"{number}.json"


def _pickled(job: Job, data: Path, kept: Path) -> bytes:
    for part in (job.selector, *job.models.values()):
        if type(part).__module__ == "__main__":
            raise ParameterError(
                f"{type(part).__name__} is defined in the program itself, where another process "
                "cannot find it: move it to a module, or pass isolate=False"
            )
    return pickle.dumps((job, data, kept))


def _wait(process: subprocess.Popen[bytes], ready: Path, limit: float | None) -> tuple[bool, float]:
    """Wait for the end of a process; return whether it was late, and its seconds from ready on."""
    since, begun = time.monotonic(), False
    while process.poll() is None:
        if not begun and ready.exists():
            begun, since = True, time.monotonic()
        allowed = limit if begun else _START_LIMIT
        if limit is not None and allowed is not None and time.monotonic() - since > allowed:
            return True, time.monotonic() - since
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    return False, time.monotonic() - since if begun else 0.0


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and those that it has started."""
    if process.poll() is not None:
        return
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _last_words(code: int | None, log: Path) -> str:
    """Return why a process ended without a result, in one line."""
    if code is not None and code < 0:
        return f"the process was ended by signal {-code} (9 is often a lack of memory)"
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else f"the process ended with exit status {code}"


def main() -> None:
    """Run the job in the folder that the command line names."""
    folder = Path(sys.argv[1])
    job, data, kept = pickle.loads((folder / _JOB).read_bytes())
    split = Split.load(data)
    job.warm_up(split)
    (folder / _READY).touch()
    for number, (_, record) in enumerate(job.records(split, kept)):
        with whole_file(_result(folder, number)) as file:
            file.write(json.dumps(record).encode())


if __name__ == "__main__":
    main()
