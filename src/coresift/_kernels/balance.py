"""One member of each cell, so that the weighted gradients of all members add up to a target."""

from __future__ import annotations

import numpy as np

from coresift._kernels._jit import kernel
from coresift._typing import Counts, Float32, Float64, Indices


@kernel
def _shift(
    residual: Float64, share: float, errors: Float32, candidate: int, table: Float32, place: int
) -> None:
    """Add ``share`` times the gradient of a candidate, column ``place`` of its cell's table."""
    for c in range(residual.shape[0]):
        factor = share * np.float64(errors[c, candidate])
        for v in range(residual.shape[1]):
            residual[c, v] += factor * np.float64(table[v, place])


@kernel
def _inner(rest: Float32, table: Float32, inner: Float32) -> None:
    """Fill ``inner`` with the products of ``rest`` and each column, summed in order."""
    n_values, size = table.shape
    for i in range(size):
        inner[i] = 0
    v = 0
    while v + 4 <= n_values:
        r0, r1, r2, r3 = rest[v], rest[v + 1], rest[v + 2], rest[v + 3]
        for i in range(size):
            two = (inner[i] + r0 * table[v, i]) + r1 * table[v + 1, i]
            inner[i] = (two + r2 * table[v + 2, i]) + r3 * table[v + 3, i]
        v += 4
    while v < n_values:
        for i in range(size):
            inner[i] += rest[v] * table[v, i]
        v += 1


@kernel
def _best(
    errors: Float32,
    first: int,
    table: Float32,
    squares: Float64,
    share: float,
    rest: Float32,
    inner: Float32,
    score: Float64,
) -> int:
    """Return the place in its cell of the candidate that leaves the least, the first of equals."""
    size = table.shape[1]
    for i in range(size):
        score[i] = share * squares[first + i]
    for c in range(rest.shape[0]):
        _inner(rest[c], table, inner)
        for i in range(size):
            score[i] += 2.0 * np.float64(errors[c, first + i] * inner[i])
    best = 0
    for i in range(1, size):
        if score[i] < score[best]:
            best = i
    return best


@kernel
def balance_sweeps(
    errors: Float32,
    columns: Float32,
    squares: Float64,
    starts: Indices,
    shares: Float64,
    orders: Indices,
    residual: Float64,
    chosen: Indices,
    moves: Counts,
) -> None:
    """Exchange the chosen member of one cell after the other for the best one, exactly.

    Parameters
    ----------
    errors : ndarray of shape (n_errors, n_candidates), float32
        In the metric; candidates cell by cell.
    columns : ndarray of shape (n_candidates * n_values,), float32
        Rows in the metric: for each cell a table of shape (n_values, members), one after the other.
    squares : ndarray of shape (n_candidates,), float64
        Squared length of each gradient.
    starts : ndarray of shape (n_cells + 1,), int64
        The candidates of cell j are ``starts[j]`` to ``starts[j + 1]``.
    shares : ndarray of shape (n_cells,), float64
        Weight of each cell's member, above 0.
    orders : ndarray of shape (n_sweeps, n_cells), int64
        The order of the cells in each sweep.
    residual : ndarray of shape (n_errors, n_values), float64
        Weighted sum of the chosen gradients less the target; kept up to date.
    chosen : ndarray of shape (n_cells,), int64
        The chosen candidate of each cell; overwritten.
    moves : ndarray of shape (n_sweeps,), int64
        Filled with how many cells changed their member; a sweep without moves is the last.

    Notes
    -----
    Without its own member j, the squared residual is least for the candidate of least
    ``2 <residual, gradient> + share * |gradient|^2``; ties go to the first. Products are summed
    in float32 in the order of the values, four at a time, candidates side by side.
    """
    n_values = residual.shape[1]
    widest = 0
    for j in range(shares.shape[0]):
        widest = max(widest, starts[j + 1] - starts[j])
    rest = np.empty(residual.shape, np.float32)
    inner = np.empty(widest, np.float32)
    score = np.empty(widest, np.float64)
    moves[:] = 0
    for sweep in range(orders.shape[0]):
        for place in range(orders.shape[1]):
            j = orders[sweep, place]
            first, size, share = starts[j], starts[j + 1] - starts[j], shares[j]
            if size < 2:
                continue
            table = columns[first * n_values : (first + size) * n_values].reshape(n_values, size)
            own = chosen[j] - first
            _shift(residual, -share, errors, chosen[j], table, own)
            rest[:] = residual
            best = _best(errors, first, table, squares, share, rest, inner, score)
            _shift(residual, share, errors, first + best, table, best)
            if best != own:
                moves[sweep] += 1
                chosen[j] = first + best
        if moves[sweep] == 0:
            break
