"""Algorithm 2 inside a Lightning trainer: the callback `Reselect` and the loader that it fills."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from coresift._errors import MissingDependencyError, ParameterError
from coresift.core.budget import resolve_budget
from coresift.core.coreset import Coreset
from coresift.core.draws import Draws
from coresift.core.parameters import check_range
from coresift.selectors import BaseSelector
from coresift.torch._descent import import_torch
from coresift.torch._schedule import Schedule, selection_seed, training_seed

torch = import_torch()
try:
    from lightning.pytorch import Callback
except ModuleNotFoundError:
    try:  # the same under its other name
        from pytorch_lightning import Callback
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "coresift.torch.lightning needs lightning, which is not installed: run "
            'pip install "coresift[lightning]"'
        ) from error

from coresift.torch._distributed import on_first  # noqa: E402  (these import torch)
from coresift.torch._draws import (  # noqa: E402
    LOOKING,
    check_redraw,
    coreset_at,
    draw_with_facts,
    draws_of,
    subset_of,
    tensors_of_draws,
)
from coresift.torch._gradients import N_COMPONENTS, Forward, default_forward  # noqa: E402
from coresift.torch._loading import Batches, check_unchanged, make_loader, n_rows_of  # noqa: E402
from coresift.torch._losses import Loss  # noqa: E402
from coresift.torch._reselect import (  # noqa: E402
    check_ahead,
    check_batch,
    coreset_of,
    facts_of,
    reselect,
    resolve_selector,
    tensors_of,
)
from coresift.torch._subset import CoresetSampler, WeightedSubset  # noqa: E402
from coresift.torch._trainers import check_trainer, steps_of, tell_of_schedules  # noqa: E402


class Reselect(Callback):  # type: ignore[misc]
    """Let a Lightning trainer train on coresets that are chosen anew (Algorithm 2).

    Give the trainer the callback, and the callback's loader as training data. The loader gives
    batches (x, ..., y, weight): of all rows, with weights of 1, in the epochs of the warm-up, and
    of the coreset from then on. The module's ``training_step`` multiplies each row's loss by its
    weight, for instance with `weighted_loss`.

    Parameters
    ----------
    dataset : Dataset
        Map-style; all training rows.
    selector : str or selector, default="fastcore"
        As for `reselect`.
    budget : float or int or None, default=None
        None takes the schedule's, or keeps the selector's own.
    schedule : Schedule, default=Schedule()
        When a coreset is chosen; as for `CoresetTrainer`. The trainer decides when to stop: ask it
        for ``max_epochs=schedule.total``. Later epochs keep the last coreset.
    redraw : {"gradients", "losses", "members", "uniform"} or None, default=None
        As for `CoresetTrainer`: None keeps a coreset until the next, the others draw other rows in
        each epoch.
    batch_size : int, default=128
        Of one process.
    loss, layer, wrt, n_components
        As for `reselect`, for the choice; what the module trains with is its own.
    forward : callable
        ``forward(module, batch)`` returns (outputs, targets) of a batch without weights; unless
        given, ``module(*inputs)`` and the last part of the batch.
    seed : int, default=0
        As for `CoresetTrainer`: it decides the coresets, the order of the rows, and every random
        number of torch in an epoch.
    num_workers : int, default=0
        Processes that load rows; not used for a `TensorDataset`.

    Attributes
    ----------
    coreset_ : Coreset or None
        The last.
    selections_ : list of dict
        As for `CoresetTrainer`.

    Raises
    ------
    DataError, BudgetError, ParameterError
        For a data set without length, and a coreset smaller than a batch. While fitting: as
        `reselect`, where the loader is not the training data, for a checkpoint of other data, a
        strategy that keeps a part of the model in each process, and where validation would begin
        behind the last batch of a coreset: all that before the first epoch.

    Notes
    -----
    With the same model, optimizer, schedule of the learning rate and seed, coresets and parameters
    are those of `CoresetTrainer`, bit for bit. Coreset and selections are part of the trainer's
    checkpoints: a run that goes on (``fit(ckpt_path=...)``) from the end of an epoch, or from
    within one before its last batch, is the run without a break. Within one, the random numbers of
    a GPU are not kept. torch's random state is seeded at the start of each epoch and put back at
    its end.

    Gradients are taken where the module is and in the trainer's precision. With more processes
    the first one selects and tells the others, and the loader gives each its share, whatever
    ``use_distributed_sampler`` says.

    Where a coreset was chosen, the trainer loads its data anew for the next epoch, so that its
    number of batches follows (``reload_dataloaders_every_n_epochs`` is 1 for that moment).

    ``trainer.estimated_stepping_batches`` takes every epoch to be as long as the first, on all
    rows. A schedule of the learning rate that is stepped with each batch needs `total_steps`; one
    that is made for another number of steps is told with a warning.

    With the packages ``lightning`` and ``pytorch_lightning`` both installed, it is a callback of
    ``lightning.pytorch``.

    Examples
    --------
    >>> import torch
    >>> from torch.utils.data import TensorDataset
    >>> from coresift.torch import Schedule
    >>> from coresift.torch.lightning import Reselect
    >>> data = TensorDataset(torch.randn(600, 5), torch.arange(600) % 2)
    >>> callback = Reselect(data, budget=60, schedule=Schedule(2, 2, 3), batch_size=20)
    >>> len(callback.loader())  # batches of an epoch, before a coreset is chosen
    30

    and then ``Trainer(max_epochs=8, callbacks=[callback]).fit(module, callback.loader())``.
    """

    def __init__(
        self,
        dataset: Any,
        selector: str | BaseSelector = "fastcore",
        *,
        budget: float | None = None,
        schedule: Schedule | None = None,
        redraw: str | None = None,
        batch_size: int = 128,
        loss: Loss | None = None,
        layer: str | Any = None,
        wrt: str = "weights",
        n_components: int = N_COMPONENTS,
        forward: Forward = default_forward,
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__()
        check_range("batch_size", batch_size)
        self.dataset, self.schedule = dataset, schedule or Schedule()
        budget = self.schedule.budget if budget is None else budget
        self.selector = resolve_selector(selector, budget)
        self.forward, self.seed, self.redraw = forward, seed, redraw or self.schedule.redraw
        check_redraw(self.redraw, self.selector)
        self._options: dict[str, Any] = {
            "loss": loss,
            "layer": layer,
            "wrt": wrt,
            "n_components": n_components,
            "num_workers": num_workers,
        }
        self._n_rows = n_rows_of(dataset)
        check_batch(self.selector, self._n_rows, batch_size)
        self._loader = _Loader(dataset, batch_size, seed, num_workers)
        self._reload: int | None = None  # what the trainer says about it, while it is overruled
        self._goes_on = False  # from a checkpoint
        self._random_state: Any = None  # of torch, before the epoch
        self._inside: Any = None  # of torch, where a checkpoint was written within an epoch
        self.coreset_: Coreset | None = None
        self._draws: Draws | None = None
        self.selections_: list[dict[str, Any]] = []

    def loader(self) -> _Loader:
        """Return the training data: for ``fit``, or for a module's ``train_dataloader``.

        It is the same object each time: batches of what was chosen last, in the order of the
        epoch.
        """
        return self._loader

    def total_steps(self, trainer: Any = None) -> int:
        """Return how many steps an optimizer takes, for a schedule of the learning rate.

        Parameters
        ----------
        trainer : Trainer or None, default=None
            Whose epochs, processes, accumulated batches and limits count; None is a trainer of
            one process for ``max_epochs=schedule.total``. In ``configure_optimizers`` it is
            ``self.trainer``.

        Raises
        ------
        ParameterError
            For a trainer without a last epoch.
        """
        n_rows = n_rows_of(self.dataset)
        rows = n_rows, resolve_budget(self.selector.budget, n_rows)
        return steps_of(self.schedule, rows, self._loader.batch_size, trainer)

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin anew, unless a checkpoint was loaded; choose where there is no warm-up."""
        if not self._goes_on:
            self.coreset_, self._draws, self.selections_ = None, None, []
            self._loader.begin()
        self._goes_on = False
        n_rows = n_rows_of(self.dataset)
        check_trainer(
            trainer, resolve_budget(self.selector.budget, n_rows), self._loader.batch_size
        )
        if trainer.max_epochs != -1:
            tell_of_schedules(trainer, self.total_steps(trainer))
        if not self.selections_:
            on_first(lambda: self._check(trainer, pl_module))
        if self.schedule.selects_at(0) and not self.selections_:
            self._select(trainer, pl_module, 0)

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Look for the loader, and choose what an earlier run had left to choose."""
        if not any(found is self._loader for found in _parts_of(trainer.train_dataloader)):
            raise ParameterError(
                "the training data is not the loader of Reselect, so that no coreset would be "
                "trained on: call trainer.fit(module, reselect.loader()), or return it from "
                "train_dataloader"
            )
        self._select_if_due(trainer, pl_module, trainer.current_epoch)
        self._go_to(trainer.current_epoch)
        if self._inside is not None:  # Lightning does not start an epoch that it goes on with
            self._random_state = torch.get_rng_state(), _cuda_state(pl_module.device)
            self._loader.random, self._inside = self._inside, None

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Go to the rows of the epoch, their order, and its random numbers (lines 3, 8)."""
        self._go_to(trainer.current_epoch)
        self._put_back_reload(trainer)
        self._random_state = torch.get_rng_state(), _cuda_state(pl_module.device)
        torch.manual_seed(training_seed(self.seed, trainer.current_epoch))

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Choose the coreset of the epochs that follow (lines 4-6, 9-11)."""
        self._put_back_random_state(pl_module)
        self._loader.given = 0
        following = trainer.current_epoch + 1
        if following != trainer.max_epochs:
            self._select_if_due(trainer, pl_module, following)
            if self.schedule.finishes_at(following):
                self._go_to(following)
                self._reload_once(trainer)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Leave torch's random state and the trainer as they were."""
        self._put_back_random_state(pl_module)
        self._put_back_reload(trainer)

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """Leave the trainer as it was, where it stopped right behind a choice."""
        self._put_back_reload(trainer)

    def _go_to(self, epoch: int) -> None:
        check_unchanged(self.dataset, self._n_rows)
        self._loader.epoch = epoch
        if self.schedule.finishes_at(epoch):
            self._loader.rows = all_of(self.dataset)
        elif self._draws is not None:
            self.coreset_ = coreset_at(self._draws, epoch)
            self._loader.rows = subset_of(self._draws, self.dataset, epoch)

    def _put_back_reload(self, trainer: Any) -> None:
        if self._reload is not None:
            trainer.reload_dataloaders_every_n_epochs, self._reload = self._reload, None

    def _options_for(self, trainer: Any) -> dict[str, Any]:
        """Return the options of `reselect`, in the trainer's precision."""

        def forward(module: Any, batch: Any) -> Any:
            precision = trainer.precision_plugin
            with precision.forward_context():
                return self.forward(module, precision.convert_input(batch))

        options = dict(self._options)
        if self.forward is not default_forward or trainer.precision_plugin.precision != "32-true":
            options["forward"] = forward
        return options

    def _check(self, trainer: Any, pl_module: Any) -> None:
        """Tell before the warm-up what can be told."""
        options = self._options_for(trainer)
        check_ahead(pl_module, self.dataset, self.selector, redraw=self.redraw, **options)

    def _select_if_due(self, trainer: Any, pl_module: Any, epoch: int) -> None:
        done = self.selections_[-1]["epoch"] if self.selections_ else -1
        if any(map(self.schedule.selects_at, range(done + 1, epoch + 1))):
            self._select(trainer, pl_module, epoch)

    def _select(self, trainer: Any, pl_module: Any, epoch: int) -> None:
        seed = selection_seed(self.seed, epoch)
        options = self._options_for(trainer)
        if self.redraw is None:
            coreset = on_first(
                lambda: reselect(pl_module, self.dataset, self.selector, seed=seed, **options)
            )
            self.selections_.append(facts_of(coreset, epoch))
            self._keep(coreset)
        else:
            self._plan_draws(pl_module, epoch, seed, options)
        self._reload_once(trainer)

    def _reload_once(self, trainer: Any) -> None:
        """Let the trainer count the batches of the next epoch anew."""
        if self._reload is None:
            self._reload = trainer.reload_dataloaders_every_n_epochs
            trainer.reload_dataloaders_every_n_epochs = 1

    def _plan_draws(self, module: Any, epoch: int, seed: int, options: dict[str, Any]) -> None:
        own = {name: options[name] for name in LOOKING if name in options}
        self._draws, facts = on_first(
            lambda: draw_with_facts(
                module,
                self.dataset,
                self.selector,
                self.redraw,  # type: ignore[arg-type]
                seed=seed,
                **own,
            )
        )
        self.selections_.append({"epoch": epoch, **facts})
        self._go_to(epoch)

    def _keep(self, coreset: Coreset) -> None:
        self.coreset_ = coreset
        self._loader.rows = WeightedSubset(self.dataset, coreset.row_ids, coreset.weights)

    def _put_back_random_state(self, pl_module: Any) -> None:
        if self._random_state is None:
            return
        (state, cuda), self._random_state = self._random_state, None
        torch.set_rng_state(state)
        if cuda is not None:
            torch.cuda.set_rng_state(cuda, pl_module.device)

    def state_dict(self) -> dict[str, Any]:
        """Return the coreset and the selections so far, for a checkpoint."""
        return {
            "n_rows": len(self.dataset),
            "coreset": tensors_of(self.coreset_),
            "draws": tensors_of_draws(self._draws),
            "selections": [*self.selections_],
            "epoch": self._loader.epoch,
            "random": None if self._random_state is None else torch.get_rng_state(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint.

        Raises
        ------
        ParameterError
            Where it is of a data set with another number of rows.
        """
        if state_dict["n_rows"] != len(self.dataset):
            raise ParameterError(
                f"the checkpoint is of a data set of {state_dict['n_rows']} rows in place of "
                f"{len(self.dataset)}, so that its coreset means other rows: give that data set"
            )
        self._goes_on = True
        self.selections_ = [*state_dict["selections"]]
        kept = coreset_of(state_dict["coreset"])
        if kept is not None:
            self._keep(kept)
        self._draws = draws_of(state_dict.get("draws"))
        self._inside = state_dict.get("random")
        if self.schedule.finishes_at(state_dict.get("epoch", 0)):
            self._loader.rows = all_of(self.dataset)  # Lightning counts batches before it starts


class _Loader:
    """Batches of whatever rows the callback has put here, in the order of the epoch.

    No `DataLoader`: Lightning would put a sampler of its own around the order where there are
    more processes, and each would see a share of its share.
    """

    def __init__(self, dataset: Any, batch_size: int, seed: int, num_workers: int) -> None:
        self._dataset, self.batch_size = dataset, batch_size
        self._seed, self._num_workers = seed, num_workers
        self.begin()

    def begin(self) -> None:
        """Go back to all rows."""
        self.rows = all_of(self._dataset)
        self.epoch = self.given = self.resumes_behind = 0
        self.random: Any = None  # state of torch behind the batches that are left out

    def _order(self) -> CoresetSampler:
        sampler = CoresetSampler(self.rows, seed=self._seed)
        sampler.set_epoch(self.epoch)
        return sampler

    def __len__(self) -> int:
        return len(Batches(self._order(), self.batch_size))

    def __iter__(self) -> Iterator[Any]:
        # As a generator: Lightning asks for an iterator before the epoch has begun.
        skipped, self.resumes_behind, self.given = self.resumes_behind, 0, 0
        loader = make_loader(
            self.rows, self._order(), self.batch_size, self._num_workers, even=True
        )
        for self.given, batch in enumerate(loader, start=1):
            if self.given == skipped and self.random is not None:
                torch.set_rng_state(self.random)  # behind what a loader draws as it begins
                self.random = None
            if self.given > skipped:
                yield batch

    def state_dict(self) -> dict[str, int]:
        """Return how many batches of the epoch were trained on; Lightning asks between steps."""
        return {"given": self.given % len(self)}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Leave out the batches that were trained on before, once."""
        self.resumes_behind = state["given"]


def all_of(dataset: Any) -> WeightedSubset:
    """Return all rows, each with a weight of 1."""
    return WeightedSubset(dataset, np.arange(n_rows_of(dataset)))


def _parts_of(loaders: Any) -> Iterator[Any]:
    """Yield each loader of a collection, as Lightning takes them."""
    if isinstance(loaders, dict):
        loaders = list(loaders.values())
    if isinstance(loaders, (list, tuple)):
        for part in loaders:
            yield from _parts_of(part)
    else:
        yield loaders


def _cuda_state(device: Any) -> Any:
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else None
