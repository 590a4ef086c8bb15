"""The real data sets as arrays, split once; read from CORESIFT_DATA or ../shared/data."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split

from coresift.datasets import load_covtype, load_mnist, load_movies

Array = np.ndarray[Any, Any]
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Data:
    """Training and test rows, unscaled, float32."""

    name: str
    X: Array
    y: Array
    X_test: Array
    y_test: Array

    def minmax(self) -> Data:
        """Return the rows scaled to [0, 1] by the training rows."""
        low, high = self.X.min(axis=0), self.X.max(axis=0)
        spread = np.where(high > low, high - low, 1)
        scaled = [((rows - low) / spread).astype(np.float32) for rows in (self.X, self.X_test)]
        return Data(self.name, scaled[0], self.y, scaled[1], self.y_test)

    def first(self, n_rows: int | None) -> Data:
        """Return at most the first training rows (the split has shuffled them)."""
        return Data(self.name, self.X[:n_rows], self.y[:n_rows], self.X_test, self.y_test)


def folder() -> Path:
    """Return where the real data are, or stop with a line that says how to name the folder."""
    path = Path(os.environ.get("CORESIFT_DATA", ROOT.parent / "shared" / "data"))
    if not any(path.glob("*.parquet")):
        raise SystemExit(f"no data in {path}: set CORESIFT_DATA to the folder that holds it")
    return path


def read(name: str) -> pa.Table:
    return pq.read_table(folder() / f"{name}.parquet")


def _split(name: str, X: Array, y: Array) -> Data:
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.25, random_state=0)
    return Data(name, X, y, X_test, y_test)


def covtype() -> Data:
    found = load_covtype(folder())
    return _split("covtype", found.X, found.y)


def covtype_elevation() -> Data:
    """Elevation as a number, from all other columns but the cover type."""
    found = load_covtype(folder())
    return _split("elevation", found.X[:, 1:], found.X[:, 0].astype(float))


def movies() -> Data:
    """Rating in 5 quantile bins from 16 features."""
    found = load_movies(folder())
    return _split("movies", found.X, found.y)


def movie_ratings() -> Data:
    """Rating as a number from the same features."""
    rating = pq.read_table(folder() / "movies.parquet", columns=["rating"]).column(0)
    return _split("ratings", load_movies(folder()).X, rating.to_numpy().astype(float))


def mnist() -> Data:
    found = load_mnist(folder())
    return Data("mnist", found.X, found.y, found.X_test, found.y_test)


def generated() -> Data:
    """A table of our own making, for where the real data are not: 20,000 rows, 20 features."""
    X, y = make_classification(
        26_667, 20, n_informative=10, n_classes=4, n_clusters_per_class=3, random_state=0
    )
    return _split("generated", X.astype(np.float32), y)


DATASETS = {"covtype": covtype, "generated": generated, "mnist": mnist, "movies": movies}
