"""What any run of a comparison is, whoever selects in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from sklearn.base import BaseEstimator

from coresift.experiments._split import Split
from coresift.selectors import BaseSelector

Record = dict[str, Any]
# Whose modules only define things when they are imported: others may start threads, or use a GPU.
_HARMLESS = ("coresift", "sklearn")
_DYNAMO = "torch._dynamo"  # which the first optimizer imports, in 3 s


@dataclass(frozen=True, eq=False)
class Job(ABC):
    """A method, a budget and a seed, and the models that are trained.

    Parameters
    ----------
    method : str
        Its name in the tables.
    selector : BaseSelector or None
        None takes all rows.
    budget : float or int or None
    seed : int
    models : mapping of str to BaseEstimator
        By their names in the tables.
    n_threads : int or None
    isolate : bool, default=False
        Whether the process is its own, so that its memory says something about the run.
    """

    method: str
    selector: BaseSelector | None
    budget: float | None
    seed: int
    models: Mapping[str, BaseEstimator]
    n_threads: int | None = None
    isolate: bool = False

    def only(self, names: Iterable[str]) -> Self:
        """Return the job with these of its models."""
        return replace(self, models={name: self.models[name] for name in names})

    def imports(self) -> set[str]:
        """Return the modules that can be imported once for all processes of a comparison."""
        found = {type(part).__module__ for part in (self, self.selector, *self.models.values())}
        if any(name.startswith("coresift.torch") for name in found):
            found.add(_DYNAMO)
        return {name for name in found if name.partition(".")[0] in (*_HARMLESS, "torch")}

    def facts(self, name: str) -> dict[str, Any]:
        """Return what decides the record of a model, the data aside."""
        model = repr(self.models[name])
        return {"method": self.method, "model": model, **self.selection_facts()}

    def selection_facts(self) -> dict[str, Any]:
        """Return what decides the selection, the data aside."""
        return {
            "selector": repr(self.selector),
            "budget": self.budget,
            "seed": self.seed,
            "n_threads": self.n_threads,
            "isolate": self.isolate,
        }

    @abstractmethod
    def warm_up(self, split: Split) -> None:
        """Compile and import on a few rows, so that no measured time holds it."""

    @abstractmethod
    def records(self, split: Split, kept: Path | None = None) -> Iterator[tuple[str, Record]]:
        """Run in this process; yield each model and its record as soon as it is there.

        A record holds "status" and "error", and its figures if all went well.

        Parameters
        ----------
        split : Split
        kept : Path or None
            The file of a selection that models share: read if it is there, else written.
        """


def failure(error: Exception) -> Record:
    """Return the record of what failed, in one line."""
    line = " ".join(str(error).split())
    return {"status": "failed", "error": f"{type(error).__name__}: {line}"}
