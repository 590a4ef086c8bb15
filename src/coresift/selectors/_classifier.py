"""Select and train in one estimator."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from coresift.selectors._base import BaseSelector
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
        Its ``fit`` takes ``sample_weight``. A pipeline takes none; put this estimator at the
        end of the pipeline instead.
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

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Choose a coreset of X and y and fit the estimator on it.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), sparse matrix or data frame
            The estimator gets the chosen rows in the same type.
        y : array-like of shape (n_rows,)
        sample_weight : array-like of shape (n_rows,) or None, default=None
            Prior weights of the rows: the coreset is chosen, and weighed, for the weighted rows.

        Raises
        ------
        ParameterError
            If the estimator's ``fit`` does not take ``sample_weight``.
        """
        super().fit(X, y, sample_weight)
        self.classes_ = self.estimator_.classes_
        return self

    def _selector(self) -> BaseSelector:
        """Return a selector that takes y for classes."""
        selector = super()._selector()
        if selector.get_params(deep=False).get("target") == "auto":
            selector.set_params(target="classes")
        return selector

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
