"""Tables of any size, generated row group by row group."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from coresift._errors import ParameterError
from coresift._files import whole_file
from coresift._progress import Progress
from coresift._rng import Purpose, stream
from coresift._typing import Float32, Float64, Indices, Labels, Rows
from coresift.datasets._dataset import Dataset
from coresift.datasets._tables import need_arrow

LARGE_ROWS, LARGE_FEATURES, LARGE_CLASSES = 21_303_410, 40, 10
LABEL = "rating"
_BLOBS = 64
_PER_GROUP = 200_000
_KEEPS_LABEL = 0.8  # share of rows whose label is that of their blob


class Blobs(NamedTuple):
    """Where the rows lie.

    Parameters
    ----------
    means, scales : ndarray of shape (64, n_features), float32
    shares : ndarray of shape (64,), float64
        Of the rows; uneven.
    labels : ndarray of shape (64,), int64
    """

    means: Float32
    scales: Float32
    shares: Float64
    labels: Indices


@dataclass(frozen=True)
class Recipe:
    """How a table is generated; see `make_imdb_large`."""

    n_features: int = LARGE_FEATURES
    n_classes: int = LARGE_CLASSES
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("n_features", "n_classes"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name}={getattr(self, name)}: must be at least 1")

    @cached_property
    def blobs(self) -> Blobs:
        """What all groups share."""
        rng = stream(self.seed, Purpose.GENERATED_DATA)
        shape = (_BLOBS, self.n_features)
        return Blobs(
            rng.normal(0, 1, shape).astype(np.float32),
            rng.uniform(0.3, 1.2, shape).astype(np.float32),
            rng.dirichlet(np.full(_BLOBS, 0.7)),
            rng.permutation(np.arange(_BLOBS) % self.n_classes),
        )

    def group(self, number: int, n_rows: int) -> tuple[Rows, Labels]:
        """Return the rows of one group and their labels, from 1."""
        rng = stream(self.seed, Purpose.GENERATED_DATA, number + 1)
        blob = rng.choice(_BLOBS, n_rows, p=self.blobs.shares)
        rows = rng.standard_normal((n_rows, self.n_features), dtype=np.float32)
        rows = rows * self.blobs.scales[blob] + self.blobs.means[blob]
        flags = self.n_features - self.n_features // 4
        rows[:, flags:] = rows[:, flags:] > 0.5
        rows[:, :flags] = np.round(rows[:, :flags], 3)
        kept = rng.random(n_rows) < _KEEPS_LABEL
        noise = rng.integers(0, self.n_classes, n_rows)
        return rows, np.where(kept, self.blobs.labels[blob], noise) + 1

    def groups(self, n_rows: int, per_group: int) -> Iterator[tuple[Rows, Labels]]:
        """Yield all groups."""
        for number, start in enumerate(range(0, n_rows, per_group)):
            yield self.group(number, min(per_group, n_rows - start))


def make_table(
    n_rows: int,
    n_features: int = LARGE_FEATURES,
    n_classes: int = LARGE_CLASSES,
    *,
    name: str = "generated",
    seed: int = 0,
) -> Dataset:
    """Return a generated table, as `make_imdb_large` writes it, in memory.

    Parameters
    ----------
    n_rows, n_features, n_classes : int
    name : str, default="generated"
    seed : int, default=0

    Returns
    -------
    Dataset

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> from coresift.datasets import make_table
    >>> table = make_table(1000, 9, 5)
    >>> table.X.shape, table.origin, int(table.y.max())
    ((1000, 9), 'generated', 5)
    """
    recipe = Recipe(n_features, n_classes, seed)
    rows = np.empty((_checked("n_rows", n_rows), n_features), dtype=np.float32)
    labels = np.empty(n_rows, dtype=np.int64)
    done = 0
    for some, own in recipe.groups(n_rows, _PER_GROUP):
        part = slice(done, done + len(some))
        rows[part], labels[part] = some, own
        done += len(some)
    source = f"generated: {n_rows:,} x {n_features}, {n_classes} classes, seed {seed}"
    return Dataset(name, rows, labels, _names(n_features), "generated", source)


def make_imdb_large(
    path: str | os.PathLike[str],
    *,
    n_rows: int = LARGE_ROWS,
    rows_per_group: int = _PER_GROUP,
    seed: int = 0,
    progress: Progress | None = None,
) -> Path:
    """Write a generated table of the size of the paper's IMDB-Large to a Parquet file.

    Parameters
    ----------
    path : str or path
    n_rows : int, default=21_303_410
    rows_per_group : int, default=200_000
        Only one group is in memory at a time. Another number makes other rows.
    seed : int, default=0
    progress : callable or None, default=None
        Called with ("generate", rows done, rows in all).

    Returns
    -------
    Path
        Of the file: columns ``f0`` to ``f39``, float32, and ``rating``, int8, 1 to 10.

    Raises
    ------
    ParameterError

    Notes
    -----
    The paper does not say how its larger version came about, and IMDb has no 21 million rated
    titles. Each row belongs to one of 64 normal distributions of uneven shares, each with a mean
    and a scale of its own in every feature; the last quarter of the features is cut to 0 and 1,
    the others are rounded to 3 digits. A distribution belongs to one class, and four rows in five
    bear its label, the others a random one. Accuracies on this table say nothing about IMDb.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from coresift.datasets import make_imdb_large
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = make_imdb_large(Path(folder) / "large.parquet", n_rows=1000)
    ...     file.stat().st_size > 0
    True
    """
    need_arrow()
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = _names(LARGE_FEATURES)
    columns = [(name, pa.float32()) for name in names]
    schema = pa.schema([*columns, (LABEL, pa.int8())])
    per_group = _checked("rows_per_group", rows_per_group)
    groups = Recipe(seed=seed).groups(_checked("n_rows", n_rows), per_group)
    done = 0
    with (
        whole_file(path) as file,
        pq.ParquetWriter(file, schema, compression="zstd", compression_level=1) as writer,
    ):
        for rows, labels in groups:
            arrays = [*np.ascontiguousarray(rows.T), labels.astype(np.int8)]
            writer.write_table(pa.table(arrays, schema=schema), row_group_size=per_group)
            done += len(rows)
            if progress is not None:
                progress("generate", done, n_rows)
    return Path(path)


def _names(n_features: int) -> tuple[str, ...]:
    return tuple(f"f{number}" for number in range(n_features))


def _checked(name: str, value: int) -> int:
    if value < 1:
        raise ParameterError(f"{name}={value}: must be at least 1")
    return int(value)
