"""``coresift describe``: what coresift sees in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coresift._text import plain
from coresift.cli._options import AsJson
from coresift.cli._output import print_json
from coresift.cli._reading import Reading, reads

if TYPE_CHECKING:
    from coresift.sources import Description

_SHOWN_CLASSES = 12


@reads(label=False)
def describe(reading: Reading, *, as_json: AsJson = False) -> None:
    """Say what coresift sees: rows, classes, what each column becomes, and what is suspicious."""
    seen = reading.described()
    if as_json:
        print_json({**seen.as_dict(), "remedy": _remedy(seen)})
        return
    from rich.console import Console

    console = Console()
    # A table that is piped into a file has no width to keep to.
    wide = Console(width=None if console.is_terminal else 180, soft_wrap=True)
    print(plain(_summary(seen)))
    wide.print(_table(seen))
    for note in seen.notes:
        print(plain(f"note: {note}"))
    print(plain(_remedy(seen) or "nothing is in the way"))


def _summary(seen: Description) -> str:
    """Write rows, features and classes in one line."""
    parts = [f"{seen.n_rows:,} rows, {seen.n_features:,} features"]
    if seen.n_complete < seen.n_rows:
        parts.append(f"{seen.n_complete:,} rows with nothing missing")
    if seen.classes:
        more = ", ..." if len(seen.classes) > _SHOWN_CLASSES else ""
        named = ", ".join(f"{label}: {rows:,}" for label, rows in seen.classes[:_SHOWN_CLASSES])
        parts.append(f"{len(seen.classes):,} classes ({named}{more})")
    return "; ".join(parts)


def _table(seen: Description) -> Any:
    """Return a line for each column."""
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for name in ("column", "type", "role", "becomes", "features", "missing", "remarks"):
        number = name in ("features", "missing")
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    for one in seen.columns:
        missing = f"{one.missing:,}" + (f" (infinite: {one.infinite:,})" if one.infinite else "")
        texts = (one.name, one.type, one.role, one.becomes, f"{one.n_features:,}", missing)
        cells = [Text(plain(text)) for text in (*texts, "; ".join(one.remarks))]
        table.add_row(*cells, style="red" if one.role == "in the way" else None)
    return table


def _remedy(seen: Description) -> str | None:
    """Return what is in the way, and the options that help; None where nothing is."""
    from coresift.sources import command_line_message

    return command_line_message(seen.obstacles) if seen.obstacles else None
