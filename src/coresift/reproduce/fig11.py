"""Figure 11: three convex models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from coresift.reproduce._cells import Cell, CompareCell
from coresift.reproduce._draw import bars, colour
from coresift.reproduce._experiment import (
    Claim,
    Experiment,
    Found,
    Grid,
    Verdict,
    datasets_of,
    groups,
    judged,
    mean,
    of_method,
    title_among,
    title_of,
)
from coresift.reproduce._methods import TITLES
from coresift.reproduce._settings import Scale
from coresift.reproduce._store import Row
from coresift.selectors import FULL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MODELS = {"logistic": "logistic regression", "svm": "SVM", "lasso": "Lasso"}
_METHODS = (FULL, "fastcore", "uniform", "ours-balanced", "uniform-each-epoch")
_SIGNIFICANT = 2.0  # points


def _cells(scale: Scale) -> Iterator[Cell]:
    for seed in scale.seeds:
        for data in scale.varied_tables:
            for method in _METHODS:
                for model in MODELS:
                    yield CompareCell(data, method=method, seed=seed, model=model)


def _grid(rows: Sequence[Row]) -> Grid:
    columns = ("data set", "model", "method", "accuracy", "total [s]", "seeds")
    found = []
    for (_, model, method), own in groups(rows, "data", "model", "method").items():
        figures = [mean(own, name) for name in ("accuracy", "total_seconds")]
        found.append([title_of(own[0]), MODELS[model], TITLES[method], *figures, len(own)])
    return columns, found


def _draw(figure: Figure, rows: Sequence[Row]) -> None:
    panels = {
        title_among(rows, data): [
            (
                f"{title}: {TITLES[method]}",
                of_method(rows, data, method, "accuracy", model=model),
                colour(method),
            )
            for model, title in MODELS.items()
            for method in _METHODS
        ]
        for data in datasets_of(rows)
    }
    bars(figure, panels, "test accuracy")


def _no_difference(rows: Sequence[Row]) -> Verdict:
    found: list[Found] = []
    for data in datasets_of(rows):
        title = title_among(rows, data)
        for model, name in MODELS.items():
            full = of_method(rows, data, FULL, "accuracy", model=model)
            own = of_method(rows, data, "fastcore", "accuracy", model=model)
            if full is not None and own is not None:
                gap = 100 * (own - full)
                found.append((f"{title}, {name}", gap >= -_SIGNIFICANT, f"{gap:+.1f} points"))
    return judged(found)


EXPERIMENT = Experiment(
    "fig11",
    "Figure 11: accuracy of three convex models",
    "For logistic regression, SVM and Lasso alike, FastCore differs little from Full.",
    _cells,
    _grid,
    _draw,
    (
        Claim(
            "A.0.2",
            "Whatever the model, FastCore is not significantly worse than Full. (Judged as at "
            "most 2 points below.)",
            _no_difference,
        ),
    ),
)
