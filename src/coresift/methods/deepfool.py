"""DeepFool: the rows next to the decision boundary of the model trained so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresift._rng import Purpose, derived_seed
from coresift._runtime import Runtime
from coresift._typing import Float64, Indices
from coresift.core.coreset import Choice
from coresift.methods._rounds import TrainingPlan, best_of_each_class, choose_in_rounds
from coresift.methods._softmax import Softmax
from coresift.table import Table


@dataclass(frozen=True)
class DeepFoolPlan(TrainingPlan):
    """Every choice that DeepFool depends on; `coresift.DeepFool` documents them."""

    def choose(self, table: Table, run: Runtime) -> Choice:
        """Add rows next to the decision boundary, a part of the budget every few epochs."""
        quotas, block = table.quotas(self.budget), table.gather(run)
        ties = derived_seed(self.seed, Purpose.TIES)

        def nearest(model: Softmax, open_to: NDArray[np.bool_], wanted: Indices) -> Indices:
            near = margins(model.outputs(block.rows), model.matrix)
            return best_of_each_class(near, block.class_ids, wanted, open_to, ties)

        with run.stage("choose", self.training.n_rounds):
            chosen = choose_in_rounds(block, quotas, self.training, self.seed, nearest, run)
        facts = {"n_rounds": self.training.n_rounds}
        return Choice(block.row_ids[chosen], block.class_ids[chosen], facts=facts)


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
    >>> from coresift.methods.deepfool import margins
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
