"""Sources without the rows in which something is missing."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresift._typing import Float64, Indices, RawRows
from coresift.sources._base import Chunk, Part, Source
from coresift.sources._checks import as_positions
from coresift.sources._wrapped import WrappedSource

_BLOCK = 2**16  # rows that are looked up at a time; a multiple of 8


@dataclass(frozen=True, eq=False)
class KeptRows:
    """Which rows are kept, a bit for each.

    Parameters
    ----------
    bits : ndarray of shape (ceil(n_rows / 8),), uint8
        As `numpy.packbits` makes them.
    n_rows : int
        Number of rows, kept or not.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.sources._complete import KeptRows
    >>> kept = KeptRows.of([np.array([True, False]), np.array([False, True])])
    >>> len(kept), kept.positions(np.array([0, 1])).tolist()
    (2, [0, 3])
    """

    bits: NDArray[np.uint8]
    n_rows: int

    @classmethod
    def of(cls, masks: Sequence[NDArray[np.bool_]]) -> KeptRows:
        """Put together the masks of runs of rows."""
        mask = np.concatenate(masks) if masks else np.zeros(0, dtype=np.bool_)
        return cls(np.packbits(mask), len(mask))

    def __len__(self) -> int:
        return _count(self.bits)

    def mask(self, start: int, stop: int) -> NDArray[np.bool_]:
        """Return whether each row from start to stop is kept."""
        first = start // 8
        bits = np.unpackbits(self.bits[first : -(-stop // 8)])
        return bits[start - 8 * first : stop - 8 * first].astype(np.bool_)

    def positions(self, rows: Indices) -> Indices:
        """Return where kept rows stand among all rows, shape (len(rows),), int64."""
        size = _BLOCK // 8
        counts = [
            _count(self.bits[first : first + size]) for first in range(0, len(self.bits), size)
        ]
        before = np.concatenate([[0], np.cumsum(counts)])
        blocks = np.searchsorted(before, rows, side="right") - 1
        found = np.empty(len(rows), dtype=np.int64)
        for block in np.unique(blocks).tolist():
            inside = blocks == block
            start = block * _BLOCK
            kept = np.flatnonzero(self.mask(start, min(start + _BLOCK, self.n_rows)))
            found[inside] = start + kept[rows[inside] - before[block]]
        return found


def _count(bits: NDArray[np.uint8]) -> int:
    runs = range(0, len(bits), _BLOCK)
    return sum(int(np.unpackbits(bits[start : start + _BLOCK]).sum()) for start in runs)


@dataclass(frozen=True, eq=False)
class CompletePart(Part):
    """The rows of a part that are kept.

    Parameters
    ----------
    part : Part
    bits : ndarray of shape (ceil(part.n_rows / 8),), uint8
        Which rows of the part are kept.
    """

    part: Part
    bits: NDArray[np.uint8]

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows from first to last."""
        kept = KeptRows(self.bits, self.part.n_rows)
        start = self.start
        for chunk in self.part.chunks():
            first = chunk.start - self.part.start
            mask = kept.mask(first, first + len(chunk.rows))
            rows: RawRows = chunk.rows if mask.all() else chunk.rows[mask]
            if len(rows):
                labels = None if chunk.labels is None else chunk.labels[mask]
                weights = None if chunk.weights is None else chunk.weights[mask]
                yield Chunk(start, rows, labels, weights)
                start += len(rows)


class CompleteSource(WrappedSource):
    """The rows of a source that are kept.

    Parameters
    ----------
    base : Source
    kept : KeptRows
        At least one of the rows of the base.
    note : str
        Says which rows are left out.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.sources import as_source
    >>> source = as_source([[1.0], [np.nan], [3.0]], missing="drop")
    >>> source.n_rows, source.original(np.array([0, 1])).tolist(), source.notes
    (2, [0, 2], ("1 of 3 rows is left out, because values are missing: 'x0' 1",))
    """

    def __init__(self, base: Source, kept: KeptRows, note: str) -> None:
        super().__init__(base)
        self.n_rows = len(kept)
        self.notes = (*base.notes, note)
        self._kept = kept

    def original(self, rows: Indices) -> Indices:
        """Return where rows of this source stand in the input."""
        return self.base.original(self._kept.positions(np.asarray(rows)))

    def parts(self) -> tuple[CompletePart, ...]:
        """Return what is kept of the parts of the base."""
        parts: list[CompletePart] = []
        start = 0
        for part in self.base.parts():
            bits = np.packbits(self._kept.mask(part.start, part.start + part.n_rows))
            n_kept = _count(bits)
            fingerprint = f"{part.fingerprint}/{zlib.crc32(bits.tobytes()):08x}"
            if n_kept:
                parts.append(CompletePart(start, n_kept, fingerprint, part, bits))
            start += n_kept
        return tuple(parts)

    def take(self, rows: Indices) -> RawRows:
        """Return the features of the rows at these positions, shape (len(rows), n_features)."""
        return self.base.take(self._kept.positions(as_positions(rows, self.n_rows)))

    def weights_at(self, rows: Indices) -> Float64 | None:
        """Return the prior weights of the rows at these positions, shape (len(rows),), or None."""
        return self.base.weights_at(self._kept.positions(as_positions(rows, self.n_rows)))
