"""Is a coreset worth it: facts of its weights, and losses on rows that were held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coresift._typing import Float64
from coresift.gradients.losses import Loss
from coresift.gradients.members import Sample, fit_on

FEW = 0.05  # rows for each free parameter
STANDARD_ERRORS = 2.0


@dataclass(frozen=True)
class WeightFacts:
    """How even weights are.

    Parameters
    ----------
    effective : float
        Rows of equal weights that tell as much, as a share of the rows.
    largest : float
        Largest weight in units of the mean.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import WeightFacts
    >>> WeightFacts.of(np.array([1.0, 1.0, 4.0]))
    WeightFacts(effective=0.6666666666666666, largest=2.0)
    """

    effective: float
    largest: float

    @classmethod
    def of(cls, weights: Float64) -> WeightFacts:
        """Read them off."""
        effective = float(weights.sum() ** 2 / (weights * weights).sum()) / len(weights)
        return cls(effective, float(weights.max() / weights.mean()))


@dataclass(frozen=True)
class Verdict:
    """Which coreset to use.

    Parameters
    ----------
    chosen : str
    losses : dict of str to float
        Mean loss of each on rows held out.
    reason : str
        One sentence.
    """

    chosen: str
    losses: Mapping[str, float]
    reason: str


def held_out_losses(
    coresets: Mapping[str, Sample], loss: Loss, n_classes: int, l2: float, held_out: Sample
) -> dict[str, Float64]:
    """Train a model on each coreset; return its loss on each row held out.

    Parameters
    ----------
    coresets : mapping of str to Sample
    loss : Loss
    n_classes : int
    l2 : float
        Penalty of the training.
    held_out : Sample
    """
    return {
        name: fit_on(coreset, loss, n_classes, l2).values(held_out.rows, held_out.targets)
        for name, coreset in coresets.items()
    }


def hold_back(
    losses: Mapping[str, Float64],
    weights: Float64,
    n_chosen: int,
    n_free: int,
    first: str = "balanced",
    floor: str = "stratified",
) -> Verdict:
    """Keep to the first coreset, unless rows are very few, or held-out rows speak against it.

    Parameters
    ----------
    losses : mapping of str to ndarray of shape (n_rows,)
        Loss of each coreset's model on the same rows.
    weights : ndarray of shape (n_rows,), float64
        Prior weights of those rows.
    n_chosen, n_free : int
        Rows of a coreset, and free parameters.
    first, floor : str
        The coreset to keep to, and the one that it must not lose to.

    Returns
    -------
    Verdict

    Notes
    -----
    Below 0.05 rows for each free parameter no gradient can be matched, and the lowest loss wins.
    Otherwise the first is left only where it loses to the floor by two paired standard errors: a
    lower loss alone is often the bias of central rows, which offsets an L2 penalty that binds.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import hold_back
    >>> losses = {"balanced": np.array([0.5, 0.6]), "stratified": np.array([0.7, 0.8])}
    >>> hold_back(losses, np.ones(2), n_chosen=100, n_free=50).chosen
    'balanced'
    """
    shares = weights / weights.sum()
    means = {name: float(shares @ values) for name, values in losses.items()}
    lowest = min(means, key=lambda name: means[name])
    if n_chosen < FEW * n_free:
        reason = f"{n_chosen} rows for {n_free} free parameters: the lowest loss on rows held out"
        return Verdict(lowest, means, reason)
    apart = losses[first] - losses[floor]
    lost = means[first] - means[floor]
    error = float(np.sqrt((shares * shares) @ (apart - lost) ** 2))
    if lost > STANDARD_ERRORS * error:
        reason = f"{first} loses to {floor} by {lost:.3g} on rows held out"
        return Verdict(lowest, means, reason)
    return Verdict(first, means, f"{first} does not lose to {floor} on rows held out")


def paired_error(losses: Float64, others: Float64) -> float:
    """Return two standard errors of the mean difference of losses of the same rows.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import paired_error
    >>> paired_error(np.array([1.0, 3.0]), np.array([1.0, 1.0])).__round__(3)
    1.414
    """
    return STANDARD_ERRORS * float(np.std(losses - others)) / float(np.sqrt(len(losses)))


def sentence(
    own: float,
    uniform: tuple[float, float],
    pilot: float,
    error: float,
    n_chosen: int,
    n_pilot: int,
) -> str:
    """Say in one sentence whether a coreset is worth it.

    Parameters
    ----------
    own : float
        What a model of the coreset loses on rows held out.
    uniform : tuple of float
        Mean and spread of what models of uniform samples of its size lose.
    pilot : float
        What the pilot loses.
    error : float
        How far coreset and pilot may be apart by chance.
    n_chosen, n_pilot : int
        Rows of the coreset, and of the sample that the pilot is fitted on.

    Examples
    --------
    >>> from coresift.gradients import sentence
    >>> print(sentence(1.53, (3.3, 0.2), 1.525, 0.01, 44, 20_000))
    On rows held out a model of this coreset loses 1.53, models of uniform samples of its size lose
    3.3 ± 0.2, the pilot of 20,000 rows loses 1.525: worth it where no more than 44 rows can be
    kept, else train on the rows of the pilot, which is as good.
    """
    mean, spread = uniform
    if own > mean + STANDARD_ERRORS * spread:
        verdict = "not worth it here, uniform samples are better"
    elif own >= mean - spread:
        verdict = "not worth it here, uniform samples are as good"
    elif pilot <= own + error:
        verdict = (
            f"worth it where no more than {n_chosen:,} rows can be kept, else train on the rows "
            "of the pilot, which is as good"
        )
    else:
        verdict = "worth it, it is better than uniform samples and than the pilot"
    around = f" ± {spread:.2g}" if spread else ""
    return (
        f"On rows held out a model of this coreset loses {own:.4g}, models of uniform samples of "
        f"its size lose {mean:.4g}{around}, the pilot of {n_pilot:,} rows loses {pilot:.4g}: "
        f"{verdict}."
    )
