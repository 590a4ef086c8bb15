"""What all selectors share: scikit-learn's estimator and imbalanced-learn's sampler protocol."""

from __future__ import annotations

from abc import ABC
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from coresift._errors import DataError
from coresift._progress import Progress
from coresift._rng import seed_of
from coresift._typing import Float64, Indices
from coresift.methods import Plan
from coresift.select import select
from coresift.sources import Source, as_source, is_files, take_like

RandomState = int | np.random.RandomState | np.random.Generator | None


class BaseSelector(BaseEstimator, ABC):  # type: ignore[misc]
    """Choose weighted rows; `fit` sets the attributes that end in an underscore."""

    sample_indices_: Indices
    sample_weight_: Float64
    report_: dict[str, Any]

    _plan_type: ClassVar[type[Plan]]  # the method

    def plan(self) -> Plan:
        """Return the parameters as a plan, checked.

        Raises
        ------
        ParameterError
            For a value outside its documented range.
        """
        parameters: dict[str, Any] = self.get_params(deep=False)
        return self._plan_type(seed=seed_of(parameters.pop("random_state")), **parameters)

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        progress: Progress | None = None,
        check: bool = False,
    ) -> Self:
        """Choose the rows.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), sparse matrix, data frame, path or Source
            Text and categorical columns of a frame are one-hot encoded. A path is a Parquet or
            CSV file, or a folder of them, read in streams.
        y : array-like of shape (n_rows,), str or None, default=None
            The label of each row; a string is the name of the column of X that holds them.
            Without labels all rows are one class. Numbers to predict are cut into strata, see
            ``target``.
        sample_weight : array-like of shape (n_rows,), str or None, default=None
            Prior weights; a string is the name of the column of X that holds them. A row of
            weight 2 counts as if it were there twice, one of weight 0 as if it were not. The
            weights of the coreset sum to them, class by class.
        progress : callable or None, default=None
            Called with (stage, steps done, steps in all).
        check : bool, default=False
            Whether ``report_["check"]`` is to say if the coreset is worth it: what linear models
            of the coreset, of five uniform samples of its size and of 20,000 rows (the pilot)
            lose on rows held out. One more pass.

        Returns
        -------
        self

        Raises
        ------
        BudgetError, ColumnError, DataError, FormatError, LabelError, ParameterError
            If the input cannot be used; each names the value, the limit and the remedy.
        """
        source = named_source(X, y, sample_weight)
        coreset = select(source, self.plan(), progress, check=check)
        self.n_features_in_ = source.n_features
        if getattr(X, "columns", None) is not None or getattr(X, "column_names", None) is not None:
            self.feature_names_in_ = np.array(source.feature_names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self.sample_indices_ = coreset.row_ids
        self.sample_weight_ = coreset.weights
        self.report_ = {} if coreset.report is None else coreset.report.as_dict()
        return self

    def fit_resample(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Choose the rows and return them.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`, but for paths and Sources.

        Returns
        -------
        X_small, y_small : of the types of X and y
            The chosen rows in their original order. Their weights are in `sample_weight_`.
            Only X_small where y is None or the name of a column of X.
        """
        if is_files(X):
            raise DataError(
                f"rows of the file {str(X)!r} cannot be returned as a path: use fit, or "
                "coresift select on the command line"
            )
        self.fit(X, y, sample_weight)
        small = take_like(X, self.sample_indices_)
        if y is None or isinstance(y, str):
            return small
        return small, take_like(y, self.sample_indices_)

    def get_support(self, indices: bool = False) -> Any:
        """Return which rows are chosen.

        Parameters
        ----------
        indices : bool, default=False
            Return positions instead of a mask.

        Returns
        -------
        ndarray of shape (n_rows,), bool, or of shape (k,), int64
        """
        check_is_fitted(self, "sample_indices_")
        if indices:
            return self.sample_indices_
        support = np.zeros(self.report_["n_rows"], dtype=bool)
        support[self.sample_indices_] = True
        return support

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what the input may be."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = False
        return tags


def named_source(X: Any, y: Any, sample_weight: Any) -> Source:
    """Return the source of rows, labels and weights, each of which may be a column of X."""
    labels = {"label": y} if isinstance(y, str) else {"y": y}
    if isinstance(sample_weight, str):
        return as_source(X, **labels, weight=sample_weight)
    return as_source(X, **labels, sample_weight=sample_weight)
