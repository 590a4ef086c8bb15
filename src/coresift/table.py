"""A source with its classes and its scale: what every pass after the first reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresift._rng import Purpose, derived_seed, draw_keys
from coresift._runtime import Runtime
from coresift._survey import MomentsTask, ProfileTask, present, survey_labels
from coresift._typing import Budget, Counts, Float32, Float64, Indices, Labels, RawRows, Rows
from coresift.core.budget import resolve_budget, split_budget
from coresift.core.class_budget import class_quotas
from coresift.core.classes import Classes
from coresift.core.coreset import Weighed
from coresift.core.merge import BottomK, Mergeable
from coresift.core.prior import Steps, weight_of
from coresift.core.profile import Profile
from coresift.core.scaler import Scaler
from coresift.core.target import Strata
from coresift.engines._base import M
from coresift.sources import Chunk, Source, raise_unusable


class Block(NamedTuple):
    """A run of rows as tasks see them; rows of weight 0 are left out.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
        Scaled.
    class_ids, row_ids : ndarray of shape (n_rows,), int64
    weights : ndarray of shape (n_rows,), int64, or None
        How many times each row counts (its prior weight, see `core.prior`); None is once.
    targets : ndarray of shape (n_rows,), float64, or None
        The numbers to predict, in regression.
    """

    rows: Rows
    class_ids: Indices
    row_ids: Indices
    weights: Counts | None = None
    targets: Float64 | None = None

    def where(self, wanted: NDArray[np.bool_] | Indices) -> Block:
        """Return the rows of a mask, or at some places."""
        parts: list[Any] = [None if part is None else part[wanted] for part in self]
        return Block(*parts)


@dataclass(frozen=True, eq=False)
class View:
    """How a chunk becomes a `Block`.

    Parameters
    ----------
    scaler : Scaler
    classes : Classes
        Or the strata of numbers to predict.
    steps : Steps or None
        How prior weights are counted, where rows have some.
    """

    scaler: Scaler
    classes: Classes
    steps: Steps | None = None

    def __call__(self, chunk: Chunk) -> Block:
        """Scale the rows and number the labels."""
        rows, labels, row_ids, weights = present(chunk)
        return Block(
            self.scaler.transform(rows),
            self.classes.ids(labels, len(rows)),
            row_ids,
            None if weights is None or self.steps is None else self.steps.count(weights),
            self.classes.targets(labels),
        )


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
    totals : tuple of int or None
        Of weighted rows, the exact weight of each class, see `core.prior`.
    facts : mapping
        What is reported of the labels and the weights.
    """

    source: Source
    view: View
    profile: Profile
    totals: tuple[int, ...] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        source: Source,
        scale: str | None,
        sample_size: int,
        seed: int,
        run: Runtime,
        *,
        target: str = "classes",
        budget: Budget = 1,
        narrow: bool = True,
        numbers_sample: int | None = None,
    ) -> Table:
        """Read the source once (pass 1).

        Parameters
        ----------
        target : str
            What the labels may be, of `core.target.TARGETS`.
        budget : float, int or mapping
            Decides the number of strata of numbers to predict.
        narrow : bool
            Whether very many features may become few, see `Source.narrowed`.
        numbers_sample : int or None
            Size of the sample where labels may be numbers to predict; None is no other.

        Raises
        ------
        DataError, LabelError
            For rows, weights or labels that cannot be used.
        """
        with run.stage("survey", source.n_rows):
            if narrow:
                given, source = source, source.narrowed(scale)
                scale = scale if source is given else None
            draw = derived_seed(seed, Purpose.SAMPLE)
            task = ProfileTask(scale, sample_size, draw, target, numbers_sample)
            seen = run.fold(task, source)
        if seen.prior is not None:
            seen.prior.check(source.n_rows)
        raise_unusable(seen.nan_counts, seen.inf_counts, seen.n_missing_labels, source)
        steps = None if seen.prior is None else Steps.of(seen.prior)
        moments = seen.moments
        if steps is not None and scale == "standard":
            with run.stage("survey", source.n_rows):
                moments = run.fold(MomentsTask(scale, steps), source)
        scaler = Scaler.from_moments(moments, scale, source.column_names)
        labels = survey_labels(source, seen, target, budget, run)
        return cls(source, View(scaler, labels.classes, steps), seen, labels.totals, labels.facts)

    @property
    def n_rows(self) -> int:
        """Number of rows of the source, those of weight 0 among them."""
        return self.source.n_rows

    @property
    def n_present(self) -> int:
        """Number of rows that count."""
        return int(self.classes.sizes.sum())

    @property
    def n_steps(self) -> int:
        """How often all rows count, or a little more where weights are rounded."""
        return self.n_present if self.view.steps is None else self.view.steps.total

    @property
    def heaviest(self) -> float:
        """The most that a row counts: 1, or its weight in steps."""
        if self.profile.prior is None or self.view.steps is None:
            return 1.0
        return self.profile.prior.heaviest / self.view.steps.unit

    @property
    def masses(self) -> Float64:
        """How often the rows of each class count, shape (n_classes,): its size, or its weight."""
        if self.totals is None or self.view.steps is None:
            return self.classes.sizes.astype(np.float64)
        return np.array([self.view.steps.value(total) for total in self.totals])

    @property
    def classes(self) -> Classes:
        """Labels and their counts."""
        return self.view.classes

    @property
    def has_numbers(self) -> bool:
        """Whether there are numbers to predict, and strata of them in the place of classes."""
        return isinstance(self.classes, Strata)

    def own_steps(self, row_ids: Indices) -> Counts | None:
        """Return how many times rows at ascending positions count; None is once."""
        if self.view.steps is None or self.view.steps.bits is None:
            return None
        weights = self.source.weights_at(row_ids)
        assert weights is not None  # the first pass has read some
        return self.view.steps.count(weights)

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
        own = labels[0] if labels else None
        return Block(
            self.view.scaler.transform(rows),
            self.classes.ids(own, len(order)),
            kept.row_ids[order],
            targets=self.classes.targets(own),
        )

    def raw_labelled(self, first: int, stop: int) -> tuple[RawRows, Labels | None]:
        """Return the same part of the sample as `labelled`, rows and labels as they are."""
        kept = self.profile.sample
        order = first + np.argsort(kept.row_ids[first:stop])
        rows, *labels = (carried[order] for carried in kept.payload)
        return rows, labels[0] if labels else None

    def edges(self) -> tuple[Float32, Float32]:
        """Return the smallest and the largest scaled value of each feature."""
        moments = self.profile.moments
        extremes: RawRows = np.stack([moments.minimum, moments.maximum])
        low, high = self.view.scaler.transform(extremes)
        return low, high

    def n_chosen(self, budget: Budget) -> int:
        """Turn a budget into a number of rows; a fraction is one of the rows that count.

        Raises
        ------
        BudgetError
            For a budget that cannot be met.
        """
        rows = "rows" if self.totals is None else "rows of a weight above 0"
        return resolve_budget(budget, self.n_present, rows)

    def quotas(self, budget: Budget) -> Indices:
        """Split a budget over the classes, if it is not by class, shape (n_classes,), int64.

        Raises
        ------
        BudgetError
            For a budget that cannot be met.
        """
        if isinstance(budget, Mapping):
            return class_quotas(budget, self.classes.labels, self.classes.sizes)
        return split_budget(self.n_chosen(budget), self.classes.sizes, self.totals)

    def weights_of(self, weighed: Weighed) -> Float64:
        """Return final weights: those in steps as weights, which sum to those of the rows."""
        if self.totals is None or self.view.steps is None:
            return weighed.weights
        if self.view.steps.exact:
            return weighed.weights * self.view.steps.unit
        weights, class_ids = weighed.weights, weighed.class_ids
        if not weighed.by_class:
            return np.asarray(weights * (weight_of(sum(self.totals)) / weights.sum()))
        sums = np.bincount(class_ids, weights, minlength=len(self.totals))
        wanted = np.array([weight_of(total) for total in self.totals])
        factors = np.divide(wanted, sums, out=np.ones_like(sums), where=sums > 0)
        return np.asarray(weights * factors[class_ids])

    def gather(self, run: Runtime) -> Block:
        """Read all rows into memory."""
        with run.stage("read", self.n_rows):
            pieces = self.fold(KeepRows(), run)
        return pieces.block(self.n_present)


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
        """Return all rows, so many, as one block in the order of their ids."""
        row_ids = np.arange(n_rows)
        places = [piece.row_ids for piece in self.blocks]
        if any(len(ids) and ids[-1] >= n_rows for ids in places):  # some rows are left out
            row_ids = np.sort(np.concatenate(places))
            places = [np.searchsorted(row_ids, ids) for ids in places]
        first = self.blocks[0]
        columns: list[Any] = []
        for name, model in zip(Block._fields, first, strict=True):
            if model is None:
                columns.append(None)
                continue
            column = np.empty((n_rows, *model.shape[1:]), model.dtype)
            for piece, place in zip(self.blocks, places, strict=True):
                column[place] = getattr(piece, name)
            columns.append(column)
        return Block(*columns)

    def joined(self) -> Block:
        """Return some rows as one block, in ascending order of their ids."""
        columns: list[Any] = [
            None if parts[0] is None else np.concatenate(parts)
            for parts in zip(*self.blocks, strict=True)
        ]
        whole = Block(*columns)
        ascending = bool((whole.row_ids[1:] > whole.row_ids[:-1]).all())
        return whole if ascending else whole.where(np.argsort(whole.row_ids))


@dataclass(frozen=True, eq=False)
class DrawRows:
    """Draw rows of each class, those of smallest key (`draw_keys`).

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
        keys = draw_keys(block.row_ids, self.seed, block.weights)
        return BottomK.of(groups, keys, block.row_ids, self.limits, (block.class_ids,))
