"""Bars and lines, a panel for each data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from coresift.reproduce._methods import OURS
from coresift.selectors import FULL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Told apart by those who do not see all colours (Okabe and Ito).
PAPER_COLOUR, OURS_COLOUR, FULL_COLOUR = "#0072B2", "#D55E00", "#555555"
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#7F7F7F")
_MARKERS = "osD^vPXh"
_WIDTH, _HEIGHT = 3.6, 0.30

Bar = tuple[str, float | None, str]  # label, value, colour; None has not been measured
Curve = tuple[Sequence[float], Sequence[float]]


def colour(method: str) -> str:
    """Return the colour of a method: grey for all rows, and another for ours."""
    if method == FULL:
        return FULL_COLOUR
    return OURS_COLOUR if method in OURS else PAPER_COLOUR


def bars(
    figure: Figure, panels: Mapping[str, Sequence[Bar]], label: str, *, log: bool = False
) -> None:
    """Draw horizontal bars with their values; the axis of accuracies begins near the least."""
    columns = min(3, max(1, len(panels)))
    lines = -(-len(panels) // columns)
    most = max((len(panel) for panel in panels.values()), default=1)
    figure.set_size_inches(_WIDTH * columns + 1.2, (_HEIGHT * most + 1.1) * lines)
    for number, (title, panel) in enumerate(panels.items()):
        axes = figure.add_subplot(lines, columns, number + 1)
        _bars(axes, list(panel)[::-1], log=log)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel(label, fontsize=9)
        if number % columns and _same_labels(panels):
            axes.tick_params(labelleft=False)


def _same_labels(panels: Mapping[str, Sequence[Bar]]) -> bool:
    return len({tuple(label for label, _, _ in panel) for panel in panels.values()}) == 1


def _bars(axes: Axes, panel: Sequence[Bar], *, log: bool) -> None:
    known = [value for _, value, _ in panel if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if log:
        axes.set_xscale("log")
        low, high = max(low, 1e-4), max(high, 1e-3)
        axes.set_xlim(low / 2, high * 8)
    else:
        start = 0.0 if low < 0.5 * high else low - 0.5 * (high - low) - 0.02 * high
        axes.set_xlim(start, high + 0.25 * (high - start))
    left = axes.get_xlim()[0]
    for place, (_, value, shade) in enumerate(panel):
        if value is None:
            axes.text(left, place, " not measured", va="center", fontsize=7, color="#777777")
        else:
            shown = max(value, 1e-4) if log else value
            axes.barh(place, shown - left, left=left, color=shade, height=0.7)
            axes.text(shown, place, f" {_short(value)}", va="center", fontsize=7)
    axes.set_ylim(-0.6, len(panel) - 0.4)
    axes.set_yticks(range(len(panel)), [label for label, _, _ in panel], fontsize=8)
    axes.tick_params(axis="x", labelsize=7)
    axes.tick_params(axis="x", which="minor", labelbottom=False)
    axes.spines[["top", "right"]].set_visible(False)


def _short(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 1 or value == 0 else f"{value:.3f}"


def lines(
    figure: Figure,
    panels: Mapping[str, Mapping[str, Curve]],
    across: str,
    up: str,
    *,
    log: bool = False,
    ticks: bool = False,
    flat: Sequence[str] = (),
) -> None:
    """Draw curves, one legend for all panels; those named in ``flat`` are levels."""
    columns = min(3, max(1, len(panels)))
    rows = -(-len(panels) // columns)
    figure.set_size_inches(_WIDTH * columns + 0.6, 3.0 * rows + 0.8)
    names = list(dict.fromkeys(name for panel in panels.values() for name in panel))
    looks: dict[str, dict[str, Any]] = {
        name: {"color": LINES[place % len(LINES)], "marker": _MARKERS[place % len(_MARKERS)]}
        for place, name in enumerate(names)
    }
    handles: dict[str, Any] = {}
    for number, (title, panel) in enumerate(panels.items()):
        axes = figure.add_subplot(rows, columns, number + 1)
        if log:
            axes.set_xscale("log")
        for name, (x, y) in panel.items():
            many = len(x) > 12
            look = {**looks[name], "marker": ""} if many else looks[name]
            if name in flat:
                handles[name] = axes.axhline(y[0], color="black", linestyle="--", linewidth=1)
            else:
                (handles[name],) = axes.plot(x, y, linewidth=1.4, markersize=5, **look)
        if ticks:
            places = sorted(
                {value for name, (x, _) in panel.items() if name not in flat for value in x}
            )
            axes.set_xticks(places, [f"{place:.3g}" for place in places], fontsize=7)
            axes.minorticks_off()
        axes.set_title(title, fontsize=10)
        axes.set_xlabel(across, fontsize=9)
        axes.set_ylabel(up, fontsize=9)
        axes.tick_params(labelsize=7)
        axes.grid(visible=True, alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    if handles:
        figure.legend(
            handles.values(),
            handles.keys(),
            loc="outside lower center",
            ncols=4,
            fontsize=8,
            frameon=False,
        )
