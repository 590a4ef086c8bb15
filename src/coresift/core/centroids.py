"""k-means clusters in place of hyperplanes (Appendix A.0.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._typing import Buckets, Float32, Rows
from coresift.core.kd_order import block_order, tree_buckets, tree_depth
from coresift.core.kmeans import reproducible, train_means
from coresift.core.nearest import CenterTiles


@dataclass(frozen=True, eq=False)
class Centroids:
    """Centers that cut the feature space into the buckets of the rows nearest to them.

    Parameters
    ----------
    tiles : CenterTiles
        The centers in the order of a k-d tree.
    ways : ndarray of shape (n_centers,), uint64
        The bucket of each, its way in that tree: buckets that share their first bits are
        neighbours, as with hyperplanes.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.centroids import Centroids
    >>> clusterer = Centroids.of(np.array([[0.0], [9.0], [1.0], [8.0]], dtype=np.float32))
    >>> rows = np.array([[0.2], [0.9], [7.0], [9.5]], dtype=np.float32)
    >>> [f"{bucket >> 62:02b}" for bucket in clusterer.buckets(rows).tolist()]
    ['00', '01', '10', '11']
    """

    tiles: CenterTiles
    ways: Buckets

    @classmethod
    def of(cls, centers: Float32) -> Centroids:
        """Arrange centers of shape (n_centers, n_features), at least one."""
        ordered = centers[block_order(centers, 1)]
        return cls(CenterTiles.of(ordered), tree_buckets(len(centers)))

    @classmethod
    def train(cls, rows: Rows, n_clusters: int, rng: np.random.Generator) -> Centroids:
        """Train by k-means on a sample of scaled rows, shape (n_rows, n_features), float32.

        There is at most one center for each distinct row.
        """
        with reproducible():
            return cls.of(train_means(rows, n_clusters, int(rng.integers(2**31))))

    @property
    def n_bits(self) -> int:
        """Bits of a bucket that tell rows apart: the depth of the tree."""
        return tree_depth(len(self.ways))

    def buckets(self, rows: Rows) -> Buckets:
        """Return the bucket of the center nearest to each row, shape (n_rows,), uint64.

        Ties go to the first center of the tree.
        """
        return self.ways[self.tiles.nearest(rows)[0]]
