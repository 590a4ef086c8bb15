"""Draws by what a network makes of rows: probabilities, samplers, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: pip install coresift[torch]")

from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, IterableDataset, TensorDataset  # noqa: E402

from coresift import (  # noqa: E402
    BudgetError,
    CoresiftError,
    DataError,
    LabelError,
    ParameterError,
)
from coresift.core.draws import Draws  # noqa: E402
from coresift.torch import (  # noqa: E402
    CoresetTrainer,
    DrawSampler,
    Schedule,
    draw,
    last_layer_gradients,
    mlp,
    reselect,
)
from networks import Named, Rows, blobs, small  # noqa: E402


def same_draws(left: Draws, right: Draws) -> bool:
    return bool((left.shares == right.shares).all() and (left.runs == right.runs).all())


@pytest.mark.parametrize("bias", [True, False])
def test_probabilities_follow_the_norms_of_gradients(bias: bool) -> None:
    data, model = blobs(90), nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3, bias=bias))
    draws = draw(model, data, 12, uniform=0.25)
    seen = last_layer_gradients(model, data, keep_inputs=True)
    inputs = np.column_stack([seen.inputs, np.full(90, float(bias))])
    outer = np.linalg.norm(seen.errors[:, :, None] * inputs[:, None, :], axis=(1, 2))
    for c in range(3):
        own = np.arange(90) % 3 == c
        expected = 4 * (0.25 / 30 + 0.75 * outer[own] / outer[own].sum())
        np.testing.assert_allclose(draws.probabilities[own], expected, rtol=1e-4)


def test_probabilities_follow_losses() -> None:
    data, model = blobs(90), small()
    draws = draw(model, data, 12, "losses", uniform=0.5)
    losses = last_layer_gradients(model, data).losses
    own = np.arange(90) % 3 == 1
    expected = 4 * (0.5 / 30 + 0.5 * losses[own] / losses[own].sum())
    np.testing.assert_allclose(draws.probabilities[own], expected, rtol=1e-4)


def test_the_gradient_of_an_epoch_is_that_of_all_rows_on_average() -> None:
    data, model = blobs(90), mlp(4, 3)
    draws = draw(model, data, 9, seed=1)
    gradients = last_layer_gradients(model, data).gradients
    sums = np.zeros(3)
    for epoch in range(3000):
        rows, weights = draws.at(epoch)
        sums += weights @ gradients[rows] / 3000
    np.testing.assert_allclose(sums, gradients.sum(axis=0), atol=0.5)


def test_members_are_drawn_near_the_rows_of_a_coreset() -> None:
    data, model = blobs(90), small()
    draws = draw(model, data, 12, "members", uniform=1e-9, seed=3)
    coreset = reselect(model, data, budget=12, seed=3)
    seen = last_layer_gradients(model, data, wrt="weights").gradients
    classes, chosen = data.tensors[1].numpy(), coreset.row_ids
    apart = np.linalg.norm(seen[:, None] - seen[chosen][None], axis=2)
    apart[classes[:, None] != classes[chosen][None]] = np.inf
    sizes = np.bincount(apart.argmin(axis=1), minlength=12)
    np.testing.assert_allclose(draws.probabilities, 1 / sizes[apart.argmin(axis=1)], rtol=1e-4)
    for epoch in range(5):
        rows, _ = draws.at(epoch)
        assert np.bincount(apart.argmin(axis=1)[rows], minlength=12).max() <= 2


def test_rows_come_from_any_data_set_and_loader() -> None:
    expected = draw(small(), blobs(90), 12)
    assert same_draws(draw(small(), Rows(blobs(90)), 12), expected)
    loaded = draw(small(), DataLoader(blobs(90), 7), 12)  # batches decide last bits
    np.testing.assert_allclose(loaded.probabilities, expected.probabilities, rtol=1e-5)


def test_chance_asks_no_model() -> None:
    draws = draw(None, Named(blobs(90)), 0.1, "uniform", seed=2)
    np.testing.assert_allclose(draws.probabilities, 0.1)


def test_a_sampler_visits_the_rows_of_its_epoch_with_their_weights() -> None:
    data = blobs(90)
    draws = draw(small(), data, 12, seed=5)
    sampler = DrawSampler(draws)
    rows = sampler.dataset(data)
    for epoch in range(3):
        sampler.set_epoch(epoch)
        order = list(sampler)
        expected, weights = draws.at(epoch)
        assert sorted(order) == expected.tolist()
        shares = dict(zip(expected.tolist(), weights * 12 / 90, strict=True))
        for place in order:
            assert float(rows[place][-1]) == pytest.approx(shares[place])
    assert order != sorted(order)


def test_processes_share_the_rows_of_an_epoch() -> None:
    draws = draw(small(), blobs(90), 12)
    parts = [DrawSampler(draws, num_replicas=3, rank=rank) for rank in range(3)]
    for part in parts:
        part.set_epoch(4)
    assert sorted(place for part in parts for place in part) == draws.at(4)[0].tolist()


@pytest.mark.parametrize("done", [0, 3, 12])
def test_a_sampler_goes_on_within_an_epoch(done: int) -> None:
    draws = draw(small(), blobs(90), 12)
    sampler = DrawSampler(draws)
    sampler.set_epoch(2)
    whole = list(sampler)
    again = DrawSampler(draws)
    again.load_state_dict(sampler.state_dict(done))
    assert list(again) == whole[done:]
    assert len(again) == 12 - done
    third = DrawSampler(draws)
    third.load_state_dict(again.state_dict(12 - done))
    assert list(third) == []
    third.set_epoch(3)
    sampler.set_epoch(3)
    assert list(third) == list(sampler)
    with pytest.raises(ParameterError, match="seed 0 in place of 1"):
        DrawSampler(draws, seed=1).load_state_dict(sampler.state_dict())
    with pytest.raises(ParameterError, match="done=13"):
        again.load_state_dict(sampler.state_dict(13))


def test_a_trainer_draws_other_rows_in_each_epoch() -> None:
    chosen = []

    class Notes(Rows):
        def __getitem__(self, place: int) -> Any:
            chosen.append(place)
            return super().__getitem__(place)

    torch.manual_seed(0)
    trainer = CoresetTrainer(
        mlp(4, 3), budget=18, schedule=Schedule(1, 3, 2), redraw="gradients", batch_size=6
    )
    trainer.fit(Notes(blobs(90)))
    assert [epoch["rows"] for epoch in trainer.history_] == [90] + [18] * 6
    assert [choice["epoch"] for choice in trainer.selections_] == [1, 4]
    assert all(choice["loss"] > 0 for choice in trainer.selections_)
    assert trainer.coreset_ is not None
    assert set(trainer.coreset_.row_ids) <= set(chosen[-20:])
    assert len(set(chosen[-6 * 20 :])) > 60


X, y = blobs(90).tensors
FLAT = nn.Linear(4, 3)  # the loss is finite whatever the row, its gradient is not
nn.init.zeros_(FLAT.weight)
LONG = TensorDataset(torch.where(torch.arange(90)[:, None] == 7, 1e30, X), y)
BAD: list[tuple[dict[str, Any], type[CoresiftError], str]] = [
    ({"budget": 91}, BudgetError, "budget=91"),
    ({"by": "clusters"}, ParameterError, "redraw='clusters'"),
    ({"uniform": 0.0}, ParameterError, r"uniform=0\.0"),
    ({"data": DataLoader(blobs(90), 9, shuffle=True)}, ParameterError, "loader shuffles"),
    ({"data": TensorDataset(X * torch.nan, y)}, ParameterError, "loss of row 0 is nan"),
    ({"data": TensorDataset(X, y + 1)}, LabelError, "label 3 of row 2"),
    ({"data": iter(blobs(9))}, DataError, "has no length"),
    ({"model": None}, ParameterError, r"model=None with by='gradients'"),
    ({"model": FLAT, "data": LONG}, DataError, r"the score of row 7 is inf"),
    ({"by": "members", "budget": 2}, BudgetError, "budget=2 .* 3 classes"),
]


@pytest.mark.parametrize(("changed", "kind", "message"), BAD)
def test_bad_input(changed: Any, kind: type[CoresiftError], message: str) -> None:
    arguments = {"model": mlp(4, 3), "data": blobs(90), "budget": 12, **changed}
    with pytest.raises(kind, match=message):
        draw(**arguments)


def test_a_data_set_of_another_length_is_not_that_of_the_draws() -> None:
    sampler = DrawSampler(draw(None, blobs(90), 12, "uniform"))
    for n_rows in (60, 120):
        with pytest.raises(DataError, match=f"has {n_rows} rows, and the draws are of 90"):
            sampler.dataset(blobs(n_rows))


def test_no_row_weighs_more_than_the_cap() -> None:
    data = TensorDataset(torch.cat([X[:89], 1e4 * X[89:]]), y)  # one row takes what it can
    for uniform in (0.1, 0.5, 1.0):
        draws = draw(mlp(4, 3), data, 9, uniform=uniform)
        assert draws.weights.max() <= 90 / 9 / uniform * (1 + 1e-9)
    np.testing.assert_allclose(draws.weights, 10)


def test_rows_without_length_are_refused_by_chance_too() -> None:
    class Stream(IterableDataset[Any]):
        def __iter__(self) -> Any:
            return iter(blobs(9))

    with pytest.raises(DataError, match="has no length"):
        draw(None, Stream(), 3, "uniform")


def test_rows_without_gradient_are_drawn_alike() -> None:
    data = TensorDataset(torch.zeros(20, 4), torch.arange(20) % 2)
    model = nn.Linear(4, 2, bias=False)  # its gradient by the weights is 0 times the error
    np.testing.assert_allclose(draw(model, data, 10).probabilities, 0.5)


def test_fewer_rows_than_classes_have_their_turns() -> None:
    data = TensorDataset(torch.randn(60, 4), torch.arange(60) % 10)
    torch.manual_seed(0)
    trainer = CoresetTrainer(
        mlp(4, 10), budget=6, schedule=Schedule(1, 10, 1), redraw="gradients", batch_size=3
    ).fit(data)
    assert trainer.history_[-1]["rows"] == 6


def test_all_rows_and_no_way_to_draw() -> None:
    with pytest.raises(ParameterError, match="redraw='losses' with selector=None"):
        CoresetTrainer(mlp(4, 3), None, redraw="losses")
    with pytest.raises(ParameterError, match="redraw='often' is not known"):
        CoresetTrainer(mlp(4, 3), budget=9, redraw="often")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA")
def test_cuda_draws_nearly_the_same() -> None:
    found, expected = (draw(small(), blobs(90), 12, device=d) for d in ("cuda", "cpu"))
    np.testing.assert_allclose(found.probabilities, expected.probabilities, rtol=1e-3)
