"""Gradients of any model: a function of rows and labels stands in for the pilot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from coresift._errors import DataError
from coresift._survey import present
from coresift._typing import Float64, Hashes, Rows
from coresift.core.centers import Assignment, Centers
from coresift.core.exact_sum import ExactSum
from coresift.core.merge import Count, Together
from coresift.gradients import GivenGradient, RowGradients
from coresift.sources import Chunk
from coresift.table import Block, View
from coresift.weightings._members import centers_of_block, members_of_block

_BLOCK = 256  # rows whose gradients are written out at a time


@dataclass(frozen=True)
class GivenPilot:
    """The shape of gradients that are given; rows are their inputs, goals their errors.

    Parameters
    ----------
    n_errors, n_inputs : int
    """

    n_errors: int
    n_inputs: int

    @classmethod
    def of(cls, looked: RowGradients) -> GivenPilot:
        """Read the shape off some gradients."""
        return cls(looked.errors.shape[1], looked.rows.shape[1])

    @property
    def n_free(self) -> int:
        """Numbers of a gradient."""
        return self.n_errors * (self.n_inputs + 1)

    def look(self, rows: Rows, targets: Any) -> RowGradients:
        """Return gradients from their factors."""
        return RowGradients.given(rows, targets)

    def checked(self, looked: RowGradients) -> RowGradients:
        """Refuse gradients of another shape.

        Raises
        ------
        DataError
            Where the function returns other columns than before.
        """
        found = GivenPilot.of(looked)
        if found != self:
            raise DataError(
                f"gradient= returned {found.n_errors} x {found.n_inputs} columns, before "
                f"{self.n_errors} x {self.n_inputs}: return as many for all rows"
            )
        return looked

    def nothing(self) -> RowGradients:
        """Return the gradients of no rows."""
        inputs = np.zeros((0, self.n_inputs), dtype=np.float32)
        return RowGradients.given(inputs, np.zeros((0, self.n_errors)))


@dataclass(frozen=True, eq=False)
class GivenTask:
    """Assign rows to cells, add up given gradients, and keep those of members of each cell.

    It is called with chunks, not with blocks: the function wants rows and labels as they are.

    Parameters
    ----------
    view : View
    centers : Centers
    given : GivenGradient
    pilot : GivenPilot
    n_members : int
    seed : int
        Of the row hash.
    highest : ndarray of shape (n_centers,), uint64, or None
        See `highest_hashes`.
    more : tuple of callable
        Further tasks on the blocks.
    """

    view: View
    centers: Centers
    given: GivenGradient
    pilot: GivenPilot
    n_members: int
    seed: int
    highest: Hashes | None = None
    more: tuple[Callable[[Block], Any], ...] = ()

    def __call__(self, chunk: Chunk) -> Together:
        """Look at a chunk."""
        block = self.view(chunk)
        times, row_ids = block.weights, block.row_ids
        looked = self._looked(chunk)
        owners, distances = self.centers.owners(block.rows, block.class_ids, row_ids)
        n_cells = len(self.centers.row_ids)
        facts = block.class_ids, owners, distances, self.centers, times
        carried = looked.rows, looked.errors
        kept = self.n_members, self.seed, carried, self.highest
        return Together(
            (
                Assignment.of(*facts),
                Count.of(owners, n_cells, times),
                exact_total(looked, times),
                members_of_block(n_cells, owners, row_ids, times, *kept),
                centers_of_block(self.centers, owners, row_ids, carried),
                *(task(block) for task in self.more),
            )
        )

    def _looked(self, chunk: Chunk) -> RowGradients:
        """Return the gradients of the rows of a chunk that count."""
        rows, labels, _, _ = present(chunk)
        if not len(rows):
            return self.pilot.nothing()
        return self.pilot.checked(self.given.look(rows, labels))


def exact_total(looked: RowGradients, times: Any) -> ExactSum:
    """Return the sum of gradients, each rounded to float32: nothing rounds from there on.

    Raises
    ------
    DataError
        For gradients beyond float32.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import RowGradients
    >>> from coresift.weightings._given import exact_total
    >>> looked = RowGradients.given(np.float32([[2.0], [4.0]]), np.array([[1.0], [-1.0]]))
    >>> exact_total(looked, None).value().tolist()
    [-2.0, 0.0]
    """
    n_columns = looked.errors.shape[1] * (looked.rows.shape[1] + 1)
    total = ExactSum.empty(n_columns)
    for first in range(0, len(looked), _BLOCK):
        part = slice(first, first + _BLOCK)
        inputs = np.hstack([looked.rows[part], np.ones((len(looked.rows[part]), 1))])
        with np.errstate(over="ignore"):
            whole = (looked.errors[part][:, :, None] * inputs[:, None, :]).astype(np.float32)
        if not np.isfinite(whole).all():
            raise DataError("gradient= returned numbers beyond float32: scale the model's inputs")
        steps = None if times is None else times[part]
        total = total.merge(ExactSum.of(whole.reshape(len(inputs), -1), steps=steps))
    return total


def mean_gradient(total: ExactSum, pilot: GivenPilot, n_counted: float) -> Float64:
    """Return the mean gradient, shape (n_errors, n_inputs + 1)."""
    return total.value().reshape(pilot.n_errors, -1) / n_counted
