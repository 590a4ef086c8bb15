"""Raw rows to buckets and codes: all that the rest of the selection sees of a row."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coresift._errors import ParameterError
from coresift._progress import span
from coresift._typing import Buckets, Codes, RawRows, Rows
from coresift.core.codebook import Codebook
from coresift.core.hyperplanes import Hyperplanes
from coresift.core.scaler import Scaler


class Clusterer(Protocol):
    """What puts scaled rows into buckets: hyperplanes, centroids or a mixture.

    Each row by itself: ``buckets(rows)[i] == buckets(rows[i:i + 1])[0]``. Buckets that share
    their first bits are neighbours: dropping the others is how a summary gets coarser.
    """

    @property
    def n_bits(self) -> int:
        """Bits of a bucket that tell rows apart, from the highest on."""

    def buckets(self, rows: Rows) -> Buckets:
        """Return the bucket of each row, shape (n_rows,), uint64."""


@dataclass(frozen=True, eq=False)
class Encoder:
    """Scaler, clusterer and codebook.

    Encoding works row by row: ``encode(rows)[i] == encode(rows[i:i + 1])[0]``.
    """

    scaler: Scaler
    clusterer: Clusterer
    codebook: Codebook

    def encode(self, rows: RawRows) -> tuple[Buckets, Codes]:
        """Return buckets of shape (n_rows,), uint64, and codes of shape (n_rows, M), uint8."""
        return self.encode_scaled(self.scaler.transform(rows))

    def encode_scaled(self, rows: Rows) -> tuple[Buckets, Codes]:
        """Return the same for scaled rows."""
        with span("cluster"):
            buckets = self.clusterer.buckets(rows)
        return buckets, self.codebook.codes(rows)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all that an encoder with hyperplanes consists of, by name.

        Raises
        ------
        ParameterError
            Of clusters that are no hyperplanes.
        """
        if not isinstance(self.clusterer, Hyperplanes):
            kind = type(self.clusterer).__name__
            raise ParameterError(f"{kind} cannot be stored: use clusters='lsh'")
        found: dict[str, NDArray[Any]] = {
            "offset": self.scaler.offset,
            "factor": self.scaler.factor,
            "planes": self.clusterer.planes,
            "plane_offsets": self.clusterer.offsets,
        }
        pairs = zip(self.codebook.features, self.codebook.codewords, strict=True)
        for number, (features, codewords) in enumerate(pairs):
            found[f"features_{number}"] = features
            found[f"codewords_{number}"] = codewords
        return found

    def digest(self) -> str:
        """Return what two encoders share only if they encode all rows alike."""
        total = hashlib.sha256()
        for name, array in self.arrays().items():
            total.update(f"{name}{array.dtype.str}{array.shape}".encode())
            total.update(np.ascontiguousarray(array).tobytes())
        return total.hexdigest()
