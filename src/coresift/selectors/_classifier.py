"""Select and train in one estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, is_regressor
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from coresift._errors import LabelError, ParameterError
from coresift.selectors._coreset_model import CoresetModel


def _estimator_has(name: str) -> Any:
    def check(self: CoresetClassifier) -> bool:
        getattr(getattr(self, "estimator_", self.estimator), name)
        return True

    return check


class CoresetClassifier(ClassifierMixin, CoresetModel):  # type: ignore[misc]
    """Fit a classifier on a coreset, with the coreset's weights.

    Parameters
    ----------
    estimator : classifier
        Its ``fit`` takes ``sample_weight``. A pipeline hands it on to its last step if that
        requests it, with metadata routing enabled; or put this estimator at its end instead.
    selector : selector or None, default=None
        None is ``FastCore()``.

    Attributes
    ----------
    estimator_ : classifier
        The fitted clone.
    selector_ : selector
        The fitted clone; ``selector_.sample_indices_`` says which rows were used.
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from coresift import CoresetClassifier, FastCore
    >>> X, y = load_digits(return_X_y=True)
    >>> model = CoresetClassifier(LogisticRegression(max_iter=5000), FastCore(0.2, random_state=0))
    >>> bool(model.fit(X, y).score(X, y) > 0.9)
    True
    """

    _target = "classes"

    def _check_estimator(self) -> None:
        if is_regressor(self.estimator):
            raise ParameterError(
                f"estimator={type(self.estimator).__name__} predicts numbers: use CoresetRegressor"
            )

    def _check_labels(self, y: Any) -> None:
        try:
            with np.errstate(invalid="ignore"):  # of the conversion to whole numbers inside
                check_classification_targets(y)
        except ValueError as error:
            raise LabelError(
                f"{' '.join(str(error).split()).rstrip('.')}: pass classes, or use "
                "CoresetRegressor for numbers to predict"
            ) from error

    def _learned(self) -> None:
        self.classes_ = self.estimator_.classes_

    @available_if(  # type: ignore[untyped-decorator]
        _estimator_has("predict_proba")
    )
    def predict_proba(self, X: Any) -> Any:
        """Return class probabilities, shape (n_rows, n_classes)."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict_proba(X)

    @available_if(  # type: ignore[untyped-decorator]
        _estimator_has("predict_log_proba")
    )
    def predict_log_proba(self, X: Any) -> Any:
        """Return log probabilities, shape (n_rows, n_classes)."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict_log_proba(X)

    @available_if(  # type: ignore[untyped-decorator]
        _estimator_has("decision_function")
    )
    def decision_function(self, X: Any) -> Any:
        """Return decision values, shape (n_rows,) or (n_rows, n_classes)."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.decision_function(X)
