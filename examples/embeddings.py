"""A coreset of 20,000 labelled embedding vectors of dimension 384.

The vectors are generated to resemble sentence embeddings: they have unit length, are close to a
subspace of few dimensions, and their classes consist of topics of very different sizes. One per
cent of them is chosen, and a classifier is trained on it.

Run: python examples/embeddings.py

Prints the time of a selection, the test accuracy of coresets and of uniform samples (mean and
standard deviation over seeds), and the test accuracy of training on everything.
"""

from __future__ import annotations

import time

import numpy as np
from sklearn.linear_model import LogisticRegression

from coresift import FastCore, Uniform

N_ROWS, N_TEST, N_FEATURES = 20_000, 5_000, 384
N_CLASSES, N_TOPICS, N_DIRECTIONS = 10, 100, 16
BUDGET = 0.01


def embeddings(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors of unit length, float32, and the class of each."""
    rng = np.random.default_rng(seed)
    class_of = np.arange(N_TOPICS) % N_CLASSES
    classes = rng.normal(size=(N_CLASSES, N_DIRECTIONS))
    topics = classes[class_of] + rng.normal(size=(N_TOPICS, N_DIRECTIONS))
    shares = 1 / np.arange(1, N_TOPICS + 1)  # as words: a few of them are most of the text
    own = rng.choice(N_TOPICS, size=N_ROWS + N_TEST, p=shares / shares.sum())
    latent = topics[own] + 0.6 * rng.normal(size=(len(own), N_DIRECTIONS))
    X = latent @ rng.normal(size=(N_DIRECTIONS, N_FEATURES)) / np.sqrt(N_FEATURES)
    X += 0.02 * rng.normal(size=X.shape)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X.astype(np.float32), class_of[own]


def main() -> None:
    """Select, train and print."""
    X, y = embeddings()
    X_test, y_test, X, y = X[N_ROWS:], y[N_ROWS:], X[:N_ROWS], y[:N_ROWS]

    def accuracy(rows: np.ndarray | slice, sample_weight: np.ndarray | None = None) -> float:
        model = LogisticRegression(C=10, max_iter=200, tol=1e-3)
        model.fit(X[rows], y[rows], sample_weight=sample_weight)
        return model.score(X_test, y_test)

    print(f"{len(X)} vectors of dimension {X.shape[1]}, budget {BUDGET:.0%}")
    for name, selector, n_seeds in (
        ("coreset", FastCore(BUDGET, scale=None), 3),
        ("uniform", Uniform(BUDGET), 5),
    ):
        found, seconds = [], []
        for seed in range(n_seeds):
            start = time.perf_counter()
            selector.set_params(random_state=seed).fit(X, y)
            seconds.append(time.perf_counter() - start)
            found.append(accuracy(selector.sample_indices_, selector.sample_weight_))
        print(
            f"{name}: selection {np.median(seconds):.2f} s, "
            f"test accuracy {np.mean(found):.4f} ± {np.std(found):.4f} ({n_seeds} seeds)"
        )
    print(f"full: test accuracy {accuracy(slice(None)):.4f}")


if __name__ == "__main__":
    main()
