"""Select and train in one estimator: what classifiers and regressors share."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from coresift._errors import ParameterError
from coresift.selectors._base import BaseSelector
from coresift.selectors._fastcore import FastCore
from coresift.sources import take_like


class CoresetModel(MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """Fit an estimator on a coreset, with the coreset's weights."""

    _target: ClassVar[str]  # what y is, for a selector that would have to guess

    def __init__(self, estimator: Any, selector: BaseSelector | None = None) -> None:
        self.estimator = estimator
        self.selector = selector

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
        if not has_fit_parameter(self.estimator, "sample_weight"):
            raise ParameterError(
                f"estimator={type(self.estimator).__name__}: its fit takes no sample_weight, "
                "which a coreset needs: use an estimator that does"
            )
        self.selector_ = self._selector().fit(X, y, sample_weight)
        rows = self.selector_.sample_indices_
        self.estimator_ = clone(self.estimator).fit(
            take_like(X, rows), take_like(y, rows), sample_weight=self.selector_.sample_weight_
        )
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        self._learned()
        return self

    def _learned(self) -> None:
        """Take over what else the fitted estimator knows."""

    def _selector(self) -> BaseSelector:
        """Return a selector to fit."""
        selector = FastCore() if self.selector is None else clone(self.selector)
        if selector.get_params(deep=False).get("target") == "auto":
            selector.set_params(target=self._target)
        return selector

    def predict(self, X: Any) -> Any:
        """Return the prediction for each row, shape (n_rows,)."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict(X)

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what the input may be."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
