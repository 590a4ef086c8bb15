"""Runs added up: each figure as mean and spread over the seeds."""

from __future__ import annotations

import csv
import io
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from coresift._text import no_formula

FIGURES = (
    "select_seconds",
    "train_seconds",
    "total_seconds",
    "peak_mib",
    "select_mib",
    "score",
    "accuracy",
    "log_loss",
    "r2",
    "mae",
)


class Figure(NamedTuple):
    """Mean and (population) standard deviation over the seeds."""

    mean: float
    spread: float


@dataclass(frozen=True)
class Result:
    """One line of a comparison.

    Parameters
    ----------
    method : str
    budget : float or int or None
        As asked for; None where all rows are taken.
    model : str
    status : {"ok", "failed", "time limit"}
        Of the worst run.
    error : str or None
        Of the first run that has one.
    runs, seeds : int
        Runs that ended well, and all of them.
    rows : int or None
        Rows trained on.
    figures : dict of str to Figure
        Those of `FIGURES` that are known, over the runs that ended well: seconds, MiB held by the
        process (``peak_mib``) and by the selection alone (``select_mib``), Eq. 5 score (mean
        distance to the nearest chosen row of the class, in features scaled to [0, 1]), accuracy
        and log-loss on the test rows, of numbers to predict R2 and mean absolute error.
    notes : tuple of str
    """

    method: str
    budget: float | None
    model: str
    status: str
    error: str | None
    runs: int
    seeds: int
    rows: int | None
    figures: dict[str, Figure] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, runs: Sequence[dict[str, Any]]) -> Result:
        """Add up the runs of one method, budget and model."""
        good = [run for run in runs if run["status"] == "ok"]
        bad = [run for run in runs if run["status"] != "ok"]
        figures = {}
        for name in FIGURES:
            values = [run[name] for run in good if run.get(name) is not None]
            if values and len(values) == len(good):
                figures[name] = Figure(statistics.fmean(values), statistics.pstdev(values))
        return cls(
            runs[0]["method"],
            runs[0]["budget"],
            runs[0]["model"],
            bad[0]["status"] if bad else "ok",
            bad[0]["error"] if bad else None,
            len(good),
            len(runs),
            good[0]["rows"] if good else None,
            figures,
            tuple(sorted({note for run in good for note in run["notes"]})),
        )

    def mean(self, name: str) -> float | None:
        """Return the mean of a figure, or None where it is not known."""
        return self.figures[name].mean if name in self.figures else None

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, for JSON: a figure as NAME and NAME_spread."""
        facts: dict[str, Any] = {
            "method": self.method,
            "budget": self.budget,
            "model": self.model,
            "status": self.status,
            "error": self.error,
            "runs": self.runs,
            "seeds": self.seeds,
            "rows": self.rows,
        }
        for name in FIGURES:
            figure = self.figures.get(name)
            facts[name] = None if figure is None else figure.mean
            facts[f"{name}_spread"] = None if figure is None else figure.spread
        return {**facts, "notes": list(self.notes)}


@dataclass(frozen=True)
class Comparison:
    """What `coresift.compare` returns.

    Parameters
    ----------
    data : dict
        Numbers of rows, features and classes (None where there are numbers to predict).
    models : tuple of str
    results : tuple of Result
        For each model a line for each budget and method.
    runs : tuple of dict
        Every run and model: method, budget, seed, model, status, error, and its figures; those of
        a selection are the same for all its models. ``stages`` holds seconds of selection by
        stage, ``curve`` pairs of iterations and test accuracy where the model records them.
    """

    data: dict[str, Any]
    models: tuple[str, ...]
    results: tuple[Result, ...]
    runs: tuple[dict[str, Any], ...]

    def result(self, method: str, budget: float | None = None, model: str | None = None) -> Result:
        """Return the line of a method; of the first budget and model where none is given."""
        return next(
            result
            for result in self.results
            if result.method == method
            and budget in (None, result.budget)
            and model in (None, result.model)
        )

    def of_model(self, model: str) -> Comparison:
        """Return the part of one model."""
        return Comparison(
            self.data,
            (model,),
            tuple(result for result in self.results if result.model == model),
            tuple(run for run in self.runs if run["model"] == model),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return everything, for JSON."""
        return {
            "data": self.data,
            "models": list(self.models),
            "results": [result.as_dict() for result in self.results],
            "runs": list(self.runs),
        }

    def to_json(self) -> str:
        """Return `as_dict` as one line of JSON."""
        return json.dumps(self.as_dict())

    def to_csv(self) -> str:
        """Return the results as CSV with a line of names.

        A text that a spreadsheet would take for a formula begins with an apostrophe.
        """
        lines = [
            {
                name: no_formula(value) if isinstance(value, str) else value
                for name, value in {**result.as_dict(), "notes": "; ".join(result.notes)}.items()
            }
            for result in self.results
        ]
        text = io.StringIO()
        writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
        return text.getvalue()
