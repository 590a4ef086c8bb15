"""Wide sparse rows: projected, or with all features, beside uniform rows.

python benchmarks/sparse.py [--rows 4000] [--features 3000] [--budgets 0.02,0.1] [--scale none]

TF-IDF of the letters (2 to 5 after one another) of film titles, whether they are dramas and shorts:
few enough rows and features to hold all of them. The score (Eq. 5) is taken on all features.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from datasets import read
from scipy.spatial.distance import cdist
from side_by_side import print_table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from coresift import FastCore, Uniform
from coresift.sources import as_source

Array = np.ndarray[Any, Any]
TEST_ROWS = 3000


def titles(n_rows: int, n_features: int | None) -> tuple[Any, Array]:
    """Return TF-IDF of titles, CSR, and one of four classes each."""
    table = read("movies")
    ids = np.random.default_rng(0).permutation(table.num_rows)[:n_rows]
    names = np.array(table.column("title").to_pylist(), dtype=object)[ids]
    drama, short = (table.column(name).to_numpy().astype(int)[ids] for name in ("Drama", "Short"))
    letters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), max_features=n_features, dtype=np.float32
    )
    return letters.fit_transform(names).tocsr(), drama + 2 * short


def score(rows: Array, y: Array, chosen: Array) -> float:
    """Return the mean distance to the nearest chosen row of the class."""
    total = 0.0
    for label in np.unique(y):
        own = chosen[y[chosen] == label]
        total += cdist(rows[y == label], rows[own]).min(axis=1).sum()
    return total / len(y)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--features", type=int, default=3000)
    parser.add_argument("--budgets", default="0.02,0.1")
    parser.add_argument("--scale", default="none")
    given = parser.parse_args()
    scale = None if given.scale == "none" else given.scale
    X, y = titles(given.rows + TEST_ROWS, given.features)
    X, y, X_test, y_test = X[TEST_ROWS:], y[TEST_ROWS:], X[:TEST_ROWS], y[:TEST_ROWS]
    dense = X.toarray()
    if scale == "minmax":
        dense /= np.maximum(dense.max(axis=0), np.finfo(np.float32).tiny)

    def loss(rows: Any, labels: Array, weights: Array | None) -> float:
        model = LogisticRegression(max_iter=300).fit(rows, labels, weights)
        return float(log_loss(y_test, model.predict_proba(X_test)))

    lines = [["all rows", "", "", "", f"{loss(X, y, None):.3f}"]]
    for budget in map(float, given.budgets.split(",")):
        options: dict[str, Any] = {"scale": scale, "random_state": 0, "n_threads": 1}
        methods = {"uniform": (Uniform(budget, **options), None)}
        methods["all features"] = FastCore(budget, representative="medoid", **options), None
        for project in (128, 256, 512, 1024):
            methods[f"{project} features"] = (
                FastCore(budget, representative="medoid", **options),
                project,
            )
        for name, (selector, project) in methods.items():
            start = time.process_time()
            chosen = selector.fit(as_source(X, y, project=project)).sample_indices_
            seconds = time.process_time() - start
            tested = loss(X[chosen], y[chosen], selector.sample_weight_)
            figures = [f"{seconds:.2f}", f"{score(dense, y, chosen):.4f}", f"{tested:.3f}"]
            lines.append([name, f"{budget:g}", *figures])
    columns = ["rows chosen on", "budget", "processor s", "score", "test log-loss"]
    title = f"{X.shape[0]} x {X.shape[1]}, {X.nnz} entries, scale {given.scale}"
    print_table(title, columns, lines)


if __name__ == "__main__":
    main()
