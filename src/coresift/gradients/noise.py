"""Rows that the pilot calls nearly impossible: perhaps their labels are wrong."""

from __future__ import annotations

import numpy as np

from coresift._errors import ParameterError
from coresift._typing import Float64, Indices
from coresift.gradients.losses import Loss, SquaredHinge
from coresift.gradients.members import Sample, fit_on
from coresift.gradients.pilot import Pilot

THRESHOLD = 0.05
REFITS = 2


def plausibility(outputs: Float64, class_ids: Indices) -> Float64:
    """Return the probability of each row's label over that of the likeliest.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows, n_outputs), float64
        Of a logistic pilot: one for two classes, else one for each.
    class_ids : ndarray of shape (n_rows,), int64

    Returns
    -------
    ndarray of shape (n_rows,), float64
        1 where the label is the likeliest.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import plausibility
    >>> outputs = np.log(np.array([[0.5, 0.25, 0.25]]))
    >>> plausibility(outputs, np.array([1])).round(2).tolist()
    [0.5]
    """
    if outputs.shape[1] == 1:
        outputs = np.hstack([np.zeros_like(outputs), outputs])
    own = outputs[np.arange(len(outputs)), class_ids]
    return np.asarray(np.exp(own - outputs.max(axis=1)))


def check_noise(noise: float | None, loss: Loss) -> None:
    """Refuse a threshold that is none, or a loss without probabilities.

    Raises
    ------
    ParameterError
        Says which.
    """
    if noise is None:
        return
    if not 0 < noise < 1:
        raise ParameterError(f"noise={noise!r}: use a number between 0 and 1, {THRESHOLD} or None")
    if not loss.classifies or isinstance(loss, SquaredHinge):
        raise ParameterError(
            f"noise={noise!r} with loss={loss.name!r}, which has no probabilities: "
            "use loss='logistic' or noise=None"
        )


def plausible(pilot: Pilot, sample: Sample, noise: float | None) -> Sample:
    """Return the sample with weight 0 for rows whose plausibility is below the threshold."""
    if noise is None:
        return sample
    outputs = pilot.outputs(sample.rows)
    found = plausibility(outputs, np.asarray(sample.targets, dtype=np.int64)) >= noise
    return Sample(sample.rows, sample.targets, sample.weights * found)


def without_noise(pilot: Pilot, sample: Sample, l2: float, noise: float | None) -> Pilot:
    """Fit a pilot again, twice, without the rows that it calls nearly impossible.

    Parameters
    ----------
    pilot : Pilot
        Fitted on the sample.
    sample : Sample
    l2 : float
    noise : float or None
        Rows are left out whose label is less than so many times as probable as the likeliest.
        None leaves out none, and returns the pilot.

    Notes
    -----
    Measured with one label in twenty wrong: where classes separate (MNIST, 30 principal
    components) 0.05 undoes the noise; where they overlap next to nothing can be found, and from
    0.2 on it does harm.
    """
    for _ in range(0 if noise is None else REFITS):
        kept = plausible(pilot, sample, noise)
        if not kept.weights.any():
            break
        pilot = fit_on(kept, pilot.loss, pilot.n_classes, l2)
    return pilot
