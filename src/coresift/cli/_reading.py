"""The rows that a command reads: options that stand once, for every command."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coresift._errors import ParameterError
from coresift.cli._options import check_folders, names

if TYPE_CHECKING:
    from coresift.sources import Description, Source

_LABEL = "Column that holds the classes."


@dataclass(frozen=True)
class Reading:
    """What to read, and how.

    Parameters
    ----------
    sources : list of str
    label : str or None
    drop : list of str or None
        As they were typed.
    max_levels : int
    missing, dates, numbers : str
    delimiter, decimal : str or None
    encoding : str
    null_values : list of str or None
    """

    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="Parquet, CSV or Arrow files, a folder of them, a pattern, an address.",
        ),
    ]
    label: Annotated[str | None, typer.Option(help=_LABEL)] = None
    drop: Annotated[
        list[str] | None,
        typer.Option(help="Columns that are not features; comma-separated, and more than once."),
    ] = None
    max_levels: Annotated[
        int, typer.Option(min=1, help="Most levels of a text column that is one-hot encoded.")
    ] = 100
    missing: Annotated[
        str,
        typer.Option(help="Missing values: error, drop (the rows) or impute (median and a mark)."),
    ] = "error"
    dates: Annotated[
        str, typer.Option(help="Dates and times: error, parts (year, month, ...) or number.")
    ] = "error"
    numbers: Annotated[
        str, typer.Option(help="Text that is numbers (1,234; 12%): error, parse or levels.")
    ] = "error"
    delimiter: Annotated[
        str | None, typer.Option(help="Between the cells of CSV; found out by default.")
    ] = None
    decimal: Annotated[
        str | None, typer.Option(help="Before the decimals in CSV; found out by default.")
    ] = None
    encoding: Annotated[str, typer.Option(help="Of CSV, such as latin-1.")] = "utf-8"
    null_values: Annotated[
        list[str] | None,
        typer.Option(help="What stands for a missing value in CSV; more than once."),
    ] = None

    @property
    def source(self) -> Any:
        """The one file, or all of them."""
        return self.sources[0] if len(self.sources) == 1 else self.sources

    @property
    def _written(self) -> dict[str, Any]:
        tab = {"\\t": "\t", "tab": "\t"}
        delimiter = None if self.delimiter is None else tab.get(self.delimiter, self.delimiter)
        return {
            "delimiter": delimiter,
            "decimal": self.decimal,
            "encoding": self.encoding,
            "null_values": self.null_values or None,
        }

    @cached_property
    def dropped(self) -> list[str]:
        """The columns to drop: a text is one name where the input has it, else names with commas.

        Raises
        ------
        ParameterError
            For the label, and a text that holds no name.
        """
        typed = self.drop or []
        known: tuple[str, ...] = ()
        if any(names(text) != [text] for text in typed):
            from coresift.sources._input_names import input_names

            known = input_names(self.source, **self._written)
        found: list[str] = []
        for text in typed:
            parts = [text] if text in known else names(text)
            if not parts:
                raise ParameterError(f"--drop {text!r}: no column has this name, so leave it out")
            found += parts
        if self.label in found:
            raise ParameterError(
                f"--drop {self.label!r} is the label, which is never a feature: leave it out"
            )
        return list(dict.fromkeys(found))

    def check_outputs(self, outputs: Mapping[str, Path | None], *others: str | None) -> None:
        """Refuse, before anything is read, outputs that are inputs, or that cannot be.

        Raises
        ------
        FormatError, ParameterError
        """
        from coresift._files import refuse_overwriting

        check_folders(outputs)
        inputs = [*self.sources, *(other for other in others if other is not None)]
        refuse_overwriting({name: path for name, path in outputs.items() if path}, inputs)

    def described(self) -> Description:
        """Look at the source, as far as it can be opened."""
        from coresift.sources import describe

        return describe(
            self.source,
            label=self.label,
            written=self._written,
            max_levels=self.max_levels,
            drop=self.dropped,
            dates=self.dates,  # type: ignore[arg-type]
            numbers=self.numbers,  # type: ignore[arg-type]
        )

    def rows(
        self,
        path: str | None = None,
        like: Source | None = None,
        weight: str | None = None,
        features: bool = True,
        groups: str | None = None,
    ) -> Source:
        """Open the source, or another file in the same way and with the same features."""
        from coresift.sources import as_source

        return as_source(
            self.source if path is None else path,
            label=self.label,
            max_levels=self.max_levels,
            drop=[*self.dropped, *([] if groups in (None, *self.dropped) else [str(groups)])],
            missing=self.missing,  # type: ignore[arg-type]
            like=like,
            weight=weight,
            # rows are left out for what is missing in their features, whoever looks at these
            features=features or self.missing == "drop",
            dates=self.dates,  # type: ignore[arg-type]
            numbers=self.numbers,  # type: ignore[arg-type]
            **self._written,
        )

    def column(self, name: str | None) -> Any:
        """Return the values of a column, of all rows; None without a name."""
        if name is None:
            return None
        import numpy as np

        from coresift.sources import as_source

        source = as_source(self.source, label=name, features=False, **self._written)
        return np.concatenate([chunk.labels for chunk in source.chunks()])


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
        order = [
            one.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for one in (*shared[:2], *own, *shared[2:])
        ]
        run.__signature__ = inspect.Signature(order)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in order}
        return run

    return add
