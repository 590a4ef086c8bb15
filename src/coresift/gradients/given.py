"""A pilot that is given: a fitted linear model of scikit-learn."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from coresift._errors import ParameterError
from coresift._typing import Float64
from coresift.core.scaler import Scaler
from coresift.gradients.losses import Logistic, Loss, Squared, SquaredHinge
from coresift.gradients.pilot import Pilot

# By the class of the estimator; where it has a parameter `loss`, by that.
_BY_LOSS: dict[str, Loss] = {
    "log_loss": Logistic(),
    "squared_hinge": SquaredHinge(),
    "squared_error": Squared(),
}
_BY_CLASS: dict[str, Loss] = {
    **dict.fromkeys(("LogisticRegression", "LogisticRegressionCV"), Logistic()),
    **dict.fromkeys(
        (
            "LinearRegression",
            "Ridge",
            "RidgeCV",
            "Lasso",
            "LassoCV",
            "ElasticNet",
            "ElasticNetCV",
        ),
        Squared(),
    ),
}


def pilot_from_model(
    model: Any, scaler: Scaler, labels: tuple[Hashable, ...], loss: Loss | None = None
) -> Pilot:
    """Return a fitted scikit-learn model of unscaled rows as a pilot of scaled rows.

    Parameters
    ----------
    model : estimator
        With ``coef_`` and ``intercept_``, and ``classes_`` if it is a classifier.
    scaler : Scaler
        What the rows are scaled by.
    labels : tuple
        The classes in the order of their numbers; empty for regression.
    loss : Loss or None
        None reads it off the estimator.

    Returns
    -------
    Pilot

    Raises
    ------
    ParameterError
        For a model that is not fitted or not linear, of other features or classes, or whose
        loss has no gradient here.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from coresift.core.scaler import Scaler
    >>> from coresift.gradients import pilot_from_model
    >>> X = np.array([[0.0], [10.0], [20.0], [30.0]])
    >>> model = LogisticRegression().fit(X, ["no", "yes", "no", "yes"])
    >>> scaler = Scaler(np.array([0.0]), np.array([1 / 30]))
    >>> pilot = pilot_from_model(model, scaler, ("no", "yes"))
    >>> bool(np.allclose(pilot.outputs(np.float32([[1.0]])), model.decision_function([[30.0]])))
    True
    """
    name = type(model).__name__
    if not hasattr(model, "coef_") or not hasattr(model, "intercept_"):
        raise ParameterError(
            f"pilot={name} has no coef_ and intercept_: give a fitted linear model of scikit-learn"
        )
    known = _loss_of(model) if loss is None else loss
    coef = np.atleast_2d(np.asarray(model.coef_, dtype=np.float64))
    intercept = np.broadcast_to(np.asarray(model.intercept_, dtype=np.float64), len(coef))
    n_features = len(scaler.offset)
    if coef.shape[1] != n_features:
        raise ParameterError(
            f"pilot={name} knows {coef.shape[1]} features, the rows have {n_features}: "
            "fit it on the same columns"
        )
    order = _order(name, model, labels, known)
    if len(coef) != known.n_outputs(len(labels)):
        raise ParameterError(
            f"pilot={name} has {len(coef)} outputs, {known.name} of {len(labels)} classes has "
            f"{known.n_outputs(len(labels))}: fit it on one column of targets"
        )
    if len(coef) > 1:
        coef, intercept = coef[order], intercept[order]
    return Pilot(_scaled(coef, intercept, scaler), known, len(labels))


def _loss_of(model: Any) -> Loss:
    """Read the loss off an estimator."""
    name, asked = type(model).__name__, getattr(model, "loss", None)
    if name in _BY_CLASS:
        return _BY_CLASS[name]
    if asked in _BY_LOSS:
        return _BY_LOSS[asked]
    raise ParameterError(
        f"pilot={name} has a loss without gradients here ({asked!r}): use a LogisticRegression, a "
        "LinearSVC, a Ridge or Lasso, or pass gradient="
    )


def _order(name: str, model: Any, labels: tuple[Hashable, ...], loss: Loss) -> list[int]:
    """Return the place of each label among the classes of the model."""
    if not loss.classifies:
        if labels:
            raise ParameterError(
                f"pilot={name} predicts a number, the targets are {len(labels)} classes: "
                "give a classifier"
            )
        return []
    if not labels:
        raise ParameterError(f"pilot={name} is a classifier, the target is a number: give a Ridge")
    places = {label: place for place, label in enumerate(np.asarray(model.classes_).tolist())}
    if set(places) != set(labels):
        odd = sorted(map(repr, set(places) ^ set(labels)))
        raise ParameterError(
            f"pilot={name} knows other classes than the labels (they differ in "
            f"{', '.join(odd[:3])}): fit it on the same labels"
        )
    order = [places[label] for label in labels]
    if len(order) == 2 and order != [0, 1]:
        raise ParameterError(f"pilot={name} counts its two classes the other way: sort the labels")
    return order


def _scaled(coef: Float64, intercept: Float64, scaler: Scaler) -> Float64:
    """Return coefficients of ``(row - offset) * factor`` from those of the row itself.

    A constant feature has factor 0: it goes into the intercept.
    """
    usable = scaler.factor != 0
    inverse = np.divide(1.0, scaler.factor, out=np.zeros_like(scaler.factor), where=usable)
    return np.vstack([(coef * inverse).T, (coef @ scaler.offset + intercept)[None]])
