"""How large a coreset should be: larger and larger, until it no longer helps (Appendix A.0.1)."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from coresift._errors import ParameterError
from coresift._progress import Progress
from coresift.experiments._arguments import (
    check_number,
    check_seed,
    n_threads_of,
    seeds_of,
    selector_of,
)
from coresift.experiments._models import DEFAULT_MODEL, is_regression, make_model
from coresift.experiments._shared_selection import SharedSelectionJob, measured
from coresift.experiments._split import Split
from coresift.selectors import BaseSelector


@dataclass(frozen=True)
class BudgetStep:
    """A size that was tried.

    Parameters
    ----------
    budget : float
        Share of the rows.
    rows : int
    accuracy, accuracy_spread : float
        On validation rows; mean and standard deviation over the seeds.
    seconds : float
        Of selecting and training, all seeds.
    """

    budget: float
    rows: int
    accuracy: float
    accuracy_spread: float
    seconds: float


@dataclass(frozen=True)
class BudgetAdvice:
    """What `coresift.suggest_budget` returns.

    Parameters
    ----------
    budget : float
        The smallest share that was tried after which the accuracy rose by less than the
        tolerance; the largest that was tried where it never stopped rising.
    is_stable : bool
        Whether the accuracy stopped rising.
    steps : tuple of BudgetStep
    seconds : float
    """

    budget: float
    is_stable: bool
    steps: tuple[BudgetStep, ...]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, for JSON."""
        return asdict(self)


def suggest_budget(
    X: Any,
    y: Any = None,
    *,
    method: str | BaseSelector = "fastcore",
    model: Any = DEFAULT_MODEL,
    start: float = 0.001,
    factor: float = 3.0,
    tolerance: float = 0.005,
    seeds: int = 3,
    validation: float = 0.2,
    random_state: int = 0,
    groups: Any = None,
    n_threads: int | None = None,
    on_step: Callable[[BudgetStep], None] | None = None,
    progress: Progress | None = None,
) -> BudgetAdvice:
    """Suggest a budget: multiply a small one until the validation accuracy is stable.

    Parameters
    ----------
    X, y
        As for `coresift.compare`.
    method : str or selector, default="fastcore"
    model : str or classifier, default="sklearn-logistic"
        As for `coresift.compare`.
    start : float, default=0.001
        First share; raised to one row a class where it is less.
    factor : float, default=3.0
        From one share to the next. The paper takes 10, which needs fewer steps and may end at a
        coreset ten times larger than needed.
    tolerance : float, default=0.005
        Accuracy gains below this count as no improvement.
    seeds : int, default=3
        Selections for each share; their mean accuracy counts.
    validation : float, default=0.2
        Share of the rows put aside to take the accuracy on.
    random_state : int, default=0
        Decides the validation rows, and is the first of the seeds.
    groups : array-like of shape (n_rows,), str or None, default=None
        Which rows belong together, such as those of one patient: a group is put aside whole or not
        at all. A string is the name of a column of X, which is then no feature.
    n_threads : int or None, default=None
    on_step : callable or None, default=None
        Called with each `BudgetStep`.
    progress : callable or None, default=None
        Called with (stage, done, total).

    Returns
    -------
    BudgetAdvice

    Raises
    ------
    DataError, LabelError, ParameterError
        For what cannot be used.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift import suggest_budget
    >>> X, y = load_digits(return_X_y=True)
    >>> advice = suggest_budget(X, y, start=0.01, tolerance=0.02, seeds=1)
    >>> advice.is_stable, [step.rows for step in advice.steps][:2]
    (True, [14, 43])
    """
    check_number("start", start, "a fraction above 0, at most 1", 0, 1)
    check_number("factor", factor, "above 1, or nothing would grow", 1)
    check_number("tolerance", tolerance, "above 0", 0)
    between = "between 0 and 1, both excluded"
    check_number("validation", validation, between, 0, math.nextafter(1, 0))
    check_seed("random_state", random_state)
    numbers = [random_state + seed for seed in seeds_of(seeds)]
    check_seed("random_state plus seeds", numbers[-1])
    n_threads, selector = n_threads_of(n_threads), selector_of(method)
    since = time.perf_counter()
    split = Split.of(X, y, None, validation, random_state, groups=groups)
    name, models = type(selector).__name__, {"": make_model(model)}
    if is_regression(models):
        raise ParameterError(
            f"model={model!r} predicts numbers, and a budget is judged by accuracy: give a "
            "classifier, or compare regressors at several budgets with compare"
        )
    SharedSelectionJob(name, selector, None, 0, models, n_threads).warm_up(split)
    steps: list[BudgetStep] = []
    share = max(start, split.n_classes / len(split.X))
    while not _is_over(steps, tolerance):
        jobs = [
            SharedSelectionJob(name, selector, share, seed, models, n_threads) for seed in numbers
        ]
        steps.append(_step(share, jobs, split, progress))
        if on_step is not None:
            on_step(steps[-1])
        if share == 1:
            break
        share = min(1.0, share * factor)
    stable = _is_over(steps, tolerance)
    chosen = steps[-2] if stable else steps[-1]
    return BudgetAdvice(chosen.budget, stable, tuple(steps), time.perf_counter() - since)


def _is_over(steps: list[BudgetStep], tolerance: float) -> bool:
    """Tell whether the last step brought less than the tolerance."""
    return len(steps) > 1 and steps[-1].accuracy - steps[-2].accuracy < tolerance


def _step(
    share: float, jobs: list[SharedSelectionJob], split: Split, progress: Progress | None
) -> BudgetStep:
    runs = []
    for number, job in enumerate(jobs):
        selection = job.selection(split)
        runs += [measured(job, model, selection, split) for model in job.models.values()]
        if progress is not None:
            progress(f"{share:.3%}", number + 1, len(jobs))
    accuracies = [run["accuracy"] for run in runs]
    return BudgetStep(
        share,
        runs[0]["rows"],
        statistics.fmean(accuracies),
        statistics.pstdev(accuracies),
        sum(run["total_seconds"] for run in runs),
    )
