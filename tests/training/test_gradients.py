"""Gradients of the last layer: equal to autograd, and the model as it was."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: pip install coresift[torch]")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402
from torch.utils.data import (  # noqa: E402
    BatchSampler,
    DataLoader,
    IterableDataset,
    SequentialSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from coresift import CoresiftError, DataError, LabelError, ParameterError  # noqa: E402
from coresift.torch import LastLayer, last_layer_gradients  # noqa: E402
from networks import Rows, blobs, small  # noqa: E402


def by_autograd(model: nn.Module, data: TensorDataset, layer: nn.Linear, loss: Any) -> Any:
    """Gradients by the layer's weights and bias, row by row, by a whole backward pass."""
    model = model.eval()
    found = []
    for x, y in data:
        value = loss(model(x[None]), y[None])
        weight, bias = torch.autograd.grad(value.sum(), [layer.weight, layer.bias])
        found.append(torch.hstack([weight, bias[:, None]]))
    return torch.stack(found).numpy()


LOSSES = {
    "mean": nn.CrossEntropyLoss(),
    "sum": nn.CrossEntropyLoss(reduction="sum"),
    "none": nn.CrossEntropyLoss(reduction="none"),
    "smooth": nn.CrossEntropyLoss(label_smoothing=0.2),
    "function": functional.cross_entropy,
    "hinge": nn.MultiMarginLoss(),
    "class weights": nn.CrossEntropyLoss(weight=torch.tensor([1.0, 5.0, 9.0]), reduction="none"),
    "own": lambda outputs, targets: (outputs - functional.one_hot(targets, 3)).square().sum(1),
}


@pytest.mark.parametrize("name", LOSSES)
def test_law_11_gradients_are_those_of_autograd(name: str) -> None:
    data, loss = blobs(), LOSSES[name]
    model = small()
    seen = last_layer_gradients(model, data, loss, keep_inputs=True, batch_size=7)
    other = copy.deepcopy(model)
    expected = by_autograd(other, data, other[4], loss)
    assert seen.inputs is not None
    inputs = np.hstack([seen.inputs, np.ones((60, 1))])
    np.testing.assert_allclose(
        seen.errors[:, :, None] * inputs[:, None, :], expected, rtol=1e-4, atol=1e-6
    )
    np.testing.assert_array_equal(seen.gradients, seen.errors)
    np.testing.assert_array_equal(seen.labels, data.tensors[1].numpy())


def test_a_layer_without_bias_has_no_gradient_of_one() -> None:
    torch.manual_seed(0)
    data, model = blobs(), nn.Sequential(nn.Linear(4, 3, bias=False))
    seen = last_layer_gradients(model, data, keep_inputs=True)
    assert seen.inputs is not None
    assert seen.errors is not None
    whole = (seen.errors[:, :, None] * seen.inputs[:, None]).reshape(60, -1)
    left, right = np.arange(30), np.arange(30, 60)
    expected = np.linalg.norm(whole[left] - whole[right], axis=1)
    np.testing.assert_allclose(seen.weight_distances(left, right), expected, rtol=1e-4)
    found = last_layer_gradients(model, data, wrt="weights", n_components=20_000).gradients
    apart = np.linalg.norm(found[left] - found[right], axis=1)
    assert np.sqrt(((apart / expected - 1) ** 2).mean()) < 4 * np.sqrt(8 / 20_000)


def test_what_is_not_kept_is_not_there() -> None:
    seen = last_layer_gradients(small(), blobs(), wrt="weights", keep_outputs=False)
    assert (seen.errors, seen.outputs, seen.inputs) == (None, None, None)
    expected = last_layer_gradients(small(), blobs(), wrt="weights")
    np.testing.assert_array_equal(seen.gradients, expected.gradients)
    np.testing.assert_array_equal(seen.losses, expected.losses)


def test_what_follows_may_change_the_output_in_place() -> None:
    torch.manual_seed(0)
    layer, data = nn.Linear(4, 3), blobs()
    found = last_layer_gradients(nn.Sequential(layer, nn.ReLU(inplace=True)), data)
    expected = last_layer_gradients(nn.Sequential(layer, nn.ReLU()), data)
    np.testing.assert_array_equal(found.gradients, expected.gradients)
    np.testing.assert_array_equal(found.outputs, expected.outputs)


def test_sums_over_classes_stay_sums() -> None:
    torch.manual_seed(0)
    X, targets = torch.randn(20, 4), torch.rand(20, 3).softmax(dim=1)
    model = nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(dim=1))
    found = last_layer_gradients(
        model, TensorDataset(X, targets), nn.KLDivLoss(reduction="batchmean")
    )
    expected = model(X).exp().detach() - targets
    np.testing.assert_allclose(found.gradients, expected.numpy(), rtol=1e-4, atol=1e-6)


def test_parameters_of_the_whole_and_named_arguments() -> None:
    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.shift = nn.Parameter(torch.ones(4))
            self.head = nn.Linear(4, 3)

        def forward(self, x: Any) -> Any:
            return self.head(input=x + self.shift)

    torch.manual_seed(0)
    model, data = Whole(), blobs()
    seen = last_layer_gradients(model, data, keep_inputs=True)
    assert seen.inputs is not None
    np.testing.assert_allclose(seen.inputs, (data.tensors[0] + 1).numpy(), rtol=1e-6)


def test_double_precision_stays_double_on_the_way() -> None:
    X, y = blobs().tensors
    weight = torch.tensor([1.0, 2.0, 3.0]).double()
    seen = last_layer_gradients(
        small().double(), TensorDataset(X.double(), y), nn.CrossEntropyLoss(weight=weight)
    )
    expected = last_layer_gradients(small(), blobs(), nn.CrossEntropyLoss(weight=weight.float()))
    assert seen.gradients.dtype == np.float32
    np.testing.assert_allclose(seen.gradients, expected.gradients, rtol=1e-3, atol=1e-5)


def test_half_precision_targets() -> None:
    X, targets = torch.randn(20, 4).bfloat16(), torch.rand(20, 3).bfloat16()
    torch.manual_seed(0)
    seen = last_layer_gradients(nn.Linear(4, 3).bfloat16(), TensorDataset(X, targets), nn.MSELoss())
    assert seen.labels.dtype == np.float32


def test_what_follows_the_layer_belongs_to_the_gradient() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3), nn.LogSoftmax(dim=1))
    data = blobs()
    found = last_layer_gradients(model, data, nn.NLLLoss())
    chances = model(data.tensors[0]).exp().detach()
    expected = chances - functional.one_hot(data.tensors[1], 3)
    np.testing.assert_allclose(found.gradients, expected.numpy(), rtol=1e-4, atol=1e-6)


def test_more_targets_for_a_row_are_averaged() -> None:
    torch.manual_seed(0)
    X, targets = torch.randn(20, 4), torch.rand(20, 3)
    model = nn.Linear(4, 3)
    found = last_layer_gradients(model, TensorDataset(X, targets), nn.MSELoss())
    expected = 2 * (model(X).detach() - targets) / 3
    np.testing.assert_allclose(found.gradients, expected.numpy(), rtol=1e-4, atol=1e-6)
    summed = last_layer_gradients(model, TensorDataset(X, targets), nn.MSELoss(reduction="sum"))
    np.testing.assert_allclose(summed.gradients, 3 * expected.numpy(), rtol=1e-4, atol=1e-5)


def test_factored_distances_are_those_of_the_outer_products() -> None:
    model, data = small(), blobs()
    seen = last_layer_gradients(model, data, keep_inputs=True)
    whole = by_autograd(model, data, model[4], functional.cross_entropy).reshape(60, -1)
    left, right = np.arange(30), np.arange(30, 60)
    expected = np.linalg.norm(whole[left] - whole[right], axis=1)
    np.testing.assert_allclose(seen.weight_distances(left, right), expected, rtol=1e-3, atol=1e-6)
    assert seen.weight_distances(left, left).max() < 1e-6


def test_projected_distances_are_close_to_the_exact_ones() -> None:
    model, data = small(), blobs(300)
    seen = last_layer_gradients(
        model, data, wrt="weights", n_components=2000, keep_inputs=True, random_state=1
    )
    left = np.arange(150)
    exact = seen.weight_distances(left, left + 150)
    found = np.linalg.norm(seen.gradients[left] - seen.gradients[left + 150], axis=1)
    assert seen.gradients.shape == (300, 2000)
    assert np.sqrt(((found / exact - 1) ** 2).mean()) < np.sqrt(8 / 2000)
    again = last_layer_gradients(model, data, wrt="weights", n_components=2000, random_state=1)
    np.testing.assert_array_equal(again.gradients, seen.gradients)


def test_the_model_and_the_random_state_are_as_before() -> None:
    model = small().train()
    model[3].eval()  # a part may be in another mode than the whole
    model[0].weight.grad = torch.ones_like(model[0].weight)
    before = copy.deepcopy(model.state_dict())
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    last_layer_gradients(model, DataLoader(Rows(blobs()), 8))
    assert torch.equal(torch.rand(3), expected)
    assert [part.training for part in model] == [True, True, True, False, True]
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert model[0].weight.grad.sum() == model[0].weight.numel()
    assert not any(part._forward_hooks for part in model.modules())


def test_any_loader_in_order_gives_the_same() -> None:
    model, data = small(), blobs()
    expected = last_layer_gradients(model, data).gradients
    batches = BatchSampler(SequentialSampler(data), 7, drop_last=False)
    loaders = [
        DataLoader(data, 13),
        DataLoader(Rows(data), 7),
        DataLoader(data, batch_sampler=batches),
        DataLoader(data, sampler=batches, batch_size=None),
        DataLoader(data, 30, drop_last=True),
        DataLoader(data, 16, sampler=list(range(60))),
        DataLoader(data, batch_sampler=[list(range(50)), list(range(50, 60))]),
    ]
    for loader in loaders:
        found = last_layer_gradients(model, loader).gradients
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_last_called_layer_is_found_and_others_can_be_named() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(5, 3)  # registered first, called last
            self.body = nn.Linear(4, 5)

        def forward(self, x: Any) -> Any:
            return self.head(self.body(x).relu())

    torch.manual_seed(0)
    model, data = Odd(), blobs()
    found = [last_layer_gradients(model, data, layer=at) for at in (None, "head", model.head)]
    assert all(np.array_equal(one.gradients, found[0].gradients) for one in found)
    assert last_layer_gradients(model, data, layer="body").gradients.shape == (60, 5)


def test_batches_of_another_shape_have_a_forward_of_their_own() -> None:
    class Named(Rows):
        def __getitem__(self, place: int) -> Any:
            x, y = super().__getitem__(place)
            return {"x": x, "label": y}

    model, data = small(), blobs()
    found = last_layer_gradients(
        model, Named(data), forward=lambda model, batch: (model(batch["x"]), batch["label"])
    )
    expected = last_layer_gradients(model, data)
    np.testing.assert_allclose(found.gradients, expected.gradients, rtol=1e-5, atol=1e-6)


def test_mixed_precision_is_close() -> None:
    model, data = small(), blobs()
    exact = last_layer_gradients(model, data)
    mixed = last_layer_gradients(model, data, autocast=torch.bfloat16)
    assert mixed.gradients.dtype == np.float32
    assert 0 < np.abs(mixed.gradients - exact.gradients).max() < 0.05
    half = last_layer_gradients(
        small().to(torch.bfloat16),
        TensorDataset(data.tensors[0].to(torch.bfloat16), data.tensors[1]),
    )
    assert np.abs(half.gradients - exact.gradients).max() < 0.05


class Endless(IterableDataset[Any]):
    def __iter__(self) -> Any:
        yield torch.zeros(4), torch.tensor(0)


class Backwards(BatchSampler):
    """The batches of a sequence, last first."""

    def __iter__(self) -> Any:
        return reversed(list(super().__iter__()))


class Folded(nn.Module):
    """A last layer that sees two rows for each of the data."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(2, 2)

    def forward(self, x: Any) -> Any:
        return self.head(x.reshape(-1, 2)).reshape(len(x), 4)


class Pair(nn.Sequential):
    def forward(self, x: Any) -> Any:
        return super().forward(x), x


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: Any) -> Any:
        return self.layer(self.layer(x))


def bad(**changed: Any) -> Any:
    return {"model": small(), "data": blobs(), "loss": None, **changed}


def spoilt(value: float) -> TensorDataset:
    X, y = blobs().tensors
    X[33, 0] = value
    return TensorDataset(X, y)


BAD: list[tuple[dict[str, Any], type[CoresiftError], str]] = [
    (bad(model=nn.Sequential(nn.Linear(4, 3), nn.PReLU())), ParameterError, "'1' is PReLU"),
    (bad(model=nn.Flatten()), ParameterError, "no layer with parameters"),
    (bad(layer="head"), ParameterError, "layer='head' is not a part .* '0', '4'"),
    (bad(layer="1"), ParameterError, "'1' is BatchNorm1d"),
    (bad(model=Twice()), ParameterError, "called 2 times"),
    (bad(data=Endless()), DataError, "Endless has no length"),
    (bad(data=DataLoader(Endless())), DataError, "Endless has no length"),
    (bad(data=TensorDataset(torch.zeros(0, 4), torch.zeros(0))), DataError, "no rows"),
    (bad(data=DataLoader(blobs(), 8, shuffle=True)), ParameterError, r"shuffles \(RandomSampler"),
    (
        bad(data=DataLoader(blobs(), batch_sampler=Backwards(range(60), 8, False))),
        ParameterError,
        "gives row 56 at place 0",
    ),
    (
        bad(data=DataLoader(blobs(), sampler=SequentialSampler(range(50)))),
        ParameterError,
        "50 of 60 rows",
    ),
    (
        bad(data=DataLoader(blobs(), sampler=BatchSampler(range(60), 7, True), batch_size=None)),
        ParameterError,
        "56 of 60 rows",
    ),
    (bad(model=Folded(), loss=nn.MultiMarginLoss()), ParameterError, "120 rows for 60"),
    (bad(model=Pair(nn.Linear(4, 3))), ParameterError, "the model returns tuple"),
    (
        bad(data=DataLoader(blobs(), sampler=WeightedRandomSampler([1.0] * 60, 60))),
        ParameterError,
        "row ids would be wrong",
    ),
    (bad(data=DataLoader(blobs(), sampler=range(50))), ParameterError, "50 of 60 rows"),
    (bad(data=DataLoader(blobs(), 8, drop_last=True)), ParameterError, "drops the last 4 of 60"),
    (bad(data=spoilt(float("nan"))), ParameterError, "loss of row 33 is nan"),
    (bad(model=small(n_outputs=2)), LabelError, "label 2 of row 2 is outside the 2 outputs"),
    (bad(loss=lambda outputs, targets: outputs.sum()), ParameterError, "shape .* for 60 rows"),
    (bad(loss=lambda outputs, targets: targets.float()), ParameterError, "does not depend"),
    (bad(wrt="inputs"), ParameterError, "wrt='inputs'"),
    (bad(data=Rows(TensorDataset(torch.zeros(5, 4)))), ParameterError, "pass forward="),
]


@pytest.mark.parametrize(("arguments", "kind", "message"), BAD)
def test_bad_input(arguments: Any, kind: type[CoresiftError], message: str) -> None:
    with pytest.raises(kind, match=message):
        last_layer_gradients(**arguments, **({} if "wrt" in arguments else {"batch_size": 60}))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is CUDA")
def test_cuda_that_is_not_there() -> None:
    with pytest.raises(ParameterError, match=r"device='cuda': .* use device='cpu'"):
        last_layer_gradients(small(), blobs(), device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA")
def test_cuda_gives_the_same() -> None:
    found = last_layer_gradients(small(), blobs(), device="cuda")
    expected = last_layer_gradients(small(), blobs())
    np.testing.assert_allclose(found.gradients, expected.gradients, rtol=1e-4, atol=1e-5)


def test_distances_need_the_inputs() -> None:
    seen = last_layer_gradients(small(), blobs())
    assert isinstance(seen, LastLayer)
    with pytest.raises(ParameterError, match="keep_inputs=True"):
        seen.weight_distances(np.array([0]), np.array([1]))
