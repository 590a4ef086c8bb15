"""The least that is run and kept: one method on one data set, or one measurement."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from coresift._errors import MissingDataError
from coresift._progress import Progress
from coresift.experiments import compare
from coresift.experiments._each_epoch import DRAWN
from coresift.reproduce._data import Table, open_table
from coresift.reproduce._machine import total_memory
from coresift.reproduce._methods import UNIFORM, linear, network, selector_of
from coresift.reproduce._settings import SETTINGS, Scale
from coresift.reproduce._store import Folder, Row
from coresift.selectors import FULL, BaseSelector

_LARGE = 2**28  # bytes
GENERATED = (
    "networks are not trained on generated rows, as their accuracy there says nothing: place the "
    "real data set in the folder of data sets"
)


@dataclass(frozen=True, eq=False)
class Context:
    """What all cells share.

    Parameters
    ----------
    scale : Scale
    folder : Folder
    n_threads : int or None
    data_home : str or path or None
    download : bool
    progress : callable or None
    """

    scale: Scale
    folder: Folder
    n_threads: int | None = None
    data_home: str | os.PathLike[str] | None = None
    download: bool = True
    progress: Progress | None = None
    _tables: dict[str, Table | str] = field(default_factory=dict)

    def table(self, name: str, copies: int = 1) -> Table:
        """Return the rows of a data set; those of one that is large are not kept for long.

        Parameters
        ----------
        name : str
        copies : int, default=1
            Of the rows, that are held in memory at the peak of what is measured on them.

        Raises
        ------
        MissingDataError
            Where it cannot be had, and where it does not fit in memory.
        """
        self._check_memory(name, copies)
        if name not in self._tables:
            for key, known in list(self._tables.items()):
                if isinstance(known, Table) and known.X.nbytes > _LARGE:
                    del self._tables[key]
            self._tables[name] = self._opened(name)
        found = self._tables[name]
        if isinstance(found, str):
            raise MissingDataError(found)
        return found

    def _check_memory(self, name: str, copies: int) -> None:
        setting = SETTINGS[name]
        n_rows = self.scale.rows(name) or setting.rows
        needed, memory = 4 * n_rows * setting.features * copies, total_memory()
        if memory is not None and needed > memory:
            raise MissingDataError(
                f"{setting.title} needs about {needed / 2**30:.0f} GiB of memory, and there are "
                f"{memory / 2**30:.0f}: run it on a larger machine"
            )

    def _opened(self, name: str) -> Table | str:
        """Return a table, or why there is none."""
        try:
            return open_table(name, self.scale, self.data_home, self.download)
        except MissingDataError as error:
            return str(error)


@dataclass(frozen=True, eq=False)
class Cell(ABC):
    """One thing to run on a data set.

    Parameters
    ----------
    data : str
    tags : mapping of str to values
        What its rows say beside what was measured.
    """

    data: str
    tags: Mapping[str, Any] = field(default_factory=dict)
    # Of the rows, that it holds at its peak. A comparison of 2,000,000 x 40 held 4.1 (full)
    # to 5.5 (Craig+PQ, which was stopped early, as other slow methods, and may come to hold more).
    copies: ClassVar[int] = 8

    def table(self, context: Context) -> Table:
        """Return the rows of its data set.

        Raises
        ------
        MissingDataError
            Where there are none that it can be measured on.
        """
        return context.table(self.data, self.copies)

    @abstractmethod
    def facts(self, context: Context) -> dict[str, Any]:
        """Return what decides the rows, the data and the tags aside."""

    @abstractmethod
    def measure(self, context: Context, limit: float | None) -> list[Row]:
        """Run, and return rows for JSON; each may have a status other than "ok"."""

    @property
    def series(self) -> tuple[Any, ...] | None:
        """What the runs of all seeds have in common; None where there is one run."""
        return None

    def limit(self, scale: Scale) -> float | None:
        """Return the seconds that it may take, or None."""
        return scale.time_limit

    @property
    def name(self) -> str:
        """A few words for progress."""
        return " ".join([SETTINGS[self.data].title, *(str(tag) for tag in self.tags.values())])

    def tagged(self, context: Context, rows: list[Row]) -> list[Row]:
        """Say of each row where it belongs; other cells may share what was measured."""
        data = {"data": self.data, "origin": self.table(context).origin}
        return [{**data, **self.tags, **row} for row in rows]


_KEPT = (
    *("status", "error", "rows", "accuracy", "log_loss", "score", "peak_mib"),
    *("select_seconds", "choose_seconds", "train_seconds", "total_seconds", "stages", "curve"),
    "time_limit",
)


@dataclass(frozen=True, eq=False)
class CompareCell(Cell):
    """A method, a seed and a model: `coresift.compare`, which keeps its runs.

    Parameters
    ----------
    method : str
        Of `coresift.reproduce._methods.TITLES`.
    seed : int
    model : {"logistic", "svm", "lasso", "network"}
    budget : float or None
        None is the paper's for the data set, and enough rows to train on.
    changes : mapping
        Other parameters of the selector.
    """

    method: str = FULL
    seed: int = 0
    model: str = "logistic"
    budget: float | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """A few words for progress."""
        return f"{super().name} {self.method} seed {self.seed} {self.model}"

    @property
    def series(self) -> tuple[Any, ...]:
        """All but the seed."""
        return self.data, self.method, self.model, self.budget, *sorted(self.changes.items())

    def limit(self, scale: Scale) -> float | None:
        """Return the seconds that it may take: networks take longer."""
        return scale.network_limit if self.model == "network" else scale.time_limit

    def table(self, context: Context) -> Table:
        """Return the rows; networks need real ones."""
        found = super().table(context)
        if self.model == "network" and found.origin != "real":
            raise MissingDataError(GENERATED)
        return found

    def facts(self, context: Context) -> dict[str, Any]:
        """Return method, model and budget with all their parameters."""
        return {
            "kind": "compare",
            "selector": " ".join(repr(self._selector() or self.method).split()),
            "model": " ".join(repr(self._model(context.scale)).split()),
            "seed": self.seed,
            "budget": self._budget(context),
            "threads": context.n_threads,
            "isolate": context.scale.isolate,
        }

    def measure(self, context: Context, limit: float | None) -> list[Row]:
        """Compare the method; uniform and full, which always take part, are kept for theirs."""
        table, selector = self.table(context), self._selector()
        # the same uniform rows for every cell, so that compare finds them among its runs
        methods: dict[str, Any] = {UNIFORM: selector_of(UNIFORM, SETTINGS[self.data])}
        methods[self.method] = self.method if selector is None else selector
        found = compare(
            table.X,
            table.y,
            test=table.test,
            budget=self._budget(context),
            methods=methods,
            seeds=[self.seed],
            model={self.model: self._model(context.scale)},
            n_threads=context.n_threads,
            time_limit=limit,
            resume=context.folder.runs / f"{self.data}.jsonl",
            isolate=context.scale.isolate,
        )
        own = [run for run in found.runs if run["method"] == self.method]
        named = {"method": self.method, "model": self.model, "seed": self.seed}
        return [
            {**named, "budget": run["budget"], **{name: run.get(name) for name in _KEPT}}
            for run in own
        ]

    def _selector(self) -> BaseSelector | None:
        """Return the selector; None for what compare knows by its name alone."""
        if self.method in DRAWN:
            return None
        return selector_of(self.method, SETTINGS[self.data], **self.changes)

    def _model(self, scale: Scale) -> Any:
        setting = SETTINGS[self.data]
        if self.model == "network":
            return network(setting, scale.schedule)
        return linear(self.model, setting, scale)

    def _budget(self, context: Context) -> float:
        """Return the share of rows, or of few rows their number."""
        share = self.budget or SETTINGS[self.data].budget
        n_rows = context.scale.rows(self.data)
        least = 0 if n_rows is None or self.budget is not None else context.scale.least_coreset
        if n_rows is not None and share * n_rows < least:
            return least
        return share
