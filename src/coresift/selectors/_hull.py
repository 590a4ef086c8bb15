"""FastCore with bounds from convex hulls as an estimator."""

from __future__ import annotations

from coresift._typing import Budget
from coresift.engines import Engine
from coresift.methods import FastCoreHullPlan
from coresift.selectors._base import BaseSelector, RandomState


class FastCoreHull(BaseSelector):
    """Choose a coreset by Algorithm 1 with bounds from convex hulls (Section 5.2).

    The features are cut into runs of two. In each, the farthest member of a cluster is a vertex
    of the convex hull of the cluster; the distances to these vertices are summed (Eq. 9). That is
    a bound on the true distance, and a loose one: with more than two features it sums where
    distances take the root of a sum of squares.

    Parameters
    ----------
    budget : float, int or dict
        A float in (0, 1] is a share of the rows, an int a number of rows. It is split over
        the classes by largest remainder, with at least one row for each. A dict has one of them
        for each class: ``{"yes": 100, "no": 0.01}`` is 100 rows and 1 % of the others.
    n_planes : int, default=48
        Hyperplanes that cut the rows into clusters (p), 1 to 64.
    center : bool, default=True
        Draw the hyperplanes through the middle of the data, not through the origin.
    max_clusters : int or None, default=None
        Most clusters of a class; None is 10 for each row to choose in it.
    greedy : {"stochastic", "lazy", "naive"}, default="stochastic"
        A sample of ``n_candidates`` rows a step, as in the paper; all rows, looked at only where
        they may lead; or all in every step (the same rows as "lazy", slower).
    n_candidates : int, default=500
        Rows that the stochastic greedy looks at in each step (S).
    weights : {"assignment", "calibrated", "cluster"}, default="assignment"
        Each row counts for its nearest chosen row of its class (Eq. 5, one more pass), or each
        cluster for the chosen row of smallest bound (line 17). "calibrated" moves the weights of
        "assignment" a little, so that gradients at a pilot add up (see `FastCore`).
    scale : {"minmax", "standard", None}, default="minmax"
        How features are scaled before distances are taken.
    target : {"auto", "classes", "regression"}, default="auto"
        What y is. "auto" takes floats that are not all whole and of which more than 20 differ for
        numbers to predict: strata of them, by their quantiles, stand where classes stand.
    random_state : int, RandomState, Generator or None, default=None
        The same int gives the same coreset, for any chunks and number of threads.
    n_threads : int or None, default=None
        None or -1 is every processor that the process may use.
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
        Positive; sums to the number of rows, and per class to the size of the class.
    report_ : dict
        What is known about the coreset: Eq. 5's score (None for ``weights="cluster"``), Eq. 8's
        bound, clusters, hull vertices, classes, seconds by stage.
    n_features_in_ : int
        Features after one-hot encoding.
    feature_names_in_ : ndarray of shape (n_features,), object
        Their names, where X is a data frame.

    Notes
    -----
    Memory: the scaled rows, ``4 * n_features`` bytes each, and for the class in work its rows
    once more, and 8 bytes for each hull vertex: at most the distinct points of each cluster and
    subspace.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift import FastCoreHull
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = FastCoreHull(budget=0.05, random_state=0).fit(X, y)
    >>> len(selector.sample_indices_), float(selector.sample_weight_.sum())
    (89, 1797.0)
    """

    _plan_type = FastCoreHullPlan

    def __init__(
        self,
        budget: Budget = 0.01,
        *,
        n_planes: int = 48,
        center: bool = True,
        max_clusters: int | None = None,
        greedy: str = "stochastic",
        n_candidates: int = 500,
        weights: str = "assignment",
        scale: str | None = "minmax",
        target: str = "auto",
        random_state: RandomState = None,
        n_threads: int | None = None,
        engine: str | Engine = "serial",
        memory_limit: int | str | None = None,
    ) -> None:
        self.budget = budget
        self.n_planes = n_planes
        self.center = center
        self.max_clusters = max_clusters
        self.greedy = greedy
        self.n_candidates = n_candidates
        self.weights = weights
        self.scale = scale
        self.target = target
        self.random_state = random_state
        self.n_threads = n_threads
        self.engine = engine
        self.memory_limit = memory_limit
