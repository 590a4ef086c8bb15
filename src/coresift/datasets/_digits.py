"""scikit-learn's digits: real rows that are always there."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from coresift.datasets._dataset import Dataset


def load_digits_sample() -> Dataset:
    """Return the 1,797 images of digits that scikit-learn installs: no file, no network.

    Returns
    -------
    Dataset

    Examples
    --------
    >>> from coresift.datasets import load_digits_sample
    >>> load_digits_sample().y[:4].tolist()
    [0, 1, 2, 3]
    """
    found = load_digits()
    return Dataset(
        "digits",
        np.asarray(found.data, dtype=np.float32),
        np.asarray(found.target),
        tuple(found.feature_names),
        "real",
        "scikit-learn's copy of the UCI handwritten digits",
    )
