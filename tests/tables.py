"""A table for tests of whole selections, and what is compared of them."""

from __future__ import annotations

import numpy as np

from coresift.selectors import BaseSelector


def table(n_rows: int = 1500, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return rows, float32, and labels: uneven classes, a constant column, equal rows."""
    rng = np.random.default_rng(seed)
    y = rng.choice(4, size=n_rows, p=[0.6, 0.3, 0.09, 0.01])
    y[0] = 3
    X = rng.normal(size=(n_rows, 7)) + y[:, None]
    X[:, 5] = rng.integers(0, 2, size=n_rows)
    X[:, 6] = 4.0  # constant
    X[100:140] = X[60:100]  # equal rows
    return X.astype(np.float32), y


def answer(selector: BaseSelector) -> tuple[bytes, bytes]:
    """Return the chosen rows and their weights, to be compared bit for bit."""
    return selector.sample_indices_.tobytes(), selector.sample_weight_.tobytes()
