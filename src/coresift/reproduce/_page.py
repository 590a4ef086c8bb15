"""The page of results, from the JSON of the runs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coresift._errors import FormatError, MissingDataError
from coresift._files import whole_file
from coresift.reproduce._experiment import FAILS, HOLDS, IN_PART, UNKNOWN
from coresift.reproduce._registry import NAMES
from coresift.reproduce._write import as_markdown, markdown_table

_NEEDED = (
    *("name", "title", "paper", "scale", "epochs", "batch_size", "seeds", "data", "about"),
    *("missing", "verdicts", "columns", "lines"),
)


def write_page(folder: str | os.PathLike[str], path: str | os.PathLike[str]) -> Path:
    """Write one page of Markdown from a folder of `reproduce`, and its pictures beside it.

    Parameters
    ----------
    folder : str or path
        With the JSON files.
    path : str or path
        Page to write; the pictures go to the folder ``NAME_pictures`` beside it.

    Raises
    ------
    MissingDataError
        For a folder without results.
    FormatError
        For a file that is something else.
    """
    source, target = Path(folder), Path(path)
    found = results(source)
    pictures = target.with_name(f"{target.stem}_pictures")
    pictures.mkdir(parents=True, exist_ok=True)
    for facts in found:
        picture = source / f"{facts['name']}.png"
        if picture.exists():
            with whole_file(pictures / picture.name) as file:
                file.write(picture.read_bytes())
    with whole_file(target) as file:
        file.write(page(found, pictures.name).encode())
    return target


def results(folder: Path) -> list[dict[str, Any]]:
    """Return what the JSON files of a folder hold, in the order of the paper.

    Raises
    ------
    MissingDataError
        For a folder without results.
    FormatError
        For a file that is something else.
    """
    paths = [folder / f"{name}.json" for name in NAMES]
    found = [_read(path) for path in paths if path.exists()]
    if not found:
        raise MissingDataError(
            f"{str(folder)!r} holds no results: run `coresift reproduce all --out DIR` first"
        )
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_bytes())
        return {name: facts[name] for name in _NEEDED}
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(
            f"{str(path)!r} is no result of coresift reproduce: remove it, or run it again"
        ) from error


def page(found: Sequence[dict[str, Any]], pictures: str) -> str:
    """Return the page.

    Parameters
    ----------
    found : sequence of dict
        What the JSON files hold.
    pictures : str
        Their folder, as the page names it.
    """
    sections = [
        as_markdown(facts, 2, f"{pictures}/{facts['name']}.png").rstrip("\n") for facts in found
    ]
    return "\n\n".join([_head(found), _verdicts(found), *sections]) + "\n"


def _head(found: Sequence[dict[str, Any]]) -> str:
    quick = [facts["name"] for facts in found if facts["scale"] == "quick"]
    lacking = [name for name in NAMES if name not in {facts["name"] for facts in found}]
    dates = sorted({facts["about"]["date"] for facts in found})
    commits = sorted({facts["about"]["commit"] or "unknown" for facts in found})
    parts = [
        "# Results",
        "Every table and figure of the paper's evaluation, with the paper's claims judged one by "
        "one. The page is made by `coresift reproduce all --out DIR` and `coresift reproduce page "
        "--out DIR --page docs/results.md`, never by hand. "
        f"Runs of {' to '.join(dict.fromkeys([dates[0], dates[-1]]))}, commit "
        f"{', '.join(commits)}.",
        "Rows of methods that begin with *ours* are not in the paper. A data set that says "
        "*generated* has the paper's number of features and classes and nothing else of it: its "
        "accuracies say nothing about the paper's.",
    ]
    if quick:
        parts.append(
            "**These are quick runs**: few rows of each data set, one seed, and networks trained "
            "for a few epochs. They show which way a figure points. Coresets of a few hundred rows "
            "are not what the paper's accuracies are about. Its ratios of times cannot be judged "
            "by times of a few seconds; where the load is above the number of processors, other "
            "work was on the machine."
        )
    if lacking:
        parts.append(f"Not run: {', '.join(lacking)}.")
    return "\n\n".join(parts)


def _verdicts(found: Sequence[dict[str, Any]]) -> str:
    """Return all verdicts in one table, with how many there are of each kind."""
    lines = [
        [one["section"], facts["title"].partition(":")[0], one["claim"], f"**{one['verdict']}**"]
        for facts in found
        for one in facts["verdicts"]
    ]
    table = markdown_table(("section", "shown by", "the paper's claim", "verdict"), lines)
    return f"## Verdicts\n\n{counted(found)}\n\n{table}"


def counted(found: Sequence[dict[str, Any]]) -> str:
    """Return how many claims there are of each verdict, in a sentence."""
    words = [one["verdict"] for facts in found for one in facts["verdicts"]]
    counts = ", ".join(
        f"{word} {words.count(word)}" for word in (HOLDS, IN_PART, FAILS, UNKNOWN) if word in words
    )
    return f"Verdicts on {len(words)} claims of the paper: {counts}."
