"""Options that several commands have, and what people type for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coresift._errors import ParameterError

if TYPE_CHECKING:
    from coresift.engines import Engine

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same coreset.")]
Threads = Annotated[
    int | None, typer.Option(help="Threads; every processor by default, and for -1.")
]
Scheduler = Annotated[
    str | None, typer.Option(help="Address of a Dask scheduler, for --engine dask.")
]

MemoryLimit = Annotated[
    str, typer.Option("--memory-limit", help="What the process may take, such as 4GiB; or none.")
]

Groups = Annotated[
    str | None,
    typer.Option(help="Column whose rows of one value belong together: on one side of the split."),
]


def names(text: str) -> list[str]:
    """Return the parts between commas, without the spaces around them."""
    return [name.strip() for name in text.split(",") if name.strip()]


def memory_limit(given: str) -> str | None:
    """Return the limit; None, for ``none``, is no limit."""
    return None if given.lower() == "none" else given


def n_threads(given: int | None) -> int | None:
    """Return the number of threads; None, as for -1, is every processor."""
    return None if given == -1 else given


def cluster(engine: str, scheduler: str | None) -> str | Engine:
    """Return the engine that was asked for, on the cluster of a scheduler where one is named.

    Raises
    ------
    ParameterError
        For a scheduler of another engine.
    """
    if scheduler is None:
        return engine
    if engine != "dask":
        raise ParameterError(
            f"--scheduler {scheduler!r} is given together with --engine {engine}: use --engine dask"
        )
    from coresift.engines._dask import Dask

    return Dask(scheduler)


def amount(text: str) -> float:
    """Read a budget: a share (0.01, 1 %) or a number of rows (200, 1e3).

    Raises
    ------
    ParameterError
        For what is not a number.

    Examples
    --------
    >>> from coresift.cli._options import amount
    >>> [amount(text) for text in ("200", "1e3", "0.01", "1e-2", "10%")]
    [200, 1000, 0.01, 0.01, 0.1]
    """
    typed = text.strip()
    try:
        if typed.endswith("%"):
            return float(typed[:-1]) / 100
        if re.fullmatch(r"[+-]?\d+", typed):
            return int(typed)
        value = float(typed)
    except ValueError:
        raise ParameterError(
            f"--budget {text!r} is not a number: give a fraction such as 0.01 or 1%, or a number "
            "of rows"
        ) from None
    # 1e3 is how a thousand rows are typed; 1.0 stays a share, all rows
    is_count = "e" in typed.lower() and value > 1 and value.is_integer()
    return int(value) if is_count else value


def amounts(text: str) -> float | dict[str, float]:
    """Read a budget, or one for each class: ``yes=100,no=1%``.

    Raises
    ------
    ParameterError
        For what is not a number.

    Examples
    --------
    >>> from coresift.cli._options import amounts
    >>> amounts("yes=100,no=1%"), amounts("a,b=2"), amounts("0.1")
    ({'yes': 100, 'no': 0.01}, {'a,b': 2}, 0.1)
    """
    if "=" not in text:
        return amount(text)
    found: dict[str, float] = {}
    label = ""  # which may have commas
    for part in text.split(","):
        start, equals, typed = part.rpartition("=")
        if not equals:
            label += f"{part},"
            continue
        label = (label + start).strip()
        if label in found:
            raise ParameterError(f"--budget {text!r} has two for {label!r}: leave one of them out")
        found[label], label = amount(typed), ""
    if label:
        raise ParameterError(f"--budget {text!r}: {label.rstrip(',')!r} has no number behind a =")
    return found


def check_folders(outputs: Mapping[str, Path | None]) -> None:
    """Refuse an output in a folder that does not exist."""
    for output in outputs.values():
        if output is not None and not output.absolute().parent.is_dir():
            raise ParameterError(f"the folder of {str(output)!r} does not exist: create it first")
