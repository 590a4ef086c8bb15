"""What the process of a run does: it loads the rows and the job, and leaves its records.

The folder of the process holds the job. The process leaves a file ``ready`` there when it has
loaded everything, the selection in its file, and a file of JSON for each model as soon as it is
measured.
"""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path

from coresift._files import whole_file
from coresift.experiments._split import Split

JOB, READY, LOG = "job.pickle", "ready", "stderr.txt"
# The folder of all processes, then that of this one. Nothing may be imported before the lifeline
# holds that takes time.
BOOTSTRAP = (
    "import sys; from coresift._lifeline import hold_on; hold_on(sys.argv[1]); "
    "from coresift.experiments._worker import main; main()"
)


def result_file(folder: Path, number: int) -> Path:
    """Return where the record of a model stands."""
    return folder / f"{number}.json"


def main() -> None:
    """Run the job in the folder that the command line names."""
    folder = Path(sys.argv[2])
    job, rows, kept = pickle.loads((folder / JOB).read_bytes())
    with open(rows, "rb") as file:  # a path, or what has been inherited
        file.seek(0)
        split = Split.load(file)
    job.warm_up(split)
    (folder / READY).touch()
    for number, (_, record) in enumerate(job.records(split, kept)):
        with whole_file(result_file(folder, number)) as target:
            target.write(json.dumps(record).encode())
