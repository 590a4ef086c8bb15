"""Algorithm 2 written out as a plain PyTorch loop, on scikit-learn's digits.

A small convolutional network is trained for some epochs on all rows, and then on a tenth of them,
chosen by the gradients of its last layer and renewed from time to time. The whole loop is visible;
`CoresetTrainer` runs it in one call, and `deep_lightning.py` shows it in Lightning.

Run: python examples/deep_plain_loop.py

Prints the test accuracy and the number of rows that training processed, for coresets, for uniform
samples redrawn on the same schedule, and for all rows.
"""

from __future__ import annotations

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

from coresift.torch import (
    CoresetSampler,
    Schedule,
    WeightedSubset,
    cnn,
    last_layer_gradients,
    reselect,
    weighted_loss,
)

SCHEDULE = Schedule(warm_up=5, epochs=10, rounds=4)
BUDGET, BATCH_SIZE = 0.1, 32


def digits() -> tuple[TensorDataset, TensorDataset]:
    """Return training and test images of 8 x 8 pixels with their labels."""
    X, y = load_digits(return_X_y=True)
    images = (X / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    parts = train_test_split(images, y, test_size=0.25, stratify=y, random_state=0)
    X_train, X_test, y_train, y_test = map(torch.from_numpy, parts)
    return TensorDataset(X_train, y_train), TensorDataset(X_test, y_test)


def train(data: TensorDataset, method: str | None, seed: int = 0) -> tuple[torch.nn.Module, int]:
    """Return the trained network and the number of rows that it saw; no method: all rows."""
    torch.manual_seed(seed)
    model = cnn(8, 8, n_classes=10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
    rows, seen = WeightedSubset(data, np.arange(len(data))), 0
    for epoch in range(SCHEDULE.total):
        if method is not None and SCHEDULE.selects_at(epoch):
            coreset = reselect(model, data, method, budget=BUDGET, seed=seed + epoch)
            rows = WeightedSubset(data, coreset.row_ids, coreset.weights)
        sampler = CoresetSampler(rows, seed=seed)
        sampler.set_epoch(epoch)
        model.train()
        for x, y, weights in DataLoader(rows, BATCH_SIZE, sampler=sampler):
            optimizer.zero_grad()
            weighted_loss(model(x), y, weights).backward()
            optimizer.step()
            seen += len(x)
    return model, seen


def accuracy(model: torch.nn.Module, data: TensorDataset) -> float:
    """Return the share of rows that the network gets right."""
    seen = last_layer_gradients(model, data)  # outputs, losses and gradients in one pass
    return float((seen.outputs.argmax(axis=1) == seen.labels).mean())


def main() -> None:
    """Train in three ways and print how they do."""
    torch.set_num_threads(1)  # batches this small are not worth sharing between processors
    training, test = digits()
    print(f"{len(training)} training rows, budget {BUDGET:.0%}, {SCHEDULE.total} epochs")
    for name, method in (("coreset", "fastcore"), ("uniform", "uniform"), ("full", None)):
        model, seen = train(training, method)
        print(f"{name}: test accuracy {accuracy(model, test):.3f}, {seen} rows seen")


if __name__ == "__main__":
    main()
