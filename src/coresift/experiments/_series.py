"""Runs one after the other: what is kept is not run again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import coresift
from coresift._progress import Progress
from coresift.experiments._job import Job, Record
from coresift.experiments._processes import Workshop, run_isolated
from coresift.experiments._selection import Selection
from coresift.experiments._split import Split, digest_of
from coresift.experiments._store import Store

Run = Record  # with "method", "budget", "seed", "model", "time_limit" and "key"


@dataclass(frozen=True, eq=False)
class _Task:
    """A job and where its results are kept.

    Parameters
    ----------
    job : Job
    keys : dict of str to str
        The key of the record of each model.
    missing : list of str
        Models to run.
    selection : Path or None
    """

    job: Job
    keys: dict[str, str]
    missing: list[str]
    selection: Path | None

    @classmethod
    def of(cls, job: Job, data: str, store: Store, time_limit: float | None) -> _Task:
        common = {"version": coresift.__version__, "data": data}
        keys = {name: digest_of({**job.facts(name), **common}) for name in job.models}
        missing = [name for name, key in keys.items() if _is_due(store.get(key), time_limit)]
        selection = store.selection(digest_of({**job.selection_facts(), **common}))
        return cls(job, keys, missing, selection)

    def check(self, n_rows: int) -> None:
        """Raise FormatError where the selection that would be taken up cannot be."""
        if self.missing and self.selection is not None and self.selection.exists():
            Selection.load(self.selection, n_rows)


def run_jobs(
    jobs: Sequence[Job],
    split: Split,
    store: Store,
    time_limit: float | None,
    progress: Progress,
) -> tuple[Run, ...]:
    """Run what is not in the store yet, and keep it there; a run for each model of each job.

    Raises
    ------
    FormatError
        If a kept selection is none, before the first run.
    """
    tasks = [_Task.of(job, split.fingerprint, store, time_limit) for job in jobs]
    for task in tasks:
        task.check(len(split.X))
    runs = []
    progress("compare", 0, len(tasks))
    with _runner(split, jobs[0].isolate, time_limit) as run:
        for number, task in enumerate(tasks):
            job = task.job
            names = {"method": job.method, "budget": job.budget, "seed": job.seed}
            if task.missing:
                for name, record in run(job.only(task.missing), task.selection):
                    kept = {**names, "model": name, "time_limit": time_limit, **record}
                    store.put(task.keys[name], kept)
            # What another call kept may have another name for the model.
            runs += [{**store[key], "model": name} for name, key in task.keys.items()]
            progress("compare", number + 1, len(tasks))
    return tuple(runs)


def _is_due(run: Run | None, time_limit: float | None) -> bool:
    """Tell whether there is no run yet, or it failed, or it has more time now."""
    if run is not None and run["status"] == "time limit":
        return bool((time_limit or math.inf) > run["time_limit"])
    return run is None or bool(run["status"] != "ok")


@contextmanager
def _runner(
    split: Split, isolate: bool, time_limit: float | None
) -> Iterator[Callable[[Job, Path | None], Iterable[tuple[str, Record]]]]:
    """Yield what runs a job, given the file of its selection."""
    if isolate:
        with Workshop.of(split) as workshop:
            yield lambda job, kept: run_isolated(job, workshop, kept, time_limit).items()
        return
    warm: set[tuple[type, str]] = set()

    def run(job: Job, kept: Path | None) -> Iterable[tuple[str, Record]]:
        kind = type(job), job.method
        if kind not in warm:
            job.warm_up(split)
            warm.add(kind)
        return job.records(split, kept)

    yield run
