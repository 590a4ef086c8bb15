"""Methods that train a model while they select, as estimators."""

from __future__ import annotations

from coresift._typing import Budget
from coresift.engines import Engine
from coresift.methods import DeepFoolPlan, GlisterPlan
from coresift.selectors._base import BaseSelector, RandomState


class DeepFool(BaseSelector):
    """Add the rows next to the decision boundary of the model trained so far.

    A softmax regression is trained on random rows for ``update_every`` epochs; the rows closest
    to its decision boundary (in closed form, as it is linear) join them; and so on, until the
    budget is spent: with the defaults in four equal parts, of which the first is random.

    Parameters
    ----------
    budget : float, int or dict
        A float in (0, 1] is a share of the rows, an int a number of rows. It is split over
        the classes by largest remainder, with at least one row for each. A dict has one of them
        for each class: ``{"yes": 100, "no": 0.01}`` is 100 rows and 1 % of the others.
    epochs : int, default=40
        Of the training that the choice accompanies; the last ``update_every`` of them would
        follow the last choice and are left to the model that is trained on the result.
    update_every : int, default=10
        Epochs between two choices (Appendix B.1).
    learning_rate : float, default=0.1
    batch_size : int, default=32
    weights : {"uniform", "assignment", "calibrated"}, default="uniform"
        The rows of a class over its chosen rows, as the paper has it; or each row counts for its
        nearest chosen row of its class (Eq. 5, one more pass); or these weights moved a little,
        so that gradients at a pilot add up (see `FastCore`).
    scale : {"minmax", "standard", None}, default="minmax"
        How features are scaled.
    target : {"auto", "classes", "regression"}, default="auto"
        What y is. "auto" takes floats that are not all whole and of which more than 20 differ for
        numbers to predict: strata of them, by their quantiles, stand where classes stand.
    random_state : int, RandomState, Generator or None, default=None
        The same int gives the same coreset, for any chunks and number of threads.
    n_threads : int or None, default=None
        Accepted for API consistency; the choice itself runs on one thread.
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
        The rows of a class over its chosen rows: DeepFool itself has no weights.
    report_ : dict
        Rows, classes, rounds, seconds by stage.
    n_features_in_ : int
        Features after one-hot encoding.
    feature_names_in_ : ndarray of shape (n_features,), object
        Their names, where X is a data frame.

    Notes
    -----
    All rows are held in memory as float32. Where there is one class only, nothing is to be decided,
    and the rows are random ones.

    Prior weights tell how many rows of each class are chosen, which rows come first (they are
    drawn by weight), and how classes count in the model. The margin of a row does not depend on
    them: a row of weight 2 is as likely to be chosen for it as one of weight 1.

    Deviation: the paper trains and chooses in one go and keeps the model; here the rows are the
    result, and the model of the user starts anew. Classes keep their share of the budget, where
    the margin alone may leave one out.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift import DeepFool
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = DeepFool(budget=0.1, random_state=0).fit(X, y)
    >>> len(selector.sample_indices_), round(float(selector.sample_weight_.sum()))
    (179, 1797)
    """

    _plan_type = DeepFoolPlan

    def __init__(
        self,
        budget: Budget = 0.01,
        *,
        epochs: int = 40,
        update_every: int = 10,
        learning_rate: float = 0.1,
        batch_size: int = 32,
        weights: str = "uniform",
        scale: str | None = "minmax",
        target: str = "auto",
        random_state: RandomState = None,
        n_threads: int | None = None,
        engine: str | Engine = "serial",
        memory_limit: int | str | None = None,
    ) -> None:
        self.budget = budget
        self.epochs = epochs
        self.update_every = update_every
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.weights = weights
        self.scale = scale
        self.target = target
        self.random_state = random_state
        self.n_threads = n_threads
        self.engine = engine
        self.memory_limit = memory_limit


class Glister(BaseSelector):
    """Choose the rows whose gradient step lowers the loss on validation rows most.

    A softmax regression is trained on random rows for ``update_every`` epochs; rows chosen
    greedily by the first-order change of the validation loss join them; and so on, until the
    budget is spent: with the defaults in four equal parts, of which the first is random.

    Parameters
    ----------
    budget : float, int or dict
        A float in (0, 1] is a share of the rows, an int a number of rows. It is split over
        the classes by largest remainder, with at least one row for each. A dict has one of them
        for each class: ``{"yes": 100, "no": 0.01}`` is 100 rows and 1 % of the others.
    epochs : int, default=40
        Of the training that the choice accompanies; the last ``update_every`` of them would
        follow the last choice and are left to the model that is trained on the result.
    update_every : int, default=10
        Epochs between two choices (Appendix B.1).
    learning_rate : float, default=0.1
    batch_size : int, default=32
    n_blocks : int, default=10
        How often within a choice the gains are taken anew, as the chosen rows move the model.
    validation : float, default=0.1
        Share of the rows that the loss is taken on, at most ``max_validation``, of each class
        what its quota spares. They are not chosen.
    max_validation : int, default=10_000
    weights : {"uniform", "assignment", "calibrated"}, default="uniform"
        The rows of a class over its chosen rows, as the paper has it; or each row counts for its
        nearest chosen row of its class (Eq. 5, one more pass); or these weights moved a little,
        so that gradients at a pilot add up (see `FastCore`).
    scale : {"minmax", "standard", None}, default="minmax"
        How features are scaled.
    target : {"auto", "classes", "regression"}, default="auto"
        What y is. "auto" takes floats that are not all whole and of which more than 20 differ for
        numbers to predict: strata of them, by their quantiles, stand where classes stand.
    random_state : int, RandomState, Generator or None, default=None
        The same int gives the same coreset, for any chunks and number of threads.
    n_threads : int or None, default=None
        Accepted for API consistency; the choice itself runs on one thread.
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
        The rows of a class over its chosen rows: Glister itself has no weights.
    report_ : dict
        Rows, classes, rounds, validation rows, seconds by stage.
    n_features_in_ : int
        Features after one-hot encoding.
    feature_names_in_ : ndarray of shape (n_features,), object
        Their names, where X is a data frame.

    Notes
    -----
    All rows are held in memory as float32, and 24 bytes a row and class. Where
    there is one class only, nothing is to be decided, and the rows are random ones.

    Prior weights tell how many rows of each class are chosen, which rows come first and which are
    put aside (both are drawn by weight), and how classes count in the model. The gain of a row
    does not depend on its weight.

    Deviation: the paper replaces the rows every ``update_every`` epochs and keeps the model. Here
    the rows are the result, and the model of the user starts anew: so the rows that the model
    was trained on in turn are kept, a part each. (On 50,000 rows of CovType at 1 % the last
    choice alone gives a test accuracy of 0.44 at most, this 0.63.) Classes keep their share of
    the budget. See `coresift.methods.glister.choose` for the step.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift import Glister
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = Glister(budget=0.1, random_state=0).fit(X, y)
    >>> len(selector.sample_indices_), round(float(selector.sample_weight_.sum()))
    (179, 1797)
    """

    _plan_type = GlisterPlan

    def __init__(
        self,
        budget: Budget = 0.01,
        *,
        epochs: int = 40,
        update_every: int = 10,
        learning_rate: float = 0.1,
        batch_size: int = 32,
        n_blocks: int = 10,
        validation: float = 0.1,
        max_validation: int = 10_000,
        weights: str = "uniform",
        scale: str | None = "minmax",
        target: str = "auto",
        random_state: RandomState = None,
        n_threads: int | None = None,
        engine: str | Engine = "serial",
        memory_limit: int | str | None = None,
    ) -> None:
        self.budget = budget
        self.epochs = epochs
        self.update_every = update_every
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_blocks = n_blocks
        self.validation = validation
        self.max_validation = max_validation
        self.weights = weights
        self.scale = scale
        self.target = target
        self.random_state = random_state
        self.n_threads = n_threads
        self.engine = engine
        self.memory_limit = memory_limit
