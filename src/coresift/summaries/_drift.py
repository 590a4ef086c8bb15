"""How well an encoder fits rows that it was not trained on."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from coresift._typing import Rows
from coresift.core.encoder import Encoder


@dataclass(frozen=True)
class Drift:
    """What a sample of rows says about an encoder.

    Parameters
    ----------
    outside : float
        Share of the rows with a value outside the range of the rows that it was trained on
        (with ``scale="minmax"``; else 0).
    error : float
        Mean squared distance of a scaled row to what its code stands for.
    error_known : float
        The same of other rows of the table that it was trained on; 0 where it was trained on all.
    """

    outside: float
    error: float
    error_known: float

    @classmethod
    def of(cls, rows: Rows, encoder: Encoder, scale: str | None, known: float) -> Drift:
        """Look at a sample of scaled rows."""
        return cls(share_outside(rows, scale), quantisation_error(encoder, rows), known)

    @property
    def is_large(self) -> bool:
        """Whether a new encoder, and so a new summary of all rows, would be better."""
        return self.outside > 0.05 or self.error > 1.5 * self.error_known > 0

    def as_dict(self) -> dict[str, float | bool]:
        """Return the fields, for JSON."""
        return {**asdict(self), "is_large": self.is_large}


def quantisation_error(encoder: Encoder, rows: Rows) -> float:
    """Return the mean squared distance of scaled rows to what their codes stand for; 0 of none."""
    if not len(rows):
        return 0.0
    codebook = encoder.codebook
    differences = rows.astype(np.float64) - codebook.decode(codebook.codes(rows))
    return float(np.square(differences).sum(axis=1).mean())


def share_outside(rows: Rows, scale: str | None) -> float:
    """Return the share of scaled rows that have a value outside the range of scaling."""
    if scale != "minmax":
        return 0.0
    slack = 1e-6  # a value at the edge may be rounded
    return float(((rows < -slack) | (rows > 1 + slack)).any(axis=1).mean())
