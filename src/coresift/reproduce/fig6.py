"""Figure 6: time of nine methods, selection and training together."""

from __future__ import annotations

from collections.abc import Sequence

from coresift.reproduce._experiment import Claim, Experiment, by_data
from coresift.reproduce._methods import PAPER_METHODS, TITLES
from coresift.reproduce._side_by_side import draw_seconds, linear_cells, seconds_grid, slower, times
from coresift.reproduce._store import Row


def _full_is_slowest(rows: Sequence[Row], data: str) -> tuple[bool, str] | None:
    found = {
        name: ratio
        for name in PAPER_METHODS
        if (ratio := times(rows, data, name, "total_seconds")) is not None
    }
    full = found.pop("full", None)
    if full is None or not found:
        return None
    slowest = max(found, key=lambda name: found[name])
    figure = f"{full:.1f} times FastCore's, {TITLES[slowest]} {found[slowest]:.1f} times"
    return full >= found[slowest], figure


def _below_full(rows: Sequence[Row], data: str) -> tuple[bool, str] | None:
    full = times(rows, data, "full", "total_seconds")
    found = {
        name: full / ratio
        for name in ("craig", "craig-pq")
        if full is not None and (ratio := times(rows, data, name, "total_seconds"))
    }
    if not found:
        return None
    figure = ", ".join(f"Full {ratio:.1f} times {TITLES[name]}" for name, ratio in found.items())
    return min(found.values()) > 1, figure


def _faster(rows: Sequence[Row], data: str) -> tuple[bool, str] | None:
    found = [
        (name, ratio)
        for name in ("uniform", "stratified")
        if (ratio := times(rows, data, name, "total_seconds")) is not None
    ]
    if not found:
        return None
    return (
        max(ratio for _, ratio in found) <= 1,
        ", ".join(f"{TITLES[name]} {ratio:.2f} times" for name, ratio in found),
    )


EXPERIMENT = Experiment(
    "fig6",
    "Figure 6: time of selection and training",
    "FastCore takes a tenth of the time of Full, and a third to a tenth of that of Craig and "
    "Craig+PQ.",
    linear_cells,
    seconds_grid,
    draw_seconds,
    (
        Claim("8.2.2", "Full takes the longest.", by_data(_full_is_slowest)),
        Claim(
            "8.2.2",
            "FastCore is always 10 times faster than Full.",
            by_data(slower(["full"], 10)),
        ),
        Claim(
            "8.2.2",
            "FastCore is 3 to 10 times faster than Craig and Craig+PQ. (Judged as at least 3.)",
            by_data(slower(["craig", "craig-pq"], 3)),
        ),
        Claim("8.2.2", "Craig and Craig+PQ are faster than Full.", by_data(_below_full)),
        Claim(
            "8.2.2",
            "FastCore is faster than FastCore-hull.",
            by_data(slower(["fastcore-hull"], 1)),
        ),
        Claim(
            "8.2.2",
            "Glister and DeepFool take longer, since they train as they select.",
            by_data(slower(["glister", "deepfool"], 1)),
        ),
        Claim("8.2.2", "Uniform and Stratified are very fast.", by_data(_faster)),
    ),
)
