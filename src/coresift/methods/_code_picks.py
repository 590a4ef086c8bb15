"""The greedy on codes in one class, and the classes put together: FastCore and Craig+PQ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from coresift._rng import Purpose, stream
from coresift._typing import Indices
from coresift.core.bounds import Bound
from coresift.core.codebook import Codebook
from coresift.core.coreset import in_order
from coresift.core.greedy import greedy
from coresift.core.objective import CodeObjective
from coresift.core.summary import Summary


class GreedySettings(Protocol):
    """What the plans of both methods have."""

    @property
    def seed(self) -> int:
        """Of all draws."""

    @property
    def greedy(self) -> str:
        """How candidates are looked at."""

    @property
    def n_candidates(self) -> int:
        """Candidates of a step of the stochastic greedy (S)."""


@dataclass(frozen=True, eq=False)
class ClassPicks:
    """What the greedy chose in one class.

    Parameters
    ----------
    picks, row_ids : ndarray of shape (quota,), int64
        Candidates in the order of choice, and a row for each.
    owners : ndarray of shape (T,), int64
        The picked candidate of smallest bound of each cluster.
    n_candidates : int
        Distinct codes to choose from.
    score : float
        ``sum_t |C_t| min_j u_jt`` of the picks (Eq. 8).
    """

    picks: Indices
    row_ids: Indices
    owners: Indices
    n_candidates: int
    score: float


def pick_codes(
    summary: Summary,
    codebook: Codebook,
    bound: Bound,
    quota: int,
    class_id: int,
    settings: GreedySettings,
) -> ClassPicks:
    """Run the greedy in one class (lines 4-15)."""
    objective = CodeObjective.of(summary, codebook, bound)
    picks = greedy(
        objective,
        quota,
        stream(settings.seed, Purpose.GREEDY_DRAWS, class_id),
        method=settings.greedy,
        n_candidates=settings.n_candidates,
    ).candidates
    return ClassPicks(
        picks,
        objective.candidates.rows(picks),
        objective.owners(picks),
        objective.n_candidates,
        objective.score(),
    )


def of_all_classes(found: Sequence[ClassPicks]) -> tuple[Indices, Indices, Indices]:
    """Return row ids, ascending, with their classes and their candidates."""
    row_ids, class_ids, picks = in_order(
        np.concatenate([own.row_ids for own in found]),
        np.repeat(np.arange(len(found)), [len(own.row_ids) for own in found]),
        np.concatenate([own.picks for own in found]),
    )
    return row_ids, class_ids, picks
