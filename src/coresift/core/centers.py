"""The chosen rows as centers: which is nearest to each row, and how many rows each has (Eq. 5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._typing import Counts, Float32, Float64, Indices, Rows
from coresift.core.exact_sum import ExactSum
from coresift.core.merge import counted
from coresift.core.nearest import CenterTiles


@dataclass(frozen=True, eq=False)
class Centers:
    """The chosen rows, class by class, in the shape that the kernel wants.

    Parameters
    ----------
    row_ids : ndarray of shape (k,), int64
        Chosen rows, ascending.
    class_ids : ndarray of shape (k,), int64
    rows : ndarray of shape (k, n_features), float32
    members : tuple of ndarray of int64
        Per class, positions in ``row_ids`` of its chosen rows, ascending.
    tiles : tuple of CenterTiles
        Per class, its chosen rows.
    """

    row_ids: Indices
    class_ids: Indices
    rows: Rows
    members: tuple[Indices, ...]
    tiles: tuple[CenterTiles, ...]

    @classmethod
    def of(cls, row_ids: Indices, rows: Rows, class_ids: Indices, n_classes: int) -> Centers:
        """Arrange chosen rows of shape (k, n_features); ``row_ids`` ascend."""
        members = tuple(np.flatnonzero(class_ids == c) for c in range(n_classes))
        tiles = tuple(CenterTiles.of(rows[part]) for part in members)
        return cls(row_ids, class_ids, rows, members, tiles)

    def owners(self, rows: Rows, class_ids: Indices, row_ids: Indices) -> tuple[Indices, Float32]:
        """Return the nearest chosen row of the class of each row, and its distance.

        Returns
        -------
        owners : ndarray of shape (n_rows,), int64
            Positions in ``row_ids`` of the centers; a chosen row owns itself.
        distances : ndarray of shape (n_rows,), float32
        """
        owners = np.empty(len(rows), dtype=np.int64)
        distances = np.empty(len(rows), dtype=np.float32)
        for class_id in np.unique(class_ids):
            here = np.flatnonzero(class_ids == class_id)
            nearest, distances[here] = self.tiles[class_id].nearest(rows[here])
            owners[here] = self.members[class_id][nearest]
        place = np.searchsorted(self.row_ids, row_ids)
        place[place == len(self.row_ids)] = 0
        own = self.row_ids[place] == row_ids
        owners[own] = place[own]
        return owners, distances


@dataclass(frozen=True, eq=False)
class Assignment:
    """How many rows each chosen row stands for, and how far they are (Eq. 5).

    Parameters
    ----------
    counts : ndarray of shape (k,), int64
        Rows assigned to each chosen row; of weighted rows, their weights in steps.
    distances : ExactSum
        Per class, the sum of distances (float32 values, exact sum).
    """

    counts: Counts
    distances: ExactSum

    @classmethod
    def empty(cls, centers: Centers) -> Assignment:
        """Return the assignment of no rows."""
        return cls(
            np.zeros(len(centers.row_ids), dtype=np.int64), ExactSum.empty(len(centers.tiles))
        )

    @classmethod
    def of(
        cls,
        class_ids: Indices,
        owners: Indices,
        distances: Float32,
        centers: Centers,
        steps: Counts | None = None,
    ) -> Assignment:
        """Count what `Centers.owners` has found; with ``steps``, a row counts so many times."""
        totals = []
        for class_id in range(len(centers.tiles)):
            here = class_ids == class_id
            times = None if steps is None else steps[here]
            totals.append(ExactSum.of(distances[here, None], steps=times).totals[0])
        counts = counted(owners, len(centers.row_ids), steps)
        return cls(counts, ExactSum(tuple(totals)))

    def merge(self, other: Assignment) -> Assignment:
        """Return the assignment of both sets of rows."""
        return Assignment(self.counts + other.counts, self.distances.merge(other.distances))

    def score(self) -> float:
        """Return the mean distance of a row to its nearest chosen row (Eq. 5)."""
        return float(self.distances.total()) / int(self.counts.sum())

    def weights(self, centers: Centers) -> Float64:
        """Return the weights, shape (k,), float64: above 0, equal rows share alike."""
        classes = centers.class_ids.astype(np.float64)
        keyed = np.column_stack([classes, centers.rows.astype(np.float64)])
        _, group, times = np.unique(keyed, axis=0, return_inverse=True, return_counts=True)
        group = group.reshape(-1)
        mass = np.bincount(group, weights=self.counts)
        return np.asarray(mass[group] / times[group], dtype=np.float64)
