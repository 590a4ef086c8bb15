"""Algorithm 2: train on everything for a while, then on coresets that follow the model."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

from coresift._errors import FormatError, ParameterError
from coresift._files import whole_file
from coresift._progress import Progress
from coresift.core.coreset import Coreset
from coresift.core.draws import Draws
from coresift.core.parameters import check_choice, check_range
from coresift.selectors import BaseSelector
from coresift.torch._distributed import added_up, is_first, on_first, unwrapped
from coresift.torch._draws import (
    LOOKING,
    check_redraw,
    coreset_at,
    draw_with_facts,
    draws_of,
    subset_of,
    tensors_of_draws,
)
from coresift.torch._gradients import (
    N_COMPONENTS,
    WRT,
    Forward,
    default_forward,
    move,
    precision,
)
from coresift.torch._loading import check_unchanged, make_loader, n_rows_of
from coresift.torch._losses import Loss, check_finite, check_labels, loss_of_rows
from coresift.torch._observe import modes_of, resolve_device, set_modes, undisturbed
from coresift.torch._reselect import (
    check_ahead,
    check_batch,
    coreset_of,
    facts_of,
    reselect,
    resolve_selector,
    tensors_of,
)
from coresift.torch._schedule import Schedule, selection_seed, training_seed
from coresift.torch._subset import CoresetSampler, WeightedSubset

_FORMAT = 1


def paper_optimizer(parameters: Any) -> torch.optim.Optimizer:
    """Return the optimizer of Section 8.4 and Appendix B.1: momentum 0.9, L2 1e-4, rate 0.01."""
    return torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=1e-4)


class CoresetTrainer:
    """Train a network on coresets that are chosen anew as training goes on (Algorithm 2).

    With ``redraw``, other rows are drawn in each epoch instead.

    Parameters
    ----------
    model : Module
        Trained in place.
    selector : str, selector or None, default="fastcore"
        As for `reselect`. None trains on all rows in every epoch.
    budget : float or int or None, default=None
        None takes the schedule's, or keeps the selector's own.
    schedule : Schedule, default=Schedule()
        20 epochs on all rows, then 20 on each of 10 coresets. ``Schedule.reduced(total)`` brings a
        budget and a way to draw of its own.
    redraw : {"gradients", "losses", "members", "uniform"} or None, default=None
        None is Algorithm 2: a coreset is kept until the next is chosen. Otherwise other rows are
        drawn for each epoch, as many, with weights that keep the gradient unbiased: see `draw`.
        Norms or losses of all rows are taken where the schedule would choose a coreset. But for
        "members", only the budget of ``selector`` counts then.
    loss : Module or callable, default=CrossEntropyLoss()
        Of outputs and targets; each row's loss is multiplied by its weight.
    optimizer : callable, default=SGD with momentum 0.9, L2 1e-4 and a learning rate of 0.01
        Makes an optimizer of parameters.
    scheduler : callable or None, default=CosineAnnealingLR
        Makes a scheduler, stepped once an epoch, of (optimizer, number of epochs); None is none.
    batch_size : int, default=128
    layer, wrt, n_components, forward, device, autocast
        As for `reselect`; forward, device and autocast hold for the training too.
    seed : int, default=0
        Decides the order of the rows and every random number of torch in training, epoch by
        epoch, and the selections; the model is as it comes.
    num_workers : int, default=0
        Processes that load rows; not used for a `TensorDataset`.
    checkpoint : path or None, default=None
        File that keeps the state after each epoch. `fit` goes on from it where it exists: the
        same run as one without a break.

    Attributes
    ----------
    coreset_ : Coreset or None
        The last; with ``redraw`` the rows of the last epoch.
    history_ : list of dict
        For each epoch: ``epoch`` (from 1), ``rows``, ``iterations`` so far, ``loss`` (weighted
        mean while training), ``seconds`` (of training so far) and, with ``watch``, ``watched``.
    selections_ : list of dict
        For each coreset: ``epoch``, ``loss`` (mean over all rows before it) and seconds of
        ``gradients`` and ``choose``.

    Notes
    -----
    Under ``torch.distributed`` the first process selects and tells the others; each trains on its
    share of the rows, and the first writes the checkpoint. Wrap the model in
    ``DistributedDataParallel`` before.

    Deviation: Algorithm 2 chooses once more after the last round (line 11); that coreset is never
    trained on, and is left out.

    Examples
    --------
    >>> import torch
    >>> from torch.utils.data import TensorDataset
    >>> from coresift.torch import CoresetTrainer, Schedule, mlp
    >>> _ = torch.manual_seed(0)
    >>> X = torch.randn(600, 5)
    >>> data = TensorDataset(X, (X[:, 0] > 0).long())
    >>> trainer = CoresetTrainer(
    ...     mlp(5, 2), budget=60, schedule=Schedule(2, 2, 3), batch_size=20, seed=0
    ... )
    >>> history = trainer.fit(data).history_
    >>> [epoch["rows"] for epoch in history]
    [600, 600, 60, 60, 60, 60, 60, 60]
    """

    def __init__(
        self,
        model: nn.Module,
        selector: str | BaseSelector | None = "fastcore",
        *,
        budget: float | None = None,
        schedule: Schedule | None = None,
        redraw: str | None = None,
        loss: Loss | None = None,
        optimizer: Callable[[Any], torch.optim.Optimizer] = paper_optimizer,
        scheduler: Callable[[Any, int], Any] | None = CosineAnnealingLR,
        batch_size: int = 128,
        layer: str | nn.Module | None = None,
        wrt: str = "weights",
        n_components: int = N_COMPONENTS,
        forward: Forward = default_forward,
        device: Any = None,
        autocast: torch.dtype | None = None,
        seed: int = 0,
        num_workers: int = 0,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> None:
        check_range("batch_size", batch_size)
        check_choice("wrt", wrt, WRT)
        self.schedule = schedule or Schedule()
        self.model, self.redraw = model, redraw or self.schedule.redraw
        check_redraw(self.redraw, selector)
        budget = self.schedule.budget if budget is None else budget
        self.selector = None if selector is None else resolve_selector(selector, budget)
        self.loss = loss or nn.CrossEntropyLoss()
        self.optimizer, self.scheduler = optimizer, scheduler
        self.batch_size, self.num_workers = batch_size, num_workers
        self.layer, self.wrt, self.forward = layer, wrt, forward
        self.n_components = n_components
        self.device, self.autocast, self.seed = device, autocast, seed
        self.checkpoint = None if checkpoint is None else Path(checkpoint)

    def fit(
        self,
        dataset: Any,
        *,
        watch: Callable[[nn.Module], float] | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Run the schedule, or what is left of it.

        Parameters
        ----------
        dataset : Dataset
            Map-style; items (x, ..., y) unless ``forward`` says otherwise.
        watch : callable or None, default=None
            Called with the model in evaluation mode after each epoch; its time is not counted.
        progress : callable or None, default=None
            Called with ("train", epochs done, epochs in all).

        Raises
        ------
        BudgetError, DataError, FormatError, LabelError, ParameterError
            As `reselect`, before the first epoch where the first rows or the labels of a
            `TensorDataset` tell; for a coreset smaller than a batch, a loss that is not finite,
            and a checkpoint of another run.
        """
        n_rows = n_rows_of(dataset)
        if self.selector is not None:
            check_batch(self.selector, n_rows, self.batch_size)
        if self.checkpoint is not None and not self.checkpoint.absolute().parent.is_dir():
            raise ParameterError(
                f"the folder of the checkpoint {str(self.checkpoint)!r} does not exist: create it"
            )
        modes = modes_of(self.model)
        if not self.model.training:
            self.model.train()  # a part that is in evaluation in a model that trains stays so
        try:
            self._run(dataset, n_rows, watch, progress)
        finally:
            set_modes(modes)
        return self

    def _run(
        self,
        dataset: Any,
        n_rows: int,
        watch: Callable[[nn.Module], float] | None,
        progress: Progress | None,
    ) -> None:
        place = resolve_device(self.device, self.model)
        run = _Run(self, n_rows, place)
        if self.selector is not None and run.epoch < self.schedule.total:
            check_ahead(
                unwrapped(self.model), dataset, self.selector, redraw=self.redraw, **run.options
            )
        for epoch in range(run.epoch, self.schedule.total):
            if progress is not None:
                progress("train", epoch, self.schedule.total)
            check_unchanged(dataset, n_rows)
            if self.selector is not None and self.schedule.selects_at(epoch):
                run.select(dataset, epoch)
            run.train(dataset, epoch, watch)
            run.save()
        if progress is not None:
            progress("train", self.schedule.total, self.schedule.total)
        self.coreset_, self.history_ = run.coreset, run.history
        self.selections_ = run.selections

    def facts(self, n_rows: int) -> dict[str, Any]:
        """Return what a checkpoint has to share with this trainer."""
        return {
            "format": _FORMAT,
            "selector": repr(self.selector),
            "schedule": repr(self.schedule),
            "redraw": self.redraw,
            "batch_size": self.batch_size,
            "layer": str(self.layer),
            "wrt": self.wrt,
            "n_components": self.n_components,
            "autocast": str(self.autocast),
            "seed": self.seed,
            "n_rows": n_rows,
            "loss": str(self.loss if isinstance(self.loss, nn.Module) else type(self.loss)),
        }


class _Run:
    """The state of a training: what a checkpoint holds, and the steps that change it."""

    def __init__(self, trainer: CoresetTrainer, n_rows: int, device: torch.device) -> None:
        self._trainer, self._device = trainer, device
        self._n_rows = n_rows
        trainer.model.to(device)
        self._optimizer = trainer.optimizer(trainer.model.parameters())
        steps = {"optimizer": _words(self._optimizer)}
        total = trainer.schedule.total
        self._scheduler = trainer.scheduler and trainer.scheduler(self._optimizer, total)
        steps["scheduler"] = type(self._scheduler).__name__
        self._facts = {**trainer.facts(n_rows), **steps}
        # Gradients of float16 are too small for it without a factor; other types pass through.
        self._scaler = torch.amp.GradScaler(device.type, enabled=trainer.autocast == torch.float16)
        self._each = loss_of_rows(trainer.loss)
        self.epoch, self.iterations, self.seconds = 0, 0, 0.0
        self.coreset: Coreset | None = None
        self.draws: Draws | None = None
        self.history: list[dict[str, Any]] = []
        self.selections: list[dict[str, Any]] = []
        self.options = {
            "loss": trainer.loss,
            "layer": trainer.layer,
            "wrt": trainer.wrt,
            "n_components": trainer.n_components,
            "forward": trainer.forward,
            "device": device,
            "autocast": trainer.autocast,
            "num_workers": trainer.num_workers,
        }
        # Read once for all: other processes may not see the file, or see a newer one.
        state = on_first(lambda: _read(trainer.checkpoint))
        if state is not None:
            self._restore(state)

    def select(self, dataset: Any, epoch: int) -> None:
        """Choose the coreset of the epochs that follow (lines 4-6, 9-11)."""
        trainer = self._trainer
        seed = selection_seed(trainer.seed, epoch)
        if trainer.redraw is not None:
            self._plan_draws(dataset, epoch, seed)
            return
        self.coreset = on_first(
            lambda: reselect(
                unwrapped(trainer.model),
                dataset,
                trainer.selector,  # type: ignore[arg-type]
                seed=seed,
                **self.options,
            )
        )
        self.selections.append(facts_of(self.coreset, epoch))

    def _plan_draws(self, dataset: Any, epoch: int, seed: int) -> None:
        trainer = self._trainer
        self.draws, facts = on_first(
            lambda: draw_with_facts(
                unwrapped(trainer.model),
                dataset,
                trainer.selector,  # type: ignore[arg-type]
                trainer.redraw,  # type: ignore[arg-type]
                seed=seed,
                **{name: self.options[name] for name in LOOKING},
            )
        )
        self.selections.append({"epoch": epoch, **facts})

    def _rows_of(self, dataset: Any, epoch: int) -> WeightedSubset:
        """Return what an epoch trains on."""
        if self._trainer.schedule.finishes_at(epoch):
            return WeightedSubset(dataset, np.arange(self._n_rows))
        if self.draws is not None:
            self.coreset = coreset_at(self.draws, epoch)
            return subset_of(self.draws, dataset, epoch)
        if self.coreset is not None:
            return WeightedSubset(dataset, self.coreset.row_ids, self.coreset.weights)
        return WeightedSubset(dataset, np.arange(self._n_rows))

    def train(self, dataset: Any, epoch: int, watch: Callable[[nn.Module], float] | None) -> None:
        """Train one epoch on the coreset, or on all rows while there is none (lines 3, 8)."""
        start = time.perf_counter()
        rows = self._rows_of(dataset, epoch)
        with _seeded(training_seed(self._trainer.seed, epoch)):
            loss = self._descend(rows, epoch)
        if self._scheduler is not None:
            self._scheduler.step()
        self.seconds += time.perf_counter() - start
        self.epoch = epoch + 1
        facts = {
            "epoch": self.epoch,
            "rows": len(rows),
            "iterations": self.iterations,
            "loss": loss,
            "seconds": self.seconds,
        }
        if watch is not None:
            with undisturbed(self._trainer.model):
                facts["watched"] = float(watch(self._trainer.model))
        self.history.append(facts)

    def _descend(self, rows: WeightedSubset, epoch: int) -> float:
        """Return the weighted mean loss of an epoch."""
        trainer, model = self._trainer, self._trainer.model
        sampler = CoresetSampler(rows, seed=trainer.seed)
        sampler.set_epoch(epoch)
        loader = make_loader(rows, sampler, trainer.batch_size, trainer.num_workers, even=True)
        done = torch.zeros(2, device=self._device)  # losses and rows
        for loaded in loader:
            *parts, weights = move(loaded, self._device)
            batch = parts if rows.is_of_tuples else parts[0]
            self._optimizer.zero_grad(set_to_none=True)
            with precision(self._device, trainer.autocast):
                outputs, targets = trainer.forward(model, batch)
                if epoch == 0:
                    check_labels(outputs, targets, None)
                loss = (self._each(outputs, targets) * weights).mean()
            self._scaler.scale(loss).backward()
            self._scaler.step(self._optimizer)
            self._scaler.update()
            done += torch.stack([loss.detach() * len(weights), loss.new_tensor(len(weights))])
            self.iterations += 1
        total, count = added_up(done)
        mean = total / count
        check_finite(mean[None], lambda _: f"epoch {epoch + 1}")
        return float(mean)

    def save(self) -> None:
        """Write the checkpoint: whole or not at all."""
        path = self._trainer.checkpoint
        if path is None or not is_first():
            return
        state = {
            "facts": self._facts,
            "epoch": self.epoch,
            "iterations": self.iterations,
            "seconds": self.seconds,
            "history": self.history,
            "selections": self.selections,
            "coreset": tensors_of(self.coreset),
            "draws": tensors_of_draws(self.draws),
            **{name: part.state_dict() for name, part in self._parts().items()},
        }
        try:
            with whole_file(path) as file:
                torch.save(state, file)
        except (OSError, RuntimeError) as error:  # torch says the latter where a disk is full
            raise FormatError(
                f"the checkpoint {str(path)!r} cannot be written ({' '.join(str(error).split())}); "
                "check the folder and the space in it"
            ) from error

    def _parts(self) -> dict[str, Any]:
        parts = {
            "model": unwrapped(self._trainer.model),
            "optimizer": self._optimizer,
            "scaler": self._scaler,
        }
        return parts if self._scheduler is None else {**parts, "scheduler": self._scheduler}

    def _restore(self, state: dict[str, Any]) -> None:
        found = state["facts"]
        odd = [name for name, value in self._facts.items() if found.get(name) != value]
        if odd:
            name = odd[0]
            raise ParameterError(
                f"the checkpoint {str(self._trainer.checkpoint)!r} is of another run, with {name} "
                f"{found.get(name)} in place of {self._facts[name]}: name another file, or remove "
                "it"
            )
        try:
            self._take_up(state)
        except Exception as error:  # what an edited file raises is of many types
            raise FormatError(
                f"the checkpoint {str(self._trainer.checkpoint)!r} is damaged "
                f"({' '.join(str(error).split())[:100]}): remove it, or name another file"
            ) from error

    def _take_up(self, state: dict[str, Any]) -> None:
        """Set what a checkpoint holds, or raise where it is not what was written."""
        for name, kind in _KINDS.items():
            if not isinstance(state[name], kind) or (kind is not list and state[name] < 0):
                raise ValueError(f"{name} is {state[name]!r}")
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        for name in _KINDS:
            setattr(self, name, state[name])
        self.coreset = coreset_of(state["coreset"])
        self.draws = draws_of(state.get("draws"))


_KINDS: dict[str, Any] = {
    "epoch": int,
    "iterations": int,
    "seconds": float,
    "history": list,
    "selections": list,
}


def _read(path: Path | None) -> dict[str, Any] | None:
    """Return what a checkpoint holds, on the CPU; None where there is none yet."""
    if path is None or not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        dict(state["facts"])
    except Exception as error:
        raise FormatError(
            f"{str(path)!r} is not a checkpoint of a CoresetTrainer: name another file"
        ) from error
    return state


def _words(optimizer: torch.optim.Optimizer) -> str:
    """Return the kind of an optimizer and its settings."""
    groups = [
        {name: value for name, value in group.items() if name != "params"}
        for group in optimizer.param_groups
    ]
    return f"{type(optimizer).__name__} {groups}"


@contextmanager
def _seeded(seed: int) -> Any:
    """Let torch draw from a seed for a while: dropout, loading processes, random crops."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield
