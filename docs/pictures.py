"""Draw docs/coreset.png, the picture of README.md. Needs the extra `plot`.

Left and middle: 20,000 generated points, and 200 of them drawn at random or chosen by FastCore.
Right: handwritten digits, which come with scikit-learn, over 20 splits into training and test rows.

python docs/pictures.py
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from coresift import FastCore, Uniform

mpl.use("agg")
import matplotlib.pyplot as plt

PICTURE = Path(__file__).resolve().parent / "coreset.png"
COLORS = np.array(["#3b7dd8", "#e08214", "#00a651"])
BUDGETS = (0.02, 0.05, 0.1, 0.2, 0.4)
SPLITS = 20
Array = np.ndarray[Any, Any]


def points(n_rows: int = 20_000) -> tuple[Array, Array]:
    """Return points in the plane: two arms of a spiral that thin out, and a rare third class."""
    rng = np.random.default_rng(0)
    y = rng.choice(3, size=n_rows, p=[0.49, 0.49, 0.02])
    angle = 0.6 + 3.2 * np.pi * rng.beta(1.3, 2.2, size=n_rows)
    radius = 0.32 * angle
    turned = angle + np.pi * y
    X = np.column_stack([radius * np.cos(turned), radius * np.sin(turned)])
    X += rng.normal(scale=0.16, size=X.shape)
    rare = y == 2
    X[rare] = [2.9, 2.4] + rng.normal(size=(rare.sum(), 2)) @ [[0.35, 0.1], [0.0, 0.25]]
    return X.astype(np.float32), y


def scatter(axes: Any, X: Array, y: Array, rows: Array, weights: Array, title: str) -> None:
    axes.scatter(*X.T, s=1.2, c=COLORS[y], alpha=0.4, linewidths=0)
    axes.scatter(
        *X[rows].T, s=weights * 0.28, c=COLORS[y[rows]], alpha=0.85, edgecolors="k", linewidths=0.7
    )
    axes.set(xticks=[], yticks=[], aspect="equal", title=title)
    axes.set(xlim=(-3.6, 3.9), ylim=(-3.4, 3.4))
    axes.set_frame_on(False)


def accuracies(X: Array, y: Array, seed: int) -> dict[str, list[float]]:
    """Return test accuracies of a logistic regression at each budget, and on all rows."""
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.25, stratify=y, random_state=seed)

    def train(rows: Any, weights: Array | None) -> float:
        model = LogisticRegression(max_iter=5000).fit(X[rows], y[rows], sample_weight=weights)
        return float(model.score(X_test, y_test))

    found = {"all": [train(slice(None), None)] * len(BUDGETS)}
    for method in (FastCore, Uniform):
        chosen = [method(budget, random_state=seed).fit(X, y) for budget in BUDGETS]
        found[method.__name__] = [train(c.sample_indices_, c.sample_weight_) for c in chosen]
    return found


def curves(axes: Any) -> None:
    X, y = load_digits(return_X_y=True)
    runs = [accuracies(X / 16, y, seed) for seed in range(SPLITS)]
    percent = 100 * np.array(BUDGETS)
    for name, label, color in (
        ("FastCore", "coreset", "#b2182b"),
        ("Uniform", "random rows", "#777777"),
    ):
        values = 100 * np.array([run[name] for run in runs])
        mean, spread = values.mean(axis=0), values.std(axis=0)
        axes.plot(percent, mean, "o-", color=color, label=label)
        axes.fill_between(percent, mean - spread, mean + spread, color=color, alpha=0.15, lw=0)
    everything = 100 * np.mean([run["all"] for run in runs])
    axes.axhline(everything, color="k", lw=1, ls="--")
    axes.text(percent[0], everything + 0.3, "all rows")
    axes.set_xscale("log")
    axes.set_xticks(percent, [f"{value:g} %" for value in percent])
    axes.minorticks_off()
    axes.set(xlabel="rows of the training set", title="digits: test accuracy [%]")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")


def draw() -> None:
    figure, (left, middle, right) = plt.subplots(
        1, 3, figsize=(12, 4), width_ratios=(1, 1, 0.95), layout="constrained"
    )
    X, y = points()
    for axes, method, title in (
        (left, Uniform(200, stratify=False, random_state=0), "200 of 20,000 points at random"),
        (middle, FastCore(200, random_state=0), "a coreset of 200, sized by weight"),
    ):
        chosen = method.fit(X, y)
        scatter(axes, X, y, chosen.sample_indices_, chosen.sample_weight_, title)
    curves(right)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=100, facecolor="w")
    # A palette of 200 colours: half of the bytes.
    Image.open(buffer).convert("RGB").quantize(200).save(PICTURE, optimize=True)


if __name__ == "__main__":
    draw()
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1000} kB")
