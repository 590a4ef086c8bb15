"""Members of cells: what a pass has kept of each, and which rows the centers are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from coresift._rng import draw_keys
from coresift._typing import Counts, Float64, Hashes, Indices, Rows
from coresift.core.centers import Centers
from coresift.core.medoids import cell_distances
from coresift.core.merge import BottomK, rank_in_group
from coresift.gradients import Sample

MANY_ROWS = 2**20  # beyond, a pass costs seconds
_SPARE = 5  # times as many rows as are kept of a cell of mean size are looked at


def highest_hashes(centers: Centers, sizes: Counts, n_members: int) -> Hashes | None:
    """Return up to which hash rows of each cell can be members; None is any, of few rows.

    Of very many rows nearly all are read, sorted and left again: members are drawn from a share
    of each class. Only cells below a fifth of the mean size get fewer than there are.

    Parameters
    ----------
    centers : Centers
    sizes : ndarray of shape (n_classes,), int64
        Rows of each class.
    n_members : int
        How many rows of each cell to keep.

    Returns
    -------
    ndarray of shape (n_centers,), uint64, or None
    """
    if sizes.sum() <= MANY_ROWS:
        return None
    quotas = np.bincount(centers.class_ids, minlength=len(sizes))
    share = _SPARE * n_members * quotas / np.maximum(sizes, 1)
    highest = np.full(len(sizes), np.iinfo(np.uint64).max)
    part = share < 1
    highest[part] = (share[part] * 2.0**64).astype(np.uint64)
    return highest[centers.class_ids]


def centers_of_block(
    centers: Centers, owners: Indices, row_ids: Indices, carried: tuple[Any, ...]
) -> BottomK:
    """Return the rows of a block that are centers, each in its cell.

    Parameters
    ----------
    centers : Centers
    owners, row_ids : ndarray of shape (n_rows,), int64
    carried : tuple of ndarray of shape (n_rows, ...)
    """
    here = np.flatnonzero(centers.row_ids[owners] == row_ids)
    ones = np.ones(len(centers.row_ids), dtype=np.int64)
    keys = (np.zeros(len(here)),)
    return BottomK.of(
        owners[here], keys, row_ids[here], ones, tuple(part[here] for part in carried)
    )


def members_of_block(
    n_cells: int,
    owners: Indices,
    row_ids: Indices,
    times: Counts | None,
    n_members: int,
    seed: int,
    carried: tuple[Any, ...],
    highest: Hashes | None = None,
) -> BottomK:
    """Return some rows of each cell, those of smallest hash.

    Parameters
    ----------
    n_cells : int
    owners, row_ids : ndarray of shape (n_rows,), int64
    times : ndarray of shape (n_rows,), int64, or None
        How often each row counts; heavier rows come first.
    n_members : int
    seed : int
    carried : tuple of ndarray of shape (n_rows, ...)
    highest : ndarray of shape (n_cells,), uint64, or None
        See `highest_hashes`; rows that count differently are all looked at.
    """
    near: Indices | slice = slice(None)
    keys = draw_keys(row_ids, seed, times)
    if highest is not None and times is None:
        near = np.flatnonzero(keys[0] <= highest[owners])
    return BottomK.of(
        owners[near],
        tuple(key[near] for key in keys),
        row_ids[near],
        np.full(n_cells, n_members),
        tuple(part[near] for part in carried),
    )


@dataclass(frozen=True, eq=False)
class Members:
    """What the pass has found.

    Parameters
    ----------
    cells : ndarray of shape (n,), int64
        Cell of each member, ascending; then by row id.
    row_ids : ndarray of shape (n,), int64
    sample : Sample
        Their rows and goals.
    sizes : ndarray of shape (k,), float64
        How much each cell counts; 1 where no row of it does.
    """

    cells: Indices
    row_ids: Indices
    sample: Sample
    sizes: Float64

    @classmethod
    def of(cls, kept: BottomK, sizes: Float64, own: BottomK, balance: bool) -> Members:
        """Arrange the members of each cell; one that has none, or no choice, keeps its center.

        Parameters
        ----------
        kept, own : BottomK
            Members, and centers, each with row and goal.
        sizes : ndarray of shape (k,), float64
        balance : bool
            Whether there is a choice.
        """
        cells, row_ids, (rows, goals) = kept.groups, kept.row_ids, kept.payload
        if not balance:
            cells, row_ids, rows, goals = cells[:0], row_ids[:0], rows[:0], goals[:0]
        alone = np.flatnonzero(np.bincount(cells, minlength=len(sizes)) == 0)
        cells = np.concatenate([cells, alone])
        row_ids = np.concatenate([row_ids, own.row_ids[alone]])
        rows = np.concatenate([rows, own.payload[0][alone]])
        goals = np.concatenate([goals, own.payload[1][alone]])
        order = np.lexsort((row_ids, cells))
        sample = Sample(rows[order], goals[order], np.ones(len(order)))
        return cls(cells[order], row_ids[order], sample, np.where(sizes > 0, sizes, 1.0))

    def nearer_half(self, centers: Rows) -> Members:
        """Return the half of each cell's members that is nearest to its center, or one more.

        Parameters
        ----------
        centers : ndarray of shape (k, n_columns), float32
            Of the cells, in order.

        Examples
        --------
        >>> import numpy as np
        >>> from coresift.gradients import Sample
        >>> from coresift.weightings._members import Members
        >>> rows = np.float32([[0], [9], [1], [5]])
        >>> sample = Sample(rows, np.zeros(4, dtype=np.int64), np.ones(4))
        >>> members = Members(np.array([0, 0, 0, 1]), np.arange(4), sample, np.array([3.0, 1.0]))
        >>> members.nearer_half(np.float32([[0], [9]])).row_ids.tolist()
        [0, 2, 3]
        """
        distances = cell_distances(self.sample.rows, self.cells, centers[:, None])[:, 0]
        order = np.lexsort((self.row_ids, distances, self.cells))
        ranks, sizes = rank_in_group(self.cells[order]), np.bincount(self.cells)
        kept = np.sort(order[2 * ranks < sizes[self.cells[order]]])
        return replace(
            self, cells=self.cells[kept], row_ids=self.row_ids[kept], sample=self.sample.take(kept)
        )
