"""A file of rows, and how files are cut into slices that can be read apart."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from coresift._typing import Indices
from coresift.sources._stamp import Stamp


@dataclass(frozen=True, eq=False)
class DataFile(ABC):
    """One file. It is opened for each reading, so that it can be sent to a worker.

    Parameters
    ----------
    path : Path
        Where it is.
    schema : pyarrow.Schema
        Its columns.
    sections : tuple of int
        The number of rows of each stretch that can be read without what is before it: the row
        groups of a Parquet file, the whole of a CSV file.
    stamp : Stamp
        Of the file that these facts are about; each reading checks that it still is this one.
    """

    path: Path
    schema: pa.Schema
    sections: tuple[int, ...]
    stamp: Stamp

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return sum(self.sections)

    @abstractmethod
    def batches(
        self, names: list[str], size: int, sections: range, rows: Indices | None = None
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield (position of the first row in this file, batch) of some sections, in order.

        With ``rows`` (ascending positions), batches without any of these rows may be left out.
        """


@dataclass(frozen=True, eq=False)
class FileSlice:
    """Some sections of a file, with at least one row.

    Parameters
    ----------
    file : DataFile
    sections : range
        Their places in `DataFile.sections`.
    """

    file: DataFile
    sections: range

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return sum(self.file.sections[place] for place in self.sections)

    def __str__(self) -> str:
        return f"{self.file.path}[{self.sections.start}:{self.sections.stop}] {self.file.stamp}"


def cut(files: Sequence[DataFile], wanted: int) -> list[tuple[FileSlice, ...]]:
    """Cut files into runs of slices with as few rows as possible, but at least ``wanted``.

    Many small files share a run, a large file of many sections has many. All rows are in one run,
    in order; the last run may have fewer.
    """
    runs: list[tuple[FileSlice, ...]] = []
    held: list[FileSlice] = []
    n_held = 0
    for file in files:
        first = 0
        for place, n_rows in enumerate(file.sections):
            n_held += n_rows
            if n_held >= wanted:
                runs.append((*held, FileSlice(file, range(first, place + 1))))
                held, n_held, first = [], 0, place + 1
        rest = FileSlice(file, range(first, len(file.sections)))
        if rest.n_rows:
            held.append(rest)
    if held:
        runs.append(tuple(held))
    return runs


def has_any(rows: Indices, start: int, stop: int) -> bool:
    """Tell whether ascending rows has one in [start, stop)."""
    first, after = np.searchsorted(rows, [start, stop])
    return bool(first < after)
