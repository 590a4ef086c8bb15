"""Losses of linear models: what the outputs of a row say about its gradient.

The gradient of a row's loss by the coefficients is an outer product, ``error (x) [row, 1]``: the
error holds the derivative by each output. So rows are never turned into long gradients.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from coresift._errors import ParameterError
from coresift._kernels.gradients import logit_errors, softmax_errors
from coresift._typing import Float64, Indices
from coresift.gradients.rows import DIAGONAL, PROBABILITIES, Curvatures


class Loss(Protocol):
    """The loss of a row as a function of the outputs of a linear model.

    Targets are class numbers (int64) for classifiers, values (float64) for regression.
    """

    @property
    def name(self) -> str:
        """Name in parameters and reports."""

    @property
    def classifies(self) -> bool:
        """Whether targets are class numbers."""

    def n_outputs(self, n_classes: int) -> int:
        """Return how many outputs a model of so many classes has."""

    def n_free(self, n_classes: int) -> int:
        """Return how many of a row's errors are free of each other."""

    def errors(self, outputs: Float64, targets: Indices | Float64) -> Float64:
        """Return the derivatives by the outputs, shape (n_rows, n_outputs), float64.

        Each row's depend on that row only, to the last bit.
        """

    def values(self, outputs: Float64, targets: Indices | Float64) -> Float64:
        """Return the loss of each row, shape (n_rows,), float64."""

    def both(self, outputs: Float64, targets: Indices | Float64) -> tuple[Float64, Float64]:
        """Return the losses and the derivatives."""

    def curvatures(self, outputs: Float64, targets: Indices | Float64) -> Curvatures:
        """Return the second derivatives by the outputs."""

    def largest_error(self, output: float, target: float) -> float:
        """Return what no error exceeds where no output and no target exceeds these, in size."""


@dataclass(frozen=True)
class Logistic:
    """Cross-entropy: one output for two classes, else one for each class.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import Logistic
    >>> Logistic().errors(np.zeros((2, 1)), np.array([0, 1])).tolist()
    [[0.5], [-0.5]]
    """

    name: str = "logistic"
    classifies: bool = True

    def n_outputs(self, n_classes: int) -> int:
        """Return 1 for two classes, else one for each."""
        return 1 if n_classes == 2 else n_classes

    def n_free(self, n_classes: int) -> int:
        """Return one less than the classes: the errors of a row sum to zero."""
        return max(n_classes - 1, 1)

    def errors(self, outputs: Float64, targets: Indices | Float64) -> Float64:
        """Return the probabilities less the one-hot label."""
        return self.both(outputs, targets)[1]

    def values(self, outputs: Float64, targets: Indices | Float64) -> Float64:
        """Return minus the log of the probability of the label."""
        return self.both(outputs, targets)[0]

    def both(self, outputs: Float64, targets: Indices | Float64) -> tuple[Float64, Float64]:
        """Return values and errors: exponentials are taken once."""
        errors = np.array(outputs, dtype=np.float64, order="C")
        values, class_ids = np.empty(len(errors)), np.ascontiguousarray(targets, dtype=np.int64)
        (logit_errors if errors.shape[1] == 1 else softmax_errors)(class_ids, errors, values)
        return values, errors

    def curvatures(self, outputs: Float64, targets: Indices | Float64) -> Curvatures:
        """Return those of the probabilities: the labels have no say in it."""
        probabilities = self.errors(outputs, np.zeros(len(outputs), dtype=np.int64))
        probabilities[:, 0] += outputs.shape[1] > 1  # of a single output it is that of class 1
        return Curvatures(PROBABILITIES, probabilities)

    def largest_error(self, output: float, target: float) -> float:
        """Return 1: errors are differences of probabilities."""
        return 1.0


@dataclass(frozen=True)
class SquaredHinge:
    """Squared hinge of a linear SVM, one class against the rest (scikit-learn's ``LinearSVC``).

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import SquaredHinge
    >>> SquaredHinge().errors(np.array([[0.5], [3.0]]), np.array([1, 1])).tolist()
    [[-1.0], [-0.0]]
    """

    name: str = "squared_hinge"
    classifies: bool = True

    def n_outputs(self, n_classes: int) -> int:
        """Return 1 for two classes, else one for each."""
        return 1 if n_classes == 2 else n_classes

    def n_free(self, n_classes: int) -> int:
        """Return the number of outputs."""
        return self.n_outputs(n_classes)

    def errors(self, outputs: Float64, targets: Indices | Float64) -> Float64:
        """Return ``-2 s max(0, 1 - s output)`` with the sign ``s`` of each class."""
        signs = self._signs(outputs.shape[1], targets)
        return np.asarray(-2 * signs * np.maximum(0, 1 - signs * outputs))

    def values(self, outputs: Float64, targets: Indices | Float64) -> Float64:
        """Return the sum over classes of the squared shortfall of the margin."""
        signs = self._signs(outputs.shape[1], targets)
        return np.asarray((np.maximum(0, 1 - signs * outputs) ** 2).sum(axis=1))

    def both(self, outputs: Float64, targets: Indices | Float64) -> tuple[Float64, Float64]:
        """Return values and errors."""
        return self.values(outputs, targets), self.errors(outputs, targets)

    def curvatures(self, outputs: Float64, targets: Indices | Float64) -> Curvatures:
        """Return 2 where a margin is too small."""
        return Curvatures(DIAGONAL, 2.0 * (self.errors(outputs, targets) != 0))

    def largest_error(self, output: float, target: float) -> float:
        """Return that of an output on the wrong side."""
        return 2 * (1 + output)

    def _signs(self, n_outputs: int, targets: Indices | Float64) -> Float64:
        """Return 1 for the class of a row and -1 for the others, shape (n_rows, n_outputs)."""
        ids = np.array([1]) if n_outputs == 1 else np.arange(n_outputs)
        return np.where(np.asarray(targets)[:, None] == ids, 1.0, -1.0)


@dataclass(frozen=True)
class Squared:
    """Half the squared error of one numeric target: least squares, ridge and Lasso.

    A penalty is a matter of the model, not of its rows: Lasso and ridge have this gradient.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import Squared
    >>> Squared().errors(np.array([[2.0]]), np.array([1.5])).tolist()
    [[0.5]]
    """

    name: str = "squared"
    classifies: bool = False

    def n_outputs(self, n_classes: int) -> int:
        """Return 1."""
        return 1

    def n_free(self, n_classes: int) -> int:
        """Return 1."""
        return 1

    def errors(self, outputs: Float64, targets: Indices | Float64) -> Float64:
        """Return the output less the target."""
        return np.asarray(outputs - np.asarray(targets, dtype=np.float64)[:, None])

    def values(self, outputs: Float64, targets: Indices | Float64) -> Float64:
        """Return half the squared error."""
        return np.asarray(0.5 * self.errors(outputs, targets)[:, 0] ** 2)

    def both(self, outputs: Float64, targets: Indices | Float64) -> tuple[Float64, Float64]:
        """Return values and errors."""
        return self.values(outputs, targets), self.errors(outputs, targets)

    def curvatures(self, outputs: Float64, targets: Indices | Float64) -> Curvatures:
        """Return 1 for each row."""
        return Curvatures(DIAGONAL, np.ones_like(outputs))

    def largest_error(self, output: float, target: float) -> float:
        """Return that of an output and a target of different signs."""
        return output + target


LOSSES: dict[str, Loss] = {loss.name: loss for loss in (Logistic(), SquaredHinge(), Squared())}


def loss_named(name: str) -> Loss:
    """Return a loss by its name.

    Raises
    ------
    ParameterError
        For any other name.

    Examples
    --------
    >>> from coresift.gradients import loss_named
    >>> loss_named("squared_hinge")
    SquaredHinge(name='squared_hinge', classifies=True)
    """
    if name not in LOSSES:
        raise ParameterError(f"loss={name!r} is not known: use one of {', '.join(LOSSES)}")
    return LOSSES[name]
