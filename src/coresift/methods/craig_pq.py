"""Craig+PQ: facility location on distances between codes (Section 8.1).

The distance of two rows is read off the codebook. So rows with equal codes are one candidate with
a count, and one place of demand with the same count: what remains is Eq. 8 with a cluster for
each distinct code. The greedy of FastCore runs on it as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coresift._rng import Purpose, derived_seed, stream
from coresift._runtime import Runtime
from coresift._typing import Codes, Counts, Indices
from coresift.core.bounds import bound_of
from coresift.core.cluster_shares import WonClusters
from coresift.core.codebook import MAX_CODEWORDS, SUBSPACES, Codebook
from coresift.core.coreset import Choice
from coresift.core.greedy import GREEDY
from coresift.core.hyperplanes import MAX_PLANES
from coresift.core.members import Members
from coresift.core.memory import Extent
from coresift.core.parameters import check_choice, check_range
from coresift.core.summary import Layout, Summary
from coresift.methods._code_picks import ClassPicks, of_all_classes, pick_codes
from coresift.methods._plan import Plan, choose_by_class
from coresift.sources import Source
from coresift.table import Block, Pieces, Table
from coresift.weightings import Weighting, weighting_type

DISTANCES = ("root", "sum")
SAMPLE_ROWS_PER_CODEWORD = 64


@dataclass(frozen=True, eq=False)
class KeepCodes:
    """Keep the code of every row in place of its features."""

    codebook: Codebook

    def __call__(self, block: Block) -> Pieces:
        """Encode a block."""
        codes: Any = self.codebook.codes(block.rows)
        return Pieces((block._replace(rows=codes),))


@dataclass(frozen=True)
class CraigPQPlan(Plan):
    """Every choice that a selection depends on; `coresift.CraigPQ` documents them."""

    has_clusters: ClassVar[bool] = True

    n_subspaces: int = 4
    subspaces: str = "variance"
    n_codewords: int = 256
    distance: str = "root"
    greedy: str = "lazy"
    n_candidates: int = 500

    def __post_init__(self) -> None:
        check_choice("subspaces", self.subspaces, SUBSPACES)
        check_choice("distance", self.distance, DISTANCES)
        check_choice("greedy", self.greedy, GREEDY)
        check_range("n_codewords", self.n_codewords, MAX_CODEWORDS)
        for name in ("n_subspaces", "n_candidates"):
            check_range(name, getattr(self, name))
        super().__post_init__()

    @property
    def sample_rows(self) -> int:  # type: ignore[override]
        """Rows of the sample that the codebook is trained on."""
        return SAMPLE_ROWS_PER_CODEWORD * self.n_codewords

    def weighting(self) -> Weighting:
        """Return how the chosen rows are weighed; here a code is a cluster."""
        name = "cluster" if self.weights == "code" else self.weights
        return weighting_type(name, type(self)).of(self)

    def choose(self, table: Table, run: Runtime) -> Choice:
        """Choose by facility location on codes, one class at a time."""
        quotas = table.quotas(self.budget)
        with run.stage("train"):
            codebook = Codebook.train(
                table.sample(self.sample_rows),
                self.n_subspaces,
                self.n_codewords,
                stream(self.seed, Purpose.CODEBOOK),
                self.subspaces,
            )
        with run.stage("encode", table.n_rows):
            encoded = table.fold(KeepCodes(codebook), run).block(table.n_present)
        codes: Any = encoded.rows
        members = Members.of(encoded.class_ids, len(quotas))
        seed, bound = derived_seed(self.seed, Purpose.ROWS), bound_of(self.distance)
        with run.stage("choose", int(quotas.sum())):

            def choose(class_id: int) -> tuple[Summary, ClassPicks]:
                here, quota = members[class_id], int(quotas[class_id])
                steps = None if encoded.weights is None else encoded.weights[here]
                summary = summary_of_codes(codes[here], encoded.row_ids[here], seed, steps)
                found = pick_codes(summary, codebook, bound, quota, class_id, self)
                run.advance(quota)
                return summary, found

            summaries, found = zip(*choose_by_class(choose, quotas), strict=True)
        return _choice(summaries, found)

    def memory(self, extent: Extent) -> dict[str, int]:
        """Return about how many bytes each stage takes, as if all codes of a class differed."""
        n_subspaces, found = min(self.n_subspaces, extent.n_features), super().memory(extent)
        # Codes and class of each row; while a summary is built, three integers a code and part.
        found["choose"] += (40 + 33 * n_subspaces) * extent.n_rows
        if extent.sizes is not None:
            at_once = np.sort(extent.sizes)[-self.n_at_once :]
            found["choose"] += 4 * n_subspaces * self.n_codewords * int(at_once.sum())
        return found

    def cost(
        self, source: Source, sizes: Counts | None = None, quotas: Counts | None = None
    ) -> dict[str, Any]:
        """Say what a selection would take: `Plan.cost`, and the most candidates."""
        return {**super().cost(source, sizes, quotas), "max_candidates": source.n_rows}


def _choice(summaries: Sequence[Summary], found: Sequence[ClassPicks]) -> Choice:
    """Put the classes together, rows ascending."""
    row_ids, class_ids, picks = of_all_classes(found)
    shares = WonClusters(
        summaries.__getitem__,
        tuple(own.owners for own in found),
        picks,
        # The candidates are the distinct codes in ascending order, and so are the clusters.
        picks.astype(np.uint64),
    )
    return Choice(
        row_ids,
        class_ids,
        shares,
        facts={
            "n_codes": sum(own.n_candidates for own in found),
            "code_score": sum(own.score for own in found)
            / sum(int(summary.sizes.sum()) for summary in summaries),
        },
        class_facts=tuple({"codes": own.n_candidates} for own in found),
    )


def summary_of_codes(
    codes: Codes, row_ids: Indices, seed: int, steps: Counts | None = None
) -> Summary:
    """Return the summary in which each distinct code of a class is a cluster of its own.

    Parameters
    ----------
    codes : ndarray of shape (n_rows, n_subspaces), uint8
    row_ids : ndarray of shape (n_rows,), int64
    seed : int
        Of the hash that says which of the rows with one code is taken first.
    steps : ndarray of shape (n_rows,), int64, or None
        How many times a row counts; None is once.
    """
    distinct, cluster = np.unique(codes, axis=0, return_inverse=True)
    limits = (len(distinct),), (len(codes),)
    layout = Layout(codes.shape[1], MAX_PLANES, *limits, seed)
    one_class = np.zeros(len(codes), dtype=np.int64)
    buckets = cluster.reshape(-1).astype(np.uint64)
    return Summary.of(one_class, buckets, codes, row_ids, layout, steps)
