"""Select and train in one estimator: what classifiers and regressors share."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import sklearn
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, get_routing_for_object
from sklearn.utils.validation import check_is_fitted, column_or_1d, has_fit_parameter

from coresift._errors import ColumnError, DataError, LabelError, ParameterError
from coresift.selectors._base import BaseSelector
from coresift.selectors._fastcore import FastCore
from coresift.sources import obstacles_head, take_like


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
        LabelError
            If there is no y, or not one that the estimator learns.
        ParameterError
            If the estimator does not learn what y is, or its ``fit`` takes no ``sample_weight``.
        """
        self._check_estimator()
        if not _takes_weights(self.estimator):
            raise ParameterError(
                f"estimator={type(self.estimator).__name__}: its fit takes no sample_weight, "
                "which a coreset needs: use an estimator that does; of a pipeline, enable metadata "
                "routing and request it of the last step: set_fit_request(sample_weight=True)"
            )
        y = _labels(y)
        self._check_labels(y)
        self.selector_ = _selected(self._selector(), X, y, sample_weight)
        rows = self.selector_.sample_indices_
        self.estimator_ = clone(self.estimator).fit(
            take_like(X, rows), take_like(y, rows), sample_weight=self.selector_.sample_weight_
        )
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        self._learned()
        return self

    def _check_estimator(self) -> None:
        """Refuse an estimator that learns something else."""

    def _check_labels(self, y: Any) -> None:
        """Refuse labels that the estimator does not learn."""

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

    def get_metadata_routing(self) -> MetadataRouter:
        """Return what metadata this and the estimator ask for.

        ``sample_weight`` that is asked for here are prior weights, of which the selector makes
        those that the estimator gets.

        Returns
        -------
        MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(estimator=self.estimator, method_mapping=mapping)

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what the input may be."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _selected(selector: BaseSelector, X: Any, y: Any, sample_weight: Any) -> BaseSelector:
    """Fit a selector; say what helps where columns are in the way of a model's rows."""
    try:
        return selector.fit(X, y, sample_weight)
    except (ColumnError, DataError) as error:
        in_features = [one for one in error.obstacles if one.column is not None]
        if not in_features or len(in_features) < len(error.obstacles):
            raise
        raise type(error)(
            f"{obstacles_head(in_features)}: transform the columns in front of this model, as "
            "SimpleImputer or OneHotEncoder in a pipeline do, or use selector=Uniform(), which "
            "looks at no feature"
        ) from error


def _takes_weights(estimator: Any) -> bool:
    """Tell whether ``fit`` takes sample weights, or hands them on to what does."""
    if has_fit_parameter(estimator, "sample_weight"):
        return True
    if not sklearn.get_config().get("enable_metadata_routing"):
        return False
    return bool(get_routing_for_object(estimator).consumes("fit", ["sample_weight"]))


def _labels(y: Any) -> Any:
    """Return labels of one dimension.

    Raises
    ------
    LabelError
        If there are none, or they are the name of a column.
    """
    if y is None:
        raise LabelError(
            "fit requires y to be passed, but the target y is None: pass a label for each row"
        )
    if isinstance(y, str):
        raise LabelError(
            f"y={y!r} is the name of a column, which the estimator would get among the features: "
            f"pass X without it, and y=X[{y!r}]"
        )
    two_dimensional = getattr(y, "ndim", 1) == 2 and y.shape[1] == 1
    return column_or_1d(y, warn=True) if two_dimensional else y
