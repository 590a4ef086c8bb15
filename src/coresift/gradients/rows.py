"""Gradients of rows in factors, and how much the losses of rows curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._typing import Float64, Indices, Rows

PROBABILITIES, DIAGONAL, PRODUCTS = "probabilities", "diagonal", "products"


@dataclass(frozen=True, eq=False)
class Curvatures:
    """Second derivatives of each row's loss by its outputs.

    Parameters
    ----------
    kind : {"probabilities", "diagonal", "products"}
        ``p_a ([a = b] - p_b)`` of a softmax; ``v_a [a = b]``; or ``e_a e_b``, the products of
        errors, which are as large on average where nothing better is known.
    values : ndarray of shape (n_rows, n_outputs), float64

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.gradients import Curvatures
    >>> Curvatures("probabilities", np.array([[0.5, 0.5], [0.0, 1.0]])).traces().tolist()
    [0.5, 0.0]
    """

    kind: str
    values: Float64

    def pair(self, a: int, b: int) -> Float64:
        """Return the second derivatives by outputs ``a`` and ``b``, shape (n_rows,)."""
        if self.kind == PRODUCTS:
            return np.asarray(self.values[:, a] * self.values[:, b])
        if self.kind == DIAGONAL:
            return self.values[:, a] if a == b else np.zeros(len(self.values))
        return np.asarray(self.values[:, a] * (float(a == b) - self.values[:, b]))

    def traces(self) -> Float64:
        """Return the sum of the second derivatives by each output, shape (n_rows,)."""
        return np.asarray(sum(self.pair(a, a) for a in range(self.values.shape[1])))

    def mean(self, shares: Float64) -> Float64:
        """Return the weighted sum over rows, shape (n_outputs, n_outputs)."""
        if self.kind == DIAGONAL:
            return np.diag(shares @ self.values)
        products = (self.values * shares[:, None]).T @ self.values
        if self.kind == PRODUCTS:
            return np.asarray(products)
        return np.asarray(np.diag(shares @ self.values) - products)

    def take(self, which: Indices) -> Curvatures:
        """Return those of some rows."""
        return Curvatures(self.kind, self.values[which])


@dataclass(frozen=True, eq=False)
class RowGradients:
    """Gradients ``errors_i (x) [rows_i, 1]`` of rows.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    errors : ndarray of shape (n_rows, n_outputs), float64
    curvatures : Curvatures
    """

    rows: Rows
    errors: Float64
    curvatures: Curvatures

    @classmethod
    def given(cls, rows: Rows, errors: Float64) -> RowGradients:
        """Take factors of gradients whose loss is not known."""
        errors = np.asarray(errors, dtype=np.float64)
        return cls(rows, errors, Curvatures(PRODUCTS, errors))

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, which: Indices) -> RowGradients:
        """Return those of some rows."""
        return RowGradients(self.rows[which], self.errors[which], self.curvatures.take(which))

    def sum(self, weights: Float64) -> Float64:
        """Return the weighted sum, shape (n_outputs, n_features + 1), added row by row."""
        weighted = self.errors * weights[:, None]
        inner = np.einsum("nc,nd->cd", weighted, self.rows.astype(np.float64))
        return np.hstack([inner, weighted.sum(axis=0)[:, None]])


def with_one(rows: Rows) -> Float64:
    """Return rows in float64 with a column of ones."""
    return np.hstack([rows, np.ones((len(rows), 1))]).astype(np.float64)
