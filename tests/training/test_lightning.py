"""The callback of Lightning: the run of CoresetTrainer, its checkpoints, its errors."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: pip install coresift[torch]")
pytest.importorskip("lightning", reason="not installed: pip install coresift[lightning]")

from lightning.pytorch import LightningModule, Trainer  # noqa: E402
from lightning.pytorch.callbacks import Callback, ModelCheckpoint  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from coresift import CoresiftError, DataError, LabelError, ParameterError  # noqa: E402
from coresift.torch import CoresetTrainer, Schedule, weighted_loss  # noqa: E402
from coresift.torch.lightning import Reselect  # noqa: E402
from networks import Fading, Named, Rows, blobs, small  # noqa: E402

SHORT = Schedule(warm_up=2, epochs=3, rounds=2)
# It counts the processors and recommends processes for the validation rows.
pytestmark = pytest.mark.filterwarnings("ignore:.*does not have many workers:UserWarning")


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    """Batches this small are not worth sharing between processors."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Module(LightningModule):
    def __init__(self, model: Any = None) -> None:
        super().__init__()
        self.model = small() if model is None else model
        self.seen: list[list[Any]] = []  # for each epoch its weights, batch by batch

    def forward(self, x: Any) -> Any:
        return self.model(x)

    def on_train_epoch_start(self) -> None:
        self.seen.append([])

    def training_step(self, batch: Any, _: int) -> Any:
        x, y, weights = batch
        self.seen[-1].append(weights)
        return weighted_loss(self(x), y, weights)

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, SHORT.total)
        return {"optimizer": optimizer, "lr_scheduler": schedule}


class Validated(Module):
    def validation_step(self, batch: Any, _: int) -> None:
        self.log("loss", torch.nn.functional.cross_entropy(self(batch[0]), batch[1]))

    def val_dataloader(self) -> Any:
        return DataLoader(blobs(30), 10)


def quiet(folder: Path, callbacks: Any = (), **changed: Any) -> Trainer:
    options = {"max_epochs": SHORT.total, "enable_checkpointing": False, **changed}
    return Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
        default_root_dir=folder, callbacks=list(callbacks), **options,
    )  # fmt: skip


def chooser(data: Any = None, **changed: Any) -> Reselect:
    arguments = {"budget": 20, "schedule": SHORT, "batch_size": 8, **changed}
    return Reselect(blobs(90) if data is None else data, **arguments)


def fitted(
    folder: Path, module: Any = None, callbacks: Any = (), trainer: Any = None, **changed: Any
) -> tuple[Module, Reselect]:
    module = Module() if module is None else module
    reselect = chooser(**changed)
    quiet(folder, [reselect, *callbacks], **(trainer or {})).fit(module, reselect.loader())
    return module, reselect


def same(left: Any, right: Any) -> bool:
    other = right.state_dict()
    return all(torch.equal(value, other[name]) for name, value in left.state_dict().items())


def without_seconds(selections: Any) -> Any:
    return [(choice["epoch"], choice["loss"]) for choice in selections]


def test_it_trains_on_all_rows_and_then_on_coresets(tmp_path: Path) -> None:
    batches = []

    class Counts(Callback):
        def on_train_epoch_start(self, trainer: Any, _: Any) -> None:
            batches.append(
                (trainer.num_training_batches, trainer.reload_dataloaders_every_n_epochs)
            )

    module, reselect = fitted(tmp_path, callbacks=[Counts()])
    weights = [torch.cat(epoch) for epoch in module.seen]
    assert [len(epoch) for epoch in weights] == [90] * 2 + [20] * 6
    assert [len(epoch) for epoch in module.seen] == [12] * 2 + [3] * 6
    assert batches == [(12, 0)] * 2 + [(3, 0)] * 6
    assert all((epoch == 1).all() for epoch in weights[:2])
    assert [choice["epoch"] for choice in reselect.selections_] == [2, 5]
    assert reselect.coreset_ is not None
    shares = reselect.coreset_.weights / reselect.coreset_.weights.mean()
    np.testing.assert_allclose(np.sort(weights[-1].numpy()), np.sort(shares), rtol=1e-6)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"selector": "uniform"},
        {"selector": "glister"},
        {"redraw": "gradients"},
        {"redraw": "losses"},
        {"redraw": "members"},
        {"redraw": "gradients", "schedule": Schedule(1, 2, 2, finish=3)},
        {"schedule": Schedule(1, 2, 2, finish=3)},
        {"redraw": "uniform"},
        {"schedule": Schedule.reduced(SHORT.total), "budget": None},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", [Rows, None])
def test_the_run_is_that_of_coreset_trainer(tmp_path: Path, chosen: Any, kind: Any) -> None:
    data = blobs(90) if kind is None else kind(blobs(90))
    options = {"schedule": SHORT, "budget": 20, **chosen}
    trainer = CoresetTrainer(small(), batch_size=8, seed=4, **options).fit(data)
    module, reselect = fitted(tmp_path, data=data, seed=4, **chosen)
    assert same(module.model, trainer.model)  # with dropout
    np.testing.assert_array_equal(reselect.coreset_.row_ids, trainer.coreset_.row_ids)
    np.testing.assert_array_equal(reselect.coreset_.weights, trainer.coreset_.weights)
    assert without_seconds(reselect.selections_) == without_seconds(trainer.selections_)


def test_the_seed_decides_and_the_random_state_of_torch_does_not(tmp_path: Path) -> None:
    found = []
    for seed, disturbance in ((1, 0), (1, 7), (2, 0)):
        module = Module()
        torch.manual_seed(disturbance)
        before = torch.get_rng_state()
        found.append(fitted(tmp_path, module, seed=seed)[0])
        assert torch.equal(torch.get_rng_state(), before)
    assert same(found[0], found[1])
    assert not same(found[0], found[2])


@pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`:UserWarning")
@pytest.mark.parametrize(
    ("stop", "monitored", "redraw"),
    [(stop, monitored, None) for stop in (1, 2, 4, 5, 7) for monitored in (False, True)]
    + [(4, False, "gradients")],
)
def test_a_resumed_run_is_an_uninterrupted_one(
    tmp_path: Path, stop: int, monitored: bool, redraw: Any
) -> None:
    expected, whole = fitted(tmp_path, Validated(), redraw=redraw)
    saver = ModelCheckpoint(
        tmp_path, filename="{epoch}", save_top_k=-1, monitor="loss" if monitored else None
    )
    fitted(tmp_path, Validated(), [saver], {"enable_checkpointing": True}, redraw=redraw)
    torch.manual_seed(99)
    module, reselect = Validated(small(seed=5)), chooser(redraw=redraw)
    quiet(tmp_path, [reselect]).fit(
        module, reselect.loader(), ckpt_path=tmp_path / f"epoch={stop - 1}.ckpt"
    )
    assert [sum(map(len, epoch)) for epoch in module.seen] == ([90] * 2 + [20] * 6)[stop:]
    assert same(module, expected)
    assert [choice["epoch"] for choice in reselect.selections_] == [2, 5]
    assert without_seconds(reselect.selections_) == without_seconds(whole.selections_)
    np.testing.assert_array_equal(reselect.coreset_.row_ids, whole.coreset_.row_ids)
    np.testing.assert_array_equal(reselect.coreset_.weights, whole.coreset_.weights)


@pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`:UserWarning")
@pytest.mark.parametrize("redraw", [None, "gradients"])
@pytest.mark.parametrize("step", [5, 14, 20, 30])
def test_a_run_goes_on_within_an_epoch(tmp_path: Path, step: int, redraw: Any) -> None:
    schedule = {"schedule": Schedule(1, 2, 2, finish=2), "redraw": redraw}  # 12, 4 times 3, 12, 12
    saver = ModelCheckpoint(tmp_path, filename="{step}", save_top_k=-1, every_n_train_steps=1)
    options = {"enable_checkpointing": True, "max_epochs": 7}
    expected, _ = fitted(tmp_path, callbacks=[saver], trainer=options, **schedule)
    torch.manual_seed(99)
    module, reselect = Module(small(seed=5)), chooser(**schedule)
    module.seen.append([])
    trainer = quiet(tmp_path, [reselect], max_epochs=7)
    trainer.fit(module, reselect.loader(), ckpt_path=tmp_path / f"step={step}.ckpt")
    assert sum(map(len, module.seen)) == 48 - step
    assert same(module, expected)


@pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`:UserWarning")
def test_a_run_that_ended_can_go_on_for_longer(tmp_path: Path) -> None:
    saver = ModelCheckpoint(tmp_path, filename="last")
    _, reselect = fitted(
        tmp_path, callbacks=[saver], trainer={"max_epochs": 2, "enable_checkpointing": True}
    )
    assert reselect.selections_ == []  # nothing would be trained on it
    module, reselect = Module(small(seed=5)), chooser()
    trainer = quiet(tmp_path, [reselect])
    trainer.fit(module, reselect.loader(), ckpt_path=tmp_path / "last.ckpt")
    assert same(module, fitted(tmp_path)[0])
    assert trainer.num_training_batches == 3


def test_without_warm_up_the_first_epoch_has_a_coreset(tmp_path: Path) -> None:
    module, reselect = fitted(tmp_path, schedule=Schedule(0, 4, 2))
    assert [len(epoch) for epoch in module.seen] == [3] * 8
    assert [choice["epoch"] for choice in reselect.selections_] == [0, 4]


def test_a_second_fit_begins_anew(tmp_path: Path) -> None:
    reselect = chooser()
    for _ in range(2):
        module = Module()
        quiet(tmp_path, [reselect]).fit(module, reselect.loader())
        assert [len(epoch) for epoch in module.seen] == [12] * 2 + [3] * 6
    assert same(module, fitted(tmp_path)[0])


def test_a_trainer_that_stops_behind_a_choice_is_as_before(tmp_path: Path) -> None:
    class Stops(Callback):
        def on_train_epoch_end(self, trainer: Any, _: Any) -> None:
            trainer.should_stop = trainer.current_epoch == 1

    reselect = chooser()
    trainer = quiet(tmp_path, [reselect, Stops()])
    trainer.fit(Module(), reselect.loader())
    assert [choice["epoch"] for choice in reselect.selections_] == [2]
    assert trainer.reload_dataloaders_every_n_epochs == 0


def test_a_module_can_return_the_loader(tmp_path: Path) -> None:
    reselect = chooser()

    class Own(Module):
        def train_dataloader(self) -> Any:
            return reselect.loader()

    module = Own()
    quiet(tmp_path, [reselect]).fit(module)
    assert same(module, fitted(tmp_path)[0])


@pytest.mark.parametrize("precision", ["bf16-mixed", "bf16-true", "64-true"])
def test_gradients_have_the_precision_of_the_trainer(tmp_path: Path, precision: str) -> None:
    _, reselect = fitted(tmp_path, trainer={"precision": precision})
    _, exact = fitted(tmp_path)
    found, expected = (run.selections_[0]["loss"] for run in (reselect, exact))
    assert 0 < abs(found - expected) < (1e-6 if precision == "64-true" else 0.05)
    assert torch.get_default_dtype() == torch.float32


def test_an_error_leaves_the_random_state(tmp_path: Path) -> None:
    class Fails(Module):
        def training_step(self, batch: Any, _: int) -> Any:
            raise RuntimeError("no step")

    module = Fails()
    before = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="no step"):
        fitted(tmp_path, module)
    assert torch.equal(torch.get_rng_state(), before)


X, y = blobs(90).tensors
BAD: list[tuple[dict[str, Any], type[CoresiftError], str]] = [
    ({"batch_size": 21}, ParameterError, "coreset of 20 rows .* batch_size=21"),
    ({"batch_size": 0}, ParameterError, "batch_size=0"),
    ({"data": iter(blobs(9))}, DataError, "has no length"),
    ({"data": TensorDataset(X, y * 0)}, LabelError, "1 class"),
    ({"data": TensorDataset(X, y + 1)}, LabelError, "label 3 of row 2 is outside the 3 outputs"),
    ({"data": TensorDataset(X * torch.nan, y)}, ParameterError, "loss of row 0 is nan"),
]


@pytest.mark.parametrize(("changed", "kind", "message"), BAD)
def test_bad_input(tmp_path: Path, changed: Any, kind: Any, message: str) -> None:
    module = Module()
    with pytest.raises(kind, match=message):
        fitted(tmp_path, module, **changed)
    assert module.seen == []  # before the first epoch


def test_rows_that_go_between_epochs_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="had 90 rows when training began, and has 89 now"):
        fitted(tmp_path, data=Fading(blobs(90), after=100))


def test_another_loader_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"trainer\.fit\(module, reselect\.loader\(\)\)"):
        quiet(tmp_path, [chooser()]).fit(Module(), chooser().loader())


class OneCycle(Module):
    """A rate that is to come down where training ends."""

    def __init__(self, steps: Any) -> None:
        super().__init__()
        self.steps = steps

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.01)
        cycle = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 0.1, total_steps=self.steps(self.trainer)
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": cycle, "interval": "step"},
        }


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"accumulate_grad_batches": 3},
        {"max_epochs": 4},
        {"max_steps": 45},
        {"limit_train_batches": 5},
        {"limit_train_batches": 0.5},
    ],
)
def test_a_schedule_of_the_rate_ends_where_training_ends(tmp_path: Path, changed: Any) -> None:
    reselect = chooser(blobs(320), budget=0.1, schedule=Schedule(2, 2, 2), batch_size=16)
    module = OneCycle(reselect.total_steps)
    trainer = quiet(tmp_path, [reselect], **{"max_epochs": 6, **changed})
    trainer.fit(module, reselect.loader())
    assert trainer.global_step == reselect.total_steps(trainer)
    cycle = trainer.lr_scheduler_configs[0].scheduler
    assert cycle.last_epoch == cycle.total_steps
    if not changed:
        assert trainer.global_step == reselect.total_steps() == 48


@pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")  # pytest.warns names no module
def test_a_rate_that_would_not_come_down_is_told(tmp_path: Path) -> None:
    reselect = chooser(blobs(320), budget=0.1, schedule=Schedule(2, 2, 2), batch_size=16)
    module = OneCycle(lambda trainer: trainer.estimated_stepping_batches)
    with pytest.warns(UserWarning, match="OneCycleLR is made for 120 steps, and training takes 48"):
        quiet(tmp_path, [reselect], max_epochs=6).fit(module, reselect.loader())


def test_training_without_end_has_no_steps(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"max_epochs=-1: .*max_epochs=8"):
        chooser().total_steps(quiet(tmp_path, max_epochs=-1))


def test_a_validation_that_no_coreset_would_reach_is_told_first(tmp_path: Path) -> None:
    module = Validated()
    with pytest.raises(ParameterError, match="val_check_interval=4 is more than the 3 batches"):
        fitted(tmp_path, module, trainer={"val_check_interval": 4})
    assert module.seen == []
    fitted(tmp_path, module, trainer={"val_check_interval": 3})
    assert len(module.seen) == SHORT.total


def test_a_model_in_parts_is_told_first() -> None:
    class FSDPStrategy:
        pass

    trainer = SimpleNamespace(strategy=FSDPStrategy())
    with pytest.raises(ParameterError, match=r"FSDPStrategy keeps a part .* strategy='ddp'"):
        chooser().on_fit_start(trainer, Module())


def test_labels_that_are_text_are_told_first(tmp_path: Path) -> None:
    module = Module()
    with pytest.raises(LabelError, match=r"'class 0' \(str\).*LabelEncoder"):
        fitted(tmp_path, module, data=Named(blobs(90)))
    assert module.seen == []


def test_a_checkpoint_of_other_data_is_refused() -> None:
    with pytest.raises(ParameterError, match="data set of 90 rows in place of 60"):
        chooser(blobs(60)).load_state_dict(chooser().state_dict())


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _fit_in_a_group(rank: int, port: int, folder: str) -> None:
    torch.set_num_threads(1)
    os.environ.update(
        MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), WORLD_SIZE="2", RANK=str(rank),
        LOCAL_RANK=str(rank), NODE_RANK="0",
    )  # fmt: skip
    group = {"devices": 2, "strategy": "ddp"}
    module, reselect = fitted(Path(folder), Module(plain()), trainer=group, batch_size=5)
    np.savez(
        Path(folder) / f"{rank}.npz",
        rows=reselect.coreset_.row_ids,
        counts=[sum(map(len, epoch)) for epoch in module.seen],
        weight=module.model[2].weight.detach().numpy(),
    )
    torch.distributed.destroy_process_group()


def plain() -> Any:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.ReLU(), torch.nn.Linear(6, 3))


@pytest.mark.slow
@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without processes")
def test_processes_train_on_their_shares_of_one_coreset(tmp_path: Path) -> None:
    # Where the system has forks, both come from one process that has imported everything.
    processes = torch.multiprocessing
    processes.set_forkserver_preload(["lightning.pytorch", "coresift.torch.lightning"])
    method = "forkserver" if "forkserver" in processes.get_all_start_methods() else "spawn"
    arguments = (_free_port(), str(tmp_path))
    processes.start_processes(_fit_in_a_group, arguments, nprocs=2, start_method=method)
    first, second = (np.load(tmp_path / f"{rank}.npz") for rank in (0, 1))
    np.testing.assert_array_equal(first["rows"], second["rows"])
    np.testing.assert_array_equal(first["weight"], second["weight"])
    assert first["counts"].tolist() == second["counts"].tolist() == [45] * 2 + [10] * 6
    # Two processes with batches of 5 make the steps of one with batches of 10.
    alone, reselect = fitted(tmp_path, Module(plain()), batch_size=10)
    np.testing.assert_array_equal(reselect.coreset_.row_ids, first["rows"])
    np.testing.assert_allclose(
        alone.model[2].weight.detach().numpy(), first["weight"], rtol=1e-3, atol=1e-5
    )
