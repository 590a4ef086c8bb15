"""The rows that a command reads: options that stand once, for every command."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coresift.cli._options import names

if TYPE_CHECKING:
    from coresift.sources import Source

_LABEL = "Column that holds the classes."


@dataclass(frozen=True)
class Reading:
    """What to read, and how.

    Parameters
    ----------
    source : Path
    label : str or None
    drop : list of str
        As they were typed.
    max_levels : int
    """

    source: Annotated[Path, typer.Argument(help="Parquet or CSV file, or a folder of them.")]
    label: Annotated[str | None, typer.Option(help=_LABEL)] = None
    drop: Annotated[
        list[str] | None,
        typer.Option(help="Columns that are not features; comma-separated, and more than once."),
    ] = None
    max_levels: Annotated[
        int, typer.Option(min=1, help="Most levels of a text column that is one-hot encoded.")
    ] = 100

    def rows(self, path: Path | None = None) -> Source:
        """Open the source, or another file in the same way."""
        from coresift.sources import as_source

        return as_source(
            self.source if path is None else path,
            label=self.label,
            max_levels=self.max_levels,
            drop=[name for text in self.drop or () for name in names(text)],
        )


def reads(*, label: bool) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of `Reading`; it takes them as its first argument.

    Parameters
    ----------
    label : bool
        Whether the command cannot do without labels.
    """

    def add(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(**given: Any) -> None:
            reading = {field.name: given.pop(field.name) for field in fields(Reading)}
            command(Reading(**reading), **given)

        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
        shared = list(inspect.signature(Reading, eval_str=True).parameters.values())
        if label:
            needed = Annotated[str, typer.Option(help=_LABEL)]
            shared[1] = shared[1].replace(annotation=needed, default=inspect.Parameter.empty)
        order = sorted(
            (one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*shared, *own)),
            key=lambda one: one.name == "as_json",
        )
        run.__signature__ = inspect.Signature(order)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in order}
        return run

    return add
