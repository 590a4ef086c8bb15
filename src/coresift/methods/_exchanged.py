"""Classes whose rows fit into memory, but not the distances between all of them.

Points start on a sample and move to the means of the rows nearest to them, as in larger classes
(`_sampled`), but without passes over the data. The rows nearest to each mean are candidates then,
and chosen rows are exchanged for candidates as long as that lowers the distances of all rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresift._rng import Purpose, derived_seed, draw_keys, stream
from coresift._runtime import Runtime
from coresift._typing import Counts, Indices
from coresift.core.facility import exchange_rows
from coresift.core.medoids import CellSums, FixedPoint, among_smallest, moved
from coresift.core.members import Members
from coresift.core.merge import BottomK
from coresift.core.nearest import CenterTiles
from coresift.methods._exact import MOST_EXACT_ROWS, Chosen
from coresift.methods._plan import choose_by_class
from coresift.methods._sampled import started
from coresift.table import Block

# Candidates for each row to choose. Of wide rows, each costs more to measure than to try: as many
# as half of the features.
TRIED = 4, 32
# What limits them: distances that are held, and differences that are computed for these.
PAIRS, PAIR_VALUES = 2**25, 2**31


def n_tried(quotas: Indices, sizes: Counts, n_features: int) -> Counts:
    """Return how many candidates for each row to choose are cheap, shape (n_classes,), int64.

    Below 2 there is nothing to exchange.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.methods._exchanged import n_tried
    >>> n_tried(np.array([60, 600, 90]), np.array([6000, 6000, 20_000]), 784).tolist()
    [7, 0, 0]
    """
    pairs = quotas * sizes
    cheap = np.minimum(PAIRS // pairs, PAIR_VALUES // (pairs * n_features))
    tried = np.minimum(cheap, np.clip(n_features // 2, *TRIED))
    return np.where(sizes <= MOST_EXACT_ROWS, tried, 0)


def exchange_bytes(quotas: Indices, sizes: Counts, n_features: int) -> Counts:
    """Return how many bytes of distances each class takes while rows are exchanged."""
    return 4 * (n_tried(quotas, sizes, n_features) + 1) * quotas * sizes


def exchanged_classes(
    sizes: Counts, quotas: Indices, n_features: int, small: NDArray[np.bool_], most_bytes: int
) -> NDArray[np.bool_]:
    """Return in which classes rows are exchanged, shape (n_classes,), bool.

    Where that is cheap, the smallest first, while the rows of these and of small classes take no
    more than ``most_bytes``.
    """
    cheap = ~small & (n_tried(quotas, sizes, n_features) > 1)
    order = np.lexsort((sizes, ~small))  # small classes are held already
    held = np.cumsum(np.where((small | cheap)[order], sizes[order], 0)) * (4 * n_features)
    fits = np.empty(len(sizes), dtype=bool)
    fits[order] = held <= most_bytes
    return cheap & fits


@dataclass(frozen=True, eq=False)
class Exchange:
    """How rows of a class are chosen.

    Parameters
    ----------
    units : FixedPoint
    limits : ndarray of shape (n_classes,), int64
        How many rows of each class the points start on.
    n_moves : int
        How often the points move to the means of all rows nearest to them.
    n_sweeps : int
        How often each candidate may at most take the place of a chosen row.
    seed : int
        Of the run.
    """

    units: FixedPoint
    limits: Counts
    n_moves: int
    n_sweeps: int
    seed: int

    def choose(self, own: Block, class_id: int, quota: int) -> tuple[Indices, int, float]:
        """Return positions of the chosen rows, the number of candidates, and the summed distance.

        The rows are those of one class, in ascending order of their ids.
        """
        keys = draw_keys(own.row_ids, derived_seed(self.seed, Purpose.ROWS), own.weights)
        drawn = np.lexsort(keys[::-1])
        sample = own.rows[drawn[: self.limits[class_id]]]
        rng = stream(self.seed, Purpose.START, class_id)
        points = started(sample, len(own.rows), quota, rng, self.units)
        owners, distances = CenterTiles.of(points).nearest(own.rows)
        for _ in range(self.n_moves):
            sums = CellSums.of(own.rows, owners, len(points), self.units, own.weights)
            points = moved(points, sums, self.units)
            owners, distances = CenterTiles.of(points).nearest(own.rows)
        tried = int(n_tried(np.array(quota), np.array(len(own.rows)), own.rows.shape[1]))
        near = np.flatnonzero(among_smallest(distances, owners, len(points), tried))
        limits = np.full(len(points), tried)
        kept = BottomK.of(owners[near], (distances[near],), own.row_ids[near], limits)
        candidates = np.searchsorted(own.row_ids, kept.row_ids)
        nearest = np.diff(kept.groups, prepend=-1) > 0
        chosen = candidates[nearest]
        if len(chosen) < quota:  # points without rows
            left = drawn[~np.isin(drawn, chosen)]
            chosen = np.append(chosen, left[: quota - len(chosen)])
        others = candidates[~np.isin(candidates, chosen)]
        # Rows of a cell side by side: most of them are far from a candidate, and skipped.
        order = np.argsort(owners, kind="stable")
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        weights = None if own.weights is None else own.weights[order]
        given = place[np.concatenate([chosen, others])], len(chosen), weights, self.n_sweeps
        picks, score = exchange_rows(own.rows[order], *given)
        return order[picks], len(candidates), score


def choose_by_exchange(
    block: Block, quotas: Indices, wanted: NDArray[np.bool_], how: Exchange, run: Runtime
) -> Chosen:
    """Choose in the wanted classes, whose rows are in the block, in ascending order of their ids.

    Parameters
    ----------
    block : Block
    quotas : ndarray of shape (n_classes,), int64
    wanted : ndarray of shape (n_classes,), bool
    how : Exchange
    run : Runtime
    """
    classes, members = np.flatnonzero(wanted), Members.of(block.class_ids, len(quotas))

    def choose(place: int) -> tuple[Indices, int, float]:
        class_id = int(classes[place])
        here = members[class_id]
        picks, n_candidates, score = how.choose(block.where(here), class_id, int(quotas[class_id]))
        run.advance(int(quotas[class_id]))
        return block.row_ids[here[picks]], n_candidates, score

    found = choose_by_class(choose, quotas[classes])
    return Chosen(
        np.concatenate([row_ids for row_ids, _, _ in found]),
        np.repeat(classes, [len(row_ids) for row_ids, _, _ in found]),
        sum(score for _, _, score in found),
        len(block.row_ids) if block.weights is None else int(block.weights.sum()),
        sum(number for _, number, _ in found),
        {int(c): {"exchanged": number} for c, (_, number, _) in zip(classes, found, strict=True)},
    )
