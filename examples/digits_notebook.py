"""A coreset of scikit-learn's digits, step by step, in cells that notebook editors understand.

It chooses rows, looks at their weights, trains on them, and compares the result with a random
sample and with all rows. It needs only scikit-learn.

Run: python examples/digits_notebook.py [PICTURE.png]

Prints the classes of the coreset, its heaviest rows and three test accuracies. If matplotlib is
installed and a path is given, it draws the heaviest digits there.
"""

# %% [markdown]
# # Fifty digits that stand for 1,347
#
# A *coreset* is a small subset of the training rows with a weight for each: how many rows it stands
# for.

# %%
import sys
import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from coresift import FastCore, Uniform

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, stratify=y, random_state=0)

# %% [markdown]
# ## Select
#
# `budget=50` is a number of rows; `budget=0.04` would be a share. Pixels all have the same scale
# already, so distances are left as they are.

# %%
selector = FastCore(budget=50, scale=None, random_state=0).fit(X_train, y_train)
rows, weights = selector.sample_indices_, selector.sample_weight_

print(f"chosen: {len(rows)} rows of {len(X_train)}")
print(f"sum of the weights: {weights.sum():.0f}")

# %% [markdown]
# ## Look at them
#
# Every class has its share of the budget, and the weights of a class sum to its size.

# %%
for digit in range(10):
    own = y_train[rows] == digit
    print(f"digit {digit}: {own.sum()} chosen, standing for {weights[own].sum():.0f} rows")

heaviest = np.argsort(-weights)[:10]
for place in heaviest[:3]:
    print(f"row {rows[place]} shows a {y_train[rows[place]]} and stands for {weights[place]:.0f}")

# %% [markdown]
# ## Train
#
# The weights go to `sample_weight`. A random sample of the same size, class by class, is the thing
# to beat: here the mean of ten of them.


# %%
def accuracy(chosen: np.ndarray, sample_weight: np.ndarray | None = None) -> float:
    """Return the test accuracy after training on chosen rows."""
    model = LogisticRegression(max_iter=1000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # close enough after 1000 steps
        model.fit(X_train[chosen], y_train[chosen], sample_weight=sample_weight)
    return model.score(X_test, y_test)


samples = [Uniform(50, random_state=seed).fit(X_train, y_train) for seed in range(10)]
by_chance = [accuracy(one.sample_indices_, one.sample_weight_) for one in samples]

print(f"coreset: test accuracy {accuracy(rows, weights):.3f}")
print(f"uniform: test accuracy {np.mean(by_chance):.3f} ± {np.std(by_chance):.3f}")
print(f"full: test accuracy {accuracy(np.arange(len(X_train))):.3f}")

# %% [markdown]
# ## A picture of the heaviest

# %%
if len(sys.argv) > 1:
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        print('no picture: run pip install "coresift[plot]"')
    else:
        figure = Figure(figsize=(10, 1.6), layout="constrained")
        for axes, place in zip(figure.subplots(1, len(heaviest)), heaviest, strict=True):
            axes.imshow(X_train[rows[place]].reshape(8, 8), cmap="gray_r")
            axes.set_title(f"{weights[place]:.0f} rows", fontsize=9)
            axes.set_axis_off()
        figure.savefig(sys.argv[1])
        print(f"picture: {sys.argv[1]}")
