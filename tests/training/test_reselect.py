"""Choosing in gradient space, with every method."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: pip install coresift[torch]")

from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from coresift import (  # noqa: E402
    BudgetError,
    CoresiftError,
    Craig,
    DeepFool,
    FastCore,
    Glister,
    LabelError,
    ParameterError,
    Uniform,
)
from coresift.selectors import METHODS  # noqa: E402
from coresift.torch import last_layer_gradients, reselect  # noqa: E402
from networks import Named, Rows, blobs, small  # noqa: E402


@pytest.mark.parametrize("method", METHODS)
def test_law_8_every_method_meets_the_budget_and_the_class_sizes(method: str) -> None:
    data = blobs(90)
    coreset = reselect(small(), data, method, budget=12, seed=3)
    assert coreset.row_ids.dtype == np.int64
    assert len(set(coreset.row_ids.tolist())) == 12
    assert (np.diff(coreset.row_ids) > 0).all()
    classes = data.tensors[1].numpy()[coreset.row_ids]
    assert np.bincount(classes).tolist() == [4, 4, 4]
    assert (coreset.weights > 0).all()
    sums = np.bincount(classes, coreset.weights)
    # Stratified weighs by cluster, not by class.
    np.testing.assert_allclose(sums.sum() if method == "stratified" else sums / 30 * 90, 90)
    report = coreset.report
    assert report is not None
    assert (report.n_rows, report.n_chosen) == (90, 12)
    assert report.facts["deep_seconds"]["gradients"] >= 0
    assert report.as_dict()["loss"] == report.facts["loss"]


@pytest.mark.parametrize("method", ["fastcore", "craig", "glister", "deepfool", "uniform"])
def test_the_seed_decides(method: str) -> None:
    model, data = small(), blobs(300)
    first, again = (reselect(model, data, method, budget=0.1, seed=1) for _ in range(2))
    np.testing.assert_array_equal(first.row_ids, again.row_ids)
    np.testing.assert_array_equal(first.weights, again.weights)
    if method == "uniform":
        other = reselect(model, data, method, budget=0.1, seed=2)
        assert set(other.row_ids) != set(first.row_ids)


def test_distances_are_those_of_unscaled_gradients() -> None:
    model, data = small(), blobs(120)
    seen = last_layer_gradients(model, data, wrt="weights")
    coreset = reselect(model, data, "craig", budget=9, seed=0)
    plain = Craig(9, scale=None, random_state=0).fit(seen.gradients, seen.labels)
    np.testing.assert_array_equal(coreset.row_ids, plain.sample_indices_)
    np.testing.assert_array_equal(coreset.weights, plain.sample_weight_)
    # A selector is taken as it is.
    scaled = reselect(model, data, Craig(9, random_state=0))
    plain = Craig(9, random_state=0).fit(seen.gradients, seen.labels)
    np.testing.assert_array_equal(scaled.row_ids, plain.sample_indices_)
    by_logits = reselect(model, data, "craig", budget=9, seed=0, wrt="logits")
    plain = Craig(9, scale=None, random_state=0).fit(seen.errors, seen.labels)
    np.testing.assert_array_equal(by_logits.row_ids, plain.sample_indices_)


def test_fastcore_comes_closer_to_the_full_gradient_than_chance() -> None:
    model, data = small(), blobs(600)
    seen = last_layer_gradients(model, data, keep_inputs=True)
    assert seen.inputs is not None
    gradients = (seen.errors[:, :, None] * seen.inputs[:, None]).reshape(600, -1)
    whole = gradients.sum(axis=0)

    def error(method: str, seed: int) -> float:
        found = reselect(model, data, method, budget=30, seed=seed)
        return float(np.linalg.norm(found.weights @ gradients[found.row_ids] - whole))

    ours, chance = (
        np.mean([error(method, seed) for seed in range(5)]) for method in ("fastcore", "uniform")
    )
    assert ours < chance / 2


def test_deepfool_takes_the_rows_of_smallest_margin() -> None:
    model, data = small(), blobs(60)
    model.eval()
    with torch.no_grad():
        inside = model[:4](data.tensors[0]).numpy().astype(float)
    weight, bias = (part.detach().numpy().astype(float) for part in model[4].parameters())
    outputs = inside @ weight.T + bias
    best = outputs.argmax(axis=1)
    margins = [
        min(
            (outputs[i, best[i]] - outputs[i, c]) / np.linalg.norm(weight[best[i]] - weight[c])
            for c in range(3)
            if c != best[i]
        )
        for i in range(60)
    ]
    y = data.tensors[1].numpy()
    expected = [
        i for c in range(3) for i in sorted(np.flatnonzero(y == c), key=margins.__getitem__)[:2]
    ]
    found = reselect(model, data, DeepFool(6, random_state=0))
    assert found.row_ids.tolist() == sorted(expected)


def test_glister_lowers_the_loss_more_than_chance() -> None:
    model, data = small(), blobs(400)
    seen = last_layer_gradients(model, data, keep_inputs=True)
    assert seen.inputs is not None
    inputs = np.hstack([seen.inputs, np.ones((400, 1))])

    def loss_after(rows: Any) -> float:
        step = 0.5 * inputs[rows].T @ seen.errors[rows] / len(rows)
        outputs = inputs @ (seen.matrix - step)
        return float(nn.functional.cross_entropy(torch.from_numpy(outputs), data.tensors[1]))

    ours = loss_after(reselect(model, data, Glister(20, random_state=0)).row_ids)
    chance = [
        loss_after(reselect(model, data, "uniform", budget=20, seed=s).row_ids) for s in (0, 1)
    ]
    assert ours < min(chance)


def test_chance_asks_no_model() -> None:
    class Refuses(nn.Module):
        def forward(self, x: Any) -> Any:
            raise AssertionError

    for data in (blobs(30), Rows(blobs(30)), DataLoader(blobs(30), 7)):
        found = reselect(Refuses(), data, Uniform(6, random_state=0))
        assert len(found.row_ids) == 6


def test_targets_that_are_no_classes_are_one_class() -> None:
    X, _ = blobs(50).tensors
    data = TensorDataset(X, X[:, :1] * 2)
    found = reselect(nn.Linear(4, 1), data, "fastcore", budget=5, seed=0, loss=nn.MSELoss())
    assert found.weights.sum() == 50


def test_a_class_without_rows_is_legal() -> None:
    X, y = blobs(60).tensors
    data = TensorDataset(X, y * (y > 1))  # classes 0 and 2 of 3 outputs
    for method in ("fastcore", "deepfool", "glister"):
        found = reselect(small(), data, method, budget=6, seed=0)
        sums = np.bincount(data.tensors[1].numpy()[found.row_ids], found.weights)
        np.testing.assert_allclose(sums, [40, 0, 20])


X, y = blobs(30).tensors
BAD: list[tuple[dict[str, Any], type[CoresiftError], str]] = [
    ({"selector": "best"}, ParameterError, "'best' is not known"),
    ({"budget": 2}, BudgetError, "budget=2"),
    ({"data": TensorDataset(X, y * 0)}, LabelError, "all 30 labels are 0, 1 class"),
    ({"data": TensorDataset(X, y * 0), "selector": "uniform"}, LabelError, "1 class"),
    ({"data": TensorDataset(X, y + 1)}, LabelError, "label 3 of row 2"),
    (
        {"selector": "glister", "data": TensorDataset(X, X[:, :3]), "loss": nn.MSELoss()},
        ParameterError,
        "Glister needs class labels",
    ),
]


@pytest.mark.parametrize(("changed", "kind", "message"), BAD)
def test_bad_input(changed: Any, kind: type[CoresiftError], message: str) -> None:
    arguments = {"selector": "fastcore", "data": blobs(30), "budget": 6, **changed}
    with pytest.raises(kind, match=message):
        reselect(small(), seed=0, **arguments)


def test_labels_that_are_text() -> None:
    with pytest.raises(LabelError, match=r"'class 0' \(str\).*LabelEncoder"):
        reselect(small(), Named(blobs(90)), budget=12)
    coreset = reselect(small(), Named(blobs(90)), "uniform", budget=12, seed=0)  # asks no model
    assert np.bincount(coreset.row_ids % 3).tolist() == [4, 4, 4]


def test_a_selector_is_not_changed() -> None:
    selector = FastCore(0.1, scale=None)
    reselect(small(), blobs(60), selector, budget=5, seed=7)
    assert selector.get_params() == FastCore(0.1, scale=None).get_params()
    assert not hasattr(selector, "sample_indices_")
