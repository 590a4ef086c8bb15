"""The chosen rows as centers: which is nearest to each row, and how many rows each has (Eq. 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coresift._kernels.segments import assign_in_segments, transpose_segments
from coresift._threads import run_blocks
from coresift._typing import Counts, Float32, Float64, Indices, Rows
from coresift.core.exact_sum import ExactSum
from coresift.core.members import Members
from coresift.core.nearest import CenterTiles

FEW = 32  # chosen rows of a class: one tile


@dataclass(frozen=True, eq=False)
class Centers:
    """The chosen rows, class by class, in the shape that the kernel wants.

    Parameters
    ----------
    row_ids : ndarray of shape (k,), int64
        Chosen rows, ascending.
    class_ids : ndarray of shape (k,), int64
    rows : ndarray of shape (k, n_features), float32
    order : ndarray of shape (k,), int64
        Positions in ``row_ids``, class by class, ascending in each.
    edges : ndarray of shape (n_classes + 1,), int64
        Where the rows of each class begin and end in ``order``.
    columns : ndarray of shape (k * n_features,), float32
        The rows in that order, those of each class transposed.
    tiles : dict of int to CenterTiles
        The chosen rows of each class that has many.

    Notes
    -----
    A class of few chosen rows is looked through as it is: there may be very many such classes.
    """

    row_ids: Indices
    class_ids: Indices
    rows: Rows
    order: Indices
    edges: Indices
    columns: Float32
    tiles: Mapping[int, CenterTiles]

    @classmethod
    def of(cls, row_ids: Indices, rows: Rows, class_ids: Indices, n_classes: int) -> Centers:
        """Arrange chosen rows of shape (k, n_features); ``row_ids`` ascend."""
        members = Members.of(class_ids, n_classes)
        order, edges = members.order, members.edges
        arranged = rows[order]
        columns = np.empty(arranged.size, dtype=np.float32)
        transpose_segments(arranged, edges, columns)
        large = np.flatnonzero(np.diff(edges) > FEW).tolist()
        tiles = {c: CenterTiles.of(arranged[edges[c] : edges[c + 1]]) for c in large}
        return cls(row_ids, class_ids, rows, order, edges, columns, tiles)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.edges) - 1

    def owners(self, rows: Rows, class_ids: Indices, row_ids: Indices) -> tuple[Indices, Float32]:
        """Return the nearest chosen row of the class of each row, and its distance.

        Returns
        -------
        owners : ndarray of shape (n_rows,), int64
            Positions in ``row_ids`` of the centers; a chosen row owns itself.
        distances : ndarray of shape (n_rows,), float32
        """
        nearest = np.empty(len(rows), dtype=np.int64)
        distances = np.empty(len(rows), dtype=np.float32)
        members = Members.of(class_ids, self.n_classes)
        for class_id, tiles in self.tiles.items():
            here = members[class_id]
            found, distances[here] = tiles.nearest(rows[here])
            nearest[here] = self.edges[class_id] + found
        few = np.flatnonzero((np.diff(self.edges) <= FEW)[class_ids])
        if len(few):
            nearest[few], distances[few] = self._nearest_of_few(rows[few], class_ids[few])
        owners = self.order[nearest]
        place = np.searchsorted(self.row_ids, row_ids)
        place[place == len(self.row_ids)] = 0
        own = self.row_ids[place] == row_ids
        owners[own] = place[own]
        return owners, distances

    def _nearest_of_few(self, rows: Rows, class_ids: Indices) -> tuple[Indices, Float32]:
        """Return place and distance of the nearest chosen row, looking at all of the class."""
        nearest = np.empty(len(rows), dtype=np.int64)
        squared = np.empty(len(rows), dtype=np.float32)

        def fill(part: slice) -> None:
            assign_in_segments(
                rows[part], class_ids[part], self.edges, self.columns, nearest[part], squared[part]
            )

        run_blocks(fill, len(rows), minimum=256)
        return nearest, np.sqrt(squared)


@dataclass(frozen=True, eq=False)
class Assignment:
    """How many rows each chosen row stands for, and how far they are (Eq. 5).

    Parameters
    ----------
    counts : ndarray of shape (k,), int64
        Rows assigned to each chosen row.
    distances : ExactSum
        Per class, the sum of distances (float32 values, exact sum).
    """

    counts: Counts
    distances: ExactSum

    @classmethod
    def empty(cls, centers: Centers) -> Assignment:
        """Return the assignment of no rows."""
        return cls(
            np.zeros(len(centers.row_ids), dtype=np.int64), ExactSum.empty(centers.n_classes)
        )

    @classmethod
    def of(
        cls, class_ids: Indices, owners: Indices, distances: Float32, centers: Centers
    ) -> Assignment:
        """Count what `Centers.owners` has found."""
        totals = ExactSum.of_groups(distances, class_ids, centers.n_classes)
        counts = np.bincount(owners, minlength=len(centers.row_ids)).astype(np.int64)
        return cls(counts, totals)

    def merge(self, other: Assignment) -> Assignment:
        """Return the assignment of both sets of rows."""
        return Assignment(self.counts + other.counts, self.distances.merge(other.distances))

    def score(self, n_rows: int) -> float:
        """Return the mean distance of a row to its nearest chosen row (Eq. 5)."""
        return float(self.distances.total()) / n_rows

    def weights(self, centers: Centers) -> Float64:
        """Return the weights, shape (k,), float64: at least 1, equal rows share alike."""
        classes = centers.class_ids.astype(np.float64)
        keyed = np.column_stack([classes, centers.rows.astype(np.float64)])
        _, group, times = np.unique(keyed, axis=0, return_inverse=True, return_counts=True)
        group = group.reshape(-1)
        mass = np.bincount(group, weights=self.counts)
        return np.asarray(mass[group] / times[group], dtype=np.float64)
