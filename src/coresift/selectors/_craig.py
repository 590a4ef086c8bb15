"""Facility location on rows and on codes as estimators."""

from __future__ import annotations

from coresift._typing import Budget
from coresift.engines import Engine
from coresift.methods import CraigPlan, CraigPQPlan
from coresift.selectors._base import BaseSelector, RandomState


class Craig(BaseSelector):
    """Choose a coreset by facility location on exact distances (Section 2.3).

    The greedy takes the row that lowers Eq. 5, the sum of distances to the nearest chosen row of
    the class, by the most. It knows no clusters and no bounds: the slow method that FastCore is
    compared with, and the best score that a greedy reaches.

    Parameters
    ----------
    budget : float, int or dict
        A float in (0, 1] is a share of the rows, an int a number of rows. It is split over
        the classes by largest remainder, with at least one row for each. A dict has one of them
        for each class: ``{"yes": 100, "no": 0.01}`` is 100 rows and 1 % of the others.
    distances : {"auto", "dense", "recompute", "neighbours"}, default="auto"
        Hold the distances of all pairs of rows of a class; compute them when they are needed, in
        blocks of rows, skipping what cannot change the result; or hold those from each row to
        its nearest rows only, and take others for as far as can be. The first two choose the
        same rows. "auto" is "dense" for classes where it fits in ``max_bytes``, else "recompute".
    n_neighbours : int, default=128
        Nearest rows of each row, itself among them; for "neighbours".
    max_bytes : int, default=2**30
        The most that stored distances of a class may take.
    greedy : {"lazy", "stochastic", "naive"}, default="lazy"
        All rows, looked at only where they may lead; a sample of ``n_candidates`` a step; or
        all in every step (the same rows as "lazy", slower).
    n_candidates : int, default=500
        Rows that the stochastic greedy looks at in each step.
    weights : {"assignment", "calibrated", "uniform"}, default="assignment"
        Each row counts for its nearest chosen row of its class (Eq. 5, one more pass); or these
        weights moved a little, so that gradients at a pilot add up (see `FastCore`); or the rows
        of a class alike.
    scale : {"minmax", "standard", None}, default="minmax"
        How features are scaled before distances are taken.
    target : {"auto", "classes", "regression"}, default="auto"
        What y is. "auto" takes floats that are not all whole and of which more than 20 differ for
        numbers to predict: strata of them, by their quantiles, stand where classes stand.
    random_state : int, RandomState, Generator or None, default=None
        Draws the samples of the stochastic greedy, and the rows that fill up the budget where
        all rows equal a chosen one.
    n_threads : int or None, default=None
        None or -1 is every processor that the process may use. Changes the time, never the rows.
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
        How many rows each chosen row is the nearest of; positive, and sums to the number of rows,
        per class to the size of the class.
    report_ : dict
        What is known about the coreset: Eq. 5's score, classes, seconds by stage.
    n_features_in_ : int
        Features after one-hot encoding.
    feature_names_in_ : ndarray of shape (n_features,), object
        Their names, where X is a data frame.

    Notes
    -----
    Memory: the scaled rows, ``4 * n_features`` bytes each, and for the largest class of n rows
    ``4 * n * n`` bytes ("dense"), at most about ``13 * n * n_features`` ("recompute"), or that and
    ``44 * n * n_neighbours`` while the lists are built ("neighbours"). ``plan().cost(source)`` says
    it for data at hand before a row is read.

    Prior weights do not change which rows of a class are chosen, only how many of each class and
    what the chosen rows weigh: a row of weight 2 takes part in the greedy once.

    Deviation: distances are float32 values cut to a grid of 2**-30 of the largest distance
    possible. Gains then are sums of whole numbers: exact, the same for any blocks and threads,
    with ties that are ties. Features of two values that are equally far apart within a class
    (one-hot columns, flags) come first in the float32 sum, as their number times a square.

    References
    ----------
    Baharan Mirzasoleiman, Jeff Bilmes and Jure Leskovec. "Coresets for Data-efficient Training of
    Machine Learning Models." ICML 2020.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift import Craig
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = Craig(budget=0.1, random_state=0).fit(X, y)
    >>> len(selector.sample_indices_), float(selector.sample_weight_.sum())
    (179, 1797.0)
    """

    _plan_type = CraigPlan

    def __init__(
        self,
        budget: Budget = 0.01,
        *,
        distances: str = "auto",
        n_neighbours: int = 128,
        max_bytes: int = 2**30,
        greedy: str = "lazy",
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
        self.distances = distances
        self.n_neighbours = n_neighbours
        self.max_bytes = max_bytes
        self.greedy = greedy
        self.n_candidates = n_candidates
        self.weights = weights
        self.scale = scale
        self.target = target
        self.random_state = random_state
        self.n_threads = n_threads
        self.engine = engine
        self.memory_limit = memory_limit


class CraigPQ(BaseSelector):
    """Choose a coreset by facility location on distances between codes (Craig+PQ, Section 8.1).

    Parameters
    ----------
    budget : float, int or dict
        A float in (0, 1] is a share of the rows, an int a number of rows. It is split over
        the classes by largest remainder, with at least one row for each. A dict has one of them
        for each class: ``{"yes": 100, "no": 0.01}`` is 100 rows and 1 % of the others.
    n_subspaces : int, default=4
        Parts that the features are dealt to for product quantisation (M). More are closer to
        `Craig`, with more distinct codes to choose from.
    subspaces : {"variance", "blocks"}, default="variance"
        Deal features so that the variance of the parts is even, or in equal runs of columns.
    n_codewords : int, default=256
        Codewords in each subspace (B), 1 to 256.
    distance : {"root", "sum"}, default="root"
        How the distances in the subspaces make one: root of the sum of squares, which is the
        distance of the decoded rows, or their sum, as the paper has it.
    greedy : {"lazy", "stochastic", "naive"}, default="lazy"
        All codes, looked at only where they may lead; a sample of ``n_candidates`` a step; or
        all in every step (the same rows as "lazy", slower).
    n_candidates : int, default=500
        Rows that the stochastic greedy looks at in each step.
    weights : {"assignment", "calibrated", "code"}, default="assignment"
        Each row counts for its nearest chosen row of its class (Eq. 5, one more pass); or these
        weights moved a little, so that gradients at a pilot add up (see `FastCore`); or the rows
        of each code count for the nearest chosen code.
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
        What is known about the coreset: Eq. 5's score (None for ``weights="code"``), the same on
        codes, distinct codes, classes, seconds by stage.
    n_features_in_ : int
        Features after one-hot encoding.
    feature_names_in_ : ndarray of shape (n_features,), object
        Their names, where X is a data frame.

    Notes
    -----
    Rows with equal codes are one candidate with a count. Memory: the codes, ``n_subspaces`` bytes
    a row, and a table of ``4 * n_subspaces * n_codewords`` bytes for each distinct code of the
    classes in work.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift import CraigPQ
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = CraigPQ(budget=0.1, random_state=0).fit(X, y)
    >>> len(selector.sample_indices_), float(selector.sample_weight_.sum())
    (179, 1797.0)
    """

    _plan_type = CraigPQPlan

    def __init__(
        self,
        budget: Budget = 0.01,
        *,
        n_subspaces: int = 4,
        subspaces: str = "variance",
        n_codewords: int = 256,
        distance: str = "root",
        greedy: str = "lazy",
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
        self.n_subspaces = n_subspaces
        self.subspaces = subspaces
        self.n_codewords = n_codewords
        self.distance = distance
        self.greedy = greedy
        self.n_candidates = n_candidates
        self.weights = weights
        self.scale = scale
        self.target = target
        self.random_state = random_state
        self.n_threads = n_threads
        self.engine = engine
        self.memory_limit = memory_limit
