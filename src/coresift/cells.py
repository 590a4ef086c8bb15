"""Passes over the rows once the greedy has chosen: cells, better medoids, weights, certificate.

Each row belongs to the *cell* of its nearest chosen row of its class (Eq. 5's phi).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from coresift._stages import Stages
from coresift._typing import Counts, Indices, Rows
from coresift.core.certificate import Pairs, TrueDistances
from coresift.core.classes import Classes
from coresift.core.encoder import Encoder
from coresift.core.medoids import (
    CellSums,
    Closest,
    Draw,
    Grid,
    Membership,
    cell_costs,
    cell_distances,
)
from coresift.core.summary import Summary
from coresift.core.weights import Assignment, Centers
from coresift.engines import map_reduce
from coresift.sources import Source

TRIED_MEDOIDS = 4


R = TypeVar("R")


@dataclass(frozen=True, eq=False)
class Reader:
    """The scaled rows of a source, with their classes and positions, one pass at a time."""

    source: Source
    classes: Classes
    encoder: Encoder
    n_threads: int | None
    stages: Stages

    def read(
        self, function: Callable[[Rows, Indices, Indices], R], merge: Callable[[R, R], R], zero: R
    ) -> R:
        """Merge ``function(rows, class_ids, row_ids)`` over all chunks."""

        def look(chunk: Any) -> R:
            row_ids = np.arange(chunk.start, chunk.start + len(chunk.rows))
            class_ids = self.classes.ids(chunk.labels, len(row_ids))
            return function(self.encoder.scaler.transform(chunk.rows), class_ids, row_ids)

        return map_reduce(look, self.stages.watch(self.source.chunks()), merge, zero)

    def take(self, row_ids: Indices) -> Rows:
        """Return the scaled rows at ascending positions."""
        return self.encoder.scaler.transform(self.source.take(row_ids))

    def centers(self, row_ids: Indices, class_ids: Indices) -> Centers:
        """Arrange chosen rows at ascending positions."""
        return Centers.of(row_ids, self.take(row_ids), class_ids, len(self.classes))

    def score(self, assignment: Assignment) -> float:
        """Return the mean distance of a row to its nearest chosen row (Eq. 5)."""
        return float(assignment.distances.total()) / self.source.n_rows


def _merge_each(left: tuple[Any, ...], right: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(a.merge(b) for a, b in zip(left, right, strict=True))


def assign(reader: Reader, centers: Centers) -> Assignment:
    """Count the rows of each cell."""

    def look(rows: Rows, class_ids: Indices, row_ids: Indices) -> Assignment:
        owners, distances = centers.owners(rows, class_ids, row_ids, reader.n_threads)
        return Assignment.of(class_ids, owners, distances, centers)

    return reader.read(look, Assignment.merge, Assignment.empty(centers))


def better_medoids(reader: Reader, centers: Centers, grid: Grid) -> tuple[Indices, float]:
    """Replace each chosen row by a member of its cell where that lowers the cell's distances.

    Tried are the `TRIED_MEDOIDS` members that are closest to the mean of the cell.

    Returns
    -------
    row_ids : ndarray of shape (k,), int64
        In the order of the centers. Their score (Eq. 5) is never larger.
    score : float
        Of the centers that came in.

    Notes
    -----
    Three passes. Memory: 4 bytes a row for its cell, and `TRIED_MEDOIDS` float32 rows a cell.
    """
    n_cells, n_features = len(centers.row_ids), reader.source.n_features

    def assign(rows: Rows, class_ids: Indices, row_ids: Indices) -> tuple[Any, ...]:
        owners, distances = centers.owners(rows, class_ids, row_ids, reader.n_threads)
        return (
            Assignment.of(class_ids, owners, distances, centers),
            CellSums.of(rows, owners, n_cells, grid),
            Membership(((row_ids, owners.astype(np.int32)),)),
        )

    zero = Assignment.empty(centers), CellSums.empty(n_cells, n_features), Membership()
    assignment, sums, membership = reader.read(assign, _merge_each, zero)
    cells = membership.by_row(reader.source.n_rows)
    means = sums.means(grid)[:, None]

    def find(rows: Rows, _: Indices, row_ids: Indices) -> Closest:
        own = cells[row_ids].astype(np.int64)
        squared = cell_distances(rows, own, means, reader.n_threads)[:, 0]
        return Closest.of(own, row_ids, squared, TRIED_MEDOIDS)

    closest = reader.read(find, Closest.merge, Closest.empty(TRIED_MEDOIDS))
    tried = closest.table(centers.row_ids)
    needed, place = np.unique(tried, return_inverse=True)
    points = reader.take(needed)[place.reshape(tried.shape)]

    def compare(rows: Rows, _: Indices, row_ids: Indices) -> Counts:
        own = cells[row_ids].astype(np.int64)
        return cell_costs(cell_distances(rows, own, points, reader.n_threads), own, n_cells, grid)

    costs = reader.read(compare, np.add, np.zeros(tried.shape, dtype=np.int64))
    best = costs.argmin(axis=1)  # the first of equals: the row that was chosen before
    return tried[np.arange(n_cells), best], reader.score(assignment)


def weigh(
    reader: Reader, centers: Centers, summary: Summary, pairs: Pairs, grid: Grid, seed: int
) -> tuple[Assignment, Draw, TrueDistances]:
    """Count the rows of each cell, draw one of each, and measure what the bound bounds."""
    n_cells = len(centers.row_ids)

    def look(rows: Rows, class_ids: Indices, row_ids: Indices) -> tuple[Any, ...]:
        owners, distances = centers.owners(rows, class_ids, row_ids, reader.n_threads)
        buckets = reader.encoder.hyperplanes.buckets(rows, reader.n_threads)
        return (
            Assignment.of(class_ids, owners, distances, centers),
            Draw.of(owners, row_ids, n_cells, seed),
            TrueDistances.of(pairs, summary, grid, rows, class_ids, buckets),
        )

    zero = Assignment.empty(centers), Draw.empty(n_cells, seed), TrueDistances.empty(pairs)
    assignment, draw, truth = reader.read(look, _merge_each, zero)
    return assignment, draw, truth
