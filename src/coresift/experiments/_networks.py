"""Runs of models that select for themselves: training and selection take turns (Algorithm 2)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sklearn.base import clone

from coresift.core.budget import resolve_budget
from coresift.experiments._each_epoch import EachEpoch
from coresift.experiments._job import Job, Record, failure
from coresift.experiments._memory import peak_mib
from coresift.experiments._models import fitted
from coresift.experiments._shared_selection import figures_of
from coresift.experiments._split import Split
from coresift.selectors import Uniform
from coresift.torch import NetworkClassifier


@dataclass(frozen=True, eq=False)
class NetworkJob(Job):
    """What to run: networks, each of which chooses anew as it trains.

    The selector sees gradients, which are not scaled. No selection is kept.
    """

    models: Mapping[str, NetworkClassifier]

    def records(self, split: Split, kept: Path | None = None) -> Iterator[tuple[str, Record]]:
        """Train in this process."""
        for name, model in self.models.items():
            try:
                yield name, {"status": "ok", "error": None, **self._measured(model, split)}
            except Exception as error:
                yield name, failure(error)

    def _measured(self, model: NetworkClassifier, split: Split) -> Record:
        """Return the figures of a model; Eq. 5's score has no meaning for coresets that change."""
        own, watch = self._prepared(model), (split.X_test, split.y_test)
        trained = fitted(own.fit(split.X, split.y, watch=watch), split, own.fit_seconds_)
        n_rows = len(split.X)
        return {
            "rows": n_rows if self.budget is None else resolve_budget(self.budget, n_rows),
            **figures_of(trained, split, own.select_seconds_),
            "choose_seconds": own.choose_seconds_,
            "peak_mib": peak_mib() if self.isolate else None,
            "select_mib": None,
            "stages": {},
            "score": None,
            "score_rows": None,
        }

    def _prepared(self, model: NetworkClassifier) -> NetworkClassifier:
        by = self.selector.by if isinstance(self.selector, EachEpoch) else None
        selector = None if self.selector is None else Uniform() if by else clone(self.selector)
        if selector is not None:
            known = selector.get_params(deep=False)
            changes = {"scale": None, "n_threads": self.n_threads}
            selector.set_params(**{name: changes[name] for name in changes if name in known})
        own: NetworkClassifier = clone(model)
        return own.set_params(  # type: ignore[no-any-return]
            selector=selector,
            redraw=by or (selector and model.redraw),
            budget=self.budget,
            random_state=self.seed,
            n_threads=self.n_threads,
        )

    def warm_up(self, split: Split) -> None:
        """Compile and import on a few rows, so that no measured time holds it."""
        few = replace(self, budget=None if self.selector is None else split.n_classes)
        X, y = split.few()
        short = {"warm_up": 1, "epochs": 1, "rounds": 1, "batch_size": split.n_classes}
        for model in self.models.values():
            # What fails here fails in the run too, and is reported there.
            with contextlib.suppress(Exception):
                few._prepared(model).set_params(**short).fit(X, y)
