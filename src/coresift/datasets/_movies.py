"""Movies: an older, smaller table of IMDb titles, which stands in where IMDb's files are not."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from coresift._progress import Progress
from coresift.datasets._dataset import Dataset
from coresift.datasets._home import Home, Remote
from coresift.datasets._tables import numbers, read_csv, read_parquet, stacked

GENRES = ("Action", "Animation", "Comedy", "Drama", "Documentary", "Romance", "Short")
_NUMBERS = ("year", "length", "budget", "rating", "votes", *GENRES)
FILE = Remote(
    "movies.csv", "https://vincentarelbundock.github.io/Rdatasets/csv/ggplot2movies/movies.csv"
)
PREPARED = "movies.parquet"


def load_movies(
    data_home: str | os.PathLike[str] | None = None,
    *,
    download: bool = True,
    progress: Progress | None = None,
) -> Dataset:
    """Return movies: 58,788 titles, 16 features, and in which fifth of the ratings they are.

    The table of the R package ggplot2movies. The paper does not use it.

    Parameters
    ----------
    data_home : str or path or None, default=None
        Folder with ``movies.csv`` or ``movies.parquet``. None looks in the folder of the
        environment variable ``CORESIFT_DATA`` and in the user's cache folder.
    download, progress
        As for `load_covtype` (6 MB).

    Returns
    -------
    Dataset
        Features are the year, logarithms of length, votes and budget (its median where it is not
        known, as for nine titles in ten), seven genres and five levels of the MPAA's rating; the
        shares of votes in the table leak the label and are left out.

    Raises
    ------
    MissingDataError, FormatError
        As `load_covtype`.

    Examples
    --------
    >>> from coresift.datasets import load_movies
    >>> load_movies().X.shape  # doctest: +SKIP
    (58788, 16)
    """
    home = Home(data_home, download, progress)
    found = home.find([PREPARED])
    if found is not None:
        return build_movies(read_parquet(found[PREPARED], [*_NUMBERS, "mpaa"]))
    path = home.files("movies", [FILE], [PREPARED])[FILE.name]
    import pyarrow as pa

    types = {**dict.fromkeys(_NUMBERS, pa.float64()), "mpaa": pa.string()}
    with path.open("rb") as file:
        return build_movies(read_csv(file, FILE.name, types, newlines_in_values=True))


def build_movies(table: Any) -> Dataset:
    """Build the rows from the table."""
    columns = {name: numbers(table, name) for name in _NUMBERS}
    rated = np.array([value or "" for value in table.column("mpaa").to_pylist()])
    levels = np.unique(rated)
    budget = columns["budget"]
    if not np.isnan(budget).all():
        budget = np.where(np.isnan(budget), np.nanmedian(budget), budget)
    logs = [np.log1p(values) for values in (columns["length"], columns["votes"], budget)]
    genres = [columns[name] for name in GENRES]
    rows = stacked([columns["year"], *logs, *genres, *(rated == level for level in levels)])
    rating = columns["rating"]
    fifths = np.searchsorted(np.quantile(rating, [0.2, 0.4, 0.6, 0.8]), rating)
    rated_as = (f"mpaa {level or 'none'}" for level in levels)
    names = ("year", "log_length", "log_votes", "log_budget", *GENRES, *rated_as)
    return Dataset("movies", rows, fifths, names, "real", "ggplot2movies, titles of IMDb")
