"""Rows of each cluster counted, without codes: what stratified sampling and hulls start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._runtime import Runtime
from coresift._typing import Counts, Indices
from coresift.core.hyperplanes import Hyperplanes
from coresift.core.merge import Together
from coresift.core.summary import Layout, Summary
from coresift.table import Block, Table

CLUSTERS_PER_PICK = 10
CENTER_ROWS = 2**14  # rows whose mean is the middle of the data


@dataclass(frozen=True, eq=False)
class CountClusters:
    """Count the rows of each bucket: a summary without codes and candidates."""

    planes: Hyperplanes
    layout: Layout

    def __call__(self, block: Block) -> Together:
        """Summarise a block, by weight; and where rows have weights, by rows."""
        no_codes = np.empty((len(block.rows), 0), dtype=np.uint8)
        buckets = self.planes.buckets(block.rows)
        facts = block.class_ids, buckets, no_codes, block.row_ids, self.layout
        weighed = Summary.of(*facts, block.weights)
        return Together((weighed,) if block.weights is None else (weighed, Summary.of(*facts)))


def count_clusters(
    table: Table, planes: Hyperplanes, quotas: Indices, max_clusters: int | None, run: Runtime
) -> tuple[Summary, Counts]:
    """Read the data once and count the rows of each cluster; at most ``max_clusters`` a class.

    Returns
    -------
    clusters : Summary
        Of weighted rows, its sizes are weights.
    n_rows : ndarray of shape (T,), int64
        Rows of each cluster.
    """
    sizes = table.classes.sizes
    limits = CLUSTERS_PER_PICK * quotas if max_clusters is None else max_clusters
    limits = np.minimum(np.broadcast_to(limits, sizes.shape), sizes)
    layout = Layout(0, planes.n_bits, tuple(limits.tolist()), (0,) * len(sizes), 0)
    with run.stage("cluster", table.n_rows):
        found = table.fold(CountClusters(planes, layout), run).parts
    return found[0], found[-1].sizes


def cluster_facts(clusters: Summary, n_classes: int) -> tuple[Mapping[str, Any], ...]:
    """Return what is reported of the clusters of each class."""
    counts = np.bincount(clusters.cluster_class, minlength=n_classes).tolist()
    pairs = zip(counts, clusters.bits.tolist(), strict=True)
    return tuple({"clusters": count, "bits": bits} for count, bits in pairs)
