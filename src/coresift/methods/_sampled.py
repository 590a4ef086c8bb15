"""Large classes: a start on a sample of rows, then passes over all rows that move it.

The start spreads points over the sample of each class (`spread_rows`) and moves them to the means
of the sampled rows nearest to them. Each pass then moves them to the means of all rows nearest to
them (Lloyd's algorithm; the sums are whole numbers), and a last one finds the row nearest to each.
Where the rows only say which cells there are, as for balanced ones, the sample is enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from coresift._rng import Purpose, stream
from coresift._runtime import Runtime
from coresift._typing import Counts, Indices, Rows
from coresift.core.centers import Centers
from coresift.core.facility import spread_rows
from coresift.core.medoids import CellSums, FixedPoint, Membership, among_smallest, moved
from coresift.core.merge import BottomK, Count, Together, rank_in_group
from coresift.core.nearest import CenterTiles
from coresift.engines._base import M
from coresift.methods._exact import Chosen
from coresift.methods._plan import choose_by_class
from coresift.sources import CHUNK_BYTES
from coresift.table import Block, Table
from coresift.weightings._refine import TRIED_MEDOIDS, CellsOfRows, CompareMedoids

# Rows for each row to choose that points are spread over, and how many times as many are sampled.
FEW_PER_PICK, MANY_PER_PICK, TIMES = 10, 20, 3
AMPLE_ROWS = 2**13  # of a class: from here on, few for each
LEAST_ROWS, LEAST_VALUES = (2**10, 2**12), 2**18  # of a class; so many rows and values are cheap
TRIES, TRIED_VALUES = (8, 64), 2**19  # draws for each row to choose, likewise
WIDE, WIDE_TRIES = 256, 4  # and so few for rows of more features, where each costs most
SAMPLE_BYTES = 4 * CHUNK_BYTES
SAMPLE_MOVES = 4  # of the points, to the means of sampled rows
MOVES = 1  # to the means of all rows, for each refinement


def spread_limits(quotas: Indices, sizes: Counts, n_features: int) -> Counts:
    """Return over how many rows of each class points are spread, shape (n_classes,), int64.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.methods._sampled import spread_limits
    >>> quotas, sizes = np.array([7, 100, 2000]), np.array([900, 10_000, 200_000])
    >>> spread_limits(quotas, sizes, n_features=54).tolist()
    [900, 4096, 20000]
    """
    wanted = np.minimum(MANY_PER_PICK * quotas, np.maximum(FEW_PER_PICK * quotas, AMPLE_ROWS))
    least = int(np.clip(LEAST_VALUES // n_features, *LEAST_ROWS))
    return np.minimum(np.maximum(wanted, least), sizes)


def sample_limits(
    quotas: Indices, sizes: Counts, n_features: int, most_bytes: int = SAMPLE_BYTES
) -> Counts:
    """Return how many rows of each class are sampled, shape (n_classes,), int64.

    At least as many as are to be chosen; and no more than fit ``most_bytes``, roughly.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.methods._sampled import sample_limits
    >>> quotas, sizes = np.array([7, 100, 2000]), np.array([900, 10_000, 200_000])
    >>> sample_limits(quotas, sizes, n_features=54).tolist()
    [900, 10000, 60000]
    """
    wanted = np.minimum(TIMES * spread_limits(quotas, sizes, n_features), sizes)
    share = min(1.0, most_bytes / (4 * n_features * max(1, int(wanted.sum()))))
    fewest: Counts = np.minimum(np.maximum(2 * quotas, LEAST_ROWS[0]), wanted)
    return np.maximum((share * wanted).astype(np.int64), fewest)


@dataclass(frozen=True, eq=False)
class SumRows:
    """Count and add up the rows nearest to each point.

    Parameters
    ----------
    points : Centers
        With ids that no row has.
    units : FixedPoint
    wanted : ndarray of shape (n_classes,), bool
        The classes that have points.
    """

    points: Centers
    units: FixedPoint
    wanted: NDArray[np.bool_]

    def __call__(self, block: Block) -> CellSums:
        """Look at a block."""
        block = of_classes(block, self.wanted)
        owners, _ = self.points.owners(block.rows, block.class_ids, block.row_ids)
        n_points = len(self.points.row_ids)
        return CellSums.of(block.rows, owners, n_points, self.units, block.weights)


@dataclass(frozen=True, eq=False)
class NearestRows:
    """Find the rows nearest to each point, of those to which no other point is nearer.

    Also which point that is for each row.
    """

    points: Centers
    wanted: NDArray[np.bool_]

    def __call__(self, block: Block) -> Together:
        """Look at a block."""
        block = of_classes(block, self.wanted)
        owners, distances = self.points.owners(block.rows, block.class_ids, block.row_ids)
        n_points = len(self.points.row_ids)
        near = np.flatnonzero(among_smallest(distances, owners, n_points, TRIED_MEDOIDS))
        limits = np.full(n_points, TRIED_MEDOIDS)
        kept = BottomK.of(owners[near], (distances[near],), block.row_ids[near], limits)
        return Together((kept, Membership(((block.row_ids, owners.astype(np.int32)),))))


@dataclass(frozen=True, eq=False)
class CompareRows:
    """Add up the distances of the rows of each cell to the rows that are tried."""

    compare: CompareMedoids
    wanted: NDArray[np.bool_]

    def __call__(self, block: Block) -> Count:
        """Look at a block."""
        return self.compare(of_classes(block, self.wanted))

    def of_rows(self, start: int, n_rows: int) -> CompareRows:
        """Return the task for a part of the rows."""
        return replace(self, compare=self.compare.of_rows(start, n_rows))


def of_classes(block: Block, wanted: NDArray[np.bool_]) -> Block:
    """Return the rows of some classes."""
    kept = wanted[block.class_ids]
    return block if kept.all() else block.where(kept)


def as_points(rows: Rows, class_ids: Indices, n_classes: int) -> Centers:
    """Arrange points, class by class, that are no rows."""
    return Centers.of(np.arange(-len(rows), 0), rows, class_ids, n_classes)


def n_tries_of(quota: int, n_features: int) -> int:
    """Return the number of draws for each point of a start."""
    least = WIDE_TRIES if n_features > WIDE else TRIES[0]
    return int(np.clip(TRIED_VALUES // (quota * n_features), least, TRIES[1]))


def started(rows: Rows, size: int, quota: int, rng: np.random.Generator, units: FixedPoint) -> Rows:
    """Return points among sampled rows of a class of so many, one for each row to choose.

    Fewer only where the rows that points are spread over, the first, are fewer different ones.
    """
    n_features = rows.shape[1]
    limit = int(spread_limits(np.array(quota), np.array(size), n_features))
    points = rows[spread_rows(rows[:limit], quota, rng, n_tries_of(quota, n_features))]
    for _ in range(SAMPLE_MOVES):
        owners, _ = CenterTiles.of(points).nearest(rows)
        points = moved(points, CellSums.of(rows, owners, len(points), units), units)
    return points


def choose_from_sample(
    table: Table,
    drawn: BottomK,
    quotas: Indices,
    wanted: NDArray[np.bool_],
    n_moves: int | None,
    seed: int,
    run: Runtime,
) -> Chosen:
    """Choose in classes of which a sample was drawn.

    Parameters
    ----------
    table : Table
    drawn : BottomK
        The rows of the sample, by class.
    quotas : ndarray of shape (n_classes,), int64
    wanted : ndarray of shape (n_classes,), bool
        Which classes.
    n_moves : int or None
        Passes that move the points; None reads no row but those of the sample.
    seed : int
    run : Runtime
    """
    units = FixedPoint.of(*table.edges(), table.n_steps)
    with run.stage("choose", int(quotas[wanted].sum())):
        sample = _sample(table, drawn)
        points = _starts(table, sample, quotas, wanted, units, seed, run)
        if n_moves is None:
            places, class_ids = snapped(points, wanted, units, InSample(sample))
            found = drawn.row_ids[places], class_ids
    if n_moves is not None:
        with run.stage("refine", (n_moves + 2) * table.n_rows):
            for _ in range(n_moves):
                sums = table.fold(SumRows(points, units, wanted), run)
                points = as_points(moved(points.rows, sums, units), points.class_ids, len(quotas))
            found = snapped(points, wanted, units, InAll(table, run))
    sampled = np.bincount(drawn.groups, minlength=len(quotas))
    return Chosen(
        *_filled(*found, drawn, quotas, wanted),
        None,
        n_candidates=int(sampled.sum()),
        class_facts={c: {"sampled": int(sampled[c])} for c in np.flatnonzero(wanted).tolist()},
    )


def _sample(table: Table, drawn: BottomK) -> Block:
    """Fetch the rows of a sample; their ids are their places in it."""
    order = np.argsort(drawn.row_ids)
    rows = np.empty((len(order), table.source.n_features), dtype=np.float32)
    rows[order] = table.take(drawn.row_ids[order])
    return Block(rows, drawn.groups, np.arange(len(rows)))


def _starts(
    table: Table,
    sample: Block,
    quotas: Indices,
    wanted: NDArray[np.bool_],
    units: FixedPoint,
    seed: int,
    run: Runtime,
) -> Centers:
    """Return points for each class, from its sample."""
    classes, sizes = np.flatnonzero(wanted), table.classes.sizes
    rows, edges = sample.rows, np.searchsorted(sample.class_ids, np.arange(len(quotas) + 1))

    def start(place: int) -> Rows:
        class_id = int(classes[place])
        own, quota = rows[edges[class_id] : edges[class_id + 1]], int(quotas[class_id])
        run.advance(quota)
        if quota == sizes[class_id]:  # all of them
            return own
        return started(
            own, int(sizes[class_id]), quota, stream(seed, Purpose.START, class_id), units
        )

    found = choose_by_class(start, quotas[classes])
    of_points = np.repeat(classes, [len(points) for points in found])
    return as_points(np.concatenate(found), of_points, len(quotas))


@dataclass(frozen=True, eq=False)
class InAll:
    """Look at all rows, in a pass each time."""

    table: Table
    run: Runtime

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.table.n_rows

    def fold(self, task: Callable[[Block], M]) -> M:
        """Return what a task finds."""
        return self.table.fold(task, self.run)

    def take(self, row_ids: Indices) -> Rows:
        """Return rows at ascending positions."""
        return self.table.take(row_ids)


@dataclass(frozen=True, eq=False)
class InSample:
    """Look at the rows of a sample, which have their places for ids."""

    sample: Block

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.sample.rows)

    def fold(self, task: Callable[[Block], M]) -> M:
        """Return what a task finds."""
        return task(self.sample)

    def take(self, row_ids: Indices) -> Rows:
        """Return rows at ascending positions."""
        return self.sample.rows[row_ids]


def snapped(
    points: Centers, wanted: NDArray[np.bool_], units: FixedPoint, among: InAll | InSample
) -> tuple[Indices, Indices]:
    """Return for each point that has rows the best of those nearest to it, and its class.

    The best has the smallest sum of distances to the rows of the point; of equals the nearest.
    """
    nearest, membership = among.fold(NearestRows(points, wanted)).parts
    used = np.flatnonzero(np.bincount(nearest.groups, minlength=len(points.row_ids)))
    first = np.zeros(len(points.row_ids), dtype=np.int64)
    first[nearest.groups[::-1]] = nearest.row_ids[::-1]
    tried = nearest.table(first)[:, 1:]
    needed, place = np.unique(tried, return_inverse=True)
    rows = among.take(needed)[place.reshape(tried.shape)]
    cells = CellsOfRows(0, membership.by_row(among.n_rows))
    compare = CompareRows(CompareMedoids(cells, rows, units), wanted)
    best = among.fold(compare).counts.argmin(axis=1)
    return tried[used, best[used]], points.class_ids[used]


def _filled(
    row_ids: Indices,
    class_ids: Indices,
    drawn: BottomK,
    quotas: Indices,
    wanted: NDArray[np.bool_],
) -> tuple[Indices, Indices]:
    """Add rows of the sample, in its order, where points had no rows or there were too few."""
    missing = np.where(wanted, quotas, 0) - np.bincount(class_ids, minlength=len(quotas))
    if not missing.any():
        return row_ids, class_ids
    left = np.flatnonzero(~np.isin(drawn.row_ids, row_ids))
    groups = drawn.groups[left]
    more = left[rank_in_group(groups) < missing[groups]]
    return np.append(row_ids, drawn.row_ids[more]), np.append(class_ids, drawn.groups[more])
