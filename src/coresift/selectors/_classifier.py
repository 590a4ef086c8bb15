"""Select and train in one estimator."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from coresift._errors import ParameterError
from coresift.selectors._base import BaseSelector
from coresift.selectors._fastcore import FastCore
from coresift.sources import take_like


def _estimator_has(name: str) -> Any:
    def check(self: CoresetClassifier) -> bool:
        getattr(getattr(self, "estimator_", self.estimator), name)
        return True

    return check


class CoresetClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
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

    def __init__(self, estimator: Any, selector: BaseSelector | None = None) -> None:
        self.estimator = estimator
        self.selector = selector

    def fit(self, X: Any, y: Any) -> Self:
        """Choose a coreset of X and y and fit the estimator on it.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), sparse matrix or data frame
            The estimator gets the chosen rows in the same type.
        y : array-like of shape (n_rows,)

        Raises
        ------
        ParameterError
            If the estimator's ``fit`` does not take ``sample_weight``.
        """
        if not has_fit_parameter(self.estimator, "sample_weight"):
            raise ParameterError(
                f"estimator={type(self.estimator).__name__}: its fit takes no sample_weight, "
                "which a coreset needs: use an estimator that does"
            )
        self.selector_ = FastCore() if self.selector is None else clone(self.selector)
        self.selector_.fit(X, y)
        rows = self.selector_.sample_indices_
        self.estimator_ = clone(self.estimator).fit(
            take_like(X, rows), take_like(y, rows), sample_weight=self.selector_.sample_weight_
        )
        self.classes_ = self.estimator_.classes_
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def predict(self, X: Any) -> Any:
        """Return the predicted class of each row, shape (n_rows,)."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict(X)

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

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what the input may be."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
