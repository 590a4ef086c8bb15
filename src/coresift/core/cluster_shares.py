"""How clusters share their rows among the chosen ones (Algorithm 1, line 17)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from coresift._typing import Buckets, Float64, Indices, Rows
from coresift.core.coreset import Choice
from coresift.core.encoder import Clusterer
from coresift.core.members import Members
from coresift.core.summary import Summary


@dataclass(frozen=True, eq=False)
class WonClusters:
    """Each cluster goes to the chosen row of smallest bound.

    Parameters
    ----------
    summary_of : callable
        Class number to the summary of the class.
    owners : tuple of ndarray of shape (T,), int64
        Of each class, the candidate that wins each cluster.
    picks : ndarray of shape (k,), int64
        Candidate of each chosen row, in the order of the choice's rows.
    buckets : ndarray of shape (k,), uint64, or Clusterer
        Bucket of each chosen row, or what gives it.
    """

    summary_of: Callable[[int], Summary]
    owners: tuple[Indices, ...]
    picks: Indices
    buckets: Buckets | Clusterer

    def weights(self, choice: Choice, rows: Callable[[], Rows]) -> Float64:
        """Return the weight of each chosen row, class by class."""
        buckets = self.buckets
        if not isinstance(buckets, np.ndarray):
            buckets = buckets.buckets(rows())
        weights = np.empty(len(self.picks))
        members = Members.of(choice.class_ids, len(self.owners))
        for class_id, owners in enumerate(self.owners):
            here = members[class_id]
            summary = self.summary_of(class_id)
            weights[here] = cluster_weights(summary, owners, self.picks[here], buckets[here])
        return weights


@dataclass(frozen=True, eq=False)
class FixedShares:
    """Shares that are known when the rows are chosen.

    Parameters
    ----------
    shares : ndarray of shape (k,), float64
    """

    shares: Float64

    def weights(self, choice: Choice, rows: Callable[[], Rows]) -> Float64:
        """Return the weight of each chosen row."""
        del choice, rows
        return self.shares


def cluster_weights(summary: Summary, owners: Indices, picks: Indices, buckets: Buckets) -> Float64:
    """Weigh chosen rows by the clusters that they win (line 17).

    Parameters
    ----------
    summary : Summary
        Of one class.
    owners : ndarray of shape (T,), int64
        The candidate that wins each cluster, as `CodeObjective.owners` has it.
    picks, buckets : ndarray of shape (k,)
        Candidate and bucket of each chosen row.

    Returns
    -------
    ndarray of shape (k,), float64
        At least 1; sums to the size of the class.

    Notes
    -----
    Deviation: line 17 gives weight 0 to a row whose bounds win no cluster, and a
    row of weight 0 is a row less. Here each chosen row first represents itself
    (weight 1), and the other rows of a cluster go to the candidate of smallest
    bound, ties to the lowest index. Chosen rows with the same code share alike.
    """
    chosen, position, times = np.unique(picks, return_inverse=True, return_counts=True)
    others = summary.sizes.copy()
    class_ids = np.full(len(buckets), summary.cluster_class[0])
    np.subtract.at(others, summary.clusters(class_ids, buckets), 1)
    mass = np.zeros(len(chosen), dtype=np.int64)
    np.add.at(mass, np.searchsorted(chosen, owners), others)
    return np.asarray((times + mass)[position] / times[position], dtype=np.float64)
