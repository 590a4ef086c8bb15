"""``coresift describe``: what coresift sees in a table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from coresift._text import plain
from coresift.cli._options import AsJson
from coresift.cli._reading import Reading, reads

if TYPE_CHECKING:
    from coresift.sources import Description


@reads(label=False)
def describe(reading: Reading, *, as_json: AsJson = False) -> None:
    """Say what coresift sees: rows, classes, the role of each column, what is suspicious."""
    found = reading.described()
    if as_json:
        print(json.dumps(found.as_dict(), default=str))
        return
    _show(found)


def _show(found: Description) -> None:
    """Print a description for a person."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    facts = f"{found.n_rows:,} rows, {found.n_complete:,} of them complete, {found.n_features:,}"
    console.print(f"{facts} features", markup=False, highlight=False)
    table = Table("column", "type", "role", "becomes", "missing", box=None)
    for column in found.columns:
        cells: list[Any] = [column.name, column.type, column.role, column.becomes, column.missing]
        table.add_row(*(_text(cell) for cell in cells))
    console.print(table)
    classes = ", ".join(f"{label}: {rows:,}" for label, rows in found.classes[:20])
    lines = [
        *([f"classes: {classes}"] if classes else []),
        *(f"in the way: {obstacle}" for obstacle in found.obstacles),
        *(f"{column.name!r} {said}" for column in found.columns for said in column.remarks),
        *found.notes,
    ]
    for line in lines:
        console.print(plain(line), markup=False, highlight=False)


def _text(cell: Any) -> Any:
    """Return a cell as text, free of markup."""
    from rich.text import Text

    return Text(plain(f"{cell:,}" if isinstance(cell, int) else str(cell)))
