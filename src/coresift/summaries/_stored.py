"""A summary that knows how it was made, and of which rows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from os import PathLike
from typing import Any

import numpy as np

from coresift._errors import (
    BudgetError,
    DataError,
    FormatError,
    InputChangedError,
    ParameterError,
)
from coresift._progress import Progress
from coresift._runtime import Runtime
from coresift._typing import Buckets, Counts, Indices
from coresift.core.budget import resolve_budget, split_budget
from coresift.core.classes import Classes
from coresift.core.coreset import Choice, ClassReport, Coreset, Report
from coresift.core.encoder import Encoder
from coresift.core.summary import Summary
from coresift.methods.fastcore import FastCorePlan
from coresift.sources import Source, as_source
from coresift.summaries._drift import Drift
from coresift.summaries._recipe import Recipe


@dataclass(frozen=True)
class Span:
    """A run of rows that was summarised.

    Parameters
    ----------
    start : int
        Position of the first row in the whole table.
    n_rows : int
    name : str or None
        The file, where they come from one.
    size, ends : int
        Of the file: bytes, and a checksum of its ends.
    """

    start: int
    n_rows: int
    name: str | None = None
    size: int = 0
    ends: int = 0

    @property
    def stop(self) -> int:
        """Position after the last row."""
        return self.start + self.n_rows

    def __str__(self) -> str:
        of = "" if self.name is None else f" (of {self.name!r})"
        return f"rows {self.start:,} to {self.stop - 1:,}{of}"


@dataclass(frozen=True, eq=False)
class StoredSummary:
    """What a selection needs to know of some rows, with how it was made.

    Parameters
    ----------
    recipe : Recipe
    encoder : Encoder
    feature_names : tuple of str
    labels : tuple
        Label of each class, ascending.
    summary : Summary
        Of rows at their positions in the whole table; candidates carry codes and buckets.
    spans : tuple of Span
        Which rows these are, by position.
    reading : mapping
        Options of `as_source` with which the files were read.
    error_known : float
        What the encoder loses of rows like those that it was trained on, see `Drift`.
    drift : Drift or None
        How the encoder fits the rows, where they were summarised just now with that of others.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift.sources import as_source
    >>> from coresift.summaries import summarise
    >>> X, y = load_digits(return_X_y=True)
    >>> first = summarise(as_source(X[:900], y[:900]))
    >>> rest = summarise(as_source(X[900:], y[900:]), like=first, first_row=900)
    >>> coreset = first.merge(rest).select(budget=0.1)
    >>> len(coreset.row_ids), float(coreset.weights.sum())
    (179, 1797.0)
    """

    recipe: Recipe
    encoder: Encoder
    feature_names: tuple[str, ...]
    labels: tuple[Hashable, ...]
    summary: Summary
    spans: tuple[Span, ...]
    reading: Mapping[str, Any] = field(default_factory=dict)
    error_known: float = 0.0
    drift: Drift | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows that were summarised."""
        return int(self.summary.sizes.sum())

    @property
    def next_row(self) -> int:
        """Position of a row that follows the last one."""
        return self.spans[-1].stop

    @property
    def sizes(self) -> Counts:
        """Rows of each class, shape (n_classes,), int64."""
        sizes = np.zeros(len(self.labels), dtype=np.int64)
        np.add.at(sizes, self.summary.cluster_class, self.summary.sizes)
        return sizes

    def merge(self, other: StoredSummary) -> StoredSummary:
        """Return the summary of both sets of rows: the same, whatever is merged first.

        Raises
        ------
        FormatError
            Where they were made in different ways, or of the same rows; it names the difference.
        """
        _check_alike(self, other)
        spans = tuple(sorted((*self.spans, *other.spans), key=lambda span: span.start))
        _check_apart(spans)
        labels = Classes.of(dict.fromkeys((*self.labels, *other.labels), 1), 1).labels
        if None in labels and len(labels) > 1:
            raise FormatError("cannot merge summaries of rows with and without labels")
        left, right = self._among(labels), other._among(labels)
        merged = left.merge(right)
        return replace(self, labels=labels, summary=merged, spans=spans, drift=None)

    def _among(self, labels: tuple[Hashable, ...]) -> Summary:
        """Return the summary with the classes numbered among more labels."""
        layout = self.recipe.layout(len(self.feature_names), len(labels))
        layout = replace(layout, n_bits=self.encoder.clusterer.n_bits)
        numbers = {label: number for number, label in enumerate(labels)}
        ids = np.array([numbers[label] for label in self.labels], dtype=np.int64)
        return self.summary.renumbered(ids, layout)

    def select(
        self,
        budget: float,
        *,
        n_threads: int | None = None,
        progress: Progress | None = None,
        **settings: Any,
    ) -> Coreset:
        """Choose a coreset; no row is read.

        Parameters
        ----------
        budget : float or int
            A fraction of the rows, or a number of rows.
        n_threads : int or None, default=None
        progress : callable or None, default=None
        **settings
            ``bound``, ``greedy``, ``n_candidates`` of `coresift.FastCore`.

        Returns
        -------
        Coreset
            The one of ``FastCore(budget, weights="cluster")`` on all these rows with this encoder.

        Raises
        ------
        BudgetError
            For a budget that cannot be met, or that is above what the summary was made for.
        """
        if unknown := set(settings) - {"bound", "greedy", "n_candidates"}:
            raise ParameterError(f"{min(unknown)!r} is no parameter of a selection from a summary")
        plan, sizes = self.recipe.plan(budget, n_threads=n_threads, **settings), self.sizes
        quotas = split_budget(resolve_budget(budget, self.n_rows), sizes)
        self._check_quotas(quotas)
        with Runtime("serial", n_threads, progress) as run:
            with run.stage("choose", int(quotas.sum())):
                choice = self._chosen(plan, quotas, run)
            weights = self._weights(choice)
            seconds = dict(run.seconds)
        return Coreset(choice.row_ids, weights, self._report(choice, seconds))

    def _chosen(self, plan: FastCorePlan, quotas: Indices, run: Runtime) -> Choice:
        layout = plan.layout(quotas, self.sizes, self.summary.layout.n_subspaces)
        layout = replace(layout, n_bits=self.summary.layout.n_bits)
        small, every = self.summary.limited(layout), np.ones(len(quotas), dtype=bool)
        coded = plan.choose_coded(small, self.encoder, quotas, every, run)
        return plan.choice(coded.chosen(), coded, self.sizes)

    def _weights(self, choice: Choice) -> Any:
        shares = replace(choice.shares, buckets=self._buckets(choice.row_ids))  # type: ignore[type-var]
        return shares.weights(choice, lambda: np.zeros((0, 0), dtype=np.float32))  # type: ignore[union-attr]

    def _buckets(self, row_ids: Indices) -> Buckets:
        """Return the buckets of candidates."""
        pool = self.summary.pool
        order = np.argsort(pool.row_ids)
        buckets: Buckets = pool.payload[1][order[np.searchsorted(pool.row_ids[order], row_ids)]]
        return buckets

    def _check_quotas(self, quotas: Indices) -> None:
        most, layout = int(quotas.max()), self.summary.layout
        is_whole = (
            len(self.summary.pool.row_ids) == self.n_rows
            and (self.summary.bits == layout.n_bits).all()
        )
        if most > self.recipe.most_rows and not is_whole:
            raise BudgetError(
                f"the budget is {most:,} rows of a class, the summary was made for at most "
                f"{self.recipe.most_rows:,}: choose fewer, or summarise again with "
                f"most_rows={most} (--most-rows)"
            )

    def _report(self, choice: Choice, seconds: Mapping[str, float]) -> Report:
        chosen = np.bincount(choice.class_ids, minlength=len(self.labels)).tolist()
        entries = zip(self.labels, self.sizes.tolist(), chosen, choice.class_facts, strict=True)
        return Report(
            self.n_rows,
            len(self.feature_names),
            len(choice.row_ids),
            None,
            choice.facts,
            tuple(ClassReport(*entry) for entry in entries),
            seconds,
        )

    def source(self, row_ids: Indices) -> tuple[Source, Indices]:
        """Open the files that were summarised.

        Parameters
        ----------
        row_ids : ndarray of shape (k,), int64
            Positions in the whole table.

        Returns
        -------
        source : Source
            All files, in the order of their rows.
        places : ndarray of shape (k,), int64
            Where these rows stand in it.

        Raises
        ------
        DataError
            If some rows came from no file.
        InputChangedError
            If a file is no longer the one that was summarised.
        """
        if any(span.name is None for span in self.spans):
            raise DataError("the rows came from no file, so they cannot be read again")
        source: Any = as_source([str(span.name) for span in self.spans], **self.reading)
        for span, file in zip(self.spans, source.files, strict=True):
            if (file.stamp.size, file.stamp.ends) != (span.size, span.ends):
                raise InputChangedError.of(str(span.name), "since it was summarised")
        starts = np.array([span.start for span in self.spans])
        before = np.cumsum([0, *(span.n_rows for span in self.spans[:-1])])
        own = np.searchsorted(starts, row_ids, side="right") - 1
        return source, row_ids - starts[own] + before[own]

    def save(self, path: str | PathLike[str]) -> None:
        """Write it to a file, completely or not at all; see `load`.

        Raises
        ------
        FormatError
            If the file cannot be written.
        """
        from coresift.summaries._format import save

        save(self, path)


def _check_alike(left: StoredSummary, right: StoredSummary) -> None:
    difference = left.recipe.difference(right.recipe)
    if left.feature_names != right.feature_names:
        pairs = zip((*left.feature_names, "none"), (*right.feature_names, "none"), strict=False)
        one, other = next((a, b) for a, b in pairs if a != b)
        difference = f"a feature is {one!r} in one and {other!r} in the other"
    if difference is None and left.encoder.digest() != right.encoder.digest():
        difference = "their encoders are trained on different rows"
    if difference is None and dict(left.reading) != dict(right.reading):
        names = sorted({*left.reading, *right.reading})
        name = next(n for n in names if left.reading.get(n) != right.reading.get(n))
        mine, theirs = left.reading.get(name), right.reading.get(name)
        difference = f"the option {name} is {mine!r} in one and {theirs!r} in the other"
    if difference is not None:
        raise FormatError(
            f"cannot merge these summaries: {difference}; make the second one like the first "
            "(like=, --like)"
        )


def _check_apart(spans: tuple[Span, ...]) -> None:
    known: set[tuple[str, int, int]] = set()
    for span in spans:
        if span.name is not None and (span.name, span.size, span.ends) in known:
            raise FormatError(
                f"cannot merge these summaries: {span.name!r} is in both, and its rows would count "
                "twice; leave it out"
            )
        known.add((str(span.name), span.size, span.ends))
    for first, second in pairwise(spans):
        if second.start < first.stop:
            raise FormatError(
                f"cannot merge these summaries: {first} and {second} overlap; summarise the second "
                f"with first_row={first.stop} (--first-row), or leave it out if they are the same"
            )
