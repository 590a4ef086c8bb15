"""Uniform and stratified samples as estimators."""

from __future__ import annotations

from coresift._typing import Budget
from coresift.engines import Engine
from coresift.methods import StratifiedPlan, UniformPlan
from coresift.selectors._base import BaseSelector, RandomState


class Uniform(BaseSelector):
    """Draw rows uniformly.

    With ``weights="uniform"`` it looks at no feature, so that columns may hold anything: dates,
    missing values, any text.

    Parameters
    ----------
    budget : float, int or dict
        A float in (0, 1] is a share of the rows, an int a number of rows. A dict has one of them
        for each class: ``{"yes": 100, "no": 0.01}``.
    stratify : bool, default=True
        Split the budget over the classes by largest remainder, with at least one row for each.
        False draws from all rows alike and never looks at the labels: a class may be missing,
        and the weights sum to the number of rows, but not to the sizes of the classes.
    weights : {"uniform", "assignment", "calibrated"}, default="uniform"
        The rows of a class over its chosen rows: a weighted sum over the sample then is an
        unbiased estimate of the sum over all rows (of the class, and of all). Or each row counts
        for its nearest chosen row of its class (Eq. 5, one more pass): less variance, some bias,
        and `report_` has a score. "calibrated" moves the weights of "assignment" a little, so that
        gradients at a pilot add up (see `FastCore`).
    scale : {"minmax", "standard", None}, default="minmax"
        How features are scaled before distances are taken; for ``weights="assignment"`` only.
    target : {"auto", "classes", "regression"}, default="auto"
        What y is. "auto" takes floats that are not all whole and of which more than 20 differ for
        numbers to predict: strata of them, by their quantiles, stand where classes stand.
    random_state : int, RandomState, Generator or None, default=None
        The same int gives the same sample, for any chunks and number of threads.
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
        Rows, classes, seconds by stage; ``score`` (Eq. 5) is None for ``weights="uniform"``,
        which reads no distances.
    n_features_in_ : int
        Columns of X but for labels and weights; features after one-hot encoding, where
        they are looked at. Not there for files.
    feature_names_in_ : ndarray of shape (n_features,), object
        Their names, where X is a data frame.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift import Uniform
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = Uniform(budget=0.1, random_state=0).fit(X, y)
    >>> len(selector.sample_indices_), round(float(selector.sample_weight_.sum()))
    (179, 1797)
    """

    _plan_type = UniformPlan

    def __init__(
        self,
        budget: Budget = 0.01,
        *,
        stratify: bool = True,
        weights: str = "uniform",
        scale: str | None = "minmax",
        target: str = "auto",
        random_state: RandomState = None,
        n_threads: int | None = None,
        engine: str | Engine = "serial",
        memory_limit: int | str | None = None,
    ) -> None:
        self.budget = budget
        self.stratify = stratify
        self.weights = weights
        self.scale = scale
        self.target = target
        self.random_state = random_state
        self.n_threads = n_threads
        self.engine = engine
        self.memory_limit = memory_limit


class Stratified(BaseSelector):
    """Draw rows from LSH clusters in proportion to their sizes.

    Parameters
    ----------
    budget : float, int or dict
        A float in (0, 1] is a share of the rows, an int a number of rows. It is split over
        the classes by largest remainder, with at least one row for each, and within a class over
        its clusters. A dict has one of them for each class: ``{"yes": 100, "no": 0.01}``.
    n_planes : int, default=48
        Hyperplanes that cut the rows into clusters (p), 1 to 64.
    center : bool, default=True
        Draw the hyperplanes through the middle of the data, not through the origin.
    max_clusters : int or None, default=None
        Most clusters of a class; None is 10 for each row to choose in it.
    weights : {"cluster", "assignment", "calibrated"}, default="cluster"
        The rows of a cluster over its chosen rows, or each row counts for its nearest chosen row
        of its class (Eq. 5, one more pass). "calibrated" moves the weights of "assignment" a
        little, so that gradients at a pilot add up (see `FastCore`).
    scale : {"minmax", "standard", None}, default="minmax"
        How features are scaled before they are hashed.
    target : {"auto", "classes", "regression"}, default="auto"
        What y is. "auto" takes floats that are not all whole and of which more than 20 differ for
        numbers to predict: strata of them, by their quantiles, stand where classes stand.
    random_state : int, RandomState, Generator or None, default=None
        The same int gives the same sample, for any chunks and number of threads.
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
        Rows, clusters, classes, seconds by stage; ``score`` (Eq. 5) is None for
        ``weights="cluster"``, which reads no distances.
    n_features_in_ : int
        Features after one-hot encoding.
    feature_names_in_ : ndarray of shape (n_features,), object
        Their names, where X is a data frame.

    Notes
    -----
    Quotas go by largest remainder; equal remainders are ordered by a hash of the seed. Where a
    class has no more clusters than rows to choose, each cluster gets one row at least, and a
    weighted sum is an unbiased estimate of the sum over all rows: set ``max_clusters`` to the
    rows to choose of the smallest class, or below. Where clusters outnumber the rows to choose
    (the default, as in the paper), the small ones get none: rows in them are never drawn, the
    weights of the others are raised to the size of the class, and a weighted sum is biased as far
    as these rows differ from the rest.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift import Stratified
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = Stratified(budget=0.1, random_state=0).fit(X, y)
    >>> len(selector.sample_indices_), round(float(selector.sample_weight_.sum()))
    (179, 1797)
    """

    _plan_type = StratifiedPlan

    def __init__(
        self,
        budget: Budget = 0.01,
        *,
        n_planes: int = 48,
        center: bool = True,
        max_clusters: int | None = None,
        weights: str = "cluster",
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
        self.weights = weights
        self.scale = scale
        self.target = target
        self.random_state = random_state
        self.n_threads = n_threads
        self.engine = engine
        self.memory_limit = memory_limit
