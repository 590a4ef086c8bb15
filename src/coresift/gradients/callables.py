"""Gradients of any other model: a function of rows and labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from coresift._errors import DataError
from coresift._kernels.gradients import linear_outputs
from coresift._rng import stream
from coresift._typing import Float64, Labels, RawRows, Rows
from coresift.gradients.rows import RowGradients

COLUMNS = 512  # of whole gradients, after projection
Function: TypeAlias = Callable[[RawRows, Any], Any]


@dataclass(frozen=True, eq=False)
class GivenGradient:
    """A function ``(rows, labels)`` that returns the gradients of rows.

    Parameters
    ----------
    function : callable
        Returns either two arrays, ``errors`` of shape (n_rows, n_outputs) and ``inputs`` of shape
        (n_rows, n_inputs), for gradients ``errors_i (x) [inputs_i, 1]`` (those of the last layer
        of a network); or whole gradients of shape (n_rows, n_parameters). A row's gradient should
        not depend on the rows around it: nothing can make the coreset independent of the chunks
        otherwise.
    n_columns : int
        Whole gradients of more columns are projected to so many, at random; lengths and inner
        products are kept to within about ``1 / sqrt(n_columns)``.
    seed : int
        Of the projection.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import GivenGradient
    >>> given = GivenGradient(lambda rows, labels: rows * (labels - 1.0)[:, None])
    >>> given.look(np.array([[2.0, 3.0]]), np.array([2])).sum(np.ones(1)).tolist()
    [[2.0, 3.0, 1.0]]
    """

    function: Function
    n_columns: int = COLUMNS
    seed: int = 0

    def look(self, rows: RawRows, labels: Labels | None) -> RowGradients:
        """Return the gradients of unscaled rows.

        Raises
        ------
        DataError
            For a result of another shape, or that is not finite.
        """
        found = self.function(rows, labels)
        if isinstance(found, tuple) and len(found) == 2:
            errors, inputs = (self._checked(part, len(rows)) for part in found)
            return RowGradients.given(inputs.astype(np.float32), errors)
        whole = self._checked(found, len(rows))
        return RowGradients.given(self._projected(whole), np.ones((len(rows), 1)))

    def _checked(self, found: Any, n_rows: int) -> Float64:
        """Return an array of two axes with a line for each row."""
        array = np.asarray(found)
        if array.ndim != 2 or len(array) != n_rows or array.dtype.kind not in "fiub":
            raise DataError(
                f"gradient= returned shape {array.shape}, dtype {array.dtype} for {n_rows} rows: "
                f"return numbers of shape ({n_rows}, n_parameters), or two such arrays in a tuple"
            )
        result = array.astype(np.float64)
        if not np.isfinite(result).all():
            raise DataError(
                f"gradient= returned {int((~np.isfinite(result)).sum())} numbers that are not "
                "finite: look for NaN or infinity in the model"
            )
        return result

    def _projected(self, whole: Float64) -> Rows:
        """Return whole gradients in at most ``n_columns``, each row by itself."""
        small = np.ascontiguousarray(whole, dtype=np.float32)
        if whole.shape[1] <= self.n_columns:
            return small
        outputs = np.empty((len(whole), self.n_columns))
        linear_outputs(small, _signs(self.seed, whole.shape[1], self.n_columns), outputs)
        return outputs.astype(np.float32)


@lru_cache(maxsize=1)
def _signs(seed: int, n_parameters: int, n_columns: int) -> Float64:
    """Return random signs over the root of ``n_columns``, and an intercept of 0."""
    drawn = stream(seed).integers(0, 2, (n_parameters, n_columns)) * 2.0 - 1.0
    return np.vstack([drawn / np.sqrt(n_columns), np.zeros((1, n_columns))])
