"""The commands, by name."""

from __future__ import annotations

import typer

from coresift.cli._compare import compare
from coresift.cli._demo import demo
from coresift.cli._describe import describe
from coresift.cli._help import Command
from coresift.cli._planes import planes
from coresift.cli._reproduce import reproduce
from coresift.cli._select import select
from coresift.cli._size import size

app = typer.Typer(
    help="Pick a small weighted subset of a training set that trains like the whole.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (select, describe, compare, size, planes, reproduce, demo):
    app.command(cls=Command)(command)


@app.callback()
def _commands() -> None:
    """Pick a small weighted subset of a training set that trains like the whole."""
