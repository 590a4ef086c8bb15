"""Hold back where balance does harm: what models of the alternatives lose on rows held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._rng import row_hash
from coresift._typing import Float64, Indices, Rows
from coresift.core.centers import Centers
from coresift.core.coreset import Weighed, in_order
from coresift.core.merge import rank_in_group
from coresift.gradients import ENOUGH_ROWS, FEW, Aim, Sample, fit_on, hold_back
from coresift.table import Block


@dataclass(frozen=True, eq=False)
class Alternative:
    """Chosen rows with their weights.

    Parameters
    ----------
    row_ids, class_ids : ndarray of shape (k,), int64
    rows : ndarray of shape (k, n_features), float32
    weights : ndarray of shape (k,), float64
    """

    row_ids: Indices
    class_ids: Indices
    rows: Rows
    weights: Float64

    @property
    def sample(self) -> Sample:
        """The rows as a training set."""
        return Sample(self.rows, self.class_ids, self.weights)

    def weighed(self, facts: Mapping[str, Any]) -> Weighed:
        """Return the rows in the order of their ids."""
        row_ids, class_ids, weights = in_order(self.row_ids, self.class_ids, self.weights)
        return Weighed(row_ids, class_ids, weights, None, facts)


def stratified_from(drawn: Block, centers: Centers, sizes: Float64) -> Alternative:
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
        (sizes / np.maximum(quotas, 1))[class_ids],
    )


def held_back(
    held_out: Block,
    aim: Aim,
    balanced: Alternative,
    others: Mapping[str, Callable[[], Alternative]],
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
    """
    kept = ~np.isin(held_out.row_ids, balanced.row_ids)
    rows, targets = held_out.rows[kept], held_out.class_ids[kept]
    n_chosen, pilot = len(balanced.row_ids), aim.pilot
    facts: dict[str, Any] = {"held_out_rows": len(rows)}
    if len(rows) < ENOUGH_ROWS:
        return balanced, {**facts, "use": "balanced", "reason": "too few rows to hold some out"}
    few = n_chosen < FEW * pilot.n_free
    made = {"balanced": balanced, "stratified": others["stratified"]()}
    losses = {name: _losses(part.sample, aim, rows, targets) for name, part in made.items()}
    weights = np.ones(len(rows))
    verdict = hold_back(losses, weights, n_chosen, pilot.n_free)
    if few or verdict.chosen != "balanced":
        made |= {name: make() for name, make in others.items() if name not in made}
        losses = {name: _losses(part.sample, aim, rows, targets) for name, part in made.items()}
        verdict = hold_back(losses, weights, n_chosen, pilot.n_free)
    own = float(pilot.values(rows, targets).mean())
    return made[verdict.chosen], {
        **facts,
        "use": verdict.chosen,
        "losses": {**verdict.losses, "pilot": own},
        "reason": verdict.reason,
        "sentence": sentence(verdict.chosen, verdict.losses, own, len(aim.sample)),
    }


def _losses(sample: Sample, aim: Aim, rows: Rows, targets: Indices) -> Float64:
    """Train on a coreset; return the loss of each row held out."""
    model = fit_on(sample, aim.pilot.loss, aim.pilot.n_classes, aim.l2)
    return model.values(rows, targets)


def sentence(use: str, losses: Mapping[str, float], pilot: float, n_pilot: int) -> str:
    """Say in one sentence whether the coreset is worth it.

    Examples
    --------
    >>> from coresift.weightings._hold_back import sentence
    >>> print(sentence("balanced", {"balanced": 1.53, "stratified": 3.3}, 1.525, 20000))
    On rows held out a model of this coreset loses 1.5300, one of a stratified sample of its size
    3.3000, the pilot of 20000 rows 1.5250: worth it, though the pilot is as good.
    """
    own, floor = losses[use], losses["stratified"]
    gain = floor - max(own, pilot)
    if use == "stratified":
        verdict = "a stratified sample is as good"
    elif own <= pilot:
        verdict = "worth it, and better than the pilot"
    else:
        verdict = "worth it, though the pilot is as good" if gain > 0 else "not worth it here"
    return (
        f"On rows held out a model of this coreset loses {own:.4f}, one of a stratified sample of "
        f"its size {floor:.4f}, the pilot of {n_pilot} rows {pilot:.4f}: {verdict}."
    )
