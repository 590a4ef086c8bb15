"""Choosing among 50,000 embedding vectors of dimension 384 with labels.

The vectors are made here, as sentence embeddings are: of unit length, in classes that consist of
topics of very different sizes, so that a random sample misses the small ones. One per cent of them
is chosen, and a classifier trained on it.

Run: python examples/embeddings.py

Prints the seconds that a selection took, and the test accuracy of the coreset and of uniform samples
(mean and standard deviation over seeds) and of training on everything.
"""

from __future__ import annotations

import time

import numpy as np
from sklearn.linear_model import LogisticRegression

from coresift import FastCore, Uniform

N_ROWS, N_TEST, N_FEATURES, N_CLASSES, N_TOPICS = 50_000, 10_000, 384, 10, 300
BUDGET, SEEDS = 0.01, range(5)


def embeddings(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors of unit length, float32, and the class of each."""
    rng = np.random.default_rng(seed)
    topics = rng.normal(size=(N_TOPICS, N_FEATURES))
    topics += 0.7 * rng.normal(size=(N_CLASSES, N_FEATURES))[np.arange(N_TOPICS) % N_CLASSES]
    shares = 1 / np.arange(1, N_TOPICS + 1)  # as words: a few of them are most of the text
    own = rng.choice(N_TOPICS, size=N_ROWS + N_TEST, p=shares / shares.sum())
    X = topics[own] + 1.3 * rng.normal(size=(N_ROWS + N_TEST, N_FEATURES))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X.astype(np.float32), own % N_CLASSES


def main() -> None:
    """Select, train and print."""
    X, y = embeddings()
    X_test, y_test, X, y = X[N_ROWS:], y[N_ROWS:], X[:N_ROWS], y[:N_ROWS]

    def accuracy(rows: np.ndarray | slice, sample_weight: np.ndarray | None = None) -> float:
        model = LogisticRegression(C=1.0, max_iter=100, tol=1e-3)
        model.fit(X[rows], y[rows], sample_weight=sample_weight)
        return model.score(X_test, y_test)

    print(f"{len(X)} vectors of dimension {X.shape[1]}, budget {BUDGET:.0%}")
    for name, selector in (
        ("coreset", FastCore(BUDGET, scale=None)),
        ("uniform", Uniform(BUDGET)),
    ):
        found, seconds = [], []
        for seed in SEEDS:
            start = time.perf_counter()
            selector.set_params(random_state=seed).fit(X, y)
            seconds.append(time.perf_counter() - start)
            found.append(accuracy(selector.sample_indices_, selector.sample_weight_))
        print(
            f"{name}: selection {np.median(seconds):.2f} s, "
            f"test accuracy {np.mean(found):.4f} ± {np.std(found):.4f}"
        )
    print(f"full: test accuracy {accuracy(slice(None)):.4f}")


if __name__ == "__main__":
    main()
