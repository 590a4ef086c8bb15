"""Figure 10: accuracy against the size of the coreset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from coresift.reproduce._cells import Cell, CompareCell
from coresift.reproduce._draw import lines
from coresift.reproduce._experiment import (
    Claim,
    Experiment,
    Grid,
    by_data,
    datasets_of,
    groups,
    mean,
    of_method,
    spread,
    title_among,
    title_of,
)
from coresift.reproduce._methods import TITLES
from coresift.reproduce._settings import Scale
from coresift.reproduce._store import Row
from coresift.selectors import FULL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES = (0.001, 0.005, 0.01, 0.05, 0.1)
_METHODS = ("fastcore", "uniform", "ours-balanced", "uniform-each-epoch")
_STABLE = 1.0  # points
_STEPS = (0.001, 0.01, 0.1)  # ten times as many rows each


def _cells(scale: Scale) -> Iterator[Cell]:
    for seed in scale.seeds:
        for data in scale.varied_tables:
            yield CompareCell(data, method=FULL, seed=seed)
            for share in SIZES:
                for method in _METHODS:
                    yield CompareCell(data, {"share": share}, method, seed, budget=share)


def _grid(rows: Sequence[Row]) -> Grid:
    columns = (
        *("data set", "share of rows", "method", "accuracy", "± of seeds", "rows", "total [s]"),
        "seeds",
    )
    found = []
    for (_, share, method), own in groups(rows, "data", "share", "method").items():
        count = mean(own, "rows")
        found.append(
            [
                title_of(own[0]),
                "all" if share is None else f"{100 * share:g} %",
                TITLES[method],
                mean(own, "accuracy"),
                spread(own, "accuracy"),
                None if count is None else round(count),
                mean(own, "total_seconds"),
                len(own),
            ]
        )
    return columns, found


def _draw(figure: Figure, rows: Sequence[Row]) -> None:
    panels = {}
    for data in datasets_of(rows):
        curves = {}
        for method in _METHODS:
            known = [
                (100 * share, accuracy)
                for share in SIZES
                if (accuracy := of_method(rows, data, method, "accuracy", share=share)) is not None
            ]
            if known:
                curves[TITLES[method]] = ([x for x, _ in known], [y for _, y in known])
        full = of_method(rows, data, FULL, "accuracy")
        if full is not None:
            curves[TITLES[FULL]] = ([100 * SIZES[0]], [full])
        panels[title_among(rows, data)] = curves
    flat = (TITLES[FULL],)
    lines(figure, panels, "size [% of rows]", "test accuracy", log=True, ticks=True, flat=flat)


def _rises_then_stays(rows: Sequence[Row], data: str) -> tuple[bool, str] | None:
    known = [of_method(rows, data, "fastcore", "accuracy", share=share) for share in SIZES]
    if None in known:
        return None
    percent = [100 * value for value in known if value is not None]
    stable = abs(percent[-1] - percent[-2]) <= _STABLE
    figure = ", ".join(
        f"{value:.1f} % at {100 * share:g} %" for share, value in zip(SIZES, percent, strict=True)
    )
    return stable and percent[-1] >= percent[0], figure


def _found_in_few_steps(rows: Sequence[Row], data: str) -> tuple[bool, str] | None:
    known = [of_method(rows, data, "fastcore", "accuracy", share=share) for share in _STEPS]
    percent = [100 * value for value in known if value is not None]
    if len(percent) < len(_STEPS):
        return None
    figure = f"{percent[-1] - percent[-2]:+.1f} points from 1 to 10 %"
    return abs(percent[-1] - percent[-2]) <= _STABLE, figure


EXPERIMENT = Experiment(
    "fig10",
    "Figure 10: accuracy against the size of the coreset",
    "From 0.1 to 10 % of the rows, the accuracy increases first and then remains stable.",
    _cells,
    _grid,
    _draw,
    (
        Claim(
            "A.0.1",
            "With growing size the accuracy of FastCore rises and then stays. (Judged as within 1 "
            "point from 5 to 10 %, and no less than at 0.1 %.)",
            by_data(_rises_then_stays),
        ),
        Claim(
            "A.0.1",
            "From 0.1 %, few steps of ten times as many rows lead to a size from which the "
            "accuracy is stable. (Judged as two steps, within 1 point from 1 to 10 %.)",
            by_data(_found_in_few_steps),
        ),
    ),
)
