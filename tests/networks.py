"""Small networks and data for the tests of deep selection."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.utils.data import Dataset, TensorDataset


def small(n_features: int = 4, n_outputs: int = 3, seed: int = 0) -> nn.Sequential:
    """A network with all that has a state: batch normalisation, dropout."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(n_features, 6),
        nn.BatchNorm1d(6),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(6, n_outputs),
    )


def blobs(n_rows: int = 60, n_classes: int = 3, seed: int = 0) -> TensorDataset:
    """Rows around a center for each class."""
    made = torch.Generator().manual_seed(seed)
    y = torch.arange(n_rows) % n_classes
    X = torch.randn(n_rows, 4, generator=made)
    X[:, 0] += 2.0 * y
    return TensorDataset(X, y)


class Rows(Dataset[Any]):
    """A map-style data set that gives one row at a time."""

    def __init__(self, tensors: TensorDataset) -> None:
        self.tensors_ = tensors

    def __len__(self) -> int:
        return len(self.tensors_)

    def __getitem__(self, place: int) -> Any:
        return self.tensors_[place]


class Named(Rows):
    """Rows whose labels are text."""

    def __getitem__(self, place: int) -> Any:
        x, y = super().__getitem__(place)
        return x, f"class {int(y)}"
