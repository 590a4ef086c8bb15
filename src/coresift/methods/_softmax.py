"""Softmax regression for methods that train while they select: numpy, in float64, repeatable.

Outputs are added up feature by feature, without BLAS, so that a row's output depends neither on
the rows beside it nor on the number of threads (law 7).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._errors import ParameterError
from coresift._typing import Float64, Indices, Rows
from coresift.core.parameters import check_range

_BLOCK = 8192
MOMENTUM, PENALTY = 0.9, 1e-4  # Section 8.1


@dataclass(frozen=True)
class Training:
    """How the model is trained between two choices (Appendix B.1).

    Parameters
    ----------
    epochs : int
        In all.
    update_every : int
        Epochs between two choices.
    learning_rate : float
        Of the first epoch; it falls to zero along half a cosine.
    batch_size : int
    """

    epochs: int = 40
    update_every: int = 10
    learning_rate: float = 0.1
    batch_size: int = 32

    def __post_init__(self) -> None:
        for name in ("epochs", "update_every", "batch_size"):
            check_range(name, getattr(self, name))
        if not self.learning_rate > 0:
            raise ParameterError(f"learning_rate={self.learning_rate}: must be above 0")

    @property
    def n_rounds(self) -> int:
        """How often the model is trained for ``update_every`` epochs and a choice follows."""
        return max(1, -(-self.epochs // self.update_every) - 1)


@dataclass(frozen=True, eq=False)
class Softmax:
    """A linear model of class probabilities.

    Parameters
    ----------
    matrix : ndarray of shape (n_features + 1, n_classes), float64
        The last row is the intercept.
    velocity : ndarray of the same shape
        The momentum of the descent.
    """

    matrix: Float64
    velocity: Float64

    @classmethod
    def zero(cls, n_features: int, n_classes: int) -> Softmax:
        """Return the model that knows nothing."""
        zeros = np.zeros((n_features + 1, n_classes))
        return cls(zeros, zeros)

    def outputs(self, rows: Rows) -> Float64:
        """Return the outputs of rows, shape (n_rows, n_classes), float64."""
        return linear(rows, self.matrix)

    def trained(
        self,
        rows: Rows,
        class_ids: Indices,
        weights: Float64,
        training: Training,
        start: int,
        rng: np.random.Generator,
    ) -> Softmax:
        """Return the model after ``update_every`` more epochs on weighted rows.

        Parameters
        ----------
        rows : ndarray of shape (k, n_features), float32
        class_ids : ndarray of shape (k,), int64
        weights : ndarray of shape (k,), float64
            Divided by their mean.
        start : int
            Epochs before these.
        """
        matrix, velocity = self.matrix.copy(), self.velocity.copy()
        shares = weights / weights.mean()
        wide = np.hstack([rows.astype(np.float64), np.ones((len(rows), 1))])
        for epoch in range(start, start + training.update_every):
            rate = training.learning_rate * (1 + np.cos(np.pi * epoch / training.epochs)) / 2
            order = rng.permutation(len(rows))
            for first in range(0, len(rows), training.batch_size):
                batch = order[first : first + training.batch_size]
                # einsum without optimize calls no BLAS and adds in one fixed order
                outputs = np.einsum("ij,jk->ik", wide[batch], matrix)
                errors = residuals(outputs, class_ids[batch]) * shares[batch, None]
                gradient = np.einsum("ij,ik->jk", wide[batch], errors) / len(batch)
                gradient[:-1] += PENALTY * matrix[:-1]
                velocity = MOMENTUM * velocity + gradient
                matrix -= rate * velocity
        return Softmax(matrix, velocity)


def linear(rows: Rows | Float64, matrix: Float64) -> Float64:
    """Return ``[rows, 1] @ matrix`` with the features added in their order, float64.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    matrix : ndarray of shape (n_features + 1, n_columns), float64
    """
    result = np.empty((len(rows), matrix.shape[1]))
    for first in range(0, len(rows), _BLOCK):
        columns = np.ascontiguousarray(rows[first : first + _BLOCK].T, dtype=np.float64)
        total = np.repeat(matrix[-1][:, None], columns.shape[1], axis=1)
        for column, factors in zip(columns, matrix[:-1], strict=True):
            total += factors[:, None] * column
        result[first : first + _BLOCK] = total.T
    return result


def probabilities(outputs: Float64) -> Float64:
    """Return the probabilities that outputs of shape (n_rows, n_classes) mean."""
    raised = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def residuals(outputs: Float64, class_ids: Indices) -> Float64:
    """Return the gradient of the cross-entropy by the outputs: probability less one-hot label."""
    errors = probabilities(outputs)
    errors[np.arange(len(errors)), class_ids] -= 1
    return errors
