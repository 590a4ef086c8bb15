"""Results as text: the same words on the terminal and on the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from coresift._text import plain
from coresift.experiments import Comparison, Result
from coresift.report._sentence import sentences
from coresift.selectors import FULL

if TYPE_CHECKING:
    from rich.table import Table

_UNKNOWN = "-"
# figure, title, digits after the point
COLUMNS = (
    ("select_seconds", "selection [s]", 3),
    ("train_seconds", "training [s]", 3),
    ("total_seconds", "total [s]", 3),
    ("peak_mib", "peak memory [MiB]", 0),
    ("select_mib", "of selection [MiB]", 0),
    ("score", "Eq. 5 score", 4),
    ("accuracy", "accuracy", 4),
    ("log_loss", "log-loss", 4),
    ("r2", "R2", 4),
    ("mae", "mean absolute error", 4),
)


def cell(result: Result, name: str, digits: int) -> str:
    """Return a figure as mean and, over several seeds, spread."""
    figure = result.figures.get(name)
    if figure is None:
        return _UNKNOWN
    text = f"{figure.mean:,.{digits}f}"
    return f"{text} ± {figure.spread:,.{digits}f}" if result.runs > 1 else text


def status(result: Result) -> str:
    """Return what became of the runs, in a few words."""
    if result.status == "ok":
        return "; ".join(("ok", *result.notes))
    return f"{result.seeds - result.runs} of {result.seeds}: {result.error}"


def any_odd(results: Sequence[Result]) -> bool:
    """Return whether any status is worth a column."""
    return any(result.status != "ok" or result.notes for result in results)


def budget_text(result: Result) -> str:
    """Return the budget as a share or a number of rows."""
    if result.budget is None:
        return "all"
    is_share = isinstance(result.budget, float)
    return f"{result.budget:.4g}" if is_share else f"{result.budget:,} rows"


def rows_text(result: Result) -> str:
    """Return the number of rows, where it is known."""
    return _UNKNOWN if result.rows is None else f"{result.rows:,}"


def columns(results: Sequence[Result]) -> list[tuple[str, str, int]]:
    """Return the columns that any of the results fills."""
    return [column for column in COLUMNS if any(column[0] in result.figures for result in results)]


def title(comparison: Comparison) -> str:
    """Return what was compared, in one line."""
    data = comparison.data
    return (
        f"{data['n_train']:,} training rows, {data['n_test']:,} test rows, "
        f"{data['n_features']:,} features, {_targets(data['n_classes'])}; "
        f"{'models' if len(comparison.models) > 1 else 'model'} {', '.join(comparison.models)}"
    )


def _targets(n_classes: int | None) -> str:
    return "numbers to predict" if n_classes is None else f"{n_classes:,} classes"


def rich_table(comparison: Comparison) -> Table:
    """Return the results for a terminal; the models have a column where there are several."""
    from rich.table import Table
    from rich.text import Text

    def cells(*texts: str) -> list[Text]:
        # names of methods, models and errors are anybody's: no markup, no escape sequences
        return [Text(plain(text)) for text in texts]

    table = Table(
        title=Text(plain(title(comparison)), style="table.title"),
        caption=Text("\n".join(map(plain, sentences(comparison))), style="table.caption"),
        caption_justify="left",
    )
    shown = columns(comparison.results)
    odd = any_odd(comparison.results)
    several = len(comparison.models) > 1
    for name in (*(["model"] if several else []), "method"):
        table.add_column(name)
    for name in ("budget", "rows", *(name for _, name, _ in shown)):
        table.add_column(name, justify="right")
    if odd:
        table.add_column("status")
    for result in comparison.results:
        table.add_row(
            *cells(
                *([result.model] if several else []),
                result.method,
                budget_text(result),
                rows_text(result),
                *(cell(result, name, digits) for name, _, digits in shown),
                *([status(result)] if odd else []),
            ),
            end_section=result.method == FULL,  # the last one of its model
        )
    return table
