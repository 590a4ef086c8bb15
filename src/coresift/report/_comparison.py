"""Methods side by side: the same rows, the same model, the same measures."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from sklearn.datasets import load_digits

import coresift
from coresift._errors import ParameterError
from coresift._stages import Progress
from coresift.core.budget import resolve_budget, split_budget
from coresift.core.classes import Classes, count_labels
from coresift.report._data import Split, digest_of
from coresift.report._models import DEFAULT_MODEL, make_model
from coresift.report._result import Comparison, Result
from coresift.report._run import Job
from coresift.report._store import Store
from coresift.report._worker import attempt, run_isolated
from coresift.selectors import FULL, BaseSelector, make_selector

Run = dict[str, Any]
_ALWAYS = ("uniform", FULL)


def compare(
    X: Any,
    y: Any = None,
    *,
    budget: float | Sequence[float] = 0.01,
    methods: Sequence[str] | Mapping[str, BaseSelector | str] = ("fastcore",),
    seeds: int | Sequence[int] = 5,
    model: Any = DEFAULT_MODEL,
    test: Any = None,
    test_size: float = 0.25,
    split_seed: int = 0,
    n_threads: int | None = None,
    time_limit: float | None = None,
    resume: str | PathLike[str] | None = None,
    isolate: bool = True,
    progress: Progress | None = None,
) -> Comparison:
    """Run methods on one data set and measure what they cost and what they are worth.

    Uniform sampling and training on everything always take part.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features), sparse matrix, data frame, path or Source
    y : array-like of shape (n_rows,) or str
        Labels; a string is the name of the column of X that holds them.
    budget : float, int or sequence of them, default=0.01
        As for a selector. Several make the curve of accuracy against budget.
    methods : sequence of str, or mapping of str to selector, default=("fastcore",)
        Names of `coresift.selectors.METHODS`, or selectors by names of your own, whose budget,
        random_state and n_threads are set.
    seeds : int or sequence of int, default=5
        How many, from 0, or which.
    model : str or classifier, default="sklearn-logistic"
        ``"sklearn-logistic"`` (deterministic), the paper's ``"logistic"``, ``"svm"`` or
        ``"lasso"`` (Section 8.1, needs torch), or a classifier whose ``fit`` takes
        ``sample_weight``.
    test : tuple (X_test, y_test), path or frame, default=None
        Test rows. None puts ``test_size`` of the rows aside, each class in proportion.
    test_size : float, default=0.25
    split_seed : int, default=0
        Decides which rows are put aside.
    n_threads : int or None, default=None
        For the selectors, and for the linear algebra of the training.
    time_limit : float or None, default=None
        Seconds for a run: selection, training and scoring. A run that passes it is stopped and
        reported as such. A run that fails is reported too, and the others go on.
    resume : path or None, default=None
        File in which each run is kept as a line of JSON. Runs that are in it, of the same rows
        and parameters, are not run again, unless they failed.
    isolate : bool, default=True
        Run each in a process of its own. Without, it is quicker for small data, but there is no
        time limit, and no figure of memory.
    progress : callable or None, default=None
        Called with ("compare", runs done, runs in all).

    Returns
    -------
    Comparison

    Raises
    ------
    BudgetError, DataError, FormatError, LabelError, ParameterError
        For what cannot be used, before the first run.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift import compare
    >>> X, y = load_digits(return_X_y=True)
    >>> found = compare(X, y, budget=100, seeds=2, isolate=False)
    >>> [(result.method, result.rows) for result in found.results]
    [('fastcore', 100), ('uniform', 100), ('full', 1347)]
    """
    _check_limits(time_limit, isolate)
    split = Split.of(X, y, test, test_size, split_seed)
    budgets = _checked_budgets(budget, split)
    chosen = _selectors(methods)
    numbers = list(range(seeds)) if isinstance(seeds, int) else [int(seed) for seed in seeds]
    if not numbers:
        raise ParameterError(f"seeds={seeds!r}: give at least one")
    fitted = make_model(model)
    jobs = [
        Job(name, selector, amount, seed, fitted, n_threads)
        for seed in numbers
        for name, selector in chosen.items()
        for amount in (budgets if selector is not None else [None])
        if selector is not None or seed == numbers[0] or _is_random(fitted)
    ]
    store = Store(None if resume is None else Path(resume))
    runs = _run_all(jobs, split, store, time_limit, isolate, progress or _silent)
    name = model if isinstance(model, str) else repr(fitted)
    return Comparison(split.facts(), name, tuple(_results(runs, list(chosen), budgets)), runs)


def compare_on_digits(
    budget: float = 0.1, seed: int = 0, n_seeds: int = 5, progress: Progress | None = None
) -> Comparison:
    """Compare FastCore, uniform samples and everything on scikit-learn's digits.

    Parameters
    ----------
    budget : float
        Share of the training rows to select.
    seed : int
        First of the seeds; it also decides the test rows.
    n_seeds : int
        Repetitions of FastCore and of uniform sampling.
    progress : callable or None
        As for `compare`.
    """
    X, y = load_digits(return_X_y=True)
    seeds = range(seed, seed + n_seeds)
    return compare(
        X, y, budget=budget, seeds=seeds, split_seed=seed, isolate=False, progress=progress
    )


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def _check_limits(time_limit: float | None, isolate: bool) -> None:
    if time_limit is not None and not time_limit > 0:
        raise ParameterError(f"time_limit={time_limit}: must be above 0 seconds, or None")
    if time_limit is not None and not isolate:
        raise ParameterError("time_limit needs isolate=True: only a process can be stopped")


def _checked_budgets(budget: float | Sequence[float], split: Split) -> list[float]:
    budgets = list(budget) if isinstance(budget, Sequence) else [budget]
    if not budgets:
        raise ParameterError("budget=[]: give at least one")
    classes = Classes.of(count_labels(split.y), len(split.y))
    for amount in budgets:
        split_budget(resolve_budget(amount, len(split.X)), classes.sizes)
    return list(dict.fromkeys(budgets))


def _selectors(
    methods: Sequence[str] | Mapping[str, BaseSelector | str],
) -> dict[str, BaseSelector | None]:
    """Return the selectors by name, uniform and full among them and full last."""
    names = [methods] if isinstance(methods, str) else methods
    pairs = dict(names) if isinstance(names, Mapping) else {name: name for name in names}
    chosen: dict[str, BaseSelector | None] = {}
    for name, what in [*pairs.items(), *((name, name) for name in _ALWAYS if name not in pairs)]:
        if what != FULL:
            chosen[name] = make_selector(what) if isinstance(what, str) else what
    return {**chosen, FULL: None}


def _is_random(model: Any) -> bool:
    """Tell whether the seed decides what the model becomes; lbfgs ignores its random_state."""
    parameters = model.get_params(deep=False)
    return "random_state" in parameters and parameters.get("solver") != "lbfgs"


def _run_all(
    jobs: Sequence[Job],
    split: Split,
    store: Store,
    time_limit: float | None,
    isolate: bool,
    progress: Callable[[str, int, int], None],
) -> tuple[Run, ...]:
    """Run what is not in the store yet, and keep it there."""
    data = split.fingerprint
    runs = []
    progress("compare", 0, len(jobs))
    with _runner(split, time_limit, isolate) as run:
        for number, job in enumerate(jobs):
            facts = {**job.facts(), "version": coresift.__version__, "isolate": isolate}
            key = digest_of({**facts, "data": data})
            kept = store.get(key)
            if kept is None or _again(kept, time_limit):
                names = {"method": job.method, "budget": job.budget, "seed": job.seed}
                kept = {**names, "time_limit": time_limit, **run(job)}
                kept = store.put(key, kept)
            runs.append(kept)
            progress("compare", number + 1, len(jobs))
    return tuple(runs)


def _again(run: Run, time_limit: float | None) -> bool:
    """Tell whether a kept run is worth another try: it failed, or has more time now."""
    if run["status"] == "time limit":
        return bool((time_limit or math.inf) > run["time_limit"])
    return bool(run["status"] != "ok")


@contextmanager
def _runner(
    split: Split, time_limit: float | None, isolate: bool
) -> Iterator[Callable[[Job], Run]]:
    if isolate:
        with tempfile.TemporaryDirectory() as name:
            split.save(Path(name))
            yield lambda job: run_isolated(job, Path(name), time_limit)
        return
    warm: set[str] = set()

    def run(job: Job) -> Run:
        if job.method not in warm:
            job.warm_up(split)
            warm.add(job.method)
        return {**attempt(job, split), "peak_mib": None}

    yield run


def _results(
    runs: Sequence[Run], names: Sequence[str], budgets: Sequence[float]
) -> Iterator[Result]:
    """Yield a line for each budget and method, then one for full."""
    for budget in budgets:
        for name in names:
            these = [run for run in runs if (run["method"], run["budget"]) == (name, budget)]
            if these:
                yield Result.of(these)
    full = [run for run in runs if run["method"] == FULL]
    yield replace(Result.of(full), budget=None)
