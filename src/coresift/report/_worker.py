"""The process of one run: ``python -m coresift.report._worker FOLDER``.

The folder holds the rows and the job; the process leaves a file ``ready`` when it has loaded
them, and ``result.json`` when it is done.
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
from typing import Any

from coresift._errors import ParameterError
from coresift.report._data import Split
from coresift.report._run import Job, execute

_JOB, _READY, _RESULT, _LOG = "job.pickle", "ready", "result.json", "stderr.txt"
_START_LIMIT = 600.0  # seconds to load and compile, before the time limit begins


def run_isolated(job: Job, data: Path, time_limit: float | None) -> dict[str, Any]:
    """Run a job in a process of its own and return its figures, or what became of it.

    Parameters
    ----------
    job : Job
        Its selector and model are of classes that another process can import.
    data : Path
        Folder written by `Split.save`.
    time_limit : float or None
        Seconds for selection, training and scoring; loading and compiling come before.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / _JOB).write_bytes(_pickled(job, data))
        with (folder / _LOG).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "coresift.report._worker", name],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                late = _wait(process, folder / _READY, time_limit)
            finally:
                _kill(process)
        if late:
            return {"status": "time limit", "error": f"passed the time limit of {time_limit:g} s"}
        if (folder / _RESULT).exists():
            found: dict[str, Any] = json.loads((folder / _RESULT).read_text(encoding="utf-8"))
            return found
        return {"status": "failed", "error": _last_words(process.returncode, folder / _LOG)}


def _pickled(job: Job, data: Path) -> bytes:
    for part in (job.selector, job.model):
        if type(part).__module__ == "__main__":
            raise ParameterError(
                f"{type(part).__name__} is defined in the program itself, where another process "
                "cannot find it: move it to a module, or pass isolate=False"
            )
    return pickle.dumps((job, data))


def _wait(process: subprocess.Popen[bytes], ready: Path, time_limit: float | None) -> bool:
    """Wait for the end of a process; return whether it passed its limit."""
    since, limit = time.monotonic(), _START_LIMIT
    begun = time_limit is None
    while process.poll() is None:
        if not begun and time_limit is not None and ready.exists():
            begun, since, limit = True, time.monotonic(), time_limit
        if time_limit is not None and time.monotonic() - since > limit:
            return True
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    return False


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


def attempt(job: Job, split: Split) -> dict[str, Any]:
    """Run a job in this process and return its figures, or why it failed."""
    try:
        return {"status": "ok", "error": None, **execute(job, split)}
    except Exception as error:
        line = " ".join(str(error).split())
        return {"status": "failed", "error": f"{type(error).__name__}: {line}"}


def main() -> None:
    """Run the job in the folder that the command line names."""
    folder = Path(sys.argv[1])
    job, data = pickle.loads((folder / _JOB).read_bytes())
    split = Split.load(data)
    job.warm_up(split)
    (folder / _READY).touch()
    result = attempt(job, split)
    part = folder / f"{_RESULT}.part"
    part.write_text(json.dumps(result), encoding="utf-8")
    part.replace(folder / _RESULT)


if __name__ == "__main__":
    main()
