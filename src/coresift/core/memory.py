"""How much memory a selection may take, and about how much it does take."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._errors import MemoryLimitError, ParameterError
from coresift._typing import Counts

AMPLE_LIMIT = 2**31  # from here on no limit makes a chunk, a sample or a table smaller
PROCESS_BYTES = 340 * 2**20  # Python with all that is imported and compiled (measured)
_LEAST_LIMIT = 2**29
_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}


def as_bytes(name: str, value: Any) -> int | None:
    """Return a limit as a number of bytes; None is no limit.

    Raises
    ------
    ParameterError
        For what is no amount of memory, or too little for a process.

    Examples
    --------
    >>> from coresift.core.memory import as_bytes
    >>> as_bytes("memory_limit", "1.5 GiB"), as_bytes("memory_limit", 2**30)
    (1610612736, 1073741824)
    """
    if value is None:
        return None
    n_bytes = _read(value)
    if n_bytes is None or n_bytes < _LEAST_LIMIT:
        raise ParameterError(
            f"{name}={value!r} is no amount of memory of at least {in_words(_LEAST_LIMIT)}: use a "
            "number of bytes, a text such as '4GiB', or None for no limit"
        )
    return n_bytes


def _read(value: Any) -> int | None:
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    pattern = r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([KMGT]?)(i?)B?\s*"
    found = re.fullmatch(pattern, value, re.IGNORECASE) if isinstance(value, str) else None
    if found is None:
        return None
    number, unit, binary = float(found[1]), found[2].upper(), bool(found[3])
    power = _UNITS[unit]
    return int(number * (2**power if binary or not unit else 1000 ** (power // 10)))


def in_words(n_bytes: float) -> str:
    """Return a number of bytes for a person.

    Examples
    --------
    >>> from coresift.core.memory import in_words
    >>> in_words(3 * 2**29), in_words(5 * 2**20)
    ('1.5GiB', '5MiB')
    """
    if n_bytes >= 2**30:
        return f"{n_bytes / 2**30:.3g}GiB"
    return f"{n_bytes / 2**20:.0f}MiB"


def room(limit: int | None, share: int, most: int) -> int:
    """Return what one thing may take: ``most`` bytes, or its share of a limit that is lower."""
    return most if limit is None else min(most, limit // share)


@dataclass(frozen=True, eq=False)
class Extent:
    """What the memory of a selection depends on.

    Parameters
    ----------
    n_rows, n_features, n_chosen : int
    chunk_bytes : int
        Of the rows that are read at a time, as float64.
    sizes, quotas : ndarray of shape (n_classes,), int64, or None
        Rows of each class, and how many of them are chosen; None where nobody has looked.
    """

    n_rows: int
    n_features: int
    n_chosen: int
    chunk_bytes: int
    sizes: Counts | None = None
    quotas: Counts | None = None

    @property
    def chunk(self) -> int:
        """Bytes of a chunk, which has no more rows than there are."""
        return min(self.chunk_bytes, self.rows(8))

    @property
    def chunk_rows(self) -> int:
        """Rows of a chunk."""
        return self.chunk // (8 * max(1, self.n_features))

    @property
    def largest(self) -> int:
        """Rows of the largest class, or of all."""
        return self.n_rows if self.sizes is None else int(self.sizes.max())

    @property
    def n_classes(self) -> int:
        """Number of classes, 1 where nobody has looked."""
        return 1 if self.sizes is None else len(self.sizes)

    def rows(self, width: int, n_rows: int | None = None) -> int:
        """Return the bytes of rows, all of them where their number is not given."""
        return width * max(1, self.n_features) * (self.n_rows if n_rows is None else n_rows)


def check_memory(needed: dict[str, int], limit: int | None, extent: Extent) -> None:
    """Refuse what cannot fit.

    Parameters
    ----------
    needed : dict of str to int
        Bytes of the process while each stage runs.
    limit : int or None
    extent : Extent

    Raises
    ------
    MemoryLimitError
        Names what is needed, the limit, and what helps.
    """
    stage, most = max(needed.items(), key=lambda item: item[1])
    if limit is None or most <= limit:
        return
    wanted = in_words(-(-most // 2**28) * 2**28)
    raise MemoryLimitError(
        f"to choose {extent.n_chosen:,} of {extent.n_rows:,} rows of {extent.n_features:,} "
        f"features takes about {in_words(most)} of memory (in {stage!r}), "
        f"memory_limit={in_words(limit)!r}: choose fewer rows, or allow more with "
        f"memory_limit={wanted!r} (--memory-limit {wanted})"
    )
