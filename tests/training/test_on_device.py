"""Choosing where the gradients are, in PyTorch: on the CPU here, beside the kernels' answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

torch = pytest.importorskip("torch", reason="torch is not installed: pip install coresift[torch]")

from coresift import DataError, FastCore  # noqa: E402
from coresift._rng import stream  # noqa: E402
from coresift.core.medoids import CellSums, FixedPoint, moved  # noqa: E402
from coresift.core.nearest import CenterTiles  # noqa: E402
from coresift.torch import _on_device as on_device  # noqa: E402
from coresift.torch import draw, last_layer_gradients, mlp, reselect  # noqa: E402
from coresift.torch._reselect import choose_rows  # noqa: E402
from networks import blobs, small  # noqa: E402

TOLERANCE = 0.01  # of the score, see docs/deep.md


def table(n_rows: int = 1500, seed: int = 0) -> tuple[Any, Any]:
    """Rows like gradients: clusters, and lengths over some orders of magnitude; three classes."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, 8))[rng.integers(0, 30, n_rows)] + 0.4 * rng.normal(size=(n_rows, 8))
    X *= rng.lognormal(size=(n_rows, 1))
    return X.astype(np.float32), rng.choice(3, size=n_rows, p=[0.6, 0.3, 0.1])


def selector(**settings: Any) -> FastCore:
    given = {"scale": None, "representative": "medoid", "random_state": 0, "n_threads": 1}
    return FastCore(**{"budget": 90, **given, **settings})


def chosen(X: Any, y: Any, **settings: Any) -> Any:
    return on_device.choose_on_device(torch.from_numpy(X), y, selector(**settings).plan())


def test_the_score_is_that_of_the_kernels() -> None:
    X, y = table()
    scores = []
    for seed in range(4):
        settings = {"exact_below": 0, "random_state": seed}
        expected = selector(**settings).fit(X, y)
        found = chosen(X, y, **settings)
        scores.append((found.report.score, expected.report_["score"]))
        assert len(set(found.row_ids.tolist())) == 90
        assert_array_equal(np.bincount(y[found.row_ids]), np.bincount(y[expected.sample_indices_]))
        assert_array_equal(np.bincount(y[found.row_ids], found.weights), np.bincount(y))
        assert found.weights.min() >= 1
    own, theirs = np.mean(scores, axis=0)
    assert abs(own / theirs - 1) < TOLERANCE


def test_weights_and_score_are_those_of_the_nearest_chosen_row() -> None:
    X, y = table(400)
    found = chosen(X, y, budget=30, exact_below=0)
    apart = np.linalg.norm(X[:, None].astype(float) - X[found.row_ids][None], axis=2)
    apart[y[:, None] != y[found.row_ids][None]] = np.inf
    assert_array_equal(found.weights, np.bincount(apart.argmin(axis=1), minlength=30))
    assert found.report.score == pytest.approx(apart.min(axis=1).mean(), rel=1e-5)


def test_small_classes_are_chosen_as_always() -> None:
    X, y = table()
    expected, found = selector().fit(X, y), chosen(X, y)
    assert_array_equal(found.row_ids, expected.sample_indices_)
    assert_array_equal(found.weights, expected.sample_weight_)


def test_points_move_as_those_of_the_kernels() -> None:
    X, _ = table(300)
    units = FixedPoint.of(X.min(axis=0), X.max(axis=0), len(X))
    points = X[::20].copy()
    points[0] = 1e6  # without rows
    owners, distances = CenterTiles.of(points).nearest(X)
    found = on_device.nearest(torch.from_numpy(X), torch.from_numpy(points))
    assert_array_equal(found[0], owners)
    assert_allclose(found[1], distances, rtol=1e-5)
    expected = moved(points, CellSums.of(X, owners, len(points), units), units)
    steps = on_device._Steps(units)
    assert_array_equal(steps.moved(torch.from_numpy(points), torch.from_numpy(X)), expected)


def test_rows_are_spread_until_nothing_is_left() -> None:
    X = np.repeat(np.float32([[0], [1], [50], [51], [400]]), 20, axis=0)
    steps = on_device._Steps(FixedPoint.of(X.min(axis=0), X.max(axis=0), len(X)))
    shares = stream(0, 1).random((9, 8))
    found = on_device._spread(torch.from_numpy(X), shares, steps)
    assert set(X[found, 0].tolist()) == {0, 1, 50, 51, 400}
    assert len(found) <= 6


def test_equal_rows_fill_the_budget() -> None:
    X, y = np.ones((60, 3), dtype=np.float32), np.arange(60) % 2
    found = chosen(X, y, budget=20, exact_below=0)
    assert len(set(found.row_ids.tolist())) == 20
    assert found.weights.sum() == 60
    everything = chosen(X, None, budget=60, exact_below=0)
    assert_array_equal(everything.weights, np.ones(60))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_device, "DEVICES", ("cuda", "cpu"))


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("wrt", ["weights", "logits"])
def test_reselect_keeps_gradients_on_the_device(wrt: str) -> None:
    model, data = small(), blobs(90)
    coreset = reselect(model, data, budget=12, seed=3, wrt=wrt)
    assert coreset.report is not None
    assert coreset.report.facts["device"] == "cpu"
    expected = last_layer_gradients(model, data, wrt=wrt)
    rows = choose_rows(expected, selector(budget=12), seed=3)
    assert_array_equal(coreset.row_ids, rows.row_ids)
    for other in ("craig", FastCore(12, start="codes", weights="cluster", scale=None)):
        report = reselect(model, data, other, budget=12, wrt=wrt).report
        assert report is not None
        assert "device" not in report.facts


@pytest.mark.usefixtures("here")
def test_members_are_found_on_the_device() -> None:
    found = draw(small(), blobs(90), 12, "members", seed=3)
    on_device.DEVICES = ("cuda",)
    expected = draw(small(), blobs(90), 12, "members", seed=3)
    assert_allclose(found.probabilities, expected.probabilities, rtol=1e-6)


def test_gradients_that_are_not_finite_are_refused() -> None:
    seen = last_layer_gradients(mlp(4, 3), blobs(90))
    gradients = torch.from_numpy(seen.gradients)
    gradients[7, 1] = torch.nan
    with pytest.raises(DataError, match="1 NaN"):
        choose_rows(replace(seen, gradients=gradients), selector(budget=12))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA")
def test_cuda_has_the_same_score_and_the_same_rows_again() -> None:
    X, y = table()
    rows, plan = torch.from_numpy(X).cuda(), selector(exact_below=0).plan()
    found, again = (on_device.choose_on_device(rows, y, plan) for _ in range(2))
    assert_array_equal(found.row_ids, again.row_ids)
    expected = selector(exact_below=0).fit(X, y)
    assert found.report is not None
    assert abs(found.report.score / expected.report_["score"] - 1) < 3 * TOLERANCE  # of one seed
    assert reselect(small(), blobs(90), budget=12, device="cuda").weights.sum() == 90
