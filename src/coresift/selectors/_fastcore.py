"""FastCore as an estimator."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any, Self

from sklearn.utils.metaestimators import available_if

from coresift._progress import Progress
from coresift._typing import Budget
from coresift.engines import Engine
from coresift.methods import FastCorePlan
from coresift.selectors._base import (
    BaseSelector,
    RandomState,
    check_same_features,
    named_source,
)

if TYPE_CHECKING:
    from coresift.summaries import StoredSummary

# The paper sets no limit to clusters and candidates; these never bind on its data.
_PAPER_CLUSTERS = 2**16
_PAPER_CANDIDATES = 2**22


def _has_hyperplanes(selector: Any) -> bool:
    """Tell whether rows can be added: other clusters are trained for one budget."""
    return bool(selector.clusters == "lsh")


class FastCore(BaseSelector):
    """Choose the rows that lie nearest to all rows of their class (Eq. 5).

    The defaults are the best that we measured: exact distances in small classes, points that
    move to means in large ones. With ``start="codes"`` or any setting of clusters, codes or
    greedy, rows are chosen by cluster bounds and a submodular greedy (Algorithm 1);
    `FastCore.paper` is the algorithm as published.

    Parameters
    ----------
    budget : float, int or dict
        A float in (0, 1] is a share of the rows, an int a number of rows. It is split over
        the classes by largest remainder, with at least one row for each. A dict has one of them
        for each class: ``{"yes": 100, "no": 0.01}`` is 100 rows and 1 % of the others.
    clusters : {"lsh", "kmeans", "gmm"}, default="lsh"
        What cuts the rows into clusters: random hyperplanes, or k-means or a Gaussian mixture
        (of diagonal covariances) trained on a sample of 8192 rows, or 4 for each cluster where
        that is more. The paper finds these equally good and far slower (Appendix A.0.5).
    n_clusters : int or None, default=None
        Clusters of "kmeans" and "gmm", the same for all classes; fewer where the sample has
        fewer distinct rows. None is as many as the hyperplanes find in the sample, at most
        ``max_clusters`` of a class and a quarter of the sample's rows.
    n_planes : int, default=64
        Hyperplanes that cut the rows into clusters (p), 1 to 64.
    center : bool, default=True
        Draw the hyperplanes through the middle of the data, not through the origin.
    n_subspaces : int or None, default=None
        Parts that the features are dealt to for product quantisation (M); None is one for each
        32 features, 6 to 64 (at most one a feature).
    subspaces : {"variance", "blocks"}, default="variance"
        Deal features so that the variance of the parts is even, or in equal runs of columns.
    n_codewords : int, default=256
        Codewords in each subspace (B), 1 to 256.
    n_candidates : int, default=500
        Rows that the stochastic greedy looks at in each step (S).
    bound : {"rms", "root", "sum"}, default="rms"
        How far a candidate is from a cluster: root mean square of the code distances to its
        rows, or the bound on the largest of them, or the paper's looser one (Eq. 9).
    greedy : {"auto", "lazy", "gradual", "stochastic", "naive"}, default="auto"
        "lazy" looks at all of ``max_candidates`` where they may lead; "gradual" does the same
        with candidates that arrive little by little (faster, nearly as good); "auto" is "lazy"
        for few pairs of candidate and cluster, else "gradual". "stochastic" looks at a sample
        of ``n_candidates`` a step, "naive" at all in every step (the rows of "lazy", slower).
    weights : {"auto", "assignment", "calibrated", "cluster"}, default="auto"
        "assignment": each row counts for its nearest chosen row of its class (Eq. 5, one more
        pass). "calibrated" moves these weights a little, so that the weighted gradients at a
        pilot add up to those of all rows. "cluster": each cluster counts for the chosen row of
        smallest bound (line 17). "auto" is "calibrated", or "assignment" where the
        representative is not "balanced".
    refine : int or None, default=None
        How often to look for better rows. With codes, each chosen row is replaced by a better
        medoid of the rows it stands for, where that lowers their distances (Eq. 5), in three
        passes each time; without, points move to the means of the rows nearest to them, in one
        pass each time, and rows of small classes are exchanged. None is once, or never with
        ``weights="cluster"``, which reads no row again.
    representative : {"auto", "medoid", "random", "balanced"}, default="auto"
        Keep the most central row of those that a chosen row stands for, or draw one of them, or
        choose the one of at most 30 that makes the weighted gradients at a pilot add up to those
        of all rows. With ``weights="calibrated"`` a model trained on the coreset comes closest to
        the one of all rows. "auto" is "balanced", or "medoid" where there is one class or none,
        fewer than one row to choose for 20 parameters of a linear model, or more than 10,000
        parameters, and with other weights than "calibrated". Ask for "medoid" where rows are
        compared with each other, as by nearest neighbours: the score of Eq. 5 is best then.
    pilot : estimator or None, default=None
        A fitted linear model of scikit-learn at which gradients are looked at, for "balanced"
        and "calibrated". None fits one to at most 20,000 rows of the first pass (half of all
        rows at most), and moves it by the gradient of all rows.
    loss : {"logistic", "squared_hinge", "squared", None}, default=None
        The loss of the pilot: None is "logistic", for numbers to predict "squared" (least
        squares, ridge and Lasso alike), or that of the model which is given.
    noise : float or None, default=None
        Of classes: leave out rows whose label is less than so many times as probable as the
        likeliest one, by the pilot; 0.05 where labels may be wrong and classes are well apart.
        None keeps all.
    gradient : callable or None, default=None
        Gradients of any other model, in the place of a pilot: a function ``(rows, labels)`` of
        unscaled rows, which returns whole gradients, shape (n_rows, n_parameters), or a tuple of
        two arrays, the errors, shape (n_rows, n_outputs), and the inputs, shape
        (n_rows, n_inputs), of a last layer: the gradient of a row is their outer product, with an
        input of 1 for the intercept. Whole gradients of more than 512 columns are projected at
        random. Nothing is held back then: no model of ours can say what is better.
    rounds : int, default=1
        How often members are chosen: from the second time on, the pilot is the model of the
        coreset chosen before. One more pass each. It rarely pays: a pilot of 20,000 rows is the
        better one (44 rows of `movies`, excess log-loss as a share of uniform rows' excess: 0.016
        with one round, 0.083 with two).
    scale : {"minmax", "standard", None}, default="minmax"
        How features are scaled before distances are taken.
    target : {"auto", "classes", "regression"}, default="auto"
        What y is. "auto" takes floats that are not all whole and of which more than 20 differ for
        numbers to predict: strata of them, by their quantiles, stand where classes stand.
    max_clusters : int or None, default=None
        Most clusters of a class; None is 10 for each row to choose in it, at least 4096 (shared
        by the classes where there are more than 16), and at most 512 MiB of their table.
    max_candidates : int or None, default=None
        Most rows of a class to choose from, drawn uniformly; None is 20 for each to choose, at
        least 1024.
    exact_below : int or "auto", default="auto"
        Classes of fewer rows are chosen from by the distances between all of their rows. "auto"
        is 2000 where no codes are used, else 0, no class; with "auto", medoids of classes of at
        most 16,384 rows are exchanged for better ones where that is cheap. The smallest classes
        go first, until their rows take 256 MiB.
    start : {"auto", "sample", "codes"}, default="auto"
        How rows of the other classes are chosen: by means that start on a sample, or by codes.
        "auto" is "sample" where nothing is said of clusters, codes and greedy and the weights
        come from the rows that each chosen row stands for, else "codes".
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
        Positive; sums to the number of rows, and per class to the size of the class. Weights
        that sum to the number of rows keep the meaning of ``C`` in scikit-learn's models;
        divided by their mean, ``C`` would mean something else.
    report_ : dict
        What is known about the coreset: Eq. 5's score, clusters, classes, seconds by stage, and
        ``notes`` on the input, where there are some (rows left out, gaps filled).
    n_features_in_ : int
        Features after one-hot encoding.
    feature_names_in_ : ndarray of shape (n_features,), object
        Their names, where X is a data frame.

    Notes
    -----
    Memory without codes: a sample of 20 rows or less for each to choose, 16 bytes a value; 60
    bytes for each value of a chosen row; 16 bytes a row. With codes: 8 bytes and 1 byte a
    subspace for each row of a chunk; then at most ``(8 + n_subspaces)`` bytes a candidate, 16
    bytes for each triple of cluster, subspace and code that occurs, and a table of
    ``4 * n_subspaces * n_codewords`` bytes a cluster of the classes in work. `refine` keeps 4
    bytes a row. ``clusters="gmm"`` takes about 48 bytes for each pair of a row of its sample and
    a cluster while it trains. Nothing grows with rows times rows, or with all rows times
    clusters.

    References
    ----------
    Chengliang Chai, Jiayi Wang, Nan Tang, Ye Yuan, Jiabin Liu, Yuhao Deng and Guoren Wang.
    "Efficient Coreset Selection with Cluster-based Methods." KDD 2023.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift import FastCore
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = FastCore(budget=0.1, random_state=0).fit(X, y)
    >>> len(selector.sample_indices_), float(selector.sample_weight_.sum())
    (179, 1797.0)
    """

    _plan_type = FastCorePlan

    summary_: StoredSummary

    def __init__(
        self,
        budget: Budget = 0.01,
        *,
        clusters: str = "lsh",
        n_clusters: int | None = None,
        n_planes: int = 64,
        center: bool = True,
        n_subspaces: int | None = None,
        subspaces: str = "variance",
        n_codewords: int = 256,
        n_candidates: int = 500,
        bound: str = "rms",
        greedy: str = "auto",
        weights: str = "auto",
        refine: int | None = None,
        representative: str = "auto",
        pilot: Any = None,
        loss: str | None = None,
        noise: float | None = None,
        gradient: Any = None,
        rounds: int = 1,
        scale: str | None = "minmax",
        target: str = "auto",
        max_clusters: int | None = None,
        max_candidates: int | None = None,
        exact_below: int | str = "auto",
        start: str = "auto",
        random_state: RandomState = None,
        n_threads: int | None = None,
        engine: str | Engine = "serial",
        memory_limit: int | str | None = None,
    ) -> None:
        self.budget = budget
        self.clusters = clusters
        self.n_clusters = n_clusters
        self.n_planes = n_planes
        self.center = center
        self.n_subspaces = n_subspaces
        self.subspaces = subspaces
        self.n_codewords = n_codewords
        self.n_candidates = n_candidates
        self.bound = bound
        self.greedy = greedy
        self.weights = weights
        self.refine = refine
        self.representative = representative
        self.pilot = pilot
        self.loss = loss
        self.noise = noise
        self.gradient = gradient
        self.rounds = rounds
        self.scale = scale
        self.target = target
        self.max_clusters = max_clusters
        self.max_candidates = max_candidates
        self.exact_below = exact_below
        self.start = start
        self.random_state = random_state
        self.n_threads = n_threads
        self.engine = engine
        self.memory_limit = memory_limit

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        progress: Progress | None = None,
        check: bool = False,
        resume: str | PathLike[str] | None = None,
    ) -> Self:
        """Choose the rows, see `BaseSelector.fit`; those of `partial_fit` are forgotten."""
        super().fit(X, y, sample_weight, progress=progress, check=check, resume=resume)
        if hasattr(self, "summary_"):
            del self.summary_
        return self

    @available_if(_has_hyperplanes)  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: Any,
        y: Any = None,
        *,
        most_rows: int | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Add rows, and choose from all that were added.

        The first call trains an encoder on its rows, later ones keep it: ``report_["drift"]`` says
        how it fits the new rows. `summary_` holds what is known of all rows (`coresift.summaries`),
        no row is kept or read again.

        Parameters
        ----------
        X, y
            As for `fit`. Rows stand behind those of earlier calls: `sample_indices_` counts on.
        most_rows : int or None, default=None
            In the first call: most rows of a class that will ever be chosen. None is the budget
            where it is a number of rows, else 2,000.
        progress : callable or None, default=None
            Called with (stage, steps done, steps in all).

        Returns
        -------
        self

        Raises
        ------
        BudgetError, ColumnError, DataError, FormatError, LabelError, ParameterError
            If the rows cannot be used, do not go with the earlier ones, or a parameter asks for
            what a summary does not know.

        Notes
        -----
        The coreset is the one of ``weights="cluster"`` on all rows with that encoder, however they
        come in pieces.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from coresift import FastCore
        >>> X, y = load_digits(return_X_y=True)
        >>> selector = FastCore(budget=0.1, random_state=0)
        >>> selector = selector.partial_fit(X[:900], y[:900]).partial_fit(X[900:], y[900:])
        >>> len(selector.sample_indices_), float(selector.sample_weight_.sum())
        (179, 1797.0)
        """
        from coresift.selectors._partial import added, chosen

        known = getattr(self, "summary_", None)
        if known is not None:
            check_same_features(self, X)
        source = named_source(X, y, None)
        summary = added(self, source, known, most_rows, progress)
        coreset, report = chosen(self, summary, progress)
        if known is None:
            self._set_features(X, source, (y,))
        self.summary_, self.report_ = summary, report
        self.sample_indices_, self.sample_weight_ = coreset.row_ids, coreset.weights
        return self

    @classmethod
    def paper(
        cls,
        budget: Budget = 0.01,
        n_planes: int = 64,
        n_subspaces: int = 3,
        random_state: RandomState = None,
        n_threads: int | None = None,
    ) -> FastCore:
        """Return the selector with Algorithm 1 as published.

        Hyperplanes through the origin, equal runs of columns, the paper's bound, stochastic
        greedy with 500 candidates a step, weights from clusters.

        Parameters
        ----------
        budget, n_planes, n_subspaces, random_state, n_threads
            As for the class.
        """
        return cls(
            budget,
            n_planes=n_planes,
            center=False,
            n_subspaces=n_subspaces,
            subspaces="blocks",
            bound="sum",
            greedy="stochastic",
            weights="cluster",
            max_clusters=_PAPER_CLUSTERS,
            max_candidates=_PAPER_CANDIDATES,
            random_state=random_state,
            n_threads=n_threads,
        )
