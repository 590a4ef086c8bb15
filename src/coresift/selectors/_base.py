"""What all selectors share: scikit-learn's estimator and imbalanced-learn's sampler protocol."""

from __future__ import annotations

import warnings
from abc import ABC
from collections.abc import Sequence
from os import PathLike
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from coresift._errors import CoresiftError, DataError, WeightsLostWarning
from coresift._progress import Progress
from coresift._typing import Float64, Indices
from coresift.core.parameters import checked_seed
from coresift.methods import Plan
from coresift.select import select
from coresift.sources import Source, as_source, is_dask, is_files, take_like

_LARGEST_MOVE = 0.05  # of the weight, to other rows, if all were to count alike
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
        return self._plan_type(seed=checked_seed(parameters.pop("random_state")), **parameters)

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        progress: Progress | None = None,
        check: bool = False,
        resume: str | PathLike[str] | None = None,
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
        resume : path or None, default=None
            A folder of its own that keeps the result of each part of each pass. A call that was
            killed goes on from there when it is made again, with the same coreset. It needs an
            integer ``random_state``.

        Returns
        -------
        self

        Raises
        ------
        BudgetError, ColumnError, DataError, FormatError, LabelError, ParameterError
            If the input cannot be used; each names the value, the limit and the remedy.
        """
        plan = self.plan()
        features = plan.reads_features or check
        source = named_source(X, y, sample_weight, features=features)
        coreset = select(source, plan, progress, check=check, resume=resume)
        self._set_features(X, source if features else None, (y, sample_weight))
        self.sample_indices_ = coreset.row_ids
        self.sample_weight_ = coreset.weights
        self.report_ = {} if coreset.report is None else coreset.report.as_dict()
        return self

    def _reads_features(self) -> bool:
        """Tell whether features are looked at, also for parameters that cannot be."""
        try:
            return self.plan().reads_features
        except CoresiftError:
            return True

    def _set_features(self, X: Any, source: Source | None, taken: tuple[Any, ...]) -> None:
        """Set what scikit-learn wants to know of the features; where none is read, of X."""
        columns = _columns(X)
        names = None if source is None else source.feature_names
        if columns is not None and names is None:
            others = [name for name in taken if isinstance(name, str)]
            names = tuple(str(name) for name in columns if name not in others)
        known = {
            "n_features_in_": _n_features(X) if names is None else len(names),
            "feature_names_in_": None if columns is None else np.array(names, dtype=object),
        }
        for name, value in known.items():
            if value is not None:
                setattr(self, name, value)
            elif hasattr(self, name):
                delattr(self, name)

    def fit_resample(
        self, X: Any, y: Any = None, sample_weight: Any = None, *, return_weight: bool = False
    ) -> Any:
        """Choose the rows and return them.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`, but for paths and Sources.
        return_weight : bool, default=False
            Return the weights of the rows too. Without, as in a pipeline of imbalanced-learn, they
            stay in `sample_weight_`, and a `WeightsLostWarning` says so where they differ.

        Returns
        -------
        X_small, y_small : of the types of X and y
            The chosen rows in their original order. No y_small where y is None or the name of a
            column of X.
        weights : ndarray of shape (k,), float64
            With ``return_weight`` only.

        Warns
        -----
        WeightsLostWarning
            Where training without the weights would count over 5 % of them for other rows.
        """
        if is_files(X) or is_dask(X) or isinstance(X, Source | str | PathLike):
            named = isinstance(X, Source) or is_dask(X)
            what = f"a {type(X).__name__}" if named else f"the file {str(X)!r}"
            raise DataError(
                f"rows of {what} cannot be returned as such: use fit, or coresift select on the "
                "command line"
            )
        self.fit(X, y, sample_weight)
        found = [take_like(X, self.sample_indices_)]
        if not (y is None or isinstance(y, str)):
            found.append(take_like(y, self.sample_indices_))
        if return_weight:
            found.append(self.sample_weight_)
        else:
            _warn_of_lost(self.sample_weight_)
        return found[0] if len(found) == 1 else tuple(found)

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
        tags.input_tags.allow_nan = not self._reads_features()
        return tags


def check_same_features(selector: Any, X: Any) -> None:
    """Refuse rows of other features than those before, in the words of scikit-learn.

    Raises
    ------
    DataError
    """
    known = getattr(selector, "feature_names_in_", None)
    names = list(map(str, X.columns)) if hasattr(X, "iloc") else None
    if names is not None and known is not None and set(names) < set(known):
        missing = ", ".join(sorted(set(known) - set(names)))
        raise DataError(
            "The feature names should match those that were passed during fit. Feature names seen "
            f"at fit time, yet now missing: {missing}; give the same columns"
        )
    n_features = _n_features(X)
    if names is None and n_features not in (None, selector.n_features_in_):
        raise DataError(
            f"X has {n_features} features, but {type(selector).__name__} is expecting "
            f"{selector.n_features_in_} features as input; give the same columns"
        )


def _warn_of_lost(weights: Float64) -> None:
    """Warn where rows that count alike would not stand for what weighted ones do."""
    moved = float(np.abs(weights / weights.sum() - 1 / len(weights)).sum() / 2)
    if moved > _LARGEST_MOVE:
        warnings.warn(
            f"fit_resample returns rows without their weights, and if they count alike, "
            f"{moved:.0%} of the weight moves to other rows: use CoresetClassifier or "
            "CoresetRegressor, or return_weight=True and the weights as sample_weight, or else "
            "Uniform(stratify=False), whose rows do count alike",
            WeightsLostWarning,
            stacklevel=3,
        )


def _columns(X: Any) -> Any:
    """Return the names of the columns of a data frame; None where X is none."""
    return getattr(X, "column_names", getattr(X, "columns", None))  # Arrow has columns of values


def _n_features(X: Any) -> int | None:
    """Return the length of the rows of X, where they have one."""
    if isinstance(X, Source):
        return X.n_features
    shape = getattr(X, "shape", None)
    if shape is not None:
        return int(np.prod(shape[1:]))
    first = X[0] if isinstance(X, Sequence) and not isinstance(X, str) else None
    return len(first) if isinstance(first, Sequence) and not isinstance(first, str) else None


def named_source(
    X: Any, y: Any, sample_weight: Any, *, features: bool = True, drop: Sequence[str] = ()
) -> Source:
    """Return the source of rows, labels and weights, each of which may be a column of X."""
    labels: dict[str, Any] = {"label": y} if isinstance(y, str) else {"y": y}
    if isinstance(sample_weight, str):
        labels["weight"] = sample_weight
    else:
        labels["sample_weight"] = sample_weight
    return as_source(X, **labels, features=features, drop=drop)
