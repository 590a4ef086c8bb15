"""Hold back where balance does harm: what models of the alternatives lose on rows held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._rng import row_hash
from coresift._typing import Float64, Indices, Rows
from coresift.core.coreset import Weighed, in_order
from coresift.core.merge import rank_in_group
from coresift.gradients import (
    ENOUGH_ROWS,
    FEW,
    Aim,
    Pilot,
    Sample,
    held_out_losses,
    hold_back,
    paired_error,
    sentence,
)
from coresift.table import Block
from coresift.weightings._pilot import Goals


@dataclass(frozen=True, eq=False)
class Alternative:
    """Chosen rows with their weights.

    Parameters
    ----------
    row_ids, class_ids : ndarray of shape (k,), int64
    rows : ndarray of shape (k, n_features), float32
    goals : ndarray of shape (k,)
        What a pilot predicts: classes or numbers.
    weights : ndarray of shape (k,), float64
    """

    row_ids: Indices
    class_ids: Indices
    rows: Rows
    goals: Indices | Float64
    weights: Float64

    @property
    def sample(self) -> Sample:
        """The rows as a training set."""
        return Sample(self.rows, self.goals, self.weights)

    def weighed(self, facts: Mapping[str, Any]) -> Weighed:
        """Return the rows in the order of their ids."""
        row_ids, class_ids, weights = in_order(self.row_ids, self.class_ids, self.weights)
        return Weighed(row_ids, class_ids, weights, None, facts)


def stratified_from(
    drawn: Block, centers: Alternative, sizes: Float64, goals: Goals
) -> Alternative:
    """Take as many rows of each class as there are centers, at random from a sample.

    A class of which the sample has too few keeps some of its centers.
    """
    quotas = np.bincount(centers.class_ids, minlength=len(sizes))
    by_hash = np.argsort(row_hash(drawn.row_ids, 0))  # not by place: files are often sorted
    order = by_hash[np.argsort(drawn.class_ids[by_hash], kind="stable")]
    ordered = drawn.class_ids[order]
    taken = order[rank_in_group(ordered) < quotas[ordered]]
    spare = np.flatnonzero(~np.isin(centers.row_ids, drawn.row_ids[taken]))
    wanted = quotas - np.bincount(drawn.class_ids[taken], minlength=len(sizes))
    by_class = spare[np.argsort(centers.class_ids[spare], kind="stable")]
    filled = by_class[
        rank_in_group(centers.class_ids[by_class]) < wanted[centers.class_ids[by_class]]
    ]
    class_ids = np.concatenate([drawn.class_ids[taken], centers.class_ids[filled]])
    return Alternative(
        np.concatenate([drawn.row_ids[taken], centers.row_ids[filled]]),
        class_ids,
        np.concatenate([drawn.rows[taken], centers.rows[filled]]),
        np.concatenate([goals.of(drawn)[taken], centers.goals[filled]]),
        (sizes / np.maximum(quotas, 1))[class_ids],
    )


def held_back(
    held_out: Block,
    aim: Aim[Pilot],
    balanced: Alternative,
    others: Mapping[str, Callable[[], Alternative]],
    goals: Goals,
) -> tuple[Alternative, dict[str, Any]]:
    """Return the alternative to use, and what is reported.

    Parameters
    ----------
    held_out : Block
        Rows that neither pilot nor balance has seen.
    aim : Aim
    balanced : Alternative
    others : mapping of str to callable
        "stratified", which it must not lose to, and what else there is; made where needed.
    goals : Goals
    """
    kept = ~np.isin(held_out.row_ids, balanced.row_ids)
    aside = goals.sample(held_out).take(np.flatnonzero(kept))
    n_chosen, pilot = len(balanced.row_ids), aim.pilot
    facts: dict[str, Any] = {"held_out_rows": len(aside)}
    if len(aside) < ENOUGH_ROWS:
        return balanced, {**facts, "use": "balanced", "reason": "too few rows to hold some out"}
    few = n_chosen < FEW * pilot.n_free
    made = {"balanced": balanced, "stratified": others["stratified"]()}
    losses = losses_at(aim, {name: part.sample for name, part in made.items()}, aside)
    verdict = hold_back(losses, aside.weights, n_chosen, pilot.n_free)
    if few or verdict.chosen != "balanced":
        more = {name: make() for name, make in others.items() if name not in made}
        made |= more
        losses |= losses_at(aim, {name: part.sample for name, part in more.items()}, aside)
        verdict = hold_back(losses, aside.weights, n_chosen, pilot.n_free)
    own = pilot.values(aside.rows, aside.targets)
    means = {name: mean * goals.unit for name, mean in verdict.losses.items()}
    means["pilot"] = float(own.mean()) * goals.unit
    said = sentence(
        means[verdict.chosen],
        (means["stratified"], 0.0),
        means["pilot"],
        paired_error(losses[verdict.chosen], own) * goals.unit,
        n_chosen,
        len(aim.sample),
    )
    return made[verdict.chosen], {
        **facts,
        "use": verdict.chosen,
        "loss": goals.loss_name(pilot),
        "losses": means,
        "reason": verdict.reason,
        "sentence": said,
    }


def losses_at(
    aim: Aim[Pilot], coresets: Mapping[str, Sample], held_out: Sample
) -> dict[str, Float64]:
    """Train a model like the pilot on each coreset; return its loss on each row held out."""
    pilot = aim.pilot
    return held_out_losses(coresets, pilot.loss, pilot.n_classes, aim.l2, held_out)
