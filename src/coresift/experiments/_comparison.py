"""Methods side by side: the same rows, the same models, the same measures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.datasets import load_digits

from coresift._errors import ParameterError
from coresift._progress import Progress
from coresift.core.budget import resolve_budget, split_budget
from coresift.experiments._arguments import (
    check_flag,
    check_number,
    check_seed,
    methods_of,
    n_threads_of,
    path_of,
    seeds_of,
    selector_of,
)
from coresift.experiments._each_epoch import DRAWN, EachEpoch, EachEpochJob
from coresift.experiments._job import Job
from coresift.experiments._models import DEFAULT_MODEL, is_regression, make_models
from coresift.experiments._networks import NetworkJob
from coresift.experiments._results import Comparison, Result
from coresift.experiments._series import Run, run_jobs
from coresift.experiments._shared_selection import SharedSelectionJob
from coresift.experiments._split import Split
from coresift.experiments._store import Store
from coresift.selectors import FULL, BaseSelector
from coresift.torch import LinearClassifier, NetworkClassifier

_ALWAYS = ("uniform", FULL)


def compare(
    X: Any,
    y: Any = None,
    *,
    budget: float | Sequence[float] = 0.01,
    methods: Sequence[str] | Mapping[str, BaseSelector | str] = ("fastcore",),
    seeds: int | Sequence[int] = 5,
    model: Any = DEFAULT_MODEL,
    sample_weight: Any = None,
    test: Any = None,
    test_size: float = 0.25,
    split_seed: int = 0,
    groups: Any = None,
    n_threads: int | None = None,
    time_limit: float | None = None,
    resume: str | PathLike[str] | None = None,
    isolate: bool = True,
    progress: Progress | None = None,
) -> Comparison:
    """Run methods on one data set and measure what they cost and what they are worth.

    Uniform sampling and training on everything always take part, and with networks also rows that
    are drawn anew in each epoch: "uniform-each-epoch" and "gradients-each-epoch". The first is also
    for the paper's linear models, where it is named.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features), sparse matrix, data frame, path or Source
    y : array-like of shape (n_rows,) or str
        Labels, or numbers to predict; a string is the name of the column of X that holds them.
    budget : float, int or sequence of them, default=0.01
        As for a selector. Several make the curve of accuracy against budget.
    methods : sequence of str, or mapping of str to selector, default=("fastcore",)
        Names of `coresift.selectors.METHODS`, or selectors by names of your own, whose budget,
        random_state and n_threads are set. "uniform-each-epoch" draws so many rows anew in each
        epoch, for the models ``"logistic"``, ``"svm"``, ``"lasso"`` and networks.
    seeds : int or sequence of int, default=5
        How many, from 0, or which.
    model : str, estimator, sequence of them or mapping of str to them, default="sklearn-logistic"
        ``"sklearn-logistic"`` (deterministic, C = 1), ``"logistic-l2"`` (deterministic, a penalty
        of 1e-4 on the mean loss; `coresift.experiments.L2Logistic` takes another), the paper's
        ``"logistic"``, ``"svm"`` or ``"lasso"`` (Section 8.1, needs torch), or a classifier whose
        ``fit`` takes ``sample_weight``. Several are trained on the same selections: each run
        selects once.
        ``"ridge"`` or any regressor whose ``fit`` takes ``sample_weight`` predicts numbers: then
        R2 and mean absolute error are measured, and all models have to be regressors.
        ``"mlp"``, ``"cnn"`` or a `coresift.torch.NetworkClassifier` choose anew, in gradient
        space, as they train (Algorithm 2), with selectors whose ``scale`` is set to None;
        ``"full"`` then trains on all rows in every epoch.
    sample_weight : array-like of shape (n_rows,), str or None, default=None
        Prior weights; a string is the name of the column of X that holds them. They count in the
        selections, in training on all rows, and in the measures on test rows.
    test : tuple (X_test, y_test) or (X_test, y_test, weights), path or frame, default=None
        Test rows. Columns go by their names: their order has no meaning, columns that the training
        rows lack are ignored, and an unseen level is 0 in all features. None puts ``test_size`` of
        the rows aside, each class in proportion.
    test_size : float, default=0.25
    split_seed : int, default=0
        Decides which rows are put aside.
    groups : array-like of shape (n_rows,), str or None, default=None
        Which rows belong together, such as those of one patient: a group is put aside whole or not
        at all. A string is the name of a column of X, which is then no feature.
    n_threads : int or None, default=None
        For the selectors, and for the linear algebra of the training; None, or -1, is every
        processor.
    time_limit : float or None, default=None
        Seconds for a run: selection, scoring and the training of every model. A run that passes
        it is stopped, and the models that are not measured by then are reported as such. A model
        that fails is reported too, and the others go on.
    resume : path or None, default=None
        File in which each run and model is kept as a line of JSON. Those that are in it, of the
        same rows and parameters, are not run again, unless they failed. Selections are kept in
        the folder ``FILE.selections`` and taken up for other models, with the seconds, the memory
        and the score of the run that selected.
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

    Two models on the same selections:

    >>> from sklearn.naive_bayes import GaussianNB
    >>> models = ["sklearn-logistic", GaussianNB()]
    >>> found = compare(X, y, budget=100, seeds=1, model=models, isolate=False)
    >>> found.models
    ('sklearn-logistic', 'GaussianNB()')
    >>> found.result("fastcore", model="GaussianNB()").rows
    100
    """
    _check_limits(time_limit, isolate, test_size)
    check_seed("split_seed", split_seed)
    n_threads, numbers = n_threads_of(n_threads), seeds_of(seeds)
    models = make_models(model)
    chosen = _selectors(methods, models)
    kept = path_of("resume", resume)
    regression = is_regression(models)
    split = Split.of(
        X, y, test, test_size, split_seed, sample_weight, regression=regression, groups=groups
    )
    _check_networks(models, split)
    budgets = _checked_budgets(budget, split)
    jobs = [
        kind(name, selector, amount, seed, trained, n_threads, isolate)
        for seed in numbers
        for name, selector in chosen.items()
        for amount in (budgets if selector is not None else [None])
        for kind, some in _by_kind(models, selector).items()
        if (trained := _changed(some, selector is not None or seed == numbers[0]))
    ]
    store = Store(kept)
    runs = run_jobs(jobs, split, store, time_limit, progress or _silent)
    results = _results(runs, list(models), list(chosen), budgets)
    return Comparison(split.facts(), tuple(models), tuple(results), runs)


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


def _check_limits(time_limit: float | None, isolate: bool, test_size: float) -> None:
    check_flag("isolate", isolate)
    check_number("test_size", test_size, "between 0 and 1, both excluded", 0, math.nextafter(1, 0))
    if time_limit is not None:
        check_number("time_limit", time_limit, "above 0 seconds, or None", 0)
    if time_limit is not None and not isolate:
        raise ParameterError("time_limit needs isolate=True: only a process can be stopped")


def _checked_budgets(budget: float | Sequence[float], split: Split) -> list[float]:
    # a text is not several budgets: it is refused below, as one
    several = isinstance(budget, Sequence) and not isinstance(budget, str | bytes)
    budgets: list[Any] = list(budget) if several else [budget]  # type: ignore[arg-type]
    if not budgets:
        raise ParameterError("budget=[]: give at least one")
    sizes = np.bincount(split.class_ids)
    for amount in budgets:
        split_budget(resolve_budget(amount, len(split.X)), sizes)
    return list(dict.fromkeys(budgets))


def _check_networks(models: Mapping[str, Any], split: Split) -> None:
    networks = _networks(models)
    if networks and split.weights is not None:
        raise ParameterError(
            f"sample_weight with model {networks[0]!r}: networks take no prior weights: compare "
            "other models, or leave the weights out"
        )


def _selectors(
    methods: Sequence[str] | Mapping[str, BaseSelector | str], models: Mapping[str, Any]
) -> dict[str, BaseSelector | None]:
    """Return the selectors by name, those that always take part among them and full last."""
    drawn = DRAWN if _networks(models) else {}
    pairs = methods_of(methods)
    always = [name for name in (*_ALWAYS, *drawn) if name not in pairs]
    chosen: dict[str, BaseSelector | None] = {}
    for name, what in [*pairs.items(), *((name, name) for name in always)]:
        if isinstance(what, str) and what in DRAWN:
            chosen[name] = DRAWN[what]
            _check_draws(what, chosen[name], models)
        elif not (isinstance(what, str) and what == FULL):
            chosen[name] = selector_of(what)
    return {**chosen, FULL: None}


def _check_draws(
    method: str, selector: BaseSelector | None, models: Mapping[str, BaseEstimator]
) -> None:
    """Refuse draws in each epoch for models that have none."""
    kinds = {_kind(model, selector) for model in models.values()}
    if NetworkJob not in kinds and kinds != {EachEpochJob}:
        uniform = isinstance(selector, EachEpoch) and selector.by == "uniform"
        draws, names = (
            ("a network or a linear model", "'mlp', 'cnn', 'logistic', 'svm' or 'lasso'")
            if uniform
            else ("a network", "'mlp' or 'cnn'")
        )
        raise ParameterError(f"method {method!r} draws rows as {draws} trains: use model={names}")


def _networks(models: Mapping[str, Any]) -> list[str]:
    return [name for name, model in models.items() if isinstance(model, NetworkClassifier)]


def _by_kind(
    models: dict[str, Any], selector: BaseSelector | None
) -> dict[type[Job], dict[str, Any]]:
    """Return the models that share a selection, and those that select for themselves."""
    kinds: dict[type[Job], dict[str, Any]] = {
        SharedSelectionJob: {},
        EachEpochJob: {},
        NetworkJob: {},
    }
    for name, model in models.items():
        kind = _kind(model, selector)
        if kind is not None:
            kinds[kind][name] = model
    return kinds


def _kind(model: Any, selector: BaseSelector | None) -> type[Job] | None:
    """Return what runs a model with a selector; None where it cannot draw in each epoch."""
    if isinstance(model, NetworkClassifier):
        return NetworkJob
    if not isinstance(selector, EachEpoch):
        return SharedSelectionJob
    linear = isinstance(model, LinearClassifier) and selector.by == "uniform"
    return EachEpochJob if linear else None


def _changed(models: dict[str, Any], by_rows: bool) -> dict[str, Any]:
    """Return the models that other rows, or else the seed alone, make another one."""
    return {name: model for name, model in models.items() if by_rows or _is_random(model)}


def _is_random(model: Any) -> bool:
    """Tell whether the seed decides what the model becomes; lbfgs ignores its random_state."""
    parameters = model.get_params(deep=False)
    return "random_state" in parameters and parameters.get("solver") != "lbfgs"


def _results(
    runs: Sequence[Run], models: Sequence[str], names: Sequence[str], budgets: Sequence[float]
) -> Iterator[Result]:
    """Yield for each model a line for each budget and method, then one for full."""
    lines = [(name, budget) for budget in budgets for name in names if name != FULL]
    for model in models:
        for line in [*lines, (FULL, None)]:
            own = [
                run
                for run in runs
                if (run["method"], run["budget"], run["model"]) == (*line, model)
            ]
            if own:  # not every model draws rows in each epoch
                yield Result.of(own)
