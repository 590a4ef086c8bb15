"""From outputs to classes and probabilities: what all classifiers here share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import validate_data

from coresift._errors import LabelError
from coresift._typing import Float32, Float64, Indices, Rows


class OutputClassifier(ClassifierMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """A classifier that has an output for each class."""

    classes_: Any

    def _rows_and_labels(self, X: Any, y: Any) -> tuple[Rows, Indices]:
        """Check training rows, and number their classes.

        Raises
        ------
        LabelError
            For a single class.
        """
        X, y = validate_data(self, X, y, dtype=np.float32)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise LabelError("all labels are equal, 1 class: a classifier needs at least 2")
        return X, labels

    @abstractmethod
    def _all_outputs(self, X: Any) -> Float32:
        """Return the outputs, shape (n_rows, n_classes)."""

    def decision_function(self, X: Any) -> Float32:
        """Return the outputs, shape (n_rows, n_classes); of two classes their difference."""
        outputs = self._all_outputs(X)
        return outputs[:, 1] - outputs[:, 0] if len(self.classes_) == 2 else outputs

    def predict(self, X: Any) -> Any:
        """Return the class of the largest output, shape (n_rows,)."""
        return self.classes_[self._all_outputs(X).argmax(axis=1)]

    def _probabilities(self, X: Any) -> Float64:
        """Return the softmax of the outputs, shape (n_rows, n_classes)."""
        outputs = self._all_outputs(X).astype(np.float64)
        raised = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))
