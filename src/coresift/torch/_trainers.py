"""What a Lightning trainer is asked before the first epoch."""

from __future__ import annotations

import math
import warnings
from typing import Any

from coresift._errors import ParameterError
from coresift.torch._schedule import Schedule, n_batches


def steps_of(schedule: Schedule, rows: tuple[int, int], batch_size: int, trainer: Any) -> int:
    """Return how many steps an optimizer takes under a trainer.

    Parameters
    ----------
    schedule : Schedule
    rows : tuple of int
        Of an epoch on all rows, and of one on a coreset.
    batch_size : int
    trainer : Trainer or None

    Raises
    ------
    ParameterError
        For a trainer without a last epoch.
    """
    epochs = schedule.total if trainer is None else trainer.max_epochs
    if epochs is None or epochs < 0:
        raise ParameterError(
            f"max_epochs={epochs}: training has no end that steps could be counted to: ask the "
            f"trainer for max_epochs={schedule.total}"
        )
    whole, some = (_steps_an_epoch(amount, batch_size, trainer) for amount in rows)
    on_all = min(schedule.warm_up, epochs)
    steps = on_all * whole + (epochs - on_all) * some
    most = -1 if trainer is None else trainer.max_steps
    return steps if most == -1 else min(steps, int(most))


def _steps_an_epoch(n_rows: int, batch_size: int, trainer: Any) -> int:
    if trainer is None:
        return n_batches(n_rows, batch_size)
    batches = _limited(n_batches(-(-n_rows // trainer.world_size), batch_size), trainer)
    return int(-(-batches // trainer.accumulate_grad_batches))


def _limited(batches: int, trainer: Any) -> int:
    """Return how many of the batches of an epoch the trainer takes."""
    limit = trainer.limit_train_batches
    if limit is None:
        return batches
    return min(batches, limit) if isinstance(limit, int) else int(batches * limit)


def check_trainer(trainer: Any, n_chosen: int, batch_size: int) -> None:
    """Refuse what would stop the training, or wait for ever, once a coreset is chosen.

    Raises
    ------
    ParameterError
    """
    name = type(trainer.strategy).__name__
    if any(word in name for word in ("FSDP", "DeepSpeed", "ModelParallel")):
        raise ParameterError(
            f"the trainer's {name} keeps a part of the model in each process, where the first one "
            "chooses with the whole model: use strategy='ddp', or one device"
        )
    every = trainer.val_check_interval
    batches = _limited(n_batches(-(-n_chosen // trainer.world_size), batch_size), trainer)
    checks = trainer.check_val_every_n_epoch is not None and _validates(trainer)
    if isinstance(every, int) and checks and every > batches:
        raise ParameterError(
            f"val_check_interval={every} is more than the {batches} batches of an epoch on a "
            f"coreset: give at most {batches}, a fraction, or check_val_every_n_epoch=None to "
            "count batches across epochs"
        )


def _validates(trainer: Any) -> bool:
    return bool(trainer.enable_validation) and trainer.limit_val_batches > 0


def tell_of_schedules(trainer: Any, steps: int) -> None:
    """Warn of a schedule of the learning rate that ends where training does not."""
    for config in trainer.lr_scheduler_configs:
        if config.interval != "step" or trainer.global_rank != 0:
            continue
        found = getattr(config.scheduler, "total_steps", None)
        wanted = math.ceil(steps / config.frequency)
        if found is not None and found != wanted:
            warnings.warn(
                f"{type(config.scheduler).__name__} is made for {found} steps, and training takes "
                f"{wanted}: give total_steps=reselect.total_steps(self.trainer), since epochs on a "
                "coreset have fewer batches than the first",
                UserWarning,
                stacklevel=2,
            )
