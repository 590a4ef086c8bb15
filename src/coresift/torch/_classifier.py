"""The paper's networks as a scikit-learn classifier that chooses its coresets as it trains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isqrt
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from coresift._errors import ParameterError
from coresift._threads import processor_count
from coresift._typing import Float32, Float64, Rows
from coresift.core.parameters import check_choice, check_threads, checked_seed
from coresift.torch._descent import import_torch
from coresift.torch._output_classifier import OutputClassifier
from coresift.torch._schedule import Schedule

LEARNING_RATES = {"mlp": 0.1, "cnn": 0.01}  # Table 3


class NetworkClassifier(OutputClassifier):
    """A network of the paper (Section 8.4), trained on coresets that follow it (Algorithm 2).

    Needs torch.

    Parameters
    ----------
    network : {"mlp", "cnn"}, default="mlp"
        Two hidden layers of 128; or a convolution for images, see `coresift.torch.cnn`.
    selector : str, selector or None, default="fastcore"
        As for `coresift.torch.reselect`; None trains on all rows in every epoch.
    budget : float or int or None, default=0.1
        Of each coreset; None keeps the selector's own.
    warm_up, epochs, rounds : int, default=20, 20, 10
        Epochs on all rows, epochs on each coreset, and coresets.
    finish : int, default=0
        Epochs on all rows at the end.
    schedule : Schedule or None, default=None
        In place of these four. ``Schedule.reduced(total)`` brings a budget and a way to draw too,
        in place of ``budget`` and, where that is None, ``redraw``.
    redraw : {"gradients", "losses", "members", "uniform"} or None, default=None
        As for `coresift.torch.CoresetTrainer`: other rows in each epoch, or coresets that are kept.
    learning_rate : float or None, default=None
        Falls to zero along half a cosine; None is 0.1 for "mlp" and 0.01 for "cnn" (Table 3).
    batch_size : int, default=128
    momentum : float, default=0.9
    penalty : float, default=1e-4
        Coefficient of the L2 penalty.
    image_shape : tuple (height, width) or None, default=None
        Of the images that rows are, for "cnn", row by row of pixels; None is a square.
    wrt : {"weights", "logits"}, default="weights"
        As for `coresift.torch.reselect`.
    device : str or None, default=None
        Where to train; None is the CPU.
    random_state : int, RandomState, Generator or None, default=None
        Decides the first parameters, the order of the rows and the selections.
    n_threads : int or None, default=None
        Of torch, and of the selector where it is given by name. None is every processor, but one
        for the training of "mlp", whose batches are too small to share.

    Attributes
    ----------
    module_ : torch.nn.Module
    trainer_ : CoresetTrainer
        With history, selections and the last coreset.
    classes_ : ndarray of shape (n_classes,)
    curve_ : list of (int, float)
        Iterations and the accuracy on ``watch`` after each epoch.
    fit_seconds_, select_seconds_ : float
        Of training alone; and of all selections, the gradients among them.
    choose_seconds_ : float
        Of the selections without their gradients.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift.torch import NetworkClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = NetworkClassifier(
    ...     "cnn", warm_up=4, epochs=4, rounds=3, learning_rate=0.05, batch_size=32, random_state=0
    ... ).fit(X / 16, y)
    >>> bool(model.score(X / 16, y) > 0.9)
    True
    """

    def __init__(
        self,
        network: str = "mlp",
        selector: Any = "fastcore",
        *,
        budget: float | None = 0.1,
        warm_up: int = 20,
        epochs: int = 20,
        rounds: int = 10,
        finish: int = 0,
        schedule: Schedule | None = None,
        redraw: str | None = None,
        learning_rate: float | None = None,
        batch_size: int = 128,
        momentum: float = 0.9,
        penalty: float = 1e-4,
        image_shape: tuple[int, int] | None = None,
        wrt: str = "weights",
        device: str | None = None,
        random_state: Any = None,
        n_threads: int | None = None,
    ) -> None:
        self.network = network
        self.selector = selector
        self.budget = budget
        self.warm_up = warm_up
        self.epochs = epochs
        self.rounds = rounds
        self.finish = finish
        self.schedule = schedule
        self.redraw = redraw
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.momentum = momentum
        self.penalty = penalty
        self.image_shape = image_shape
        self.wrt = wrt
        self.device = device
        self.random_state = random_state
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any, watch: tuple[Any, Any] | None = None) -> Self:
        """Train.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
        y : array-like of shape (n_rows,)
        watch : tuple (X, y) or None, default=None
            Test rows, on which the accuracy is taken after each epoch, into ``curve_``.

        Raises
        ------
        LabelError
            For a single class.
        MissingDependencyError
            Where torch is not installed.
        BudgetError, ParameterError
            For a parameter outside its range, and a coreset smaller than a batch.
        """
        torch = import_torch()
        check_choice("network", self.network, LEARNING_RATES)
        check_threads(self.n_threads)
        self._check_descent()
        X, labels = self._rows_and_labels(X, y)
        seed = checked_seed(self.random_state)
        with _threads(torch, self._own_threads()):
            self._train(torch, X, labels, watch, seed)
        return self

    def _own_threads(self) -> int | None:
        if self.n_threads == -1:
            return processor_count()
        return 1 if self.n_threads is None and self.network == "mlp" else self.n_threads

    def _check_descent(self) -> None:
        if self.learning_rate is not None and not self.learning_rate > 0:
            raise ParameterError(f"learning_rate={self.learning_rate}: must be above 0, or None")
        if not 0 <= self.momentum < 1:
            raise ParameterError(f"momentum={self.momentum}: must be at least 0 and below 1")
        if not self.penalty >= 0:
            raise ParameterError(f"penalty={self.penalty}: must be at least 0")

    def _train(self, torch: Any, X: Rows, labels: Any, watch: Any, seed: int) -> None:
        from coresift.torch._trainer import CoresetTrainer

        data = torch.utils.data.TensorDataset(
            self._tensor(torch, X), torch.from_numpy(labels.astype(np.int64))
        )
        rate = LEARNING_RATES[self.network] if self.learning_rate is None else self.learning_rate
        schedule = self.schedule or Schedule(self.warm_up, self.epochs, self.rounds, self.finish)
        budget = self.budget if schedule.budget is None else schedule.budget
        self.module_ = self._make(torch, X.shape[1], len(self.classes_), seed)
        self.trainer_ = CoresetTrainer(
            self.module_,
            self._own_selector(),
            budget=None if self.selector is None else budget,
            schedule=schedule,
            redraw=self.redraw,
            optimizer=lambda parameters: torch.optim.SGD(
                parameters, rate, self.momentum, weight_decay=self.penalty
            ),
            batch_size=self.batch_size,
            wrt=self.wrt,
            device=self.device,
            seed=seed,
        )
        self.trainer_.fit(data, watch=None if watch is None else self._accuracy(torch, *watch))
        self.module_.eval()
        history, chosen = self.trainer_.history_, self.trainer_.selections_
        self.fit_seconds_ = history[-1]["seconds"]
        self.choose_seconds_ = float(sum(selection["choose"] for selection in chosen))
        gradients = sum(selection["gradients"] for selection in chosen)
        self.select_seconds_ = self.choose_seconds_ + float(gradients)
        self.curve_ = [(one["iterations"], one["watched"]) for one in history if "watched" in one]

    def _own_selector(self) -> Any:
        from coresift.torch._reselect import resolve_selector

        if self.selector is None:
            return None
        own = resolve_selector(self.selector, self.budget)
        if isinstance(self.selector, str) and "n_threads" in own.get_params(deep=False):
            own.set_params(n_threads=self.n_threads)
        return own

    def _make(self, torch: Any, n_features: int, n_classes: int, seed: int) -> Any:
        from coresift.torch._networks import cnn, mlp

        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(seed)
            if self.network == "mlp":
                return mlp(n_features, n_classes)
            return cnn(*self._shape(n_features), n_classes)

    def _shape(self, n_features: int) -> tuple[int, int]:
        side = isqrt(n_features)
        shape = (side, side) if self.image_shape is None else tuple(self.image_shape)
        if len(shape) != 2 or shape[0] * shape[1] != n_features:
            raise ParameterError(
                f"rows of {n_features} features are not images of {' x '.join(map(str, shape))}: "
                "give image_shape=(height, width)"
            )
        return shape

    def _tensor(self, torch: Any, X: Rows) -> Any:
        rows = torch.from_numpy(np.ascontiguousarray(X, dtype=np.float32))
        if self.network == "mlp":
            return rows
        images = rows.reshape(len(rows), 1, *self._shape(rows.shape[1]))
        return images.contiguous(memory_format=torch.channels_last)

    def _accuracy(self, torch: Any, X: Any, y: Any) -> Callable[[Any], float]:
        expected = np.asarray(y)
        rows = self._tensor(torch, np.asarray(X))

        def accuracy(module: Any) -> float:
            best = _outputs(torch, module, rows).argmax(axis=1)
            return float((self.classes_[best] == expected).mean())

        return accuracy

    def predict_proba(self, X: Any) -> Float64:
        """Return the softmax of the outputs, shape (n_rows, n_classes)."""
        return self._probabilities(X)

    def _all_outputs(self, X: Any) -> Float32:
        check_is_fitted(self, "module_")
        torch = import_torch()
        X = validate_data(self, X, dtype=np.float32, reset=False)
        with _threads(torch, self._own_threads()):
            return _outputs(torch, self.module_, self._tensor(torch, X))


def _outputs(torch: Any, module: Any, rows: Any) -> Float32:
    from coresift.torch._loading import BATCH_SIZE

    device = next(module.parameters()).device
    with torch.inference_mode():
        parts = [module(part.to(device)).cpu().numpy() for part in rows.split(BATCH_SIZE)]
    return np.concatenate(parts)


@contextmanager
def _threads(torch: Any, n_threads: int | None) -> Iterator[None]:
    """Let torch use so many threads for a while."""
    before = torch.get_num_threads()
    if n_threads is not None:
        torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
