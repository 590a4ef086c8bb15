"""Run tables and figures, keep what was run, and write them."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coresift
from coresift._errors import BudgetError, DataError, MissingDataError, ParameterError
from coresift._progress import Progress
from coresift.datasets import check_home
from coresift.experiments._starts import shared_starts
from coresift.reproduce._cells import Cell, Context
from coresift.reproduce._experiment import Experiment
from coresift.reproduce._machine import about
from coresift.reproduce._registry import experiment, names_of
from coresift.reproduce._settings import PAPER, QUICK, Scale
from coresift.reproduce._store import Folder, Kept, Row
from coresift.reproduce._write import check_drawing, write

NO_TIME = "no time was left"
TOO_SLOW = "another seed passed the time limit"


@dataclass(frozen=True)
class Outcome:
    """What became of a table or a figure.

    Parameters
    ----------
    name : str
    files : tuple of Path
        JSON, CSV, Markdown and PNG.
    done : int
        Runs that are there.
    missing : tuple of (str, str)
        What was not run, and why.
    """

    name: str
    files: tuple[Path, ...]
    done: int
    missing: tuple[tuple[str, str], ...]


def reproduce(
    name: str,
    out: str | os.PathLike[str],
    *,
    quick: bool = False,
    minutes: float | None = None,
    n_threads: int | None = None,
    data_home: str | os.PathLike[str] | None = None,
    download: bool = True,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Run a table or a figure of the paper, or all of them, and write it.

    Parameters
    ----------
    name : str
        Such as ``"table2"`` or ``"fig6"``; ``"all"`` runs all of them.
    out : str or path
        Folder for NAME.json, NAME.csv, NAME.md and NAME.png, and for what was run: what is there is
        not run again.
    quick : bool, default=False
        Few rows, one seed, short trainings of networks: minutes, where all takes hours.
    minutes : float or None, default=None
        No run begins later than that; what was not run is listed.
    n_threads : int or None, default=None
        Of each run; None is every processor.
    data_home : str or path or None, default=None
        As for `coresift.datasets.load_covtype`.
    download : bool, default=True
        Fetch data sets that are not there. A set that cannot be had is generated at the paper's
        size, and every table says so.
    progress : callable or None, default=None
        Called with (what is run, runs done, runs in all).

    Returns
    -------
    list of Outcome

    Raises
    ------
    ParameterError
        For a name that is no table or figure, and a number of minutes that is not above 0.
    MissingDataError
        For a ``data_home`` without a file of any data set.
    FormatError
        For a folder whose runs are of another version or another scale, or that cannot be used.
    MissingDependencyError
        Where matplotlib or torch is not installed.

    Examples
    --------
    >>> from coresift.reproduce import reproduce
    >>> outcomes = reproduce("table2", "results", quick=True)  # doctest: +SKIP
    """
    names = names_of(name)
    if minutes is not None and not minutes > 0:
        raise ParameterError(f"minutes={minutes}: must be above 0, or None for no limit")
    if data_home is not None:
        check_home(data_home)
    return run_experiments(
        [experiment(one) for one in names],
        out,
        QUICK if quick else PAPER,
        minutes=minutes,
        n_threads=n_threads,
        data_home=data_home,
        download=download,
        progress=progress,
    )


def run_experiments(
    experiments: Sequence[Experiment],
    out: str | os.PathLike[str],
    scale: Scale,
    *,
    minutes: float | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> list[Outcome]:
    """Run experiments at any scale; options are those of `Context`."""
    check_drawing()
    context = Context(scale, Folder(Path(out), scale.name), progress=progress, **options)
    deadline = None if minutes is None else time.monotonic() + 60 * minutes
    with shared_starts():
        return [_one(found, context, deadline) for found in experiments]


def _one(found: Experiment, context: Context, deadline: float | None) -> Outcome:
    rows: list[Row] = []
    seconds: dict[str, float] = {}
    missing: list[tuple[str, str]] = []
    done, too_slow = 0, set()
    cells = list(found.cells(context.scale))
    tell = context.progress or _silent
    for number, cell in enumerate(cells):
        tell(f"{found.name}: {cell.name}", number, len(cells))
        if cell.series in too_slow:
            missing.append((cell.name, TOO_SLOW))
            continue
        try:
            key = _key(cell, context)
            kept = _measured(cell, key, context, deadline)
            rows += cell.tagged(context, kept.rows)
            seconds[hashlib.sha256(key.encode()).hexdigest()[:12]] = kept.seconds
            done += 1
            if any(row.get("status") == "time limit" for row in kept.rows):
                too_slow.add(cell.series)
        except MissingDataError as error:
            missing.append((cell.name, str(error)))
    tell(found.name, len(cells), len(cells))
    files = write(found, rows, _facts(found, rows, seconds, missing, context), context.folder)
    return Outcome(found.name, files, done, tuple(missing))


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def _key(cell: Cell, context: Context) -> str:
    """Return what decides the rows of a cell, in JSON."""
    facts = {**cell.facts(context), **cell.table(context).facts()}
    return json.dumps({**facts, "version": coresift.__version__}, sort_keys=True)


def _measured(cell: Cell, key: str, context: Context, deadline: float | None) -> Kept:
    """Return what a cell measures, kept or run now.

    Raises
    ------
    MissingDataError
        Where it was not run.
    """
    kept = context.folder.get(key)
    if kept is not None:
        return kept
    left = None if deadline is None else deadline - time.monotonic()
    if left is not None and left <= 0:
        raise MissingDataError(NO_TIME)
    whole = cell.limit(context.scale)
    limit = whole if whole is None or left is None else min(whole, left)
    start = time.monotonic()
    try:
        rows = cell.measure(context, limit)
    except (BudgetError, DataError) as error:  # such as fewer rows than classes
        raise MissingDataError(str(error)) from error
    statuses = {row.get("status", "ok") for row in rows}
    if "time limit" in statuses and limit != whole:
        raise MissingDataError(NO_TIME)
    kept = Kept(rows, time.monotonic() - start)
    if "failed" not in statuses:
        context.folder.put(key, kept)
    return kept


def _facts(
    found: Experiment,
    rows: Sequence[Row],
    seconds: dict[str, float],
    missing: Sequence[tuple[str, str]],
    context: Context,
) -> dict[str, Any]:
    """Return what belongs to the figures: data, seeds, machine, versions, what is not there.

    The seconds are by run, so that those that figures share can be counted once.
    """
    names = list(dict.fromkeys(row["data"] for row in rows))
    return {
        "name": found.name,
        "title": found.title,
        "paper": found.paper,
        "scale": context.scale.name,
        "epochs": context.scale.epochs,
        "batch_size": context.scale.batch_size,
        "seeds": list(context.scale.seeds),
        "data": [context.table(name).facts() for name in names],
        "about": about(context.n_threads),
        "seconds": seconds,
        "missing": [list(pair) for pair in missing],
    }
