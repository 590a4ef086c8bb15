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
from coresift.reproduce._registry import NAMES, experiment
from coresift.reproduce._write import as_markdown, duration, markdown_table, shown

_NEEDED = (
    *("name", "title", "paper", "scale", "epochs", "batch_size", "seeds", "data", "about"),
    *("missing", "verdicts", "columns", "lines"),
)


def write_page(
    folder: str | os.PathLike[str],
    path: str | os.PathLike[str],
    also: Sequence[str | os.PathLike[str]] = (),
) -> Path:
    """Write one page of Markdown from a folder of `reproduce`, and its pictures beside it.

    Parameters
    ----------
    folder : str or path
        With the JSON files.
    path : str or path
        Page to write; the pictures go to the folder ``NAME_pictures`` beside it.
    also : sequence of str or path, default=()
        Folders that stand in, in this order, for tables and figures that the first lacks or has no
        row of: such as quick runs for those that were not run at the paper's size.

    Raises
    ------
    MissingDataError
        For a folder without results.
    FormatError
        For a file that is something else.
    """
    target = Path(path)
    sources = found_in([folder, *also])
    found = [facts for _, facts in sources]
    pictures = target.with_name(f"{target.stem}_pictures")
    pictures.mkdir(parents=True, exist_ok=True)
    for source, facts in sources:
        picture = source / f"{facts['name']}.png"
        if picture.exists():
            with whole_file(pictures / picture.name) as file:
                file.write(picture.read_bytes())
    with whole_file(target) as file:
        file.write(page(found, pictures.name).encode())
    return target


def found_in(
    folders: Sequence[str | os.PathLike[str]],
) -> list[tuple[Path, dict[str, Any]]]:
    """Return what JSON files hold, in the order of the paper, each with the folder that it is in.

    That is the first folder with a row of the table or figure, else the first that has it at all.

    Raises
    ------
    MissingDataError
        For a folder without results.
    FormatError
        For a file that is something else.
    """
    known = [_results(Path(folder)) for folder in folders]
    found = []
    for name in NAMES:
        own = [results[name] for results in known if name in results]
        found += [one for one in own if one[1]["lines"]][:1] or own[:1]
    return found


def _results(folder: Path) -> dict[str, tuple[Path, dict[str, Any]]]:
    """Return the results of a folder by name, each with the folder."""
    paths = {name: folder / f"{name}.json" for name in NAMES}
    found = {name: (folder, _read(path)) for name, path in paths.items() if path.exists()}
    if not found:
        raise MissingDataError(
            f"{str(folder)!r} holds no results: run `coresift reproduce all --out DIR` first"
        )
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_bytes())
        # those of before told no seconds
        kept = {"seconds": facts.get("seconds", {}), **{name: facts[name] for name in _NEEDED}}
        rows = facts.get("rows")  # shown and judged as this version does
        return {**kept, **shown(experiment(facts["name"]), rows)} if rows else kept
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
    quick = quick_of(found)
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
        which = (
            "These are quick runs"
            if len(quick) == len(found)
            else f"{_listed(quick)}: quick runs, the others at the paper's size"
        )
        parts.append(
            f"**{which}.** Quick means few rows of each data set, one seed, and networks trained "
            "for a few epochs. They show which way a figure points. Coresets of a few hundred rows "
            "are not what the paper's accuracies are about. Its ratios of times cannot be judged "
            "by times of a few seconds; where the load is above the number of processors, other "
            "work was on the machine."
        )
    taken = duration(found)
    if taken:
        parts.append(f"The runs took {taken}, one after the other.")
    if lacking:
        parts.append(f"Not run: {', '.join(lacking)}.")
    return "\n\n".join(parts)


def quick_of(found: Sequence[dict[str, Any]]) -> list[str]:
    """Return the short titles of results of quick runs, such as ``"Figure 5"``."""
    return [_short_title(facts) for facts in found if facts["scale"] == "quick"]


def _short_title(facts: dict[str, Any]) -> str:
    return str(facts["title"]).partition(":")[0]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def scale_of(found: Sequence[dict[str, Any]]) -> str:
    """Return the scale of results; where some are quick, which.

    Examples
    --------
    >>> from coresift.reproduce._page import scale_of
    >>> titles = {"paper": "Figure 5: accuracy", "quick": "Figure 8: networks"}
    >>> scale_of([{"scale": scale, "title": title} for scale, title in titles.items()])
    'paper, but quick for Figure 8'
    """
    quick = quick_of(found)
    if len(quick) == len(found):
        return "quick"
    return f"paper, but quick for {_listed(quick)}" if quick else "paper"


def _verdicts(found: Sequence[dict[str, Any]]) -> str:
    """Return all verdicts in one table, with how many there are of each kind."""
    lines = [
        [one["section"], _short_title(facts), one["claim"], f"**{one['verdict']}**"]
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
