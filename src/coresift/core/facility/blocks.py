"""Rows of one class in blocks of neighbours, as the kernels of facility location take them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from coresift._kernels.tiles import WIDTH, Boxes, Tiles, reach_of
from coresift._typing import Bits, Float32, Indices, Rows
from coresift.core.facility.whole import Grid, bits_of, tiled, two_valued
from coresift.core.kd_order import block_order


def _order(rows: Rows) -> Indices:
    """Return an order in which WIDTH rows after one another are close to each other.

    Where the features of two values show few patterns, the rows of each stand together.
    """
    bits = bits_of(rows, two_valued(rows))
    patterns, pattern = np.unique(bits, axis=0, return_inverse=True)
    if len(patterns) * WIDTH > len(rows):
        return block_order(rows, WIDTH)
    order = np.argsort(pattern.reshape(-1), kind="stable")
    edges = np.searchsorted(pattern.reshape(-1)[order], np.arange(len(patterns) + 1))
    for start, stop in pairwise(edges.tolist()):
        here = order[start:stop]
        order[start:stop] = here[block_order(rows[here], WIDTH, start % WIDTH)]
    return order


def _boxes(tiles: Tiles) -> tuple[Boxes, Boxes]:
    """Return the boxes of blocks and of groups."""
    low, high, least, most = tiles.rows, tiles.rows, tiles.row_flags, tiles.row_flags
    boxes = []
    for _ in range(2):
        starts = np.arange(0, len(low), WIDTH)
        low, high = np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
        least, most = np.bitwise_and.reduceat(least, starts), np.bitwise_or.reduceat(most, starts)
        boxes.append(
            Boxes(np.stack([tiled(low), tiled(high)]), np.stack([tiled(least), tiled(most)]))
        )
    return boxes[0], boxes[1]


@dataclass(frozen=True, eq=False)
class Blocks:
    """Rows in blocks of neighbours, with boxes; see `_kernels.tiles`.

    Parameters
    ----------
    grid : Grid
    order : ndarray of shape (n_rows,), int64
        The given number of the row in each place.
    place : ndarray of shape (n_rows,), int64
        The other way round.
    tiles : Tiles
    block_box, group_box : Boxes
    """

    grid: Grid
    order: Indices
    place: Indices
    tiles: Tiles
    block_box: Boxes
    group_box: Boxes

    @classmethod
    def of(cls, rows: Rows) -> Blocks:
        """Arrange rows of shape (n_rows, n_features), float32."""
        grid, order = Grid.of(rows), _order(rows)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        tiles = grid.tiles(rows[order])
        return cls(grid, order, place, tiles, *_boxes(tiles))

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return len(self.tiles.values)

    def uncovered(self, worst: int) -> tuple[Bits, Float32, Float32]:
        """Return the state of the kernels before a row is chosen.

        Parameters
        ----------
        worst : int
            How far each row is taken to be from a chosen one.

        Returns
        -------
        cover : ndarray of shape (n_blocks * WIDTH,), int32
        block_reach, group_reach : ndarray of float32
        """
        cover = np.zeros(self.n_blocks * WIDTH, dtype=np.int32)
        cover[: len(self.order)] = worst
        n_groups, n_tops = len(self.block_box.values[0]), len(self.group_box.values[0])
        block_reach = np.zeros(n_groups * WIDTH, dtype=np.float32)
        group_reach = np.zeros(n_tops * WIDTH, dtype=np.float32)
        reach = reach_of(worst, self.grid.scale)
        block_reach[: self.n_blocks] = reach
        group_reach[:n_groups] = reach
        return cover, block_reach, group_reach
