"""The tables that the experiments run on: real where they can be had, else generated."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._errors import MissingDataError
from coresift._rng import Purpose, stream
from coresift._typing import Labels, Rows
from coresift.datasets import (
    Dataset,
    load_brazil,
    load_covtype,
    load_imdb,
    load_mnist,
    load_movies,
    make_table,
)
from coresift.reproduce._settings import SETTINGS, Scale

LOADERS: dict[str, Callable[..., Dataset]] = {
    "brazil": load_brazil,
    "covtype": load_covtype,
    "imdb": load_imdb,
    "mnist": load_mnist,
    "movies": load_movies,
}


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of a data set, as many as the scale takes.

    Parameters
    ----------
    name : str
        Of `SETTINGS`.
    X : ndarray of shape (n_rows, n_features), float32
    y : ndarray of shape (n_rows,)
    test : tuple (X_test, y_test) or None
        None where a quarter of the rows is put aside.
    origin : {"real", "generated"}
    source : str
    total : int
        Rows that there are, before any were drawn.
    """

    name: str
    X: Rows
    y: Labels
    test: tuple[Rows, Labels] | None
    origin: str
    source: str
    total: int

    @classmethod
    def of(cls, found: Dataset, name: str, n_rows: int | None) -> Table:
        """Draw rows of a data set."""
        X, y, total = found.X, found.y, len(found.X)
        if n_rows is not None and n_rows < total:
            rng = stream(0, Purpose.DATA_SAMPLE)
            chosen = np.sort(rng.choice(total, n_rows, replace=False))
            X, y = X[chosen], y[chosen]
        test = (
            None if found.X_test is None or found.y_test is None else (found.X_test, found.y_test)
        )
        return cls(name, X, y, test, found.origin, found.source, total)

    def facts(self) -> dict[str, Any]:
        """Return what decides the rows, for JSON."""
        return {
            "data": self.name,
            "origin": self.origin,
            "source": self.source,
            "rows": len(self.X),
            "features": self.X.shape[1],
            "classes": len(np.unique(self.y)),
            "of_rows": self.total,
            "test_rows": None if self.test is None else len(self.test[0]),
        }


def open_table(
    name: str, scale: Scale, data_home: str | os.PathLike[str] | None, download: bool
) -> Table:
    """Return the table of a name: real, or else generated at the paper's size.

    Raises
    ------
    MissingDataError
        For a data set of which no generated table stands in (``movies``).
    """
    setting, n_rows = SETTINGS[name], scale.rows(name)
    if name in LOADERS:
        try:
            return Table.of(LOADERS[name](data_home, download=download), name, n_rows)
        except MissingDataError:
            if name == "movies":
                raise
    made = make_table(
        n_rows or setting.rows, setting.features, setting.classes, name=name, seed=_SEEDS[name]
    )
    return Table.of(made, name, None)


_SEEDS = {name: number for number, name in enumerate(SETTINGS)}
