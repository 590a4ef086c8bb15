"""Table 1: the data sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from coresift.reproduce._cells import Cell, Context
from coresift.reproduce._draw import OURS_COLOUR, PAPER_COLOUR, bars
from coresift.reproduce._experiment import Experiment, Grid, title_of
from coresift.reproduce._settings import SETTINGS, Scale
from coresift.reproduce._store import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class ShapeCell(Cell):
    """How large a data set is."""

    copies: ClassVar[int] = 2  # measured: 1.2 of 2,000,000 x 40, to make them

    def facts(self, context: Context) -> dict[str, Any]:
        """Return what is measured."""
        return {"kind": "shape"}

    def measure(self, context: Context, limit: float | None) -> list[Row]:
        """Count."""
        return [self.table(context).facts()]


def _cells(scale: Scale) -> Iterator[Cell]:
    yield from (ShapeCell(data) for data in SETTINGS)


def _grid(rows: Sequence[Row]) -> Grid:
    columns = (
        *("data set", "type", "rows (paper)", "rows there are", "rows used", "features (paper)"),
        *("features", "classes", "source"),
    )
    lines = []
    for row in rows:
        setting = SETTINGS[row["data"]]
        known = row["data"] != "movies"
        lines.append(
            [
                title_of(row),
                setting.kind,
                setting.rows if known else None,
                row["of_rows"],
                row["rows"],
                setting.features if known else None,
                row["features"],
                row["classes"],
                row["source"],
            ]
        )
    return columns, lines


def _draw(figure: Figure, rows: Sequence[Row]) -> None:
    ours = [
        (
            title_of(row),
            float(row["rows"]),
            PAPER_COLOUR if row["origin"] == "real" else OURS_COLOUR,
        )
        for row in rows
    ]
    theirs = [
        (SETTINGS[row["data"]].title, float(SETTINGS[row["data"]].rows), PAPER_COLOUR)
        for row in rows
        if row["data"] != "movies"
    ]
    bars(figure, {"in the paper": theirs, "used here": ours}, "rows", log=True)


EXPERIMENT = Experiment(
    "table1",
    "Table 1: statistics of the data sets",
    "Five data sets of 60,000 to 21 million rows.",
    _cells,
    _grid,
    _draw,
)
