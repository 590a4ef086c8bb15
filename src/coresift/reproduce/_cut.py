"""Parts of the results, put into other pages between two marks."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coresift._errors import FormatError, MissingDataError, ParameterError
from coresift._files import whole_file
from coresift.reproduce._experiment import title_of
from coresift.reproduce._page import counted, found_in, scale_of
from coresift.reproduce._registry import NAMES
from coresift.reproduce._settings import SETTINGS
from coresift.reproduce._write import conditions, markdown_table

VERDICTS = "verdicts"
_PART = re.compile(
    r"^(?P<begin><!-- results: (?P<name>\S+)(?: (?P<data>\S+))? -->)\n.*?"
    r"^(?P<end><!-- end of results -->)$",
    re.MULTILINE | re.DOTALL,
)


def write_into(
    folder: str | os.PathLike[str],
    path: str | os.PathLike[str],
    also: Sequence[str | os.PathLike[str]] = (),
) -> Path:
    """Put results of `reproduce` into a page, in the place of what stands between its marks.

    A part begins with the line ``<!-- results: NAME -->`` and ends with
    ``<!-- end of results -->``. NAME is that of a table or figure, whose table then stands there,
    or ``verdicts``: how many of the paper's claims hold. Below stand the data, the machine, the
    commit and the date. NAME may be followed by the name of a data set, such as ``covtype``: then
    the table has its lines alone.

    Parameters
    ----------
    folder : str or path
        With the JSON files of `reproduce`.
    path : str or path
        Page of Markdown.
    also : sequence of str or path, default=()
        As for `write_page`.

    Raises
    ------
    FormatError
        For a page without such marks, or that cannot be read.
    ParameterError
        For a mark with a name that is no table or figure.
    MissingDataError
        For a folder that does not hold what a mark names.
    """
    target = Path(path)
    found = [facts for _, facts in found_in([folder, *also])]
    try:
        text = target.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"{str(target)!r} cannot be read as a page ({error})") from error
    if not _PART.search(text):
        raise FormatError(
            f"{str(target)!r} has no place for results: write the lines '<!-- results: {VERDICTS} "
            "-->' and '<!-- end of results -->' where they are to stand"
        )

    def filled(match: re.Match[str]) -> str:
        return f"{match['begin']}\n\n{_part(match['name'], match['data'], found)}\n\n{match['end']}"

    with whole_file(target) as file:
        file.write(_PART.sub(filled, text).encode())
    return target


def _part(name: str, data: str | None, found: Sequence[dict[str, Any]]) -> str:
    if name == VERDICTS:
        return f"{counted(found)} {_short_conditions(found)}"
    if name not in NAMES:
        raise ParameterError(
            f"the mark names {name!r}: use one of {', '.join(NAMES)}, or {VERDICTS}"
        )
    named = [facts for facts in found if facts["name"] == name]
    if not named:
        raise MissingDataError(f"{name} was not run: run `coresift reproduce {name}` first")
    (facts,) = named
    if data is not None:
        facts = _of_data(facts, data)
    return f"{markdown_table(facts['columns'], facts['lines'])}\n\n{conditions(facts)}"


def _of_data(facts: dict[str, Any], data: str) -> dict[str, Any]:
    """Return what belongs to a data set alone; the table need not name it any more."""
    if data not in SETTINGS:
        raise ParameterError(f"the mark names the data set {data!r}: use {', '.join(SETTINGS)}")
    own = [one for one in facts["data"] if one["data"] == data]
    if not own:
        raise MissingDataError(f"{facts['name']} was not run on {data!r}")
    lines = [line[1:] for line in facts["lines"] if line[0] == title_of(own[0])]
    return {**facts, "columns": facts["columns"][1:], "lines": lines, "data": own}


def _short_conditions(found: Sequence[dict[str, Any]]) -> str:
    """Return scale, dates, machines and commits of several runs in a sentence or two."""
    about = [facts["about"] for facts in found]
    dates = sorted({one["date"] for one in about})
    machines = sorted({one["machine"] for one in about})
    commits = sorted({one["commit"] or "unknown" for one in about})
    return (
        f"Scale: {scale_of(found)}. Machine: {', '.join(machines)}. Commit {', '.join(commits)}. "
        f"{' to '.join(dict.fromkeys([dates[0], dates[-1]]))}."
    )
