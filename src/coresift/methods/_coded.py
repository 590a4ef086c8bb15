"""What FastCore chose in the classes that have codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._typing import Indices
from coresift.core.cluster_shares import WonClusters
from coresift.core.encoder import Encoder
from coresift.core.summary import Summary
from coresift.methods._code_picks import ClassPicks
from coresift.methods._exact import Chosen


@dataclass(frozen=True, eq=False)
class Coded:
    """What was chosen in the classes that have codes, and by what.

    Parameters
    ----------
    summary : Summary
    encoder : Encoder
    classes : ndarray of int64
    found : list of ClassPicks
        Class by class.
    """

    summary: Summary
    encoder: Encoder
    classes: Indices
    found: list[ClassPicks]

    def chosen(self) -> Chosen:
        """Return the rows, class by class."""
        clusters = np.bincount(self.summary.cluster_class, minlength=len(self.summary.bits))
        return Chosen(
            np.concatenate([own.row_ids for own in self.found]),
            np.repeat(self.classes, [len(own.row_ids) for own in self.found]),
            sum(own.score for own in self.found),
            int(self.summary.sizes.sum()),
            sum(own.n_candidates for own in self.found),
            {
                c: {"clusters": int(clusters[c]), "bits": int(self.summary.bits[c])}
                for c in self.classes.tolist()
            },
        )

    def shares(self, order: Indices) -> WonClusters:
        """Return how clusters are shared, chosen rows in some order."""
        return WonClusters(
            self.summary.of_class,
            tuple(own.owners for own in self.found),
            np.concatenate([own.picks for own in self.found])[order],
            self.encoder.clusterer,
        )
