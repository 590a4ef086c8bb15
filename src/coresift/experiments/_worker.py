"""What the process of a run does: it loads the rows and the job, and leaves its records.

The folder of the process holds the job. The process leaves a file ``ready`` there when it has
loaded everything, the selection in its file, and a file of JSON for each model as soon as it is
measured.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import numpy as np

from coresift._files import whole_file
from coresift._lifeline import hold_on
from coresift.experiments._split import Split

JOB, READY, LOG = "job.pickle", "ready", "stderr.txt"


def result_file(folder: Path, number: int) -> Path:
    """Return where the record of a model stands."""
    return folder / f"{number}.json"


def main(name: str) -> None:
    """Run the job in a folder."""
    folder = Path(name)
    job, rows, kept = pickle.loads((folder / JOB).read_bytes())
    with open(rows, "rb") as file:  # a path, or what has been inherited
        file.seek(0)
        split = Split.load(file)
    job.warm_up(split)
    (folder / READY).touch()
    for number, (_, record) in enumerate(job.records(split, kept)):
        with whole_file(result_file(folder, number)) as target:
            target.write(json.dumps(record).encode())


def serve(parent: str, *modules: str) -> None:
    """Fork a process for each folder named on the standard input, and run its job there.

    What takes seconds to import is imported once. Until the first of these processes nothing
    here may start a thread or use a device, which a fork does not carry over. For each of them
    the standard output tells its number, and how it ended.

    Parameters
    ----------
    parent : str
        The folder of all processes, removed where the program that wrote is gone.
    *modules : str
        What else to import.
    """
    for name in modules:
        with suppress(ImportError):  # its process will say so
            import_module(name)
    while folder := sys.stdin.buffer.readline().decode().rstrip("\n"):
        child = os.fork()
        if not child:
            os.setsid()  # first: from now on it can be ended
            _stand_alone(parent, Path(folder) / LOG)
            main(folder)
            return  # and end as any program does
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    shutil.rmtree(parent, ignore_errors=True)


def _stand_alone(parent: str, log: Path) -> None:
    """Leave the group, the output and the random numbers of the process that was forked."""
    with log.open("wb") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    hold_on(parent)
    np.random.seed()  # noqa: NPY002 - of models without a seed, which would all draw alike
