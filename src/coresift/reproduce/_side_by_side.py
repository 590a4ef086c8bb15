"""What Figures 5 to 9 share: methods side by side on several data sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING

from coresift.reproduce._cells import Cell, CompareCell
from coresift.reproduce._draw import bars, colour
from coresift.reproduce._experiment import (
    Grid,
    Judge,
    datasets_of,
    groups,
    mean,
    of_method,
    spread,
    title_among,
    title_of,
)
from coresift.reproduce._methods import TITLES
from coresift.reproduce._settings import SETTINGS, Scale
from coresift.reproduce._store import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# In rounds over the data sets, the slowest last, and all again for each seed: what a limit of
# minutes leaves out is repetitions, then these, and not all methods on the last data sets.
_QUICK = ("full", "uniform", "fastcore", "ours-rms", "ours-balanced", "uniform-each-epoch")
_SLOW = ("deepfool", "glister", "craig-pq", "craig")
LINEAR_ROUNDS = ((*_QUICK, "stratified"), _SLOW, ("fastcore-hull",))
NETWORK_ROUNDS = ((*_QUICK, "gradients-each-epoch"), _SLOW)
# Accuracies that the text gives, for Full, Craig, Craig+PQ and FastCore alike.
PAPER_ACCURACY = {"brazil": 0.61, "covtype": 0.75, "imdb": 0.655}
ABOUT_FULL = ("full", "craig", "craig-pq", "fastcore")


def linear_cells(scale: Scale) -> Iterator[Cell]:
    """Yield all methods on all data sets."""
    for seed, methods, data in product(scale.seeds, LINEAR_ROUNDS, SETTINGS):
        if scale.repeats(seed, data):
            yield from (CompareCell(data, method=name, seed=seed) for name in methods)


def network_cells(scale: Scale) -> Iterator[Cell]:
    """Yield the methods on the data sets that the paper trains networks on."""
    chosen = sorted(  # images last, since they take longest
        (data for data in scale.varied if SETTINGS[data].network is not None),
        key=lambda data: SETTINGS[data].kind == "images",
    )
    for methods, data in product(NETWORK_ROUNDS, chosen):
        for name in methods:  # of one seed: they take hours
            yield CompareCell(data, method=name, seed=scale.seeds[0], model="network")


def methods_of(rows: Sequence[Row]) -> list[str]:
    """Return the methods of rows in the order of the paper, ours last."""
    there = {row["method"] for row in rows}
    return [name for name in TITLES if name in there]


def accuracy_grid(rows: Sequence[Row]) -> Grid:
    """Return accuracies, with the paper's where its text has one."""
    columns = (
        *("data set", "method", "accuracy", "± of seeds", "the paper's (about)", "log-loss"),
        *("score (Eq. 5)", "rows", "seeds", "status"),
    )
    lines = []
    for data, method, own in _ordered(rows):
        theirs = PAPER_ACCURACY.get(data) if method in ABOUT_FULL and _linear(own) else None
        figures = [mean(own, name) for name in ("log_loss", "score", "rows")]
        lines.append(
            [
                title_of(own[0]),
                TITLES[method],
                mean(own, "accuracy"),
                spread(own, "accuracy"),
                theirs,
                *figures[:2],
                None if figures[2] is None else round(figures[2]),
                len(own),
                _status(own),
            ]
        )
    return columns, lines


def seconds_grid(rows: Sequence[Row]) -> Grid:
    """Return seconds, and how many times FastCore's they are."""
    columns = (
        *("data set", "method", "selection [s]", "training [s]", "total [s]"),
        *("total / FastCore", "memory [MiB]", "seeds", "status"),
    )
    lines = []
    for data, method, own in _ordered(rows):
        total, fastcore = (
            mean(own, "total_seconds"),
            of_method(rows, data, "fastcore", "total_seconds"),
        )
        ratio = None if total is None or not fastcore else total / fastcore
        figures = [mean(own, name) for name in ("select_seconds", "train_seconds")]
        memory = mean(own, "peak_mib")
        shown = None if memory is None else round(memory)
        named = [title_of(own[0]), TITLES[method]]
        lines.append([*named, *figures, total, ratio, shown, len(own), _status(own)])
    return columns, lines


def draw_accuracy(figure: Figure, rows: Sequence[Row]) -> None:
    """Draw a panel of accuracies for each data set."""
    bars(figure, _panels(rows, "accuracy"), "test accuracy")


def draw_seconds(figure: Figure, rows: Sequence[Row]) -> None:
    """Draw a panel of seconds for each data set."""
    bars(figure, _panels(rows, "total_seconds"), "selection and training [s]", log=True)


def _panels(rows: Sequence[Row], name: str) -> dict[str, list[tuple[str, float | None, str]]]:
    methods = methods_of(rows)
    return {
        title_among(rows, data): [
            (TITLES[method], of_method(rows, data, method, name), colour(method))
            for method in methods
        ]
        for data in datasets_of(rows)
    }


def _ordered(rows: Sequence[Row]) -> Iterator[tuple[str, str, list[Row]]]:
    found = groups(rows, "data", "method")
    for data in datasets_of(rows):
        for method in methods_of(rows):
            if (data, method) in found:
                yield data, method, found[data, method]


def _linear(rows: Sequence[Row]) -> bool:
    return bool(rows[0]["model"] == "logistic")


def _status(rows: Sequence[Row]) -> str:
    odd = [row for row in rows if row["status"] != "ok"]
    return str(odd[0]["error"] or odd[0]["status"]) if odd else "ok"


def times(rows: Sequence[Row], data: str, method: str, name: str) -> float | None:
    """Return a method's figure as a multiple of FastCore's."""
    other, own = of_method(rows, data, method, name), of_method(rows, data, "fastcore", name)
    return None if other is None or not own else other / own


def slower(methods: Sequence[str], factor: float) -> Judge:
    """Judge whether each of some methods takes at least so many times as long as FastCore.

    One that was stopped took its limit at least: it counts where that alone is long enough.
    """

    def judge(rows: Sequence[Row], data: str) -> tuple[bool, str] | None:
        took = [one for name in methods if (one := _took(rows, data, name)) is not None]
        known = [(ratio, figure) for ratio, figure, ended in took if ended or ratio >= factor]
        if not known:
            return None
        return min(known)[0] >= factor, ", ".join(figure for _, figure in known)

    return judge


def _took(rows: Sequence[Row], data: str, method: str) -> tuple[float, str, bool] | None:
    """Return a multiple of FastCore's time, in words too, and whether the method ended."""
    ratio = times(rows, data, method, "total_seconds")
    if ratio is not None:
        return ratio, f"{TITLES[method]} {ratio:.1f} times", True
    own = of_method(rows, data, "fastcore", "total_seconds")
    stopped = (data, method, "time limit")
    limits = [
        row["time_limit"]
        for row in rows
        if (row["data"], row["method"], row["status"]) == stopped and row.get("time_limit")
    ]
    if not own or not limits:
        return None
    least = limits[0] / own
    figure = f"{TITLES[method]} above {limits[0]:g} s: at least {least:.1f} times"
    return least, figure, False


def points(rows: Sequence[Row], data: str, method: str) -> float | None:
    """Return by how many points of accuracy FastCore is ahead of a method."""
    other = of_method(rows, data, method, "accuracy")
    own = of_method(rows, data, "fastcore", "accuracy")
    return None if other is None or own is None else 100 * (own - other)
