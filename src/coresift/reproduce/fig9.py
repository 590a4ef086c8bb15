"""Figure 9: time of networks, selection and training together."""

from __future__ import annotations

from collections.abc import Sequence

from coresift.reproduce._experiment import Claim, Experiment, by_data
from coresift.reproduce._methods import TITLES
from coresift.reproduce._side_by_side import draw_seconds, network_cells, seconds_grid, times
from coresift.reproduce._store import Row


def _faster(rows: Sequence[Row], data: str) -> tuple[bool, str] | None:
    found = {
        name: ratio
        for name in ("full", "craig", "craig-pq")
        if (ratio := times(rows, data, name, "total_seconds")) is not None
    }
    if not found:
        return None
    figure = ", ".join(f"{TITLES[name]} {ratio:.1f} times" for name, ratio in found.items())
    return min(found.values()) > 1, figure


EXPERIMENT = Experiment(
    "fig9",
    "Figure 9: time of selection and training of networks",
    "FastCore is much faster than Full and the gradient approximation baselines.",
    network_cells,
    seconds_grid,
    draw_seconds,
    (
        Claim(
            "8.4",
            "For networks, FastCore is faster than Full, Craig and Craig+PQ.",
            by_data(_faster),
        ),
    ),
)
