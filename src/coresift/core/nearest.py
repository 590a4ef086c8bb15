"""The nearest of many centers, exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._kernels.nearest import TILE, assign, settle
from coresift._threads import run_blocks
from coresift._typing import Float32, Indices, Rows
from coresift.core.kd_order import tight_order

_LEAST_TELLING, _BOX_SHARE = 16, 40  # features of boxes: what they cost, and what they tell
# Boxes are given up where the first rows look into so large a share of the tiles; and the rows,
# features and sizes from which products are quicker than boxes and as exact.
_PROBED, _MANY_LOOKED, _FEATURES, _LARGEST = 8, 0.5, (16, 2**18), 2.0**120
_PART = 256  # rows whose products with all centers are held


@dataclass(frozen=True, eq=False)
class CenterTiles:
    """Centers in compact tiles of `TILE`, each with its bounding box.

    Parameters
    ----------
    centers : ndarray of shape (n_centers, n_features), float32
    columns : ndarray of shape (n_tiles, n_features, TILE), float32
        The centers; unused places hold infinity.
    index : ndarray of shape (n_tiles, TILE), int64
        Which center stands in each place, ascending within a tile.
    low, high : ndarray of shape (n_features, n_tiles), float32
        The boxes.
    telling : ndarray of shape (n_telling,), int64
        The features, ascending, by which boxes are told from each other.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.nearest import CenterTiles
    >>> tiles = CenterTiles.of(np.array([[0.0], [10.0], [20.0]], dtype=np.float32))
    >>> nearest, distances = tiles.nearest(np.array([[12.0]], dtype=np.float32))
    >>> nearest.tolist(), distances.tolist()
    ([1], [2.0])
    """

    centers: Rows
    columns: Float32
    index: Indices
    low: Float32
    high: Float32
    telling: Indices

    @classmethod
    def of(cls, centers: Rows) -> CenterTiles:
        """Arrange centers of shape (n_centers, n_features), at least one."""
        n_centers = len(centers)
        n_tiles = -(-n_centers // TILE)
        index = np.full(n_tiles * TILE, n_centers)
        index[:n_centers] = tight_order(centers, TILE)
        index = np.sort(index.reshape(n_tiles, TILE), axis=1)
        used = (index < n_centers)[:, :, None]
        places = centers[np.minimum(index, n_centers - 1)]  # (n_tiles, TILE, n_features)
        filled = np.where(used, places, np.float32(np.inf))
        emptied = np.where(used, places, np.float32(-np.inf))
        return cls(
            centers,
            np.ascontiguousarray(filled.transpose(0, 2, 1)),
            index,
            np.ascontiguousarray(filled.min(axis=1).T),
            np.ascontiguousarray(emptied.max(axis=1).T),
            _telling(centers, n_tiles),
        )

    def nearest(self, rows: Rows) -> tuple[Indices, Float32]:
        """Return the nearest center of each row and its distance, both of shape (n_rows,).

        Ties go to the lowest center.
        """
        nearest = np.empty(len(rows), dtype=np.int64)
        squared = np.empty(len(rows), dtype=np.float32)

        def fill(part: slice) -> None:
            probed = slice(part.start, min(part.start + _PROBED, part.stop))
            rest = slice(probed.stop, part.stop)
            looked = self._by_boxes(rows[probed], nearest[probed], squared[probed])
            if looked <= _MANY_LOOKED * len(self.index) * _PROBED or not self._by_products(
                rows[rest], nearest[rest], squared[rest]
            ):
                self._by_boxes(rows[rest], nearest[rest], squared[rest])

        run_blocks(fill, len(rows), minimum=256)
        return nearest, np.sqrt(squared)

    def _by_boxes(self, rows: Rows, nearest: Indices, squared: Float32) -> int:
        """Fill ``nearest`` and ``squared``; return how many tiles were looked into."""
        tiles = self.columns, self.index, self.low, self.high, self.telling
        return assign(rows, *tiles, nearest, squared)

    def _by_products(self, rows: Rows, nearest: Indices, squared: Float32) -> bool:
        """Fill the same, with matrix products to tell which centers may be nearest.

        Return False, and fill nothing, where a product may be too large for float32, or none pays.
        """
        few, many = _FEATURES
        if not len(rows) or not few <= rows.shape[1] <= many:
            return False
        norms, center_norms = _squared_norms(rows), _squared_norms(self.centers)
        if not norms.max() + center_norms.max() < _LARGEST:
            return False
        products = np.empty((_PART, len(center_norms)), dtype=np.float32)
        for start in range(0, len(rows), _PART):
            part = slice(start, start + _PART)
            own, to = rows[part], (nearest[part], squared[part])
            found = np.dot(own, self.centers.T, out=products[: len(own)])
            settle(own, norms[part], self.centers, center_norms, found, *to)
        return True


def _squared_norms(rows: Rows) -> Float32:
    return np.asarray(np.einsum("ij,ij->i", rows, rows))


def _telling(centers: Rows, n_tiles: int) -> Indices:
    """Return the features that vary most, ascending: all of them where boxes are few."""
    n_telling = max(_LEAST_TELLING, _BOX_SHARE * centers.shape[1] // n_tiles)
    return np.sort(np.argsort(-centers.var(axis=0), kind="stable")[:n_telling])
