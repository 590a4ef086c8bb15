"""A table or a figure as JSON, CSV, Markdown and PNG."""

from __future__ import annotations

import csv
import io
import json
import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coresift._errors import MissingDependencyError
from coresift._text import no_formula
from coresift.reproduce._experiment import Experiment, Grid
from coresift.reproduce._store import Folder, Row

_DOTS = 90  # an inch


def check_drawing() -> None:
    """Say before the work where no picture can be drawn."""
    try:
        import matplotlib as mpl  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            'a picture needs matplotlib, which is not installed: run pip install "coresift[plot]"'
        ) from error


def write(
    found: Experiment, rows: Sequence[Row], facts: dict[str, Any], folder: Folder
) -> tuple[Path, ...]:
    """Write the four files.

    Parameters
    ----------
    found : Experiment
    rows : sequence of Row
    facts : dict
        What belongs to the figures, for JSON.
    folder : Folder
    """
    kept = {**facts, **shown(found, rows)}
    grid = kept["columns"], kept["lines"]
    everything = json.dumps({**kept, "rows": list(rows)}, allow_nan=False)
    contents = {
        "json": everything.encode() + b"\n",
        "csv": as_csv(grid).encode(),
        "md": as_markdown(kept).encode(),
    }
    if rows:
        contents["png"] = as_png(found, rows)
    return tuple(folder.write(f"{found.name}.{kind}", some) for kind, some in contents.items())


def shown(found: Experiment, rows: Sequence[Row]) -> dict[str, Any]:
    """Return the table of rows and the verdicts on them, for JSON."""
    columns, lines = found.grid(rows)
    verdicts = [(claim, claim.judge(rows)) for claim in found.claims]
    return {
        "columns": list(columns),
        "lines": [list(line) for line in lines],
        "verdicts": [
            {
                "section": claim.section,
                "claim": claim.text,
                "verdict": verdict.word,
                "figure": verdict.figure,
            }
            for claim, verdict in verdicts
        ],
    }


def as_csv(grid: Grid) -> str:
    """Return a table as CSV with a line of names; figures with all their digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(grid[0])
    for line in grid[1]:
        writer.writerow([no_formula(cell) if isinstance(cell, str) else cell for cell in line])
    return text.getvalue()


def as_png(found: Experiment, rows: Sequence[Row]) -> bytes:
    """Return the picture."""
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained", dpi=_DOTS)
    found.draw(figure, rows)
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of signs that the font does not have
        figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def as_markdown(facts: dict[str, Any], level: int = 1, picture: str | None = None) -> str:
    """Return a table or a figure as a page, or a part of one.

    Parameters
    ----------
    facts : dict
        What the JSON holds.
    level : int, default=1
        Of the title.
    picture : str or None, default=None
        Its file, as the page names it; None is that of `write`.
    """
    picture = picture or f"{facts['name']}.png"
    parts = [
        f"{'#' * level} {facts['title']}",
        f"The paper: {facts['paper']}",
        markdown_table(facts["columns"], facts["lines"]) if facts["lines"] else "Nothing was run.",
    ]
    if facts["lines"]:
        parts.append(f"![{facts['title']}]({picture})")
    if facts["verdicts"]:
        parts.append(
            markdown_table(
                ("section", "the paper's claim", "verdict", "the figures"),
                [
                    [one["section"], one["claim"], f"**{one['verdict']}**", one["figure"]]
                    for one in facts["verdicts"]
                ],
            )
        )
    parts += [conditions(facts), *not_run(facts["missing"])]
    return "\n\n".join(parts) + "\n"


def conditions(facts: dict[str, Any]) -> str:
    """Return data, seeds, machine and versions in a paragraph."""
    about = facts["about"]
    data = "; ".join(
        f"{one['data']}: {one['origin']}, {one['rows']:,} of {one['of_rows']:,} rows "
        f"({one['source']})"
        for one in facts["data"]
    )
    load = "" if about["load"] is None else f", load {about['load']:g}"
    commit = "" if about["commit"] is None else f", commit {about['commit']}"
    packages = ", ".join(f"{name} {number}" for name, number in about["packages"].items() if number)
    seeds = ", ".join(map(str, facts["seeds"]))
    taken = duration([facts])
    took = f" The runs took {taken}." if taken else ""
    return (
        f"Scale: {facts['scale']}. Seeds: {seeds}. Linear models: {facts['epochs']} epochs, "
        f"batches of {facts['batch_size']}.{took} Data: {data or 'none'}. Machine: "
        f"{about['machine']}{load}; threads of a run: {about['threads']}. "
        f"coresift {about['coresift']}{commit}, "
        f"Python {about['python']}, {packages}. {about['date']}."
    )


def duration(found: Sequence[dict[str, Any]]) -> str:
    """Return how long the runs of results took, or "" where none says so.

    Those that several share count once.

    Examples
    --------
    >>> from coresift.reproduce._write import duration
    >>> duration([{"seconds": {"one": 60, "other": 600}}, {"seconds": {"one": 60}}])
    '11 min'
    """
    seconds = sum({run: taken for one in found for run, taken in one["seconds"].items()}.values())
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.{int(unit == 'h')}f} {unit}"
    return f"{seconds:.0f} s" if seconds else ""


def not_run(missing: Sequence[Sequence[str]]) -> list[str]:
    """Return what was not run in sentences, the runs of one reason together."""
    reasons: dict[str, list[str]] = {}
    for name, reason in missing:
        reasons.setdefault(reason, []).append(name)
    return [
        f"Not run ({len(names)}), since {reason}: {', '.join(names[:12])}"
        + (f" and {len(names) - 12} more." if len(names) > 12 else ".")
        for reason, names in reasons.items()
    ]


def markdown_table(columns: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    """Return a table; figures with as many digits as one reads."""
    head = [_cell(column) for column in columns]
    body = [[_cell(value) for value in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *body])


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).replace("|", "\\|").replace("\n", " ")
    if isinstance(value, int):
        return f"{value:,}"
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 1 else f"{value:.2f}"
