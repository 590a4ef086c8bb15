"""Figure 9: time of networks, selection and training together."""

from __future__ import annotations

from coresift.reproduce._experiment import Claim, Experiment, by_data
from coresift.reproduce._side_by_side import draw_seconds, network_cells, seconds_grid, slower

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
            by_data(slower(("full", "craig", "craig-pq"), 1)),
        ),
    ),
)
