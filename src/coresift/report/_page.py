"""A comparison as one page that needs no network."""

from __future__ import annotations

import base64
import html
import os
import platform
from os import PathLike
from pathlib import Path

import numpy
import sklearn

import coresift
from coresift._files import whole_file
from coresift._text import plain
from coresift.experiments import Comparison, Result
from coresift.report._charts import charts
from coresift.report._sentence import sentences
from coresift.report._table import any_odd, budget_text, cell, columns, rows_text, status, title
from coresift.selectors import FULL

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1c1e21; background: #fff;
       max-width: 1320px; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.3rem; margin: 2.6rem 0 .3rem; }
h3 { font-size: 1.1rem; margin: 1.8rem 0 .3rem; }
p.sub, figcaption, footer { color: #5a6068; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin-top: .6rem;
        font-size: .88rem; }
th, td { padding: .35rem .6rem; text-align: right; white-space: nowrap; }
th { border-bottom: 2px solid #1c1e21; font-weight: 600; }
td { border-bottom: 1px solid #e3e5e8; }
th:first-child, td:first-child, td.status, th.status { text-align: left; }
td.status { white-space: normal; min-width: 12rem; }
tr.full td { background: #f6f7f8; }
tr.bad td { color: #a4262c; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(480px, 1fr)); gap: 1rem; }
figure { margin: 0; }
figure img { width: 100%; height: auto; }
figcaption { font-size: .87rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.2rem; font-size: .9rem; }
dt { font-weight: 600; } dd { margin: 0; color: #5a6068; }
footer { margin: 2.5rem 0; font-size: .85rem; }
"""

_MEANINGS = (
    ("selection, training", "seconds of choosing the rows, once for all models (of a network: all "
     "its coresets, with their gradients), and of fitting the model to them; loading, compiling, "
     "scoring and testing are not in them"),
    ("peak memory", "the most that the process of a run held up to the end of the training: "
     "Python, libraries, all rows and the models trained before included"),
    ("of selection", "the most memory of the selection over what was held before: rows, libraries"),
    ("Eq. 5 score", "mean distance of a training row to the nearest chosen row of its class, "
     "features scaled to [0, 1]; lower is better"),
    ("accuracy, log-loss, R2, mean absolute error", "on test rows that no method has seen"),
    ("±", "one standard deviation over the seeds"),
)  # fmt: skip


def escape(text: str) -> str:
    """Return a text as a page shows it, letter by letter."""
    return html.escape(plain(text))


def write_html(comparison: Comparison, path: str | PathLike[str]) -> None:
    """Write a comparison as one page with table and pictures for each model.

    The page needs no network. It is written whole or not at all.

    Parameters
    ----------
    comparison : Comparison
        What `coresift.compare` returns.
    path : str or PathLike
        A file there is replaced.

    Raises
    ------
    MissingDependencyError
        Where matplotlib is not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from sklearn.datasets import load_digits
    >>> from coresift import compare
    >>> from coresift.report import write_html
    >>> X, y = load_digits(return_X_y=True)
    >>> found = compare(X, y, budget=100, seeds=1, isolate=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "page.html")
    ...     write_html(found, path)
    ...     path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    True
    """
    text = page(comparison).encode()
    with whole_file(Path(path)) as file:
        file.write(text)


def page(comparison: Comparison) -> str:
    """Return the page as HTML.

    Raises
    ------
    MissingDependencyError
        Where matplotlib is not installed.
    """
    parts = "".join(_part(comparison.of_model(model)) for model in comparison.models)
    opening = "".join(f"<p>{escape(said)}</p>" for said in sentences(comparison))
    meanings = "".join(
        f"<dt>{escape(word)}</dt><dd>{escape(meaning)}</dd>" for word, meaning in _MEANINGS
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>coresift: methods side by side</title><style>{_STYLE}</style></head><body>"
        f"<h1>Methods side by side</h1>{opening}"
        f'<p class="sub">{escape(title(comparison))}</p>{parts}'
        f"<h2>What the columns say</h2><dl>{meanings}</dl>"
        f"<footer>{escape(_environment())}</footer></body></html>\n"
    )


def _part(part: Comparison) -> str:
    """Return heading, table and pictures of one model."""
    figures = "".join(
        f'<figure><h3>{escape(name)}</h3><img alt="{escape(name)}. {escape(caption)}" '
        f'src="data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for name, caption, svg in charts(part)
    )
    return (
        f'<section><h2>Model {escape(part.models[0])}</h2><div class="wide">{_table(part)}</div>'
        f'<div class="figures">{figures}</div></section>'
    )


def _table(comparison: Comparison) -> str:
    shown = columns(comparison.results)
    names = ["method", "budget", "rows", *(name for _, name, _ in shown)]
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    odd = any_odd(comparison.results)
    lines = []
    for result in comparison.results:
        values = [
            result.method,
            budget_text(result),
            rows_text(result),
            *(cell(result, name, digits) for name, _, digits in shown),
        ]
        cells = "".join(f"<td>{escape(value)}</td>" for value in values)
        if odd:
            cells += f'<td class="status">{escape(status(result))}</td>'
        lines.append(f'<tr class="{_kind(result)}">{cells}</tr>')
    head += '<th class="status">status</th>' if odd else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _kind(result: Result) -> str:
    if result.status != "ok":
        return "bad"
    return "full" if result.method == FULL else "method"


def _environment() -> str:
    return (
        f"coresift {coresift.__version__}, Python {platform.python_version()}, "
        f"numpy {numpy.__version__}, scikit-learn {sklearn.__version__}, "
        f"{os.cpu_count()} processors ({platform.machine()})"
    )
