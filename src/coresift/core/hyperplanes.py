"""Locality-sensitive hashing with random hyperplanes (Section 5.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._kernels.encode import project_signs
from coresift._threads import run_blocks
from coresift._typing import Buckets, Float32, Indices, Rows

MAX_PLANES = 64


@dataclass(frozen=True, eq=False)
class Hyperplanes:
    """Hyperplanes that cut the feature space into buckets.

    Parameters
    ----------
    planes : ndarray of shape (n_features, n_planes), float32
        One hyperplane a column.
    offsets : ndarray of shape (n_planes,), float32
        A row lies on the positive side where ``row . plane > offset``.
    """

    planes: Float32
    offsets: Float32

    @classmethod
    def draw(
        cls,
        n_features: int,
        n_planes: int,
        rng: np.random.Generator,
        center: Float32 | None = None,
    ) -> Hyperplanes:
        """Draw hyperplanes through ``center``, or through the origin as in the paper.

        The first p' of p planes are those of a draw of p' from the same generator.
        """
        normals = rng.standard_normal((MAX_PLANES, n_features))[:n_planes]
        planes = np.ascontiguousarray(normals.T, dtype=np.float32)
        if center is None:
            return cls(planes, np.zeros(n_planes, dtype=np.float32))
        return cls(planes, (normals * center.astype(np.float64)).sum(axis=1).astype(np.float32))

    @property
    def n_planes(self) -> int:
        """Number of hyperplanes (p), at most 64."""
        return int(self.planes.shape[1])

    @property
    def n_bits(self) -> int:
        """Bits of a bucket: one for each hyperplane."""
        return self.n_planes

    def buckets(self, rows: Rows) -> Buckets:
        """Return the sign bits of each row, shape (n_rows,), uint64; plane 0 is the highest bit."""
        buckets = np.empty(len(rows), dtype=np.uint64)

        def fill(part: slice) -> None:
            project_signs(rows[part], self.planes, self.offsets, buckets[part])

        run_blocks(fill, len(rows))
        return buckets


def prefix(buckets: Buckets, n_planes: Indices | int) -> Buckets:
    """Clear all but the bits of the first ``n_planes`` planes (one number, or one a bucket)."""
    keep = np.asarray(n_planes)
    shift = (MAX_PLANES - np.maximum(keep, 1)).astype(np.uint64)
    return np.where(keep > 0, (buckets >> shift) << shift, np.uint64(0))
