"""Figure 8: accuracy of networks."""

from __future__ import annotations

from collections.abc import Sequence

from coresift.reproduce._experiment import Claim, Experiment, by_data
from coresift.reproduce._methods import TITLES
from coresift.reproduce._side_by_side import accuracy_grid, draw_accuracy, network_cells, points
from coresift.reproduce._store import Row

_COMPETITIVE = 2.0  # points


def _competitive(rows: Sequence[Row], data: str) -> tuple[bool, str] | None:
    leads = {
        name: lead
        for name in ("full", "craig", "craig-pq")
        if (lead := points(rows, data, name)) is not None
    }
    if not leads:
        return None
    figure = ", ".join(f"{lead:+.1f} points to {TITLES[name]}" for name, lead in leads.items())
    return min(leads.values()) >= -_COMPETITIVE, figure


EXPERIMENT = Experiment(
    "fig8",
    "Figure 8: accuracy of networks trained on coresets that follow them",
    "FastCore is competitive with Full and with gradient approximation.",
    network_cells,
    accuracy_grid,
    draw_accuracy,
    (
        Claim(
            "8.4",
            "For networks, FastCore is competitive with Full, Craig and Craig+PQ. (Judged as at "
            "most 2 points below.)",
            by_data(_competitive),
        ),
    ),
)
