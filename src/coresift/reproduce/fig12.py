"""Figure 12: hyperplanes, and the length of the parts of product quantisation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from coresift.reproduce._cells import Cell, CompareCell
from coresift.reproduce._draw import lines
from coresift.reproduce._experiment import (
    Claim,
    Experiment,
    Grid,
    by_data,
    datasets_of,
    groups,
    mean,
    title_among,
    title_of,
)
from coresift.reproduce._settings import SETTINGS, Scale
from coresift.reproduce._store import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PLANES = (8, 16, 32, 48, 64)
_STABLE, _BELOW = 1.0, 0.0  # points


def parts_of(n_features: int) -> list[int]:
    """Return numbers of subspaces, from one for each feature to one for all.

    Examples
    --------
    >>> from coresift.reproduce.fig12 import parts_of
    >>> parts_of(54)
    [54, 27, 18, 9, 4, 3, 2, 1]
    """
    lengths = (1, 2, 3, 6, 12, n_features / 3, n_features / 2, n_features)
    return sorted({max(1, int(n_features / length)) for length in lengths}, reverse=True)


def _cells(scale: Scale) -> Iterator[Cell]:
    for seed in scale.seeds:
        for data in scale.varied_tables:
            for planes in PLANES:
                tags, changes = {"planes": planes}, {"n_planes": planes}
                yield CompareCell(data, tags, "fastcore", seed, changes=changes)
            for parts in parts_of(SETTINGS[data].features):
                tags, changes = {"parts": parts}, {"n_subspaces": parts}
                yield CompareCell(data, tags, "fastcore", seed, changes=changes)


def _length(row: Row) -> float:
    """Return m/M."""
    return float(SETTINGS[row["data"]].features / row["parts"])


def _grid(rows: Sequence[Row]) -> Grid:
    columns = ("data set", "hyperplanes", "subspaces M", "m/M", "accuracy", "selection [s]")
    found = []
    for (data, planes, parts), own in groups(rows, "data", "planes", "parts").items():
        length = None if parts is None else round(_length(own[0]), 1)
        figures = [mean(own, name) for name in ("accuracy", "select_seconds")]
        setting = SETTINGS[data]
        used = (planes or setting.planes, parts or setting.subspaces)
        found.append([title_of(own[0]), *used, length, *figures])
    return columns, found


def _curve(rows: Sequence[Row], data: str, name: str) -> list[tuple[float, float]]:
    """Return points of (planes, or m/M) and accuracy, ascending."""
    found = []
    for (value,), own in groups([row for row in rows if row["data"] == data], name).items():
        accuracy = mean(own, "accuracy")
        if value is not None and accuracy is not None:
            found.append((float(value) if name == "planes" else _length(own[0]), accuracy))
    return sorted(found)


def _draw(figure: Figure, rows: Sequence[Row]) -> None:
    panels: dict[str, dict[str, tuple[list[float], list[float]]]] = {}
    for name, title in (("planes", "hyperplanes"), ("parts", "m/M")):
        for data in datasets_of(rows):
            curve = _curve(rows, data, name)
            own = title_among(rows, data)
            if curve:
                points = [x for x, _ in curve], [y for _, y in curve]
                panels[f"{own}: {title}"] = {"FastCore": points}
    lines(figure, panels, "hyperplanes, or m/M", "test accuracy", log=True, ticks=True)


def _planes_level_off(rows: Sequence[Row], data: str) -> tuple[bool, str] | None:
    curve = _curve(rows, data, "planes")
    if len(curve) < len(PLANES):
        return None
    first, *_, before, last = (100 * accuracy for _, accuracy in curve)
    figure = f"{first:.1f} % at {curve[0][0]:g}, {before:.1f} and {last:.1f} % at the most"
    return last >= first and abs(last - before) <= _STABLE, figure


def _longer(rows: Sequence[Row], data: str) -> tuple[bool, str] | None:
    own = [row for row in rows if row["data"] == data and row.get("planes") is not None]
    seconds = {
        planes: mean(some, "select_seconds") for (planes,), some in groups(own, "planes").items()
    }
    known = sorted((planes, value) for planes, value in seconds.items() if value is not None)
    if len(known) < 2:
        return None
    (few, first), *_, (many, last) = known
    return last > first, f"{first:.2f} s of selection at {few}, {last:.2f} s at {many}"


def _three_parts(rows: Sequence[Row], data: str) -> tuple[bool, str] | None:
    own = [row for row in rows if row["data"] == data and row.get("parts") is not None]
    found = {parts: mean(some, "accuracy") for (parts,), some in groups(own, "parts").items()}
    known = {parts: 100 * value for parts, value in found.items() if value is not None}
    if 3 not in known or len(known) < 2:
        return None
    best = max(known, key=lambda parts: known[parts])
    gap = known[best] - known[3]
    return gap <= _STABLE, f"{known[3]:.1f} % at M = 3, best {known[best]:.1f} % at {best}"


def _peak_inside(rows: Sequence[Row], data: str) -> tuple[bool, str] | None:
    curve = _curve(rows, data, "parts")
    if len(curve) < 3:
        return None
    (_, first), *_, (_, last) = curve
    length, best = max(curve, key=lambda point: point[1])
    figure = (
        f"{100 * first:.1f} % at m/M = 1, best {100 * best:.1f} % at {length:.3g}, "
        f"{100 * last:.1f} % at {curve[-1][0]:g}"
    )
    return best - max(first, last) > _BELOW, figure


EXPERIMENT = Experiment(
    "fig12",
    "Figure 12: number of hyperplanes, and length of the parts of product quantisation",
    "The accuracy rises with the hyperplanes and levels off at about 64; with m/M it rises first "
    "and falls at the end.",
    _cells,
    _grid,
    _draw,
    (
        Claim(
            "A.0.3",
            "With more hyperplanes the accuracy rises and then stays. (Judged as within 1 point at "
            "the last step, and no less than at 8; coresift has at most 64.)",
            by_data(_planes_level_off),
        ),
        Claim(
            "A.0.3",
            "More clusters than those of about 64 hyperplanes reduce the efficiency. (Judged as a "
            "selection that takes longer with the most hyperplanes than with 8.)",
            by_data(_longer),
        ),
        Claim(
            "A.0.4",
            "With growing m/M the accuracy rises first and then falls.",
            by_data(_peak_inside),
        ),
        Claim(
            "A.0.4",
            "M of about 3 is always appropriate. (Judged as within 1 point of the best M.)",
            by_data(_three_parts),
        ),
    ),
)
