"""Algorithm 2: its schedule, its weights, its seeds, its checkpoints."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: pip install coresift[torch]")

from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from coresift import (  # noqa: E402
    BudgetError,
    CoresiftError,
    DataError,
    FormatError,
    LabelError,
    ParameterError,
)
from coresift.torch import CoresetTrainer, Schedule, cnn, mlp  # noqa: E402
from networks import Fading, Named, Rows, blobs, small  # noqa: E402

SHORT = Schedule(warm_up=2, epochs=3, rounds=2)


def trained(data: Any = None, **changed: Any) -> CoresetTrainer:
    arguments = {"budget": 20, "schedule": SHORT, "batch_size": 8, **changed}
    fit = {name: arguments.pop(name) for name in ("watch", "progress") if name in arguments}
    model = arguments.pop("model", None) or small()
    return CoresetTrainer(model, **arguments).fit(blobs(90) if data is None else data, **fit)


def state_of(trainer: CoresetTrainer) -> dict[str, Any]:
    return {name: value.clone() for name, value in trainer.model.state_dict().items()}


def same(left: dict[str, Any], right: dict[str, Any]) -> bool:
    return all(torch.equal(left[name], right[name]) for name in left)


def test_it_trains_on_all_rows_and_then_on_coresets() -> None:
    asked = []
    trainer = trained(
        watch=lambda model: float(model.training), progress=lambda *s: asked.append(s)
    )
    assert [epoch["rows"] for epoch in trainer.history_] == [90] * 2 + [20] * 6
    assert [epoch["iterations"] for epoch in trainer.history_] == [12, 24, *range(27, 45, 3)]
    assert [epoch["epoch"] for epoch in trainer.history_] == list(range(1, 9))
    assert [selection["epoch"] for selection in trainer.selections_] == [2, 5]
    assert all(epoch["watched"] == 0.0 for epoch in trainer.history_)  # in evaluation mode
    assert trainer.model.training  # as before
    assert asked == [("train", epoch, 8) for epoch in range(9)]
    assert trainer.coreset_ is not None
    assert len(trainer.coreset_.row_ids) == 20


def test_without_a_selector_it_is_plain_training() -> None:
    trainer = trained(selector=None, budget=None)
    assert [epoch["rows"] for epoch in trainer.history_] == [90] * 8
    assert trainer.coreset_ is None
    assert trainer.selections_ == []


def test_steps_are_those_of_weighted_descent() -> None:
    data, schedule = blobs(40), Schedule(warm_up=0, epochs=1, rounds=1)
    model = mlp(4, 3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    trainer = CoresetTrainer(
        model, "uniform", budget=8, schedule=schedule, batch_size=8, scheduler=None,
        optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.1), seed=1,
    ).fit(data)  # fmt: skip
    other = mlp(4, 3)
    other.load_state_dict(before)
    rows, weights = trainer.coreset_.row_ids, torch.from_numpy(trainer.coreset_.weights)
    x, y = data[rows]
    losses = nn.functional.cross_entropy(other(x), y, reduction="none")
    (losses * (weights / weights.mean()).float()).mean().backward()
    for name, value in other.named_parameters():
        expected = value.detach() - 0.1 * value.grad
        torch.testing.assert_close(model.get_parameter(name).detach(), expected)


def test_the_seed_decides_and_the_random_state_of_torch_does_not() -> None:
    states = []
    for seed, disturbance in ((1, 0), (1, 7), (2, 0)):
        model = small()
        torch.manual_seed(disturbance)
        states.append(state_of(trained(model=model, seed=seed)))
    assert same(states[0], states[1])
    assert not same(states[0], states[2])


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("stop", [1, 2, 4, 5, 7])
@pytest.mark.parametrize("chosen", [{}, {"selector": "uniform"}, {"redraw": "gradients"}])
def test_a_resumed_run_is_an_uninterrupted_one(tmp_path: Path, stop: int, chosen: Any) -> None:
    def interrupt(_: str, epoch: int, __: int) -> None:
        if epoch == stop:
            raise StoppedError

    expected = trained(**chosen)
    path = tmp_path / "run.pt"
    with pytest.raises(StoppedError):
        trained(**chosen, checkpoint=path, progress=interrupt)
    asked = []
    torch.manual_seed(99)
    found = trained(
        model=small(seed=5), **chosen, checkpoint=path,
        progress=lambda _, epoch, __: asked.append(epoch),
    )  # fmt: skip
    assert asked[0] == stop
    assert same(state_of(found), state_of(expected))
    strip = [{**epoch, "seconds": 0} for epoch in found.history_]
    assert strip == [{**epoch, "seconds": 0} for epoch in expected.history_]
    np.testing.assert_array_equal(found.coreset_.row_ids, expected.coreset_.row_ids)
    assert os.listdir(tmp_path) == ["run.pt"]
    done = trained(model=small(seed=6), **chosen, checkpoint=path)
    assert same(state_of(done), state_of(expected))  # nothing is left to do


def test_a_checkpoint_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.pt"

    def interrupt(_: str, epoch: int, __: int) -> None:
        if epoch == 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        trained(checkpoint=path, progress=interrupt)
    before = path.read_bytes()

    def half(state: Any, file: Any) -> None:
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(FormatError, match=r"cannot be written \(disk full\); check the folder"):
        trained(checkpoint=path)
    assert os.listdir(tmp_path) == ["run.pt"]
    assert path.read_bytes() == before


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    trained(checkpoint=path)
    with pytest.raises(ParameterError, match=r"another run, with seed 0 in place of 1"):
        trained(checkpoint=path, seed=1)
    with pytest.raises(ParameterError, match=r"another run, with selector"):
        trained(checkpoint=path, selector="uniform")
    with pytest.raises(ParameterError, match=r"another run, with optimizer SGD"):
        trained(checkpoint=path, optimizer=torch.optim.AdamW)
    with pytest.raises(ParameterError, match=r"another run, with scheduler Cosine.* NoneType"):
        trained(checkpoint=path, scheduler=None)
    with pytest.raises(ParameterError, match=r"another run, with loss CrossEntropyLoss"):
        trained(checkpoint=path, loss=nn.MultiMarginLoss())
    with pytest.raises(ParameterError, match=r"folder of the checkpoint"):
        trained(checkpoint=tmp_path / "no" / "run.pt")
    path.write_bytes(b"nothing")
    with pytest.raises(FormatError, match="is not a checkpoint"):
        trained(checkpoint=path)


@pytest.mark.parametrize(
    "change",
    [
        {"epoch": -5},
        {"epoch": "two"},
        {"history": None},
        {"coreset": 3},
        {"model": {}},
        {"optimizer": []},
        {"facts": [1]},
        {"seconds": "long"},
    ],
    ids=str,
)
def test_an_edited_checkpoint_is_one_clear_error(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "run.pt"
    trained(checkpoint=path)
    state = torch.load(path, weights_only=True)
    torch.save({**state, **change}, path)
    with pytest.raises(FormatError, match=r"run\.pt'"):
        trained(checkpoint=path)
    for name in set(state) - {"draws"}:
        torch.save({key: value for key, value in state.items() if key != name}, path)
        with pytest.raises(FormatError, match=r"run\.pt'"):
            trained(checkpoint=path)


def test_other_optimizers_schedulers_and_precision() -> None:
    trainer = trained(
        optimizer=torch.optim.AdamW,
        scheduler=lambda optimizer, total: torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 0.1, total_steps=total
        ),
        autocast=torch.bfloat16,
        wrt="weights",
    )
    assert trainer.history_[-1]["loss"] < trainer.history_[0]["loss"]


def test_parts_in_evaluation_stay_so() -> None:
    model = small()
    model[1].eval()  # frozen batch normalisation
    before = model[1].running_mean.clone()
    trained(model=model)
    assert torch.equal(model[1].running_mean, before)
    assert [part.training for part in model] == [True, False, True, True, True]
    model = small().eval()
    trained(model=model)
    assert not torch.equal(model[1].running_mean, before)  # it has trained
    assert not model.training


def test_batches_of_another_shape_have_a_forward_of_their_own() -> None:
    class Named(Rows):
        def __getitem__(self, place: int) -> Any:
            x, y = super().__getitem__(place)
            return {"x": x, "label": y}

    found = trained(
        Named(blobs(90)), forward=lambda model, batch: (model(batch["x"]), batch["label"])
    )
    assert same(state_of(found), state_of(trained(blobs(90))))


def test_a_coreset_with_a_last_row_alone_trains() -> None:
    assert trained(budget=17).history_[-1]["rows"] == 17  # batches of 8 and 9, not 8, 8 and 1


def test_rows_can_come_one_by_one_from_processes() -> None:
    trainer = trained(Rows(blobs(90)), num_workers=1)
    assert same(state_of(trainer), state_of(trained(blobs(90))))


def test_it_learns_digits_on_a_tenth_of_the_rows() -> None:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    images = torch.from_numpy((X / 16).astype(np.float32)).reshape(-1, 1, 8, 8)
    labels = torch.from_numpy(y)
    torch.manual_seed(0)
    trainer = CoresetTrainer(
        cnn(8, 8, 10), budget=0.1, schedule=Schedule(10, 10, 3), batch_size=32,
        optimizer=lambda parameters: torch.optim.SGD(parameters, 0.05, 0.9),
    )  # fmt: skip
    trainer.fit(TensorDataset(images[:1347], labels[:1347]))
    with torch.no_grad():
        right = trainer.model.eval()(images[1347:]).argmax(dim=1) == labels[1347:]
    assert right.float().mean() > 0.9


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _train_in_a_group(rank: int, port: int, folder: str) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2
    )
    torch.manual_seed(0)
    model = nn.parallel.DistributedDataParallel(mlp(4, 3))
    trainer = trained(model=model, checkpoint=Path(folder) / "run.pt", batch_size=5)
    np.savez(
        Path(folder) / f"{rank}.npz",
        rows=trainer.coreset_.row_ids,
        weight=model.module[4].weight.detach().numpy(),
    )
    try:
        trained(blobs(90, n_classes=1), model=model)
    except LabelError:
        (Path(folder) / f"error{rank}").touch()
    torch.distributed.destroy_process_group()


@pytest.mark.slow
@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without processes")
def test_processes_train_on_their_shares_of_one_coreset(tmp_path: Path) -> None:
    torch.multiprocessing.spawn(_train_in_a_group, (_free_port(), str(tmp_path)), nprocs=2)
    first, second = (np.load(tmp_path / f"{rank}.npz") for rank in (0, 1))
    np.testing.assert_array_equal(first["rows"], second["rows"])
    np.testing.assert_array_equal(first["weight"], second["weight"])
    assert {path.name for path in tmp_path.iterdir()} == {
        "0.npz", "1.npz", "error0", "error1", "run.pt",
    }  # fmt: skip
    # Two processes with batches of 5 make the steps of one with batches of 10.
    torch.manual_seed(0)
    alone = trained(model=mlp(4, 3), batch_size=10)
    np.testing.assert_array_equal(alone.coreset_.row_ids, first["rows"])
    np.testing.assert_allclose(
        alone.model[4].weight.detach().numpy(), first["weight"], rtol=1e-3, atol=1e-5
    )


X, y = blobs(90).tensors
BAD: list[tuple[dict[str, Any], type[CoresiftError], str]] = [
    ({"batch_size": 21}, ParameterError, "coreset of 20 rows .* batch_size=21"),
    ({"batch_size": 0}, ParameterError, "batch_size=0"),
    ({"schedule": None, "budget": 0.5, "data": list(range(5))}, ParameterError, "2 rows"),
    ({"data": TensorDataset(X, y * 0)}, LabelError, "1 class"),
    ({"data": TensorDataset(X, y + 1)}, LabelError, "label 3 of row 2 is outside the 3 outputs"),
    ({"data": TensorDataset(X * torch.nan, y)}, ParameterError, "loss of row 0 is nan"),
    ({"data": iter(blobs(9))}, DataError, "has no length"),
    ({"data": DataLoader(blobs(90), 9)}, DataError, r"pass loader\.dataset"),
    ({"budget": 2, "batch_size": 1, "redraw": "members"}, BudgetError, "3 classes"),
    ({"model": nn.Sequential(nn.Linear(4, 3), nn.PReLU())}, ParameterError, "PReLU"),
    ({"data": TensorDataset(X)}, ParameterError, "pass forward="),
    ({"data": Named(blobs(90))}, LabelError, r"'class 0' \(str\).*LabelEncoder"),
    ({"data": TensorDataset(X, y), "budget": 20, "wrt": "inputs"}, ParameterError, "wrt='inputs'"),
]


@pytest.mark.parametrize(("changed", "kind", "message"), BAD)
def test_bad_input(changed: Any, kind: type[CoresiftError], message: str) -> None:
    def progress(_: str, epoch: int, __: int) -> None:
        raise AssertionError(f"epoch {epoch} has begun")

    with pytest.raises(kind, match=message):
        trained(**changed, progress=progress)


def test_a_loss_that_overflows_later_stops_the_training() -> None:
    with pytest.raises(ParameterError, match=r"loss of epoch \d+ is (nan|inf)"):
        trained(
            TensorDataset(X * 1e4, y), model=mlp(4, 3), selector="uniform",
            optimizer=lambda parameters: torch.optim.SGD(parameters, lr=1e30),
        )  # fmt: skip


@pytest.mark.parametrize("redraw", [None, "gradients"])
def test_rows_that_go_between_epochs_are_told(redraw: Any) -> None:
    with pytest.raises(DataError, match="had 90 rows when training began, and has 89 now"):
        trained(Fading(blobs(90), after=100), redraw=redraw)


def test_labels_outside_the_outputs_are_told_where_there_is_no_choice() -> None:
    with pytest.raises(LabelError, match="label 3 is outside the 3 outputs"):
        trained(TensorDataset(X, y + 1), selector=None, budget=None)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is CUDA")
def test_cuda_that_is_not_there() -> None:
    with pytest.raises(ParameterError, match=r"device='cuda': .* use device='cpu'"):
        trained(device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA")
def test_cuda_chooses_and_learns_nearly_the_same() -> None:
    found, expected = trained(device="cuda"), trained()
    common = set(found.coreset_.row_ids) & set(expected.coreset_.row_ids)
    assert len(common) >= 16  # of 20: gradients differ in their last bits
    assert found.history_[-1]["loss"] == pytest.approx(expected.history_[-1]["loss"], rel=0.2)


def test_bad_schedules() -> None:
    for name in ("warm_up", "epochs", "rounds", "finish"):
        with pytest.raises(ParameterError, match=f"{name}=-1"):
            Schedule(**{name: -1})


@pytest.mark.parametrize("redraw", [None, "gradients"])
def test_the_last_epochs_can_be_on_all_rows(redraw: Any) -> None:
    trainer = trained(schedule=Schedule(1, 2, 2, finish=2), redraw=redraw)
    assert [epoch["rows"] for epoch in trainer.history_] == [90] + [20] * 4 + [90] * 2
    assert [choice["epoch"] for choice in trainer.selections_] == [1, 3]


def test_the_steps_of_a_schedule_are_those_that_are_taken() -> None:
    for schedule in (Schedule(2, 3, 2), Schedule(0, 2, 1), Schedule(1, 2, 1, finish=2)):
        for batch_size, budget in ((8, 20), (16, 0.37), (10, 21)):
            trainer = trained(blobs(91), schedule=schedule, batch_size=batch_size, budget=budget)
            taken = trainer.history_[-1]["iterations"]
            assert taken == schedule.total_steps(91, budget, batch_size)
    assert Schedule(1, 1, 1).total_steps(90, 20, 8, n_processes=2, accumulate=2) == 3 + 1
    with pytest.raises(ParameterError, match="accumulate=0"):
        schedule.total_steps(91, 20, accumulate=0)
    with pytest.raises(BudgetError, match="budget=92"):
        schedule.total_steps(91, 92)


def test_a_reduced_schedule_keeps_to_its_part_of_the_steps() -> None:
    for total in range(5, 120):
        for steps in (0.5, 0.8):
            schedule = Schedule.reduced(total, steps)
            assert schedule.total == total
            assert schedule.warm_up == 1 <= schedule.finish <= 3
            whole = total * 1000
            taken = schedule.total_steps(1000, schedule.budget, batch_size=1)
            assert 0.85 * steps * whole - 1000 < taken <= steps * whole


@pytest.mark.parametrize(
    ("total", "steps", "message"),
    [
        (2, 0.5, "total=2"),
        (60, 1.0, "steps=1.0"),
        (60, 0.0, "steps=0.0"),
        (60, 0.01, "60 epochs leaves no rows .* 3 are on all rows: give more steps or more epochs"),
    ],
)
def test_bad_reduced_schedules(total: int, steps: float, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Schedule.reduced(total, steps)


def test_a_reduced_schedule_brings_a_budget_and_a_way_to_draw() -> None:
    trainer = trained(schedule=Schedule.reduced(8), budget=None)
    assert trainer.redraw == "gradients"
    # 90 rows, and 33 % of them where two of eight epochs are on all
    assert [epoch["rows"] for epoch in trainer.history_] == [90] + [29] * 6 + [90]
    own = trained(schedule=Schedule.reduced(8), budget=20, redraw="uniform")
    assert own.redraw == "uniform"
    assert own.history_[1]["rows"] == 20


def test_images_have_a_least_size() -> None:
    assert cnn(4, 4, 2)(torch.zeros(1, 1, 4, 4)).shape == (1, 2)
    with pytest.raises(ParameterError, match="3 x 9"):
        cnn(3, 9, 2)
