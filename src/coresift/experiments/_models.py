"""What is trained on the chosen rows: the paper's protocol, or any model of scikit-learn."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone, is_regressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils.validation import has_fit_parameter

from coresift._errors import ParameterError
from coresift._typing import Float64, Indices, Rows
from coresift.experiments._logistic import L2Logistic
from coresift.experiments._split import Split
from coresift.torch import LinearClassifier, NetworkClassifier
from coresift.torch._classifier import LEARNING_RATES

DEFAULT_MODEL = "sklearn-logistic"

MODELS: dict[str, Callable[[], Any]] = {
    DEFAULT_MODEL: lambda: LogisticRegression(max_iter=1000),
    "logistic-l2": L2Logistic,
    "logistic": lambda: LinearClassifier("logistic"),
    "svm": lambda: LinearClassifier("svm"),
    "lasso": lambda: LinearClassifier("lasso"),
    "ridge": Ridge,
}

# Models that select for themselves, as they train (Algorithm 2).
NETWORKS = tuple(LEARNING_RATES)


@dataclass(frozen=True, eq=False)
class Trained:
    """What a model did on the test rows.

    Parameters
    ----------
    seconds : float
        Of training alone.
    predictions : ndarray of shape (n_test,)
        Class numbers, or in regression numbers.
    probabilities : ndarray of shape (n_test, n_classes) or None
        Of the classes that the model knows, where it has probabilities.
    curve : list of [int, float]
        Iterations and test accuracy after them, where the model records them.
    notes : list of str
    """

    seconds: float
    predictions: Indices | Float64
    probabilities: Float64 | None
    classes: Indices
    curve: list[list[float]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def make_model(model: Any) -> BaseEstimator:
    """Return the model of a name of `MODELS`, or the given one.

    Raises
    ------
    ParameterError
        For an unknown name, and a model that takes no sample weights.
    """
    if isinstance(model, str):
        if model in NETWORKS:
            raise ParameterError(
                f"model {model!r} selects anew as it trains, where one selection is needed: use "
                f"one of {', '.join(MODELS)}"
            )
        if model not in MODELS:
            raise ParameterError(f"model {model!r} is not known: use one of {', '.join(MODELS)}")
        return MODELS[model]()
    if not (hasattr(model, "fit") and has_fit_parameter(model, "sample_weight")):
        raise ParameterError(
            f"model={type(model).__name__}: its fit takes no sample_weight, which a coreset "
            f"needs: use a model that does, or one of {', '.join(MODELS)}"
        )
    return clone(model)


def make_any(model: Any) -> BaseEstimator:
    """Return what `make_model` does, or a network: of a name of `NETWORKS`, or the given one.

    Raises
    ------
    ParameterError
        As `make_model`.
    """
    if isinstance(model, NetworkClassifier):
        return clone(model)
    if isinstance(model, str):
        if model in NETWORKS:
            return NetworkClassifier(model)
        if model not in MODELS:
            known = ", ".join((*MODELS, *NETWORKS))
            raise ParameterError(f"model {model!r} is not known: use one of {known}")
    return make_model(model)


def make_models(model: Any) -> dict[str, BaseEstimator]:
    """Return the models of one or several names or models, by the names of tables.

    Raises
    ------
    ParameterError
        As `make_model`, and where there is none.
    """
    if isinstance(model, Mapping):
        pairs = {str(name): make_any(what) for name, what in model.items()}
    else:
        several = isinstance(model, Sequence) and not isinstance(model, str)
        pairs = {_name(what): make_any(what) for what in (model if several else [model])}
    if not pairs:
        raise ParameterError(f"model={model!r}: give at least one of {', '.join(MODELS)}")
    return pairs


def is_regression(models: Mapping[str, BaseEstimator]) -> bool:
    """Tell whether models predict numbers.

    Raises
    ------
    ParameterError
        Where some do and others do not.
    """
    regressors = [name for name, model in models.items() if is_regressor(model)]
    if 0 < len(regressors) < len(models):
        raise ParameterError(
            f"the models {', '.join(regressors)} predict numbers, the others classes: compare "
            "them apart"
        )
    return bool(regressors)


def _name(model: Any) -> str:
    return model if isinstance(model, str) else " ".join(repr(model).split())


def train(
    model: BaseEstimator,
    X: Rows,
    y: Indices | Float64,
    weights: Float64,
    split: Split,
    seed: int,
) -> Trained:
    """Train on weighted rows and predict the test rows.

    A model with a ``random_state`` gets the seed. A model whose ``fit`` takes ``watch`` (those of
    `coresift.torch`) measures itself, free of the time that watching takes.
    """
    model = clone(model)
    if "random_state" in model.get_params(deep=False):
        model.set_params(random_state=seed)
    more = {"watch": (split.X_test, split.y_test)} if has_fit_parameter(model, "watch") else {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.perf_counter()
        model.fit(X, y, sample_weight=weights, **more)
        taken = time.perf_counter() - start
    stopped = any(issubclass(warning.category, ConvergenceWarning) for warning in caught)
    notes = ["training stopped before it converged"] if stopped else []
    return fitted(model, split, getattr(model, "fit_seconds_", taken), notes)


def fitted(
    model: BaseEstimator, split: Split, seconds: float, notes: Sequence[str] = ()
) -> Trained:
    """Let a trained model predict the test rows."""
    return Trained(
        seconds,
        model.predict(split.X_test),
        model.predict_proba(split.X_test) if hasattr(model, "predict_proba") else None,
        np.asarray(getattr(model, "classes_", [])),
        [[int(step), float(accuracy)] for step, accuracy in getattr(model, "curve_", [])],
        list(notes),
    )
