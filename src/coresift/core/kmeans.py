"""k-means as it is trained here: on a hashed sample, the same for any number of threads."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from sklearn import config_context
from sklearn.cluster import KMeans, kmeans_plusplus
from sklearn.exceptions import ConvergenceWarning

from coresift._threads import one_blas_thread
from coresift._typing import Float32, Rows

ITERATIONS = 8  # of Lloyd, and of expectation and maximisation
_SEEDING_ROWS = 4  # rows a mean that k-means++ looks at; Lloyd sees all


@contextmanager
def reproducible() -> Iterator[None]:
    """Train inside: one thread of BLAS, and no word about convergence.

    Warning filters and BLAS limits are the process's: set around all threads, and put back
    once. OpenMP's limit is each thread's own, and is set again in `train_means`.
    """
    with one_blas_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def train_means(rows: Rows, n_means: int, seed: int) -> Float32:
    """Return at most ``n_means`` distinct means, shape (n, n_features); call it in `reproducible`.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
        Where no more than ``n_means`` are distinct, they are the means.
    n_means : int
    seed : int
        Below 2**32.
    """
    distinct = np.unique(rows, axis=0)
    if len(distinct) <= n_means:
        return distinct
    # One thread: the sums of k-means must not depend on how many there are.
    # The rows have been checked, and k-means++ would check them again for each mean.
    unchecked = config_context(assume_finite=True, skip_parameter_validation=True)
    with one_blas_thread(), unchecked:
        seeding = rows[: _SEEDING_ROWS * n_means]
        start, _ = kmeans_plusplus(seeding, n_means, random_state=seed)
        means = KMeans(
            n_means, init=start, n_init=1, max_iter=ITERATIONS, tol=0.0, random_state=seed
        ).fit(rows)
    return np.unique(means.cluster_centers_.astype(np.float32), axis=0)
