"""Figure 7: convergence on a coreset and on all rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from coresift.reproduce._cells import Cell, CompareCell
from coresift.reproduce._draw import lines
from coresift.reproduce._experiment import (
    Claim,
    Experiment,
    Grid,
    by_data,
    datasets_of,
    good,
    groups,
    title_among,
    title_of,
)
from coresift.reproduce._methods import TITLES
from coresift.reproduce._settings import EPOCHS, SETTINGS, Scale
from coresift.reproduce._store import Row
from coresift.selectors import FULL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_METHODS = (FULL, "fastcore", "ours-balanced", "uniform-each-epoch")
_NEAR = 0.005  # of the final accuracy
_SAME = 0.2


def _cells(scale: Scale) -> Iterator[Cell]:
    for seed in scale.seeds:
        for data in (name for name in SETTINGS if scale.repeats(seed, name)):
            yield from (CompareCell(data, method=name, seed=seed) for name in _METHODS)


def converged(curve: Sequence[Sequence[float]]) -> tuple[int, float]:
    """Return after how many iterations, and epochs, the accuracy stays near the final one.

    Examples
    --------
    >>> from coresift.reproduce.fig7 import converged
    >>> converged([[0, 0.1], [10, 0.7], [20, 0.3], [30, 0.696], [40, 0.7]])
    (30, 30.0)
    """
    steps, accuracy = np.array(curve, dtype=float).T
    near = np.abs(accuracy - accuracy[-1]) <= _NEAR
    away = np.flatnonzero(~near)
    place = int(away[-1]) + 1 if len(away) else 0
    return int(steps[place]), float(EPOCHS * steps[place] / steps[-1])


def _means(rows: Sequence[Row]) -> tuple[float, float, float] | None:
    """Return iterations and epochs until convergence, and iterations in all, over the seeds."""
    found = [(*converged(row["curve"]), row["curve"][-1][0]) for row in good(rows) if row["curve"]]
    if not found:
        return None
    first, second, third = np.mean(np.array(found, dtype=float), axis=0).tolist()
    return first, second, third


def _grid(rows: Sequence[Row]) -> Grid:
    columns = (
        *("data set", "method", "iterations to within 0.5 points"),
        *("epochs to within 0.5 points", "iterations in all"),
    )
    found = []
    for (_, method), own in groups(rows, "data", "method").items():
        means = _means(own)
        if means is not None:
            steps, epochs, total = means
            found.append(
                [title_of(own[0]), TITLES[method], round(steps), round(epochs, 1), round(total)]
            )
    return columns, found


def _draw(figure: Figure, rows: Sequence[Row]) -> None:
    panels = {}
    for data in datasets_of(rows):
        curves = {}
        for method in _METHODS:
            own = [
                row
                for row in good(rows)
                if (row["data"], row["method"]) == (data, method) and row["curve"]
            ]
            if own:
                shortest = min(len(row["curve"]) for row in own)
                curve = np.mean([np.array(row["curve"][:shortest]) for row in own], axis=0)
                curve = curve[curve[:, 0] > 0]  # the axis is logarithmic
                curves[TITLES[method]] = (curve[:, 0].tolist(), curve[:, 1].tolist())
        if curves:
            panels[title_among(rows, data)] = curves
    lines(figure, panels, "iterations", "test accuracy", log=True)


def _both(
    rows: Sequence[Row], data: str
) -> tuple[tuple[float, float, float], tuple[float, float, float]] | None:
    own = [row for row in rows if row["data"] == data]
    full = _means([row for row in own if row["method"] == FULL])
    fastcore = _means([row for row in own if row["method"] == "fastcore"])
    return None if full is None or fastcore is None else (full, fastcore)


def _fewer(rows: Sequence[Row], data: str) -> tuple[bool, str] | None:
    both = _both(rows, data)
    if both is None:
        return None
    (full, *_), (fastcore, *_) = both
    return fastcore < full, f"{fastcore:,.0f} iterations against {full:,.0f}"


def _same_epochs(rows: Sequence[Row], data: str) -> tuple[bool, str] | None:
    both = _both(rows, data)
    if both is None:
        return None
    (_, full, _), (_, fastcore, _) = both
    near = abs(fastcore - full) <= _SAME * max(full, fastcore)
    return near, f"{fastcore:.1f} epochs against {full:.1f}"


EXPERIMENT = Experiment(
    "fig7",
    "Figure 7: convergence",
    "On IMDB, FastCore takes 25,000 iterations to converge and Full 2,000,000, in a similar number "
    "of epochs.",
    _cells,
    _grid,
    _draw,
    (
        Claim(
            "8.3",
            "Training on the coreset converges in far fewer iterations than training on all rows.",
            by_data(_fewer),
        ),
        Claim(
            "8.3",
            "Both take a similar number of epochs to converge. (Judged as within 20 %, to within "
            "0.5 points of the final accuracy.)",
            by_data(_same_epochs),
        ),
    ),
)
