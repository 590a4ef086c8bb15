"""What commands write of summaries, and of coresets that are chosen from them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coresift._errors import ParameterError
from coresift.cli._options import n_threads

if TYPE_CHECKING:
    from coresift.cli._reading import Reading
    from coresift.core.coreset import Coreset
    from coresift.summaries import StoredSummary

SUFFIX = ".summary"


def is_summary(source: Any) -> bool:
    """Tell whether a source is one summary."""
    return isinstance(source, str) and source.lower().endswith(SUFFIX)


def check_suffix(output: Path) -> None:
    """Refuse another suffix, by which coresift select would not know it.

    Raises
    ------
    ParameterError
    """
    if output.suffix.lower() != SUFFIX:
        raise ParameterError(f"--output {str(output)!r} does not end in {SUFFIX}: name it so")


def facts_of(stored: StoredSummary, output: Path) -> dict[str, Any]:
    """Return what is printed of a summary that was written."""
    drift = {} if stored.drift is None else {"drift": stored.drift.as_dict()}
    classes = zip(stored.labels, stored.sizes.tolist(), strict=True)
    return {
        "n_rows": stored.n_rows,
        "n_features": len(stored.feature_names),
        "classes": {str(label): size for label, size in classes},
        "most_rows": stored.recipe.most_rows,
        "first_row": stored.spans[0].start,
        "next_row": stored.next_row,
        "bytes": os.path.getsize(output),
        "output": str(output),
        **drift,
    }


def summary_of(
    reading: Reading, update: str | None, threads: int | None
) -> tuple[StoredSummary, dict[str, Any]]:
    """Return a summary to choose from, and what is to be said of it.

    With ``update``, the rows are added to that summary, which is written again.
    """
    from coresift.summaries import load, summarise

    if update is None:
        return load(reading.sources[0]), {}
    old = load(update)
    new = summarise(
        reading.rows(),
        like=old,
        first_row=old.next_row,
        reading=reading.options,
        n_threads=n_threads(threads),
    )
    stored = old.merge(new)
    stored.save(update)
    return stored, {} if new.drift is None else {"drift": new.drift.as_dict()}


def write_chosen(
    stored: StoredSummary, coreset: Coreset, output: Path, names: tuple[str, str]
) -> None:
    """Write the chosen rows of the files that were summarised, with weights and positions."""
    from coresift.sources import copy_rows

    source, places = stored.source(coreset.row_ids)
    added = dict(zip(names, (coreset.weights, coreset.row_ids), strict=True))
    copy_rows(source, places, output, added)
