"""A source with its classes and its scale: what every pass after the first reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from coresift._rng import Purpose, derived_seed, row_hash
from coresift._runtime import Runtime
from coresift._typing import Float32, Indices, RawRows, Rows
from coresift.core.budget import resolve_budget, split_budget
from coresift.core.classes import Classes
from coresift.core.merge import BottomK, Mergeable
from coresift.core.profile import Profile
from coresift.core.scaler import Scaler
from coresift.engines._base import M
from coresift.sources import (
    Chunk,
    Source,
    raise_missing_labels,
    raise_nonfinite,
)


class Block(NamedTuple):
    """A run of rows as tasks see them.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
        Scaled.
    class_ids, row_ids : ndarray of shape (n_rows,), int64
    """

    rows: Rows
    class_ids: Indices
    row_ids: Indices


def row_ids_of(chunk: Chunk) -> Indices:
    """Return the positions of the rows of a chunk, shape (n_rows,), int64."""
    return np.arange(chunk.start, chunk.start + len(chunk.rows))


@dataclass(frozen=True)
class ProfileTask:
    """Pass 1: check values, count labels, draw the sample that trains the encoder.

    Parameters
    ----------
    scale : str or None
    sample_size, seed : int
        Of the sample.
    """

    scale: str | None
    sample_size: int
    seed: int

    def __call__(self, chunk: Chunk) -> Profile:
        """Profile a chunk."""
        return Profile.of(
            chunk.rows,
            row_ids_of(chunk),
            chunk.labels,
            scale=self.scale,
            sample_size=self.sample_size,
            seed=self.seed,
        )


@dataclass(frozen=True, eq=False)
class View:
    """How a chunk becomes a `Block`.

    Parameters
    ----------
    scaler : Scaler
    classes : Classes
    """

    scaler: Scaler
    classes: Classes

    def __call__(self, chunk: Chunk) -> Block:
        """Scale the rows and number the labels."""
        class_ids = self.classes.ids(chunk.labels, len(chunk.rows))
        return Block(self.scaler.transform(chunk.rows), class_ids, row_ids_of(chunk))


@dataclass(frozen=True, eq=False)
class Viewed:
    """A task on blocks, as a task on chunks."""

    view: View
    task: Callable[[Block], Any]

    def __call__(self, chunk: Chunk) -> Mergeable:
        """Run the task on the block of a chunk."""
        result: Mergeable = self.task(self.view(chunk))
        return result

    def of_rows(self, start: int, n_rows: int) -> Viewed:
        """Return the task for a part of the rows, where that is less."""
        if not hasattr(self.task, "of_rows"):
            return self
        return replace(self, task=self.task.of_rows(start, n_rows))


@dataclass(frozen=True, eq=False)
class Table:
    """What one pass tells of a source, and how to read it from then on.

    Parameters
    ----------
    source : Source
    view : View
    profile : Profile
    """

    source: Source
    view: View
    profile: Profile

    @classmethod
    def of(
        cls, source: Source, scale: str | None, sample_size: int, seed: int, run: Runtime
    ) -> Table:
        """Read the source once (pass 1).

        Raises
        ------
        DataError, LabelError
            For rows or labels that cannot be used.
        """
        task = ProfileTask(scale, sample_size, derived_seed(seed, Purpose.SAMPLE))
        with run.stage("survey", source.n_rows):
            seen = run.fold(task, source)
        raise_nonfinite(seen.nan_counts, seen.inf_counts, source.column_names)
        raise_missing_labels(seen.n_missing_labels, source.n_rows)
        classes = Classes.of(seen.label_counts, source.n_rows)
        scaler = Scaler.from_moments(seen.moments, scale, source.column_names)
        return cls(source, View(scaler, classes), seen)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.source.n_rows

    @property
    def classes(self) -> Classes:
        """Labels and their counts."""
        return self.view.classes

    def fold(self, task: Callable[[Block], M], run: Runtime) -> M:
        """Merge ``task(block)`` over all rows."""
        merged: M = run.fold(Viewed(self.view, task), self.source)  # type: ignore[assignment]
        return merged

    def take(self, row_ids: Indices) -> Rows:
        """Return the scaled rows at ascending positions."""
        return self.view.scaler.transform(self.source.take(row_ids))

    def sample(self, n_rows: int | None = None) -> Rows:
        """Return the sample of the first pass, scaled, in the order of its hashes.

        Parameters
        ----------
        n_rows : int or None
            Only the first so many: what a sample of that size is.
        """
        return self.view.scaler.transform(self.profile.sample.payload[0][:n_rows])

    def labelled(self, first: int, stop: int) -> Block:
        """Return a part of the sample, by hashes, in the order of the row ids."""
        kept = self.profile.sample
        order = first + np.argsort(kept.row_ids[first:stop])
        rows, *labels = (carried[order] for carried in kept.payload)
        class_ids = self.classes.ids(labels[0] if labels else None, len(order))
        return Block(self.view.scaler.transform(rows), class_ids, kept.row_ids[order])

    def edges(self) -> tuple[Float32, Float32]:
        """Return the smallest and the largest scaled value of each feature."""
        moments = self.profile.moments
        extremes: RawRows = np.stack([moments.minimum, moments.maximum])
        low, high = self.view.scaler.transform(extremes)
        return low, high

    def quotas(self, budget: float) -> Indices:
        """Split a budget over the classes, shape (n_classes,), int64.

        Raises
        ------
        BudgetError
            For a budget that cannot be met.
        """
        return split_budget(resolve_budget(budget, self.n_rows), self.classes.sizes)

    def gather(self, run: Runtime) -> Block:
        """Read all rows into memory."""
        with run.stage("read", self.n_rows):
            pieces = self.fold(KeepRows(), run)
        return pieces.block(self.n_rows)


@dataclass(frozen=True)
class KeepRows:
    """Keep every row as it is read."""

    def __call__(self, block: Block) -> Pieces:
        """Return the block as a piece."""
        return Pieces((block,))


@dataclass(frozen=True, eq=False)
class Pieces:
    """Blocks of rows, not yet in one piece; merging copies nothing.

    Parameters
    ----------
    blocks : tuple of Block
    """

    blocks: tuple[Block, ...] = ()

    def merge(self, other: Pieces) -> Pieces:
        """Return the pieces of both sets of rows."""
        return Pieces(self.blocks + other.blocks)

    def block(self, n_rows: int) -> Block:
        """Return all rows as one block, in the order of their ids from 0."""
        first = self.blocks[0]
        rows = np.empty((n_rows, *first.rows.shape[1:]), first.rows.dtype)
        class_ids = np.empty(n_rows, dtype=np.int64)
        for piece in self.blocks:
            rows[piece.row_ids] = piece.rows
            class_ids[piece.row_ids] = piece.class_ids
        return Block(rows, class_ids, np.arange(n_rows))


@dataclass(frozen=True, eq=False)
class DrawRows:
    """Draw rows of each class, those of smallest hash.

    Parameters
    ----------
    limits : ndarray of shape (n_classes,) or (1,), int64
        How many rows of each class, or of all.
    seed : int
        Of the row hash.
    """

    limits: Indices
    seed: int

    def __call__(self, block: Block) -> BottomK:
        """Draw from a block; the rows carry their class."""
        groups = block.class_ids if len(self.limits) > 1 else np.zeros_like(block.class_ids)
        hashes = row_hash(block.row_ids, self.seed)
        return BottomK.of(groups, (hashes,), block.row_ids, self.limits, (block.class_ids,))
