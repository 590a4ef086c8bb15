"""Algorithm 2 in Lightning, on scikit-learn's digits.

The module is an ordinary one whose training step multiplies each row's loss by its weight. The
callback `Reselect` chooses a tenth of the rows by the gradients of the network and renews the
choice from time to time; its loader passes the rows to the trainer.

Run: python examples/deep_lightning.py     (needs: pip install "coresift[lightning]")

Prints the test accuracy and the number of rows that training processed, for coresets, for uniform
samples redrawn on the same schedule, and for all rows.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningModule, Trainer
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import TensorDataset

from coresift.torch import Schedule, cnn, weighted_loss
from coresift.torch.lightning import Reselect

SCHEDULE = Schedule(warm_up=5, epochs=10, rounds=4)
BUDGET, BATCH_SIZE = 0.1, 32


class Digits(LightningModule):
    """A network that learns from weighted rows."""

    def __init__(self) -> None:
        super().__init__()
        self.model = cnn(8, 8, n_classes=10)
        self.rows_seen = 0

    def forward(self, x: Any) -> Any:
        """Return an output for each digit."""
        return self.model(x)

    def training_step(self, batch: Any, _: int) -> Any:
        """Return the weighted loss of a batch of the callback's loader."""
        x, y, weights = batch
        self.rows_seen += len(x)
        return weighted_loss(self(x), y, weights)

    def configure_optimizers(self) -> Any:
        """Return the paper's optimizer with a higher rate."""
        return torch.optim.SGD(self.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)


def digits() -> list[torch.Tensor]:
    """Return training images, test images, training labels and test labels."""
    X, y = load_digits(return_X_y=True)
    images = (X / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    parts = train_test_split(images, y, test_size=0.25, stratify=y, random_state=0)
    return [torch.from_numpy(part) for part in parts]


def train(data: TensorDataset, method: str, schedule: Schedule) -> Digits:
    """Return the module after all epochs of the schedule."""
    torch.manual_seed(0)
    module = Digits()
    reselect = Reselect(data, method, budget=BUDGET, schedule=schedule, batch_size=BATCH_SIZE)
    trainer = Trainer(
        max_epochs=SCHEDULE.total,
        callbacks=[reselect],
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
    )
    trainer.fit(module, reselect.loader())
    return module


def main() -> None:
    """Train in three ways and print how they do."""
    torch.set_num_threads(1)  # batches this small are not worth sharing between processors
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    X_train, X_test, y_train, y_test = digits()
    training = TensorDataset(X_train, y_train)
    print(f"{len(training)} training rows, budget {BUDGET:.0%}, {SCHEDULE.total} epochs")
    everything = Schedule(warm_up=SCHEDULE.total)  # a warm-up that never ends
    for name, method, schedule in (
        ("coreset", "fastcore", SCHEDULE),
        ("uniform", "uniform", SCHEDULE),
        ("full", "uniform", everything),
    ):
        module = train(training, method, schedule).eval()
        with torch.no_grad():
            right = (module(X_test).argmax(dim=1) == y_test).float().mean()
        print(f"{name}: test accuracy {right:.3f}, {module.rows_seen} rows seen")


if __name__ == "__main__":
    main()
