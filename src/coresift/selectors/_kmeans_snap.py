"""Snapped k-means as an estimator."""

from __future__ import annotations

from coresift._typing import Budget
from coresift.engines import Engine
from coresift.methods.kmeans_snap import KMeansSnapPlan
from coresift.selectors._base import BaseSelector, RandomState


class KMeansSnap(BaseSelector):
    """Choose the rows nearest to the means of k-means, class by class.

    scikit-learn's `MiniBatchKMeans` with as many means as rows are wanted of the class; each mean
    gives way to the nearest row that no nearer mean has. This is what one would try first without
    coresift, and what `FastCore` is held against.

    Parameters
    ----------
    budget : float, int or dict
        A float in (0, 1] is a share of the rows, an int a number of rows. It is split over
        the classes by largest remainder, with at least one row for each. A dict has one of them
        for each class: ``{"yes": 100, "no": 0.01}`` is 100 rows and 1 % of the others.
    batch_size : int, default=1024
        Rows of a step of k-means.
    weights : {"assignment", "calibrated", "uniform"}, default="assignment"
        Each row counts for its nearest chosen row of its class (Eq. 5, one more pass), or the
        rows of a class alike. "calibrated" moves the weights of "assignment" a little, so that
        gradients at a pilot add up (see `FastCore`).
    scale : {"minmax", "standard", None}, default="minmax"
        How features are scaled before distances are taken.
    target : {"auto", "classes", "regression"}, default="auto"
        What y is. "auto" takes floats that are not all whole and of which more than 20 differ for
        numbers to predict: strata of them, by their quantiles, stand where classes stand.
    random_state : int, RandomState, Generator or None, default=None
        The same int gives the same coreset, for any chunks and number of threads.
    n_threads : int or None, default=None
        None or -1 is every processor that the process may use. k-means itself has one, as its sums
        would depend on the number.
    engine : {"serial", "processes", "dask"}, Engine or client of Dask, default="serial"
        What the passes over the rows run on; never changes the coreset.
    memory_limit : int, str or None, default=None
        What the process may take, in bytes or as a text; rows in memory do not count, and None is
        no limit. Chunks, clusters and samples get smaller where it is below 2 GiB. What cannot
        fit is a `MemoryLimitError`.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (k,), int64
        Positions of the chosen rows, ascending and distinct; exactly the budget.
    sample_weight_ : ndarray of shape (k,), float64
        Positive; sums to the number of rows, and per class to the size of the class. Each row
        counts for its nearest chosen row of its class (Eq. 5).
    report_ : dict
        What is known about the coreset: Eq. 5's score, classes, seconds by stage.
    n_features_in_ : int
        Features after one-hot encoding.
    feature_names_in_ : ndarray of shape (n_features,), object
        Their names, where X is a data frame.

    Notes
    -----
    Memory: the scaled rows, ``4 * n_features`` bytes each, and those of the class in work twice
    more.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift import KMeansSnap
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = KMeansSnap(budget=0.05, random_state=0).fit(X, y)
    >>> len(selector.sample_indices_), float(selector.sample_weight_.sum())
    (89, 1797.0)
    """

    _plan_type = KMeansSnapPlan

    def __init__(
        self,
        budget: Budget = 0.01,
        *,
        batch_size: int = 1024,
        weights: str = "assignment",
        scale: str | None = "minmax",
        target: str = "auto",
        random_state: RandomState = None,
        n_threads: int | None = None,
        engine: str | Engine = "serial",
        memory_limit: int | str | None = None,
    ) -> None:
        self.budget = budget
        self.batch_size = batch_size
        self.weights = weights
        self.scale = scale
        self.target = target
        self.random_state = random_state
        self.n_threads = n_threads
        self.engine = engine
        self.memory_limit = memory_limit
