"""One run of a comparison: select once, train each model, measure."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import log_loss, mean_absolute_error, r2_score
from threadpoolctl import threadpool_limits

from coresift.experiments._job import Job, Record, failure
from coresift.experiments._memory import peak_mib
from coresift.experiments._models import Trained, train
from coresift.experiments._selection import Selection
from coresift.experiments._split import Split


@dataclass(frozen=True, eq=False)
class SharedSelectionJob(Job):
    """What to run: models that share one selection."""

    def selection(self, split: Split) -> Selection:
        """Select."""
        if self.selector is None:
            return Selection.of(None, split, self.n_threads, self.isolate)
        selector = clone(self.selector).set_params(budget=self.budget, random_state=self.seed)
        if split.is_regression and selector.get_params(deep=False).get("target") == "auto":
            selector.set_params(target="regression")
        if "n_threads" in selector.get_params(deep=False):
            selector.set_params(n_threads=self.n_threads)
        return Selection.of(selector, split, self.n_threads, self.isolate)

    def _kept_selection(self, split: Split, kept: Path | None) -> Selection:
        """Take up the selection that is kept, or select and keep it before anything is trained."""
        if kept is None or self.selector is None:
            return self.selection(split)
        if kept.exists():
            return Selection.load(kept, len(split.X))
        selection = self.selection(split)
        selection.save(kept)
        return selection

    def records(self, split: Split, kept: Path | None = None) -> Iterator[tuple[str, Record]]:
        """Run in this process.

        A selection that fails is the failure of every model, a training only of its own.
        """
        try:
            selection = self._kept_selection(split, kept)
        except Exception as error:
            yield from ((name, failure(error)) for name in self.models)
            return
        for name, model in self.models.items():
            try:
                record = {"status": "ok", "error": None, **measured(self, model, selection, split)}
            except Exception as error:
                record = failure(error)
            yield name, record

    def warm_up(self, split: Split) -> None:
        """Compile and import on a few rows, so that no measured time holds it."""
        X, y = split.few()
        few = Split(X, y, X, y)
        # What fails here fails in the run too, and is reported there.
        with contextlib.suppress(Exception):
            replace(self, budget=split.n_classes, seed=0).selection(few)
        for model in self.models.values():
            with contextlib.suppress(Exception):
                train(clone(model), X, y, np.ones(len(y)), few, 0)


def measured(
    job: SharedSelectionJob, model: BaseEstimator, selection: Selection, split: Split
) -> Record:
    """Train a model on a selection, in this process.

    Returns
    -------
    dict
        Figures as JSON has them. ``peak_mib`` is the most memory that was held up to the end of
        the training, by the process that selected or by this one.
    """
    X, y = selection.rows_of(split)
    with threadpool_limits(job.n_threads):
        trained = train(model, X, y, selection.weights, split, job.seed)
    return {
        "rows": len(selection.rows),
        **figures_of(trained, split, selection.seconds),
        "peak_mib": _larger(selection.peak_mib, peak_mib()) if job.isolate else None,
        "select_mib": selection.select_mib,
        "stages": selection.stages,
        "score": selection.score,
        "score_rows": selection.score_rows,
    }


def figures_of(trained: Trained, split: Split, select_seconds: float) -> Record:
    """Return what any training tells: seconds, test figures, curve, notes."""
    return {
        "select_seconds": select_seconds,
        "train_seconds": trained.seconds,
        "total_seconds": select_seconds + trained.seconds,
        **_quality(trained, split),
        "curve": trained.curve,
        "notes": trained.notes,
    }


def _quality(trained: Trained, split: Split) -> Record:
    """Return how good predictions of the test rows are; rows count by their prior weights."""
    truth, weights = split.y_test, split.weights_test
    if split.is_regression:
        measures = {"r2": r2_score, "mae": mean_absolute_error}
        return {
            name: float(measure(truth, trained.predictions, sample_weight=weights))
            for name, measure in measures.items()
        }
    right = trained.predictions == truth
    accuracy = right.mean() if weights is None else np.average(right, weights=weights)
    return {"accuracy": float(accuracy), "log_loss": _log_loss(trained, split)}


def _larger(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(one, other)


def _log_loss(trained: Trained, split: Split) -> float | None:
    if trained.probabilities is None:
        return None
    probabilities = np.zeros((len(split.y_test), split.n_classes))
    probabilities[:, trained.classes] = trained.probabilities
    probabilities /= probabilities.sum(axis=1, keepdims=True)  # float32 rows sum to 1 only nearly
    labels, weights = np.arange(split.n_classes), split.weights_test
    return float(log_loss(split.y_test, probabilities, labels=labels, sample_weight=weights))
