"""The paper's networks as scikit-learn classifiers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score

from coresift import CoresiftError, LabelError, ParameterError, Uniform
from coresift.torch import NetworkClassifier, Schedule

torch = pytest.importorskip("torch", reason="torch is not installed: pip install coresift[torch]")

SHORT: dict[str, Any] = {"warm_up": 2, "epochs": 3, "rounds": 2, "batch_size": 16}


def digits() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(np.float32), y


def weights_of(model: NetworkClassifier) -> bytes:
    return b"".join(value.numpy().tobytes() for value in model.module_.state_dict().values())


def test_it_learns_and_tells_its_probabilities() -> None:
    X, y = digits()
    names = np.array([f"digit {label}" for label in y])
    model = NetworkClassifier(
        warm_up=10, epochs=10, rounds=3, batch_size=32, random_state=0
    ).fit(X[:1347], names[:1347])  # fmt: skip
    assert model.score(X[1347:], names[1347:]) > 0.9
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert (model.classes_[probabilities.argmax(axis=1)] == model.predict(X)).all()
    assert (model.decision_function(X).argmax(axis=1) == probabilities.argmax(axis=1)).all()


def test_a_schedule_stands_in_place_of_the_epochs() -> None:
    X, y = digits()
    model = NetworkClassifier(schedule=Schedule.reduced(5), batch_size=16, random_state=0)
    model = clone(model).fit(X[:200], y[:200])
    # (5 / 2 - 2) / 3 of the rows between the first epoch and the last
    assert [epoch["rows"] for epoch in model.trainer_.history_] == [200, 32, 32, 32, 200]
    assert model.trainer_.redraw == "gradients"


def test_two_classes_have_one_decision() -> None:
    X, y = digits()
    model = NetworkClassifier(**SHORT, random_state=0).fit(X, y > 4)
    assert ((model.decision_function(X) > 0) == model.predict(X)).all()


def test_the_curve_ends_with_the_accuracy_of_the_model_and_watching_changes_nothing() -> None:
    X, y = digits()
    model = NetworkClassifier("cnn", **SHORT, random_state=0)
    plain = clone(model).fit(X[:600], y[:600])
    model.fit(X[:600], y[:600], watch=(X[600:], y[600:]))
    assert weights_of(plain) == weights_of(model)
    steps, accuracies = zip(*model.curve_, strict=True)
    assert len(steps) == 8
    assert list(steps) == sorted(steps)
    assert accuracies[-1] == pytest.approx(model.score(X[600:], y[600:]))
    assert 0 < model.choose_seconds_ < model.select_seconds_
    assert model.fit_seconds_ > 0


def test_the_seed_decides() -> None:
    X, y = digits()
    found = [
        weights_of(NetworkClassifier(**SHORT, random_state=seed).fit(X[:400], y[:400]))
        for seed in (0, 0, 1)
    ]
    assert found[0] == found[1] != found[2]


def test_selectors_and_none() -> None:
    X, y = digits()
    full = NetworkClassifier(selector=None, **SHORT).fit(X[:400], y[:400])
    assert {epoch["rows"] for epoch in full.trainer_.history_} == {400}
    own = NetworkClassifier(selector=Uniform(50), budget=None, **SHORT).fit(X[:400], y[:400])
    assert own.trainer_.history_[-1]["rows"] == 50
    before = torch.get_num_threads()
    NetworkClassifier(**SHORT, n_threads=1).fit(X[:400], y[:400])
    assert torch.get_num_threads() == before


def test_it_is_a_scikit_learn_classifier() -> None:
    X, y = digits()
    model = NetworkClassifier(**SHORT, random_state=0)
    assert cross_val_score(model, X[:600], y[:600], cv=2).min() > 0.3
    assert clone(model).get_params() == model.get_params()


def test_images_may_be_oblong() -> None:
    X, y = digits()
    model = NetworkClassifier("cnn", image_shape=(4, 16), **SHORT, random_state=0).fit(X, y)
    assert model.predict(X).shape == y.shape


BAD: list[tuple[dict[str, Any], type[CoresiftError], str]] = [
    ({"network": "rnn"}, ParameterError, "network='rnn'"),
    ({"network": "cnn", "image_shape": (8, 9)}, ParameterError, "64 features are not .* 8 x 9"),
    ({"budget": 0.01}, ParameterError, "coreset of 17 rows .* batch_size=128"),
    ({"rounds": 0}, ParameterError, "rounds=0"),
    ({"learning_rate": 0.0}, ParameterError, r"learning_rate=0\.0"),
    ({"penalty": -1}, ParameterError, "penalty=-1"),
    ({"momentum": 1}, ParameterError, "momentum=1"),
    ({"n_threads": 0}, ParameterError, "n_threads=0"),
    ({"y": np.zeros(1797)}, LabelError, "1 class"),
    ({"X": digits()[0][:, :63], "network": "cnn"}, ParameterError, "image_shape="),
]


@pytest.mark.parametrize(("changed", "kind", "message"), BAD)
def test_bad_input(changed: Any, kind: type[CoresiftError], message: str) -> None:
    X, y = digits()
    parameters = dict(changed)
    X, y = parameters.pop("X", X), parameters.pop("y", y)
    with pytest.raises(kind, match=message):
        NetworkClassifier(**parameters).fit(X, y)
