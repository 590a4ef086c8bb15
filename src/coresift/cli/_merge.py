"""``coresift merge``: summaries of several runs of rows to one of all of them."""

from __future__ import annotations

from functools import reduce
from pathlib import Path
from typing import Annotated

import typer

from coresift.cli._options import AsJson, check_folders
from coresift.cli._output import print_facts
from coresift.cli._summary_output import check_suffix, facts_of


def merge(
    summaries: Annotated[
        list[str], typer.Argument(metavar="SUMMARY", help="Files that coresift summarise wrote.")
    ],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="Summary to write.")],
    as_json: AsJson = False,
) -> None:
    """Merge summaries; the result is the summary of all their rows."""
    check_folders({"--output": output})
    check_suffix(output)
    from coresift.summaries import StoredSummary, load

    merged = reduce(StoredSummary.merge, map(load, summaries))
    merged.save(output)
    print_facts(facts_of(merged, output), as_json)
