"""A pilot: a cheap linear model at which gradients of rows are looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._kernels.gradients import linear_outputs
from coresift._threads import run_blocks
from coresift._typing import Float64, Indices, Rows
from coresift.gradients.losses import Loss
from coresift.gradients.rows import RowGradients


@dataclass(frozen=True, eq=False)
class Pilot:
    """A linear model of scaled rows with its loss.

    Parameters
    ----------
    coef : ndarray of shape (n_features + 1, n_outputs), float64
        The last row is the intercept.
    loss : Loss
    n_classes : int
        0 for regression.
    runaway : bool
        Whether its outputs have left what labels can tell: separable classes, held by the
        penalty only.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import Logistic, Pilot
    >>> pilot = Pilot(np.zeros((3, 1)), Logistic(), n_classes=2)
    >>> pilot.errors(np.ones((2, 2), dtype=np.float32), np.array([0, 1])).tolist()
    [[0.5], [-0.5]]
    """

    coef: Float64
    loss: Loss
    n_classes: int
    runaway: bool = False

    @property
    def n_features(self) -> int:
        """Features of a row."""
        return len(self.coef) - 1

    @property
    def n_free(self) -> int:
        """Parameters that are free: (C - 1)(d + 1) for a softmax."""
        return self.loss.n_free(self.n_classes) * len(self.coef)

    def outputs(self, rows: Rows) -> Float64:
        """Return the outputs of scaled rows, shape (n_rows, n_outputs), float64.

        A row's outputs do not depend on the rows around it, nor on the number of threads.
        """
        rows = np.ascontiguousarray(rows, dtype=np.float32)
        coef = np.ascontiguousarray(self.coef, dtype=np.float64)
        outputs = np.empty((len(rows), coef.shape[1]))

        def fill(part: slice) -> None:
            linear_outputs(rows[part], coef, outputs[part])

        run_blocks(fill, len(rows))
        return outputs

    def errors(self, rows: Rows, targets: Indices | Float64) -> Float64:
        """Return the derivatives of each row's loss by its outputs.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features), float32
            Scaled.
        targets : ndarray of shape (n_rows,)
            Class numbers (int64) or values (float64).

        Returns
        -------
        ndarray of shape (n_rows, n_outputs), float64
            The gradient of row i is ``errors[i] (x) [rows[i], 1]``.
        """
        return self.loss.errors(self.outputs(rows), targets)

    def look(self, rows: Rows, targets: Indices | Float64) -> RowGradients:
        """Return the gradients of rows with their curvatures."""
        outputs = self.outputs(rows)
        errors = self.loss.errors(outputs, targets)
        return RowGradients(rows, errors, self.loss.curvatures(outputs, targets))

    def largest_error(self, low: Float64, high: Float64, target: float = 0.0) -> float:
        """Return what no error exceeds, in size, for rows between ``low`` and ``high``.

        Parameters
        ----------
        low, high : ndarray of shape (n_features,)
            Of scaled rows.
        target : float
            The largest target of a regression, in size.
        """
        extent = np.append(np.maximum(np.abs(low), np.abs(high)), 1.0)
        return self.loss.largest_error(float((extent @ np.abs(self.coef)).max()), target)

    def values(self, rows: Rows, targets: Indices | Float64) -> Float64:
        """Return the loss of each row, shape (n_rows,), float64."""
        return self.loss.values(self.outputs(rows), targets)
