"""What a table or a figure of the paper is: what to run, how to show it, what it claims."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import stdev
from typing import TYPE_CHECKING, Any

from coresift.reproduce._cells import Cell
from coresift.reproduce._settings import SETTINGS, Scale
from coresift.reproduce._store import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HOLDS, IN_PART, FAILS, UNKNOWN = "holds", "holds in part", "does not hold", "not measured"

Grid = tuple[Sequence[str], Sequence[Sequence[Any]]]  # names of columns, lines


@dataclass(frozen=True)
class Verdict:
    """Whether a claim holds, and the figure that says so.

    Parameters
    ----------
    word : {"holds", "holds in part", "does not hold", "not measured"}
    figure : str
    """

    word: str
    figure: str


@dataclass(frozen=True)
class Claim:
    """A sentence of the paper, and how to judge it.

    Parameters
    ----------
    section : str
    text : str
        In short.
    judge : callable
        Rows to `Verdict`.
    """

    section: str
    text: str
    judge: Callable[[Sequence[Row]], Verdict]


@dataclass(frozen=True)
class Experiment:
    """A table or a figure.

    Parameters
    ----------
    name : str
        As the command line has it.
    title : str
    paper : str
        What the paper says, in a sentence.
    cells : callable
        Scale to the cells to run, the most certain first.
    grid : callable
        Rows to the columns and lines of the table.
    draw : callable
        (figure of matplotlib, rows) draws the picture.
    claims : tuple of Claim
    """

    name: str
    title: str
    paper: str
    cells: Callable[[Scale], Iterable[Cell]]
    grid: Callable[[Sequence[Row]], Grid]
    draw: Callable[[Figure, Sequence[Row]], None]
    claims: tuple[Claim, ...] = ()


def title_of(row: Row) -> str:
    """Return the name of the data set of a row, and whether its rows are generated."""
    title = SETTINGS[row["data"]].title
    return title if row["origin"] == "real" else f"{title} (generated)"


def title_among(rows: Sequence[Row], data: str) -> str:
    """Return the name of a data set, as its first row says it."""
    return title_of(next(row for row in rows if row["data"] == data))


def good(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of runs that ended well."""
    return [row for row in rows if row.get("status", "ok") == "ok"]


def groups(rows: Sequence[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    """Return rows by the values of some fields, in the order that they come in."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row.get(name) for name in names), []).append(row)
    return found


def mean(rows: Sequence[Row], name: str) -> float | None:
    """Return the mean of a field over the rows that ended well and have it."""
    values = _known(rows, name)
    return sum(values) / len(values) if values else None


def spread(rows: Sequence[Row], name: str) -> float | None:
    """Return the standard deviation of a field over the rows that have it; None of one row."""
    values = _known(rows, name)
    return stdev(values) if len(values) > 1 else None


def _known(rows: Sequence[Row], name: str) -> list[float]:
    return [row[name] for row in good(rows) if row.get(name) is not None]


def of_method(rows: Sequence[Row], data: str, method: str, name: str, **more: Any) -> float | None:
    """Return the mean of a field of a method on a data set."""
    wanted = {"data": data, "method": method, **more}
    return mean(
        [row for row in rows if all(row.get(key) == value for key, value in wanted.items())], name
    )


def datasets_of(rows: Sequence[Row]) -> list[str]:
    """Return the data sets of rows, in order."""
    return list(dict.fromkeys(row["data"] for row in rows))


Judge = Callable[[Sequence[Row], str], tuple[bool, str] | None]  # of one data set
Found = tuple[str, bool, str]  # what was looked at, whether the claim holds for it, the figure


def judged(found: Sequence[Found]) -> Verdict:
    """Return the verdict of several data sets: all, some or none.

    Examples
    --------
    >>> from coresift.reproduce._experiment import judged
    >>> judged([("MNIST", True, "3 times"), ("IMDB", False, "0.5 times")])
    Verdict(word='holds in part', figure='MNIST: 3 times (yes); IMDB: 0.5 times (no)')
    """
    if not found:
        return Verdict(UNKNOWN, "no run")
    right = sum(holds for _, holds, _ in found)
    word = HOLDS if right == len(found) else IN_PART if right else FAILS
    figures = (f"{name}: {figure} ({'yes' if holds else 'no'})" for name, holds, figure in found)
    return Verdict(word, "; ".join(figures))


def by_data(judge: Judge) -> Callable[[Sequence[Row]], Verdict]:
    """Return a judge of all data sets from one of a single data set, which may have no figure."""

    def judge_all(rows: Sequence[Row]) -> Verdict:
        found = []
        for data in datasets_of(rows):
            own = judge(rows, data)
            if own is not None:
                title = title_among(rows, data)
                found.append((title, *own))
        return judged(found)

    return judge_all
