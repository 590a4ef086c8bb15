"""``coresift reproduce``: the tables and figures of the paper."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coresift._errors import ParameterError
from coresift.cli._options import AsJson, Threads, n_threads
from coresift.cli._output import print_json, progress_bars

PAGE = "page"


def reproduce(
    name: Annotated[
        str,
        typer.Argument(
            help="table1, table2, table4, table5, table6, fig5 to fig12, or all; page writes the "
            "page of results from what was run."
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="Folder for the results; what is there is not run again.")
    ],
    quick: Annotated[
        bool, typer.Option("--quick", help="Few rows, one seed: minutes instead of hours.")
    ] = False,
    minutes: Annotated[
        float | None, typer.Option(help="Begin no run later; what was not run is listed.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the data sets; else CORESIFT_DATA.")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Fetch nothing; generate what is missing.")
    ] = False,
    page: Annotated[Path | None, typer.Option(help="With the name page: file to write.")] = None,
    into: Annotated[
        list[Path] | None,
        typer.Option(
            help="With the name page: a page of your own in which results stand between the lines "
            "'<!-- results: NAME -->' and '<!-- end of results -->'; may be given more than once."
        ),
    ] = None,
    also: Annotated[
        list[Path] | None,
        typer.Option(
            help="With the name page: a folder that stands in for tables and figures that --out "
            "lacks, such as one of quick runs; may be given more than once."
        ),
    ] = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Run the tables and figures of the paper again, and judge its claims."""
    from coresift import reproduce as package

    if name == PAGE:
        whole = page or not into
        written = [str(package.write_page(out, _named(page), also or ()))] if whole else []
        others = [str(package.write_into(out, path, also or ())) for path in into or ()]
        facts = {"page": written[0] if written else None, "into": others}
        print_json(facts) if as_json else print(*written, *others, sep="\n")
        return
    for option, value in (("--page", page), ("--into", into), ("--also", also)):
        if value:
            raise ParameterError(
                f"{option} has no meaning for {name!r}: it is for the name {PAGE!r}"
            )
    with progress_bars(as_json) as progress:
        outcomes = package.reproduce(
            name,
            out,
            quick=quick,
            minutes=minutes,
            n_threads=n_threads(threads),
            data_home=data,
            download=not offline,
            progress=progress,
        )
    if as_json:
        told = [
            {
                "name": one.name,
                "files": [str(path) for path in one.files],
                "done": one.done,
                "missing": [list(pair) for pair in one.missing],
            }
            for one in outcomes
        ]
        print_json({"outcomes": told})
        return
    for one in outcomes:
        left = f", {len(one.missing)} not run" if one.missing else ""
        print(f"{one.name}: {one.done} runs{left}; {one.files[0].with_suffix('.md')}")
    for one in outcomes:
        for sentence in package.not_run(one.missing):
            print(f"{one.name}: {sentence}")


def _named(page: Path | None) -> Path:
    if page is None:
        raise ParameterError("--page is missing: name the file of the page, such as results.md")
    return page
