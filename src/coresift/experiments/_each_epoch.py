"""Rows drawn anew in each epoch: what stands for them, and runs of linear models on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sklearn.base import clone

from coresift.core.budget import resolve_budget
from coresift.experiments._job import Record
from coresift.experiments._selection import Selection
from coresift.experiments._shared_selection import SharedSelectionJob
from coresift.experiments._split import Split
from coresift.selectors import Uniform
from coresift.torch import LinearClassifier


class EachEpoch(Uniform):
    """What stands for a method that draws other rows in each epoch; ``by`` is its ``redraw``."""

    def __init__(
        self, budget: float = 0.01, *, by: str = "uniform", random_state: int | None = None
    ) -> None:
        super().__init__(budget, random_state=random_state)
        self.by = by


# They always take part where networks are compared.
DRAWN = {f"{by}-each-epoch": EachEpoch(by=by) for by in ("uniform", "gradients")}


@dataclass(frozen=True, eq=False)
class EachEpochJob(SharedSelectionJob):
    """What to run: linear models, which draw rows uniformly as they train; nothing is selected."""

    models: Mapping[str, LinearClassifier]

    def selection(self, split: Split) -> Selection:
        """Take all rows, to draw from; Eq. 5's score has no meaning for rows that change."""
        everything = Selection.of(None, split, self.n_threads, self.isolate)
        return replace(everything, select_mib=None, score=None, score_rows=0)

    def records(self, split: Split, kept: Path | None = None) -> Iterator[tuple[str, Record]]:
        """Train in this process; no selection is kept."""
        own = {
            name: clone(model).set_params(budget=self.budget) for name, model in self.models.items()
        }
        rows = len(split.X) if self.budget is None else resolve_budget(self.budget, len(split.X))
        for name, record in SharedSelectionJob.records(replace(self, models=own), split):
            yield name, {**record, "rows": rows} if record["status"] == "ok" else record
