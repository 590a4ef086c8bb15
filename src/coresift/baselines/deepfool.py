"""DeepFool: the rows next to the decision boundary of the model trained so far."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coresift._stages import Progress, Stages
from coresift._typing import Float64, Indices
from coresift.baselines._rounds import best_of_each_class, choose_in_rounds, class_weights
from coresift.baselines._softmax import Softmax, Training
from coresift.core.coreset import Coreset
from coresift.core.parameters import check_choice, check_range
from coresift.core.scaler import SCALES
from coresift.passes import (
    TIES,
    derived_seed,
    gather,
    reported,
    survey,
)
from coresift.sources import Source


@dataclass(frozen=True)
class DeepFoolPlan:
    """Every choice that DeepFool depends on; `coresift.DeepFool` documents them.

    Raises
    ------
    ParameterError
        For a value outside its documented range.
    """

    budget: float
    training: Training = field(default_factory=Training)
    scale: str | None = "minmax"
    seed: int = 0
    n_threads: int | None = None

    def __post_init__(self) -> None:
        check_choice("scale", self.scale, SCALES)
        if self.n_threads is not None:
            check_range("n_threads", self.n_threads)


def margins(outputs: Float64, matrix: Float64) -> Float64:
    """Return how far each row is from the decision boundary of a linear model.

    ``min_{c != c*} (f_c* - f_c) / ||w_c* - w_c||`` over the classes c other than the predicted
    one, c*: the least change of the features that changes the prediction, in closed form for
    linear models (Moosavi-Dezfooli et al., DeepFool, CVPR 2016, Eq. 9).

    Parameters
    ----------
    outputs : ndarray of shape (n_rows, n_classes), float64
    matrix : ndarray of shape (n_features + 1, n_classes), float64
        The last row is the intercept, which moves no boundary's direction.

    Returns
    -------
    ndarray of shape (n_rows,), float64
        At least 0; infinity where no change of the features changes the prediction.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.baselines.deepfool import margins
    >>> matrix = np.array([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]])  # the boundary is 3 x = 4 y
    >>> margins(np.array([[3.0, 0.0]]), matrix).tolist()  # of the point (1, 0)
    [0.6]
    """
    weights = matrix[:-1]
    differences = weights[:, :, None] - weights[:, None, :]
    norms = np.sqrt((differences**2).sum(axis=0))
    predicted = outputs.argmax(axis=1)
    gaps = outputs.max(axis=1, keepdims=True) - outputs
    gaps[np.arange(len(gaps)), predicted] = np.inf
    nearest = np.full_like(gaps, np.inf)
    np.divide(gaps, norms[predicted], out=nearest, where=norms[predicted] > 0)
    return np.asarray(nearest.min(axis=1))


def deepfool(source: Source, plan: DeepFoolPlan, progress: Progress | None = None) -> Coreset:
    """Add rows next to the decision boundary, a part of the budget every few epochs.

    Parameters
    ----------
    source : Source
        Read twice; all rows are held in memory as float32.
    plan : DeepFoolPlan
    progress : callable or None
        Called with (stage, done, total) as the work goes on.

    Raises
    ------
    BudgetError, DataError, LabelError
        For rows, labels or a budget that cannot be used.
    """
    stages, training = Stages(progress), plan.training
    seen = survey(source, plan.budget, scale=plan.scale, seed=plan.seed, stages=stages)
    rows, class_ids = gather(seen, stages)
    ties = derived_seed(plan.seed, TIES)

    def choose(model: Softmax, open_to: NDArray[np.bool_], quotas: Indices) -> Indices:
        near = margins(model.outputs(rows), model.matrix)
        return best_of_each_class(near, class_ids, quotas, open_to, ties)

    with stages("choose", training.n_rounds):
        chosen = choose_in_rounds(seen, rows, class_ids, training, plan.seed, choose, stages)
    coreset = Coreset(chosen, class_weights(seen.classes.sizes, seen.quotas)[class_ids[chosen]])
    facts = {"n_rounds": training.n_rounds}
    return reported(coreset, seen, class_ids[chosen], stages, facts)
