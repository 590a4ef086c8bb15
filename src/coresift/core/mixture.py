"""Clusters of a Gaussian mixture in place of hyperplanes (Appendix A.0.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.mixture import GaussianMixture

from coresift._kernels.mixture import WIDTH, most_likely
from coresift._threads import run_blocks
from coresift._typing import Buckets, Float64, Rows
from coresift.core.kd_order import block_order, tree_buckets, tree_depth
from coresift.core.kmeans import ITERATIONS, reproducible, train_means
from coresift.core.nearest import CenterTiles

_SMALLEST_VARIANCE = 1e-6  # of a feature whose variance is 1


@dataclass(frozen=True, eq=False)
class Mixture:
    """Normal densities, each feature by itself, that cut the space into buckets.

    A row is in the bucket of the component of highest weight times density.

    Parameters
    ----------
    means, halves : ndarray of shape (n_tiles, n_features, WIDTH), float64
        Mean and half of the inverse variance of each feature; components in the order of a
        k-d tree of the means.
    heights : ndarray of shape (n_tiles, WIDTH), float64
        Log of the weight times the density at the mean, up to a constant; unused places hold
        minus infinity.
    ways : ndarray of shape (n_components,), uint64
        The bucket of each component, its way in that tree.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.mixture import Mixture
    >>> means, variances = np.array([[0.0], [4.0]]), np.array([[0.01], [1.0]])
    >>> clusterer = Mixture.of(np.array([0.5, 0.5]), means, variances)
    >>> rows = np.array([[0.1], [1.5], [4.0]], dtype=np.float32)  # 1.5 is nearer to 0, but unlikely
    >>> [f"{bucket >> 63:b}" for bucket in clusterer.buckets(rows).tolist()]
    ['0', '1', '1']
    """

    means: Float64
    halves: Float64
    heights: Float64
    ways: Buckets

    @classmethod
    def of(cls, weights: Float64, means: Float64, variances: Float64) -> Mixture:
        """Arrange components.

        Parameters
        ----------
        weights : ndarray of shape (n_components,), float64
        means, variances : ndarray of shape (n_components, n_features), float64
            Variances above 0.
        """
        order = block_order(means, 1)
        heights = np.log(weights) - 0.5 * np.log(variances).sum(axis=1)
        n_tiles = -(-len(order) // WIDTH)

        def tiled(values: Float64, unused: float) -> Float64:
            wide = np.full((n_tiles * WIDTH, *values.shape[1:]), unused, dtype=np.float64)
            wide[: len(order)] = values[order]
            return wide.reshape(n_tiles, WIDTH, *values.shape[1:])

        return cls(
            np.ascontiguousarray(tiled(means, 0).transpose(0, 2, 1)),
            np.ascontiguousarray(tiled(0.5 / variances, 0).transpose(0, 2, 1)),
            tiled(heights, -np.inf),
            tree_buckets(len(order)),
        )

    @classmethod
    def train(cls, rows: Rows, n_clusters: int, rng: np.random.Generator) -> Mixture:
        """Train by expectation and maximisation on a sample of scaled rows.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features), float32
        n_clusters : int
            There is at most one component for each distinct row.
        rng : Generator

        Notes
        -----
        It starts from k-means. A component of few rows would shrink to a point: what k-means
        leaves of the variance, averaged over the features, is added to each variance. Memory:
        about ``48 * n_rows * n_clusters`` bytes.
        """
        seed = int(rng.integers(2**31))
        with reproducible():
            return cls.of(*_fit(rows, train_means(rows, n_clusters, seed), seed))

    @property
    def n_bits(self) -> int:
        """Bits of a bucket that tell rows apart: the depth of the tree."""
        return tree_depth(len(self.ways))

    def buckets(self, rows: Rows) -> Buckets:
        """Return the bucket of the likeliest component of each row, shape (n_rows,), uint64.

        Ties go to the first component of the tree.
        """
        likeliest = np.empty(len(rows), dtype=np.int64)
        density = np.empty(len(rows))

        def fill(part: slice) -> None:
            tables = self.means, self.halves, self.heights
            most_likely(rows[part], *tables, likeliest[part], density[part])

        run_blocks(fill, len(rows), minimum=256)
        return self.ways[likeliest]


def _fit(rows: Rows, centers: Rows, seed: int) -> tuple[Float64, Float64, Float64]:
    """Return weights, means and variances, from the clusters of k-means on."""
    points = rows.astype(np.float64)
    middle, spread = points.mean(axis=0), points.std(axis=0)
    spread[spread == 0] = 1
    points = (points - middle) / spread  # so that no feature decides what is a small variance
    used, owners, sizes = np.unique(
        CenterTiles.of(centers).nearest(rows)[0], return_inverse=True, return_counts=True
    )
    means = (centers[used] - middle) / spread
    floor = max(float(((points - means[owners]) ** 2).mean()), _SMALLEST_VARIANCE)
    weights, variances = sizes / len(rows), np.full_like(means, floor)
    if len(means) > 1:
        found = GaussianMixture(
            len(means),
            covariance_type="diag",
            reg_covar=floor,
            max_iter=ITERATIONS,
            weights_init=weights,
            means_init=means,
            precisions_init=1 / variances,
            random_state=seed,
        ).fit(points)
        weights, means, variances = found.weights_, found.means_, found.covariances_
    return weights, means * spread + middle, variances * spread**2
