"""Passes over the rows once the greedy has chosen: cells, better medoids, weights, certificate.

Each row belongs to the *cell* of its nearest chosen row of its class (Eq. 5's phi).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._stages import Stages
from coresift._typing import Counts, Indices, Rows
from coresift.core.certificate import Pairs, TrueDistances
from coresift.core.encoder import Clusterer
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
from coresift.passes import Survey

TRIED_MEDOIDS = 4


def _merge_each(left: tuple[Any, ...], right: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(a.merge(b) for a, b in zip(left, right, strict=True))


def better_medoids(
    seen: Survey, centers: Centers, grid: Grid, n_threads: int | None, stages: Stages
) -> tuple[Centers, float]:
    """Replace each chosen row by a member of its cell where that lowers the cell's distances.

    Tried are the `TRIED_MEDOIDS` members that are closest to the mean of the cell.

    Returns
    -------
    Centers
        Their score (Eq. 5) is never larger.
    score : float
        Of the centers that came in.

    Notes
    -----
    Three passes. Memory: 4 bytes a row for its cell, and `TRIED_MEDOIDS` float32 rows a cell.
    """
    n_cells, n_features = len(centers.row_ids), seen.source.n_features

    def assign(rows: Rows, class_ids: Indices, row_ids: Indices) -> tuple[Any, ...]:
        owners, distances = centers.owners(rows, class_ids, row_ids, n_threads)
        return (
            Assignment.of(class_ids, owners, distances, centers),
            CellSums.of(rows, owners, n_cells, grid),
            Membership(((row_ids, owners.astype(np.int32)),)),
        )

    zero = Assignment.empty(centers), CellSums.empty(n_cells, n_features), Membership()
    assignment, sums, membership = seen.read(assign, _merge_each, zero, stages)
    cells = membership.by_row(seen.source.n_rows)
    means = sums.means(grid)[:, None]

    def find(rows: Rows, _: Indices, row_ids: Indices) -> Closest:
        own = cells[row_ids].astype(np.int64)
        squared = cell_distances(rows, own, means, n_threads)[:, 0]
        return Closest.of(own, row_ids, squared, TRIED_MEDOIDS)

    closest = seen.read(find, Closest.merge, Closest.empty(TRIED_MEDOIDS), stages)
    tried = closest.table(centers.row_ids)
    needed, place = np.unique(tried, return_inverse=True)
    points = seen.take(needed)[place.reshape(tried.shape)]

    def compare(rows: Rows, _: Indices, row_ids: Indices) -> Counts:
        own = cells[row_ids].astype(np.int64)
        return cell_costs(cell_distances(rows, own, points, n_threads), own, n_cells, grid)

    costs = seen.read(compare, np.add, np.zeros(tried.shape, dtype=np.int64), stages)
    best = costs.argmin(axis=1)  # the first of equals: the row that was chosen before
    row_ids, rows = (table[np.arange(n_cells), best] for table in (tried, points))
    order = np.argsort(row_ids)
    classes = centers.class_ids[order]
    better = Centers.of(row_ids[order], rows[order], classes, len(seen.classes))
    return better, seen.score(assignment)


@dataclass(frozen=True, eq=False)
class Look:
    """What the last look at the rows needs besides the chosen rows.

    Parameters
    ----------
    summary : Summary
    clusterer : Clusterer
    pairs : Pairs
        Where to measure what the bound bounds.
    grid : Grid
    seed : int
        Of the draw of one row a cell.
    """

    summary: Summary
    clusterer: Clusterer
    pairs: Pairs
    grid: Grid
    seed: int


def last_look(
    seen: Survey, centers: Centers, wanted: Look, n_threads: int | None, stages: Stages
) -> tuple[Assignment, Draw, TrueDistances]:
    """Count the rows of each cell, draw one of each, and measure what the bound bounds."""
    n_cells = len(centers.row_ids)

    def look(rows: Rows, class_ids: Indices, row_ids: Indices) -> tuple[Any, ...]:
        owners, distances = centers.owners(rows, class_ids, row_ids, n_threads)
        buckets = wanted.clusterer.buckets(rows, n_threads)
        return (
            Assignment.of(class_ids, owners, distances, centers),
            Draw.of(owners, row_ids, n_cells, wanted.seed),
            TrueDistances.of(wanted.pairs, wanted.summary, wanted.grid, rows, class_ids, buckets),
        )

    zero = (
        Assignment.empty(centers),
        Draw.empty(n_cells, wanted.seed),
        TrueDistances.empty(wanted.pairs),
    )
    assignment, draw, truth = seen.read(look, _merge_each, zero, stages)
    return assignment, draw, truth
