"""How close FastCore's bounds are to what they bound, measured in the pass that weighs its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coresift.core.bound_error import Pairs, TrueDistances, bound_error
from coresift.core.bounds import Bound
from coresift.core.budget import split_budget
from coresift.core.encoder import Encoder
from coresift.core.medoids import FixedPoint
from coresift.core.merge import rank_in_group
from coresift.core.summary import Summary
from coresift.table import Block, Table

BOUND_SAMPLE = 64  # rows that the error is measured on, with the clusters they are in


@dataclass(frozen=True, eq=False)
class BoundProbe:
    """Measure, on a few rows, what the bound is above (Table 2)."""

    summary: Summary
    encoder: Encoder
    bound: Bound

    def prepared(self, table: Table) -> BoundTask:
        """Draw rows of each class, in proportion to its size, to compare bounds with distances.

        Of more classes than rows to draw, the largest.
        """
        pool, coded = self.summary.pool, np.zeros(len(table.classes), dtype=bool)
        coded[self.summary.cluster_class] = True  # other classes have no codes
        sizes = np.where(coded, table.classes.sizes, 0)
        wanted = np.zeros_like(sizes)
        most = min(BOUND_SAMPLE, int(coded.sum()))
        largest = np.sort(np.argsort(-sizes, kind="stable")[:most])
        n_items = min(BOUND_SAMPLE, int(sizes[largest].sum()))
        wanted[largest] = split_budget(n_items, sizes[largest])
        drawn = np.flatnonzero(rank_in_group(pool.groups) < wanted[pool.groups])
        drawn = drawn[np.argsort(pool.row_ids[drawn])]
        rows = table.take(pool.row_ids[drawn])
        buckets = self.encoder.clusterer.buckets(rows)
        codes = pool.payload[0][drawn]
        pairs = Pairs.of(self.summary, pool.groups[drawn], rows, buckets, codes)
        units = FixedPoint.of(*table.edges(), table.n_steps)
        return BoundTask(self, coded, pairs, units)


@dataclass(frozen=True, eq=False)
class BoundTask:
    """The task of a `BoundProbe`; ``coded`` says which classes have codes."""

    probe: BoundProbe
    coded: NDArray[np.bool_]
    pairs: Pairs
    units: FixedPoint

    def __call__(self, block: Block) -> TrueDistances:
        """Look at a block."""
        if not self.coded.all():
            block = block.where(self.coded[block.class_ids])
        buckets = self.probe.encoder.clusterer.buckets(block.rows)
        return TrueDistances.of(
            self.pairs,
            self.probe.summary,
            self.units,
            block.rows,
            block.class_ids,
            buckets,
            block.weights,
        )

    def facts(self, result: TrueDistances) -> Mapping[str, Any]:
        """Return the mean relative error of the bound."""
        probe = self.probe
        error = bound_error(
            self.pairs, result, probe.summary, probe.encoder.codebook, probe.bound, self.units
        )
        return {"bound_error": error}
