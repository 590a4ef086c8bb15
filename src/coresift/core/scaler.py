"""Features on one scale, from statistics that merge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._errors import DataError, ParameterError
from coresift._kernels.encode import scale_rows
from coresift._threads import run_blocks
from coresift._typing import Counts, Float64, RawRows, Rows
from coresift.core.exact_sum import ExactSum, standard_deviation

SCALES = ("minmax", "standard", None)
LARGEST = 1e17  # squared distances of float32 values beyond this overflow


@dataclass(frozen=True, eq=False)
class Moments:
    """Per feature: smallest and largest value, and for ``standard`` exact sums.

    Parameters
    ----------
    n_rows : int
        Of weighted rows, the sum of their weights in steps.
    minimum, maximum : ndarray of shape (n_features,), float64
    sums, squares : ExactSum or None
        Sums of the values rounded to float32, and of their squares.
    """

    n_rows: int
    minimum: Float64
    maximum: Float64
    sums: ExactSum | None = None
    squares: ExactSum | None = None

    @classmethod
    def of(cls, rows: RawRows, scale: str | None, steps: Counts | None = None) -> Moments:
        """Return the moments of finite rows of shape (n_rows, n_features).

        With ``steps``, shape (n_rows,), a row counts so many times.
        """
        if len(rows) == 0:
            return cls.empty(rows.shape[1], scale)
        n_rows = len(rows) if steps is None else int(steps.sum())
        lowest, highest = rows.min(axis=0), rows.max(axis=0)
        if scale != "standard":
            return cls(n_rows, lowest.astype(np.float64), highest.astype(np.float64))
        small = np.clip(rows, -LARGEST, LARGEST).astype(np.float32)
        return cls(
            n_rows,
            lowest.astype(np.float64),
            highest.astype(np.float64),
            ExactSum.of(small, steps=steps),
            ExactSum.of(small, power=2, steps=steps),
        )

    @classmethod
    def empty(cls, n_features: int, scale: str | None) -> Moments:
        """Return the moments of no rows."""
        zero = ExactSum.empty(n_features) if scale == "standard" else None
        return cls(0, np.full(n_features, np.inf), np.full(n_features, -np.inf), zero, zero)

    def merge(self, other: Moments) -> Moments:
        """Return the moments of both sets of rows: exact, in any order."""
        return Moments(
            self.n_rows + other.n_rows,
            np.minimum(self.minimum, other.minimum),
            np.maximum(self.maximum, other.maximum),
            self.sums.merge(other.sums) if self.sums and other.sums else None,
            self.squares.merge(other.squares) if self.squares and other.squares else None,
        )


@dataclass(frozen=True, eq=False)
class Scaler:
    """An affine map of each feature: ``(row - offset) * factor`` as float32.

    Parameters
    ----------
    offset, factor : ndarray of shape (n_features,), float64
        A constant feature has factor 0 and so becomes 0.
    """

    offset: Float64
    factor: Float64

    @classmethod
    def from_moments(
        cls, moments: Moments, scale: str | None, names: tuple[str, ...] = ()
    ) -> Scaler:
        """Build the scaler of ``scale``: "minmax" to [0, 1], "standard", or None.

        Raises
        ------
        ParameterError
            For any other ``scale``.
        DataError
            Where squared distances would leave float32: unscaled values, or a range, too large.
        """
        if scale not in SCALES:
            raise ParameterError(f"scale={scale!r}: must be 'minmax', 'standard' or None")
        limit = LARGEST if scale != "minmax" else np.finfo(np.float64).max / 4
        extreme = np.maximum(np.abs(moments.minimum), np.abs(moments.maximum))
        if (extreme > limit).any():
            worst = int(np.argmax(extreme))
            name = names[worst] if names else f"x{worst}"
            remedy = "" if scale == "minmax" else "use scale='minmax' or "
            raise DataError(
                f"column {name!r} holds values up to {extreme[worst]:.3g}, scale={scale!r} allows "
                f"{limit:.3g}: {remedy}rescale the column"
            )
        if scale is None:
            return cls(np.zeros_like(extreme), np.ones_like(extreme))
        offset, spread = moments.minimum, moments.maximum - moments.minimum
        if scale == "standard" and moments.sums and moments.squares:
            offset = moments.sums.value() / moments.n_rows
            pairs = zip(moments.sums.fractions(), moments.squares.fractions(), strict=True)
            deviation = np.array([standard_deviation(s, q, moments.n_rows) for s, q in pairs])
            spread = np.where(spread > 0, deviation, 0.0)
        # A range so small that its inverse overflows counts as constant.
        usable = spread > np.finfo(np.float64).tiny
        return cls(offset, np.divide(1.0, spread, out=np.zeros_like(spread), where=usable))

    def transform(self, rows: RawRows) -> Rows:
        """Return scaled rows of shape (n_rows, n_features), float32."""
        if rows.dtype == np.float32 and not self.offset.any() and (self.factor == 1).all():
            return np.ascontiguousarray(rows, dtype=np.float32)
        scaled = np.empty(rows.shape, dtype=np.float32)

        def fill(part: slice) -> None:
            scale_rows(rows[part], self.offset, self.factor, scaled[part])

        run_blocks(fill, len(rows))
        return scaled
