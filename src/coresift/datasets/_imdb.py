"""IMDB: titles and how they are rated."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from coresift._errors import FormatError, ParameterError
from coresift._progress import Progress
from coresift._rng import Purpose, stream
from coresift._typing import Float64
from coresift.datasets._dataset import Dataset
from coresift.datasets._home import Home, Remote
from coresift.datasets._tables import need_arrow, numbers, stacked

GENRES = (
    *("Action", "Adult", "Adventure", "Animation", "Biography", "Comedy", "Crime"),
    *("Documentary", "Drama", "Family", "Fantasy", "Film-Noir", "Game-Show", "History"),
    *("Horror", "Music", "Musical", "Mystery", "News", "Reality-TV", "Romance"),
    *("Sci-Fi", "Short", "Sport", "Talk-Show", "Thriller", "War", "Western"),
)
KINDS = (
    *("movie", "short", "tvEpisode", "tvMiniSeries"),
    *("tvMovie", "tvSeries", "tvSpecial", "video"),
)
FEATURES = ("year", "log_runtime", "log_votes", "adult", *KINDS, *GENRES)
# IMDb writes them anew every day: they have no lasting checksum.
_SITE = "https://datasets.imdbws.com/"
FILES = tuple(
    Remote(name, f"{_SITE}{name}") for name in ("title.basics.tsv.gz", "title.ratings.tsv.gz")
)
PAPER_ROWS = 674_466
_COLUMNS = ("tconst", "titleType", "isAdult", "startYear", "runtimeMinutes", "genres")


def load_imdb(
    data_home: str | os.PathLike[str] | None = None,
    *,
    n_rows: int | None = PAPER_ROWS,
    download: bool = True,
    progress: Progress | None = None,
) -> Dataset:
    """Return IMDB: a title a row, 40 features, and its rating as a class, 1 to 10.

    Parameters
    ----------
    data_home : str or path or None, default=None
        Folder with ``title.basics.tsv.gz`` and ``title.ratings.tsv.gz``, IMDb's own files. None
        looks in the folder of the environment variable ``CORESIFT_DATA`` and in the user's cache
        folder.
    n_rows : int or None, default=674_466
        Titles, drawn uniformly from those with a rating; None takes all of them.
    download, progress
        As for `load_covtype` (220 MB, for personal and non-commercial use only).

    Returns
    -------
    Dataset

    Raises
    ------
    MissingDataError, FormatError
        As `load_covtype`.
    ParameterError
        For a number of rows below 1.

    Notes
    -----
    The paper takes its 674,466 titles from an older copy that is no longer published, and does
    not list its 40 features. Here they are year, runtime and votes (both as logarithms), whether
    the title is for adults, 8 types of title and 28 genres. A missing value is the median of its
    column. The class is the mean rating, rounded to the nearest whole number, halves up.

    Examples
    --------
    >>> from coresift.datasets import load_imdb
    >>> imdb = load_imdb()  # doctest: +SKIP
    >>> imdb.X.shape  # doctest: +SKIP
    (674466, 40)
    """
    if n_rows is not None and n_rows < 1:
        raise ParameterError(f"n_rows={n_rows}: must be at least 1, or None for all titles")
    paths = Home(data_home, download, progress).files("IMDB", FILES)
    return build_imdb(*(paths[remote.name] for remote in FILES), n_rows=n_rows)


def build_imdb(basics: Path, ratings: Path, *, n_rows: int | None = None) -> Dataset:
    """Build the rows from IMDb's two files."""
    need_arrow()
    import pyarrow as pa

    rated = _rated(ratings)
    titles = pa.Table.from_batches(_titles(basics, rated.column("tconst")), _schema())
    table = titles.join(rated, "tconst", join_type="inner").sort_by("tconst")
    if n_rows is not None and n_rows < len(table):
        rng = stream(0, Purpose.DATA_SAMPLE)
        table = table.take(np.sort(rng.choice(len(table), n_rows, replace=False)))
    classes = np.floor(numbers(table, "averageRating") + 0.5).astype(np.int64)
    source = "IMDb's title files, a rated title a row"
    return Dataset("imdb", stacked(_features(table)), classes, FEATURES, "real", source)


def _features(table: Any) -> list[Float64]:
    import pyarrow.compute as pc

    known = table.column("genres").fill_null("").to_numpy(zero_copy_only=False)
    # a genre may be a part of another's name (Music, Musical): compare whole names
    padded = np.char.add(np.char.add(",", known.astype(str)), ",")
    kind = table.column("titleType")
    return [
        numbers(table, "startYear"),
        np.log1p(numbers(table, "runtimeMinutes")),
        np.log1p(numbers(table, "numVotes")),
        np.nan_to_num(numbers(table, "isAdult")),
        *(pc.equal(kind, name).to_numpy(zero_copy_only=False).astype(float) for name in KINDS),
        *((np.char.find(padded, f",{name},") >= 0).astype(float) for name in GENRES),
    ]


def _schema() -> Any:
    import pyarrow as pa

    words = pa.string()
    types = (words, words, pa.int8(), pa.float64(), pa.float64(), words)
    return pa.schema(list(zip(_COLUMNS, types, strict=True)))


def _rated(path: Path) -> Any:
    import pyarrow as pa

    types = {"tconst": pa.string(), "averageRating": pa.float64(), "numVotes": pa.int64()}
    return pa.Table.from_batches(_batches(path, types), pa.schema(list(types.items())))


def _titles(path: Path, wanted: Any) -> Iterator[Any]:
    """Yield the rated titles, part by part: most titles have no rating."""
    import pyarrow.compute as pc

    schema = _schema()
    wanted = wanted.combine_chunks()
    for batch in _batches(path, dict(zip(schema.names, schema.types, strict=True))):
        yield batch.filter(pc.is_in(batch.column("tconst"), value_set=wanted))


def _batches(path: Path, types: dict[str, Any]) -> Iterator[Any]:
    """Yield the parts of a file of IMDb: tabs, no quotes, and a backslash with N for no value."""
    import pyarrow as pa
    from pyarrow import csv

    try:
        yield from csv.open_csv(
            path,
            parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
            convert_options=csv.ConvertOptions(
                column_types=types,
                include_columns=list(types),
                null_values=["\\N"],
                strings_can_be_null=True,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError) as error:
        line = " ".join(str(error).split())[:200]
        raise FormatError(
            f"{str(path)!r} is not as IMDb publishes it ({line}): place the file anew"
        ) from error
