"""The paper's three convex models as scikit-learn classifiers."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import product
from typing import Any, Self

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)

from coresift._errors import ParameterError
from coresift._typing import Float32, Float64, Indices, Rows
from coresift.core.budget import resolve_budget
from coresift.core.holdout import holdout
from coresift.core.parameters import checked_seed
from coresift.torch._descent import Descent, SGDSettings, descend, import_torch
from coresift.torch._output_classifier import OutputClassifier

TUNED = "tuned"
LEARNING_RATES = (0.01, 0.1, 1.0)
BATCH_SIZES = (32, 128)
_HELD_OUT = 0.2


def _is_logistic(model: LinearClassifier) -> bool:
    return model.loss == "logistic"


class LinearClassifier(OutputClassifier):
    """A linear model trained as in the paper (Section 8.1, Appendix B.1).

    Weighted stochastic gradient descent with momentum and a learning rate that falls along half
    a cosine. Needs torch.

    Parameters
    ----------
    loss : {"logistic", "svm", "lasso"}, default="logistic"
        Cross-entropy, hinge, or squares of the distance to the one-hot label with an L1 penalty.
    learning_rate : float or "tuned", default=0.1
        "tuned" tries 0.01, 0.1 and 1 on a fifth of the rows that is put aside, and takes the one
        of best (weighted) accuracy there.
    batch_size : int or "tuned", default=128
        "tuned" tries 32 and 128.
    epochs : int, default=40
    momentum : float, default=0.9
    penalty : float, default=1e-4
        Coefficient of the L2 penalty, for "lasso" of the L1 penalty.
    budget : float or int or None, default=None
        Rows of an epoch, which are drawn anew for each, uniformly and without replacement: as many
        steps as on a coreset of that size, over other rows each time. As `NetworkClassifier` does
        with ``redraw="uniform"``. None goes over all rows.
    random_state : int, RandomState, Generator or None, default=None
        Decides the order of the rows, and which are drawn.

    Attributes
    ----------
    coef_ : ndarray of shape (n_classes, n_features), float32
    intercept_ : ndarray of shape (n_classes,), float32
    classes_ : ndarray of shape (n_classes,)
    settings_ : SGDSettings
        With the learning rate and the batch size that were used.
    curve_ : list of (int, float)
        Iterations and the accuracy on ``watch`` after them.
    fit_seconds_, tune_seconds_ : float
        Of the final training alone, and of the tuning before it.

    Notes
    -----
    Weights are divided by their mean, so that a learning rate means the same for a coreset, whose
    weights sum to the number of rows, and for all rows.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift.torch import LinearClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = LinearClassifier("svm", random_state=0).fit(X / 16, y)
    >>> bool(model.score(X / 16, y) > 0.95)
    True
    """

    def __init__(
        self,
        loss: str = "logistic",
        *,
        learning_rate: float | str = 0.1,
        batch_size: int | str = 128,
        epochs: int = 40,
        momentum: float = 0.9,
        penalty: float = 1e-4,
        budget: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.loss = loss
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.momentum = momentum
        self.penalty = penalty
        self.budget = budget
        self.random_state = random_state

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, watch: tuple[Any, Any] | None = None
    ) -> Self:
        """Train on weighted rows.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
        y : array-like of shape (n_rows,)
        sample_weight : array-like of shape (n_rows,) or None, default=None
        watch : tuple (X, y) or None, default=None
            Test rows, on which the accuracy is taken as the training goes on, into ``curve_``.

        Raises
        ------
        BudgetError
            For a budget that cannot be met.
        LabelError
            For a single class.
        MissingDependencyError
            Where torch is not installed.
        ParameterError
            For a parameter outside its range.
        """
        import_torch()
        X, labels = self._rows_and_labels(X, y)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
        seed = checked_seed(self.random_state)
        size = None if self.budget is None else resolve_budget(self.budget, len(X))
        start = time.perf_counter()
        self.settings_ = self._settings(X, labels, weights, seed, size)
        self.tune_seconds_ = time.perf_counter() - start
        look = None
        if watch is not None:
            rows, expected = np.asarray(watch[0], dtype=np.float32), np.asarray(watch[1])

            def look(coef: Float32, intercept: Float32) -> float:
                outputs = rows @ coef.T + intercept
                return float((self.classes_[outputs.argmax(axis=1)] == expected).mean())

        found = descend(X, labels, weights, len(self.classes_), self.settings_, seed, look, size)
        self.coef_, self.intercept_ = found.coef, found.intercept
        self.curve_, self.fit_seconds_ = found.curve, found.seconds
        return self

    def _settings(
        self, X: Rows, y: Indices, weights: Float64, seed: int, size: int | None
    ) -> SGDSettings:
        """Return the settings as given, or the best on rows put aside."""
        rates = _choices("learning_rate", self.learning_rate, LEARNING_RATES)
        sizes = _choices("batch_size", self.batch_size, BATCH_SIZES)
        first = SGDSettings(
            self.loss, rates[0], int(sizes[0]), self.epochs, self.momentum, self.penalty
        )
        tried = [
            replace(first, learning_rate=rate, batch_size=int(size))
            for rate, size in product(rates, sizes)
        ]
        if len(tried) == 1:
            return first
        aside = holdout(y, _HELD_OUT, seed)
        here = X[~aside], y[~aside], weights[~aside]
        some = None if size is None else min(size, len(here[0]))

        def value(settings: SGDSettings) -> float:
            found = descend(*here, int(y.max()) + 1, settings, seed, size=some)
            right = _outputs(found, X[aside]).argmax(axis=1) == y[aside]
            return float(np.average(right, weights=weights[aside]))

        return max(tried, key=value)

    @available_if(_is_logistic)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Float64:
        """Return class probabilities, shape (n_rows, n_classes); for "logistic" only."""
        return self._probabilities(X)

    def _all_outputs(self, X: Any) -> Float32:
        check_is_fitted(self, "coef_")
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return np.asarray(X @ self.coef_.T + self.intercept_)


def _outputs(found: Descent, X: Rows) -> Float32:
    return np.asarray(X @ found.coef.T + found.intercept)


def _choices(name: str, given: float | str, choices: tuple[float, ...]) -> tuple[float, ...]:
    if given == TUNED:
        return choices
    if isinstance(given, str):
        raise ParameterError(f"{name}={given!r} is not known: give a number or {TUNED!r}")
    return (given,)
