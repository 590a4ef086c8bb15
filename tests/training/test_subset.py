"""A coreset as a data set, the order of its rows, and the weighted loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="torch is not installed: pip install coresift[torch]")

from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, IterableDataset, TensorDataset  # noqa: E402

from coresift import CoresiftError, DataError, ParameterError  # noqa: E402
from coresift.torch import CoresetSampler, WeightedSubset, weighted_loss  # noqa: E402
from coresift.torch._loading import Batches, make_loader  # noqa: E402
from networks import Rows, blobs  # noqa: E402


@pytest.mark.parametrize("wrap", [lambda data: data, Rows])
def test_a_subset_yields_rows_with_their_weights(wrap: Any) -> None:
    data = blobs(20)
    subset = WeightedSubset(wrap(data), [3, 7, 19], [1.0, 4.0, 7.0])
    assert len(subset) == 3
    for place, (row, weight) in enumerate(zip([3, 7, 19], [0.25, 1.0, 1.75], strict=True)):
        x, y, w = subset[place]
        assert torch.equal(x, data[row][0])
        assert (int(y), float(w)) == (row % 3, weight)
    batch = next(iter(DataLoader(subset, batch_size=3)))
    assert torch.equal(batch[0], data.tensors[0][[3, 7, 19]])
    assert batch[2].dtype == torch.float32


def test_weights_can_stay_as_they_are_and_items_need_be_no_tuples() -> None:
    subset = WeightedSubset([10, 20, 30], [2, 0], [3.0, 5.0], normalize=False)
    assert [(item, float(weight)) for item, weight in subset] == [(30, 3.0), (10, 5.0)]
    assert [float(weight) for _, weight in WeightedSubset([10, 20], [0, 1])] == [1.0, 1.0]


@pytest.mark.parametrize("wrap", [lambda data: data, Rows])
def test_a_loader_follows_the_sampler_and_leaves_nothing_out(wrap: Any) -> None:
    data = wrap(blobs(23))
    subset, sampler = WeightedSubset(data, np.arange(23)), CoresetSampler(23, seed=4)
    batches = list(make_loader(subset, sampler, 5))
    assert [len(y) for _, y, _ in batches] == [5, 5, 5, 5, 3]
    found = torch.cat([y for _, y, _ in batches])
    assert torch.equal(found, torch.from_numpy(sampler.order()) % 3)


@given(
    n_rows=st.integers(1, 50), world=st.integers(1, 7), epoch=st.integers(0, 3), draws=st.booleans()
)
def test_law_processes_share_one_order(n_rows: int, world: int, epoch: int, draws: bool) -> None:
    weights = np.arange(1, n_rows + 1) if draws else None
    shares = []
    for rank in range(world):
        sampler = CoresetSampler(n_rows, weights, seed=3, num_replicas=world, rank=rank)
        sampler.set_epoch(epoch)
        shares.append(list(sampler))
        assert len(shares[-1]) == len(sampler) == -(-n_rows // world)
    alone = CoresetSampler(n_rows, weights, seed=3)
    alone.set_epoch(epoch)
    order = list(alone)
    # Dealt in turn, and continued from the start where it does not divide.
    dealt = [row for turn in zip(*shares, strict=True) for row in turn]
    assert dealt == (order * world)[: len(dealt)]
    if not draws:
        assert sorted(order) == list(range(n_rows))


def test_seed_and_epoch_decide_the_order() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        sampler = CoresetSampler(range(100), seed=seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert order(1, 2) == order(1, 2)
    assert len({tuple(order(seed, epoch)) for seed in (1, 2) for epoch in (0, 1)}) == 4
    assert list(CoresetSampler(5, shuffle=False)) == [0, 1, 2, 3, 4]


def test_draws_are_in_proportion_to_the_weights() -> None:
    weights = np.array([0.0, 1.0, 0.0, 3.0, 0.0])
    counts = np.zeros(5)
    for epoch in range(400):
        sampler = CoresetSampler(5, weights, seed=1)
        sampler.set_epoch(epoch)
        counts += np.bincount(list(sampler), minlength=5)
    assert counts[[0, 2, 4]].sum() == 0
    assert abs(counts[3] / 2000 - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 2000)


class Ones:
    """Random numbers at the top of their range."""

    def random(self, n: int) -> Any:
        return np.full(n, np.nextafter(1.0, 0.0))


def test_a_draw_at_the_top_is_the_last_row_with_a_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coresift.torch._subset.stream", lambda *_: Ones())
    assert set(CoresetSampler(4, [0.1, 0.7, 0.1, 0.0])) == {2}


def test_there_is_no_limit_at_16_million_rows() -> None:
    n_rows = 2**24 + 3
    weights = np.zeros(n_rows)
    weights[-1] = 1.0
    sampler = CoresetSampler(n_rows, weights)
    assert sampler.order().min() == n_rows - 1
    plain = CoresetSampler(n_rows, num_replicas=1000, rank=7)
    assert len(plain) == 16_778
    assert len(set(plain)) == 16_778


def test_the_weighted_loss_is_the_mean_of_weighted_rows() -> None:
    outputs, targets = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    weights = torch.tensor([0.5, 1.5, 1.0, 2.0, 0.0, 1.0])
    each = nn.functional.cross_entropy(outputs, targets, reduction="none")
    expected = (each * weights).sum() / 6
    for loss in (None, nn.CrossEntropyLoss(), nn.functional.cross_entropy):
        assert torch.allclose(weighted_loss(outputs, targets, weights, loss), expected)
    assert torch.allclose(weighted_loss(outputs, targets, torch.ones(6)), each.mean())


def test_a_weight_of_two_is_a_row_twice() -> None:
    model = nn.Linear(4, 3)
    x, y = blobs(4).tensors
    weighted_loss(model(x), y, torch.tensor([2.0, 1.0, 1.0, 2.0])).backward()
    found = model.weight.grad.clone()
    model.zero_grad()
    twice = [0, 0, 1, 2, 3, 3]
    (nn.functional.cross_entropy(model(x[twice]), y[twice], reduction="sum") / 4).backward()
    torch.testing.assert_close(model.weight.grad, found)


class Endless(IterableDataset[Any]):
    def __iter__(self) -> Any:
        yield 0


BAD: list[tuple[Any, type[CoresiftError], str]] = [
    (lambda: WeightedSubset(Endless(), [0]), DataError, "Endless has no length"),
    (lambda: WeightedSubset(blobs(5), []), DataError, "no rows"),
    (lambda: WeightedSubset(blobs(5), [0, 5]), DataError, "row 5 .* from 0 to 4"),
    (lambda: WeightedSubset(blobs(5), [-1]), DataError, "row -1"),
    (lambda: WeightedSubset(blobs(5), [0, 1], [1.0]), DataError, "2 positions have weights"),
    (lambda: WeightedSubset(blobs(5), [0, 1], [1.0, 0.0]), DataError, r"weight 0\.0 is no"),
    (lambda: WeightedSubset(blobs(5), [0], [np.nan]), DataError, "weight nan"),
    (lambda: CoresetSampler(np.int64(0)), ParameterError, "n_rows=0"),
    (lambda: CoresetSampler(3, num_replicas=2, rank=2), ParameterError, "rank=2 .* from 0 to 1"),
    (lambda: CoresetSampler(3, [1.0, 2.0]), ParameterError, r"shape \(2,\) for 3 rows"),
    (lambda: CoresetSampler(2, [0.0, 0.0]), ParameterError, "not all 0"),
    (lambda: CoresetSampler(2).set_epoch(-1), ParameterError, "epoch=-1"),
    (
        lambda: weighted_loss(
            torch.zeros(2, 2), torch.zeros(2), torch.ones(2), lambda *_: torch.ones(())
        ),
        ParameterError,
        "2 rows",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD)
def test_bad_input(call: Any, kind: type[CoresiftError], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()


def test_tensors_are_cut_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    plain = TensorDataset.__getitem__

    def counting(self: Any, place: Any) -> Any:
        asked.append(place)
        return plain(self, place)

    subset = WeightedSubset(blobs(100), np.arange(0, 100, 2))
    monkeypatch.setattr(TensorDataset, "__getitem__", counting)
    list(make_loader(subset, CoresetSampler(subset), 25))
    assert len(asked) == 2


def test_what_a_data_set_does_to_a_row_it_does_row_by_row() -> None:
    class Centred(TensorDataset):
        def __getitem__(self, place: Any) -> Any:
            x, y = super().__getitem__(place)
            return x - x.mean(), y

    data = Centred(*blobs(20).tensors)
    subset = WeightedSubset(data, np.arange(20))
    (x, _, _), *_ = make_loader(subset, CoresetSampler(subset, shuffle=False), 20)
    assert torch.equal(x, torch.stack([row for row, _ in data]))


def test_even_batches_differ_by_a_row_at_most() -> None:
    for n_rows, sizes in ((11, [6, 5]), (12, [4, 4, 4]), (13, [5, 4, 4]), (5, [5]), (1, [1])):
        batches = Batches(CoresetSampler(n_rows, seed=2), 5, even=True)
        assert [len(batch) for batch in batches] == sizes
        assert [row for batch in batches for row in batch] == list(CoresetSampler(n_rows, seed=2))


@pytest.mark.parametrize(
    ("n_rows", "sizes"), [(9, [5, 4]), (11, [5, 6]), (10, [5, 5]), (1, [1]), (6, [6])]
)
def test_a_last_row_is_not_left_alone(n_rows: int, sizes: list[int]) -> None:
    batches = Batches(CoresetSampler(n_rows, seed=2), 5)
    assert [len(batch) for batch in batches] == sizes
    assert len(batches) == len(sizes)
    assert [row for batch in batches for row in batch] == list(CoresetSampler(n_rows, seed=2))
    assert len(list(Batches(CoresetSampler(3), 1))) == 3
