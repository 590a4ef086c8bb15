"""Rows to a summary that can be kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from coresift._errors import DataError, FormatError, LabelError, ParameterError
from coresift._progress import Progress
from coresift._runtime import Runtime
from coresift.engines import Engine
from coresift.methods.fastcore import EncodeTask
from coresift.sources import Source
from coresift.sources._shifted import ShiftedSource
from coresift.summaries._drift import Drift, quantisation_error
from coresift.summaries._recipe import Recipe
from coresift.summaries._stored import Span, StoredSummary
from coresift.table import Table


def summarise(
    source: Source,
    *,
    recipe: Recipe | None = None,
    like: StoredSummary | None = None,
    first_row: int = 0,
    reading: Mapping[str, Any] | None = None,
    engine: str | Engine = "serial",
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> StoredSummary:
    """Summarise rows: two passes.

    Parameters
    ----------
    source : Source
        Without prior weights, and without rows that are left out or filled.
    recipe : Recipe or None, default=None
        How; None is the defaults.
    like : StoredSummary or None, default=None
        A summary that this one is to be merged with: the encoder and the recipe are taken from
        it. None trains an encoder on these rows.
    first_row : int, default=0
        Position of the first row in the whole table; all that is drawn depends on it.
    reading : mapping or None, default=None
        Options of `as_source` with which the files were read; None is those of ``like``.
    engine, n_threads, progress
        As in `coresift.FastCore`.

    Raises
    ------
    DataError, LabelError, ParameterError
        For rows or labels that cannot be used.
    FormatError
        If ``like`` has other features.
    """
    if recipe is not None and like is not None:
        raise ParameterError("both recipe and like are given: like has a recipe, leave the other")
    if source.n_input_rows != source.n_rows:
        raise DataError("rows are left out, which a summary cannot say: write them to a file first")
    if like is not None and like.feature_names != source.feature_names:
        differ = sorted({*like.feature_names} ^ {*source.feature_names}) or ["their order"]
        raise FormatError(
            f"the rows have other features than the summary that they are to be like "
            f"({differ[0]!r}): a summary of other features cannot be merged"
        )
    recipe = recipe or (Recipe() if like is None else like.recipe)
    with Runtime(engine, n_threads, progress) as run:
        plan, shifted = recipe.plan(1), ShiftedSource(source, first_row)
        table = Table.of(
            shifted,
            plan.scale,
            2 * plan.sample_rows,
            plan.seed,
            run,
            target="classes",
            narrow=False,
        )
        _check(table)
        encoder = plan.train(table, 1, run) if like is None else like.encoder
        table = replace(table, view=replace(table.view, scaler=encoder.scaler))
        sample = table.sample()
        known = quantisation_error(encoder, sample[plan.sample_rows :])  # not trained on these
        layout = recipe.layout(source.n_features, len(table.classes))
        layout = replace(layout, n_bits=encoder.clusterer.n_bits)
        with run.stage("summarise", table.n_rows):
            summary = table.fold(EncodeTask(encoder, layout, keep_buckets=True), run)
    given = like.reading if reading is None and like is not None else reading
    return StoredSummary(
        recipe,
        encoder,
        source.feature_names,
        table.classes.labels,
        summary,
        _spans(source, first_row),
        dict(given or {}),
        known if like is None else like.error_known,
        None if like is None else Drift.of(sample, like.encoder, plan.scale, like.error_known),
    )


def _check(table: Table) -> None:
    if table.totals is not None:
        raise ParameterError(
            "rows have prior weights, which summaries cannot keep: select directly"
        )
    kinds = {type(label) for label in table.classes.labels}
    if not kinds <= {type(None), bool, int, float, str}:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise LabelError(f"labels are {names}; summaries keep numbers and text: convert them")


def _spans(source: Source, first_row: int) -> tuple[Span, ...]:
    """Return a span for each file, or one."""
    files = getattr(source, "files", None)
    if files is None:
        return (Span(first_row, source.n_rows),)
    spans = []
    for file in files:
        place = file.location
        name = os.path.abspath(place.path) if place.is_local else place.name
        spans.append(Span(first_row, file.n_rows, name, file.stamp.size, file.stamp.ends))
        first_row += file.n_rows
    return tuple(spans)
