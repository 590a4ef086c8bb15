"""Pictures of a comparison, as SVG."""

from __future__ import annotations

import importlib.util
import io
import itertools
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coresift._errors import MissingDependencyError
from coresift._text import plain
from coresift.experiments import Comparison, Result
from coresift.report._table import budget_text
from coresift.selectors import FULL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Told apart by those who do not see all colours (Okabe and Ito, Tol), and dark enough for a line;
# black is for full. From the sixth method on lines are dashed.
_COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"),
    *("#56B4E9", "#882255", "#7F7F7F", "#999933", "#332288"),
)
_MARKERS = "osD^vPXh<>"
_STYLES = ("-",) * 5 + ("--",) * 5
_SIZE = (7.4, 4.2)
_QUALITY = {"accuracy": "accuracy", "r2": "R2"}
_LONGEST = 36  # signs of a name in a legend


def charts(comparison: Comparison) -> Iterator[tuple[str, str, str]]:
    """Yield title, caption and SVG of each picture that the results give.

    Raises
    ------
    MissingDependencyError
        Where matplotlib is not installed.
    """
    quality = _quality(comparison.results)
    good = [result for result in comparison.results if quality in result.figures]
    looks = _looks(comparison.results)
    if good:
        yield (
            f"{_QUALITY[quality][0].upper()}{_QUALITY[quality][1:]} against time",
            "Selection and training together, in seconds (logarithmic). Up and to the left is "
            "better; bars are one standard deviation over the seeds.",
            _draw(lambda axes: _against_time(axes, good, looks, quality), quality),
        )
    budgets = {result.rows for result in good if result.method != FULL}
    if len(budgets) > 1:
        yield (
            f"{_QUALITY[quality][0].upper()}{_QUALITY[quality][1:]} against budget",
            "Rows trained on (logarithmic). The dashed line is training on all rows.",
            _draw(lambda axes: _against_budget(axes, good, looks, quality), quality),
        )
    curves = list(_curves(comparison))
    if curves:
        yield (
            "Convergence",
            "Test accuracy against iterations of gradient descent (logarithmic), the mean over "
            f"the seeds (Figure 7 of the paper){_which(comparison)}.",
            _draw(lambda axes: _convergence(axes, curves, looks)),
        )


def _quality(results: Sequence[Result]) -> str:
    """Return the figure that says how good the models are: of numbers to predict R2."""
    return "r2" if any("r2" in result.figures for result in results) else "accuracy"


def _looks(results: Sequence[Result]) -> dict[str, dict[str, Any]]:
    """Return colour, marker and line of each method."""
    names = [name for name in dict.fromkeys(r.method for r in results) if name != FULL]
    kinds = itertools.cycle(zip(_COLOURS, _MARKERS, _STYLES, strict=True))
    pairs = [*zip(names, kinds, strict=False), (FULL, ("#000000", "*", "-"))]
    return {
        name: {"color": colour, "marker": marker, "linestyle": line}
        for name, (colour, marker, line) in pairs
    }


def _label(name: str) -> str:
    """Return a name as the legend has it: a line of no great length, and never left out."""
    line = plain(name)
    line = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."
    return f" {line}" if line.startswith("_") else line or " "


def check_drawing() -> None:
    """Say before the work where no picture can be drawn.

    Raises
    ------
    MissingDependencyError
        Where matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingDependencyError(
            'a report needs matplotlib, which is not installed: run pip install "coresift[plot]"'
        )


def _draw(paint: Callable[[Axes], None], quality: str = "accuracy") -> str:
    """Return a picture as SVG, the same for the same figures."""
    check_drawing()
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "coresift", "font.size": 10}):
        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.add_subplot()
        paint(axes)
        axes.set_ylabel(f"test {_QUALITY[quality]}")
        axes.grid(visible=True, alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        # Beside the axes: with nine methods there is no free place in them.
        legend = figure.legend(loc="outside right upper", frameon=False, fontsize=9)
        for entry in legend.get_texts():
            entry.set_parse_math(False)  # a dollar in a name is a dollar
        text = io.StringIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of signs that the font does not have
            figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def _against_time(
    axes: Axes, results: Sequence[Result], looks: dict[str, Any], quality: str
) -> None:
    axes.set_xscale("log")
    axes.set_xlabel("selection and training [s]")
    for _, lines in _by_method(results):
        seconds = [r.figures["total_seconds"] for r in lines]
        _points(axes, lines, seconds, looks, quality)


def _against_budget(
    axes: Axes, results: Sequence[Result], looks: dict[str, Any], quality: str
) -> None:
    axes.set_xscale("log")
    axes.set_xlabel("rows trained on")
    counts = sorted({r.rows or 0 for r in results if r.method != FULL})
    axes.set_xticks(counts, [f"{count:,}" for count in counts])
    axes.minorticks_off()
    for method, lines in _by_method(results):
        if method == FULL:
            axes.axhline(lines[0].figures[quality].mean, color="black", linestyle="--", label=FULL)
        else:
            _points(axes, lines, [(r.rows or 0, 0.0) for r in lines], looks, quality)


def _by_method(results: Sequence[Result]) -> Iterator[tuple[str, list[Result]]]:
    """Yield each method with its results, from few rows to many."""
    for method in dict.fromkeys(result.method for result in results):
        lines = [result for result in results if result.method == method]
        yield method, sorted(lines, key=lambda result: result.rows or 0)


def _points(
    axes: Axes,
    results: Sequence[Result],
    across: Sequence[tuple[float, float]],
    looks: dict[str, Any],
    quality: str,
) -> None:
    method = results[0].method
    x, x_spread = np.array(across, dtype=float).T
    y, y_spread = np.array([result.figures[quality] for result in results]).T
    # On a logarithmic axis a bar must not reach zero.
    left = np.minimum(x_spread, 0.9 * x)
    axes.errorbar(
        x,
        y,
        yerr=y_spread,
        xerr=[left, x_spread],
        label=_label(method),
        linewidth=1.2,
        elinewidth=1,
        capsize=2,
        markersize=13 if method == FULL else 7,
        **{**looks[method], **({} if len(results) > 1 else {"linestyle": "none"})},
    )


def _shown_budget(comparison: Comparison) -> float | None:
    """Return the largest budget: its curves are shown."""
    lines = [r for r in comparison.results if r.rows is not None and r.method != FULL]
    return max(lines, key=lambda result: result.rows or 0).budget if lines else None


def _which(comparison: Comparison) -> str:
    budget = _shown_budget(comparison)
    result = next((r for r in comparison.results if r.budget == budget and budget), None)
    return "" if result is None else f", for a budget of {budget_text(result)}"


def _curves(comparison: Comparison) -> Iterator[tuple[str, Any]]:
    """Yield each method with the mean of its curves, shape (n_points, 2)."""
    budget = _shown_budget(comparison)
    for method in dict.fromkeys(result.method for result in comparison.results):
        curves = [
            run["curve"]
            for run in comparison.runs
            if run["method"] == method
            and run["budget"] in (None, budget)
            and run["status"] == "ok"
            and run["curve"]
        ]
        shortest = min((len(curve) for curve in curves), default=0)
        if shortest:
            yield method, np.mean([np.array(curve[:shortest]) for curve in curves], axis=0)


def _convergence(
    axes: Axes, curves: Sequence[tuple[str, Any]], looks: dict[str, dict[str, Any]]
) -> None:
    axes.set_xscale("log")
    axes.set_xlabel("iterations")
    for method, curve in curves:
        axes.plot(*curve.T, label=_label(method), linewidth=1.6, **{**looks[method], "marker": ""})
