"""Raw rows to buckets and codes: all that the rest of the selection sees of a row."""

from __future__ import annotations

from dataclasses import dataclass

from coresift._typing import Buckets, Codes, RawRows
from coresift.core.codebook import Codebook
from coresift.core.hyperplanes import Hyperplanes
from coresift.core.scaler import Scaler


@dataclass(frozen=True, eq=False)
class Encoder:
    """Scaler, hyperplanes and codebook.

    Encoding works row by row: ``encode(rows)[i] == encode(rows[i:i + 1])[0]``.
    """

    scaler: Scaler
    hyperplanes: Hyperplanes
    codebook: Codebook

    def encode(self, rows: RawRows, n_threads: int | None = 1) -> tuple[Buckets, Codes]:
        """Return buckets of shape (n_rows,), uint64, and codes of shape (n_rows, M), uint8."""
        scaled = self.scaler.transform(rows)
        return self.hyperplanes.buckets(scaled, n_threads), self.codebook.codes(scaled, n_threads)
