"""Table 5: what the search for the number of hyperplanes costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from coresift.reproduce._cells import Cell, CompareCell
from coresift.reproduce._draw import FULL_COLOUR, OURS_COLOUR, PAPER_COLOUR, bars
from coresift.reproduce._experiment import (
    Claim,
    Experiment,
    Grid,
    by_data,
    datasets_of,
    mean,
    of_method,
    title_among,
)
from coresift.reproduce._settings import SETTINGS, Scale
from coresift.reproduce._store import Row
from coresift.reproduce.table4 import PlanesCell
from coresift.selectors import FULL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAPER = {
    "brazil": (0.57, 355),
    "covtype": (1.84, 1802),
    "imdb": (1.46, 1217),
    "imdb-large": (11.88, 14412),
    "mnist": (1.59, 1240),
}
_NEGLIGIBLE = 0.05  # of the total


def _cells(scale: Scale) -> Iterator[Cell]:
    for data in SETTINGS:
        seed = scale.seeds[0]
        yield PlanesCell(data, seed=seed)
        yield from (CompareCell(data, method=name, seed=seed) for name in ("fastcore", FULL))


def _seconds(rows: Sequence[Row], data: str) -> tuple[float | None, ...]:
    """Return the seconds of search, of a coreset with its training, and of training on all rows."""
    own = [row for row in rows if row["data"] == data]
    return (
        mean(own, "search_seconds"),
        of_method(own, data, "fastcore", "total_seconds"),
        of_method(own, data, FULL, "total_seconds"),
    )


def _grid(rows: Sequence[Row]) -> Grid:
    columns = (
        *("data set", "search [s]", "the paper's", "FastCore and training [s]"),
        *("training on all rows [s]", "total (paper) [s]"),
    )
    lines = []
    for data in datasets_of(rows):
        search, fastcore, full = _seconds(rows, data)
        theirs = PAPER.get(data, (None, None))
        title = title_among(rows, data)
        lines.append([title, search, theirs[0], fastcore, full, theirs[1]])
    return columns, lines


def _draw(figure: Figure, rows: Sequence[Row]) -> None:
    names = ("search for planes", "FastCore, training", "training on all rows")
    colours = (OURS_COLOUR, PAPER_COLOUR, FULL_COLOUR)
    panels = {
        title_among(rows, data): list(zip(names, _seconds(rows, data), colours, strict=True))
        for data in datasets_of(rows)
    }
    bars(figure, panels, "seconds", log=True)


def _little(rows: Sequence[Row], data: str) -> tuple[bool, str] | None:
    search, fastcore, full = _seconds(rows, data)
    if search is None or fastcore is None or full is None:
        return None
    share = search / (fastcore + full)
    figure = f"{search:.2f} s of search, {fastcore:.2f} s of FastCore, {full:.2f} s for all rows"
    return share <= _NEGLIGIBLE, figure


EXPERIMENT = Experiment(
    "table5",
    "Table 5: efficiency of the search for the number of hyperplanes",
    "The search takes 0.6 to 12 s of 355 to 14,412 s.",
    _cells,
    _grid,
    _draw,
    (
        Claim(
            "A.0.3",
            "The search for the number of hyperplanes costs next to nothing. (Judged as at most "
            "5 % of the time of FastCore and of training on all rows.)",
            by_data(_little),
        ),
    ),
)
