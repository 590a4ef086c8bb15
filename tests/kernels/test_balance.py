from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift._kernels.balance import balance_sweeps
from strategies import SEEDS, Array


def problem(seed: int, n_cells: int, whole: bool) -> tuple[Array, ...]:
    """Cells of one to five candidates; whole numbers make ties and repeated candidates."""
    rng = np.random.default_rng(seed)
    starts = np.append(0, np.cumsum(rng.integers(1, 6, n_cells)))
    shape = (rng.integers(1, 4), rng.integers(1, 10))

    def draw(*size: int) -> Array:
        drawn = rng.integers(-2, 3, size) if whole else rng.standard_normal(size)
        return drawn.astype(np.float32)

    errors, rows = draw(starts[-1], shape[0]), draw(starts[-1], shape[1])
    shares = rng.integers(1, 4, n_cells) / 4 if whole else rng.dirichlet(np.ones(n_cells)) + 1e-3
    return starts, errors, rows, shares, draw(*shape).astype(np.float64)


@given(seed=SEEDS, n_cells=st.integers(1, 6), whole=st.booleans(), n_sweeps=st.integers(1, 3))
def test_sweeps_equal_the_oracle(seed: int, n_cells: int, whole: bool, n_sweeps: int) -> None:
    starts, errors, rows, shares, target = problem(seed, n_cells, whole)
    rng = np.random.default_rng(seed)
    orders = np.stack([rng.permutation(n_cells) for _ in range(n_sweeps)])
    squares = (errors.astype(float) ** 2).sum(axis=1) * (rows.astype(float) ** 2).sum(axis=1)
    cells = [list(range(a, b)) for a, b in pairwise(starts)]
    first = np.array([rng.choice(cell) for cell in cells])
    residual = -target
    for share, i in zip(shares, first, strict=True):
        residual = residual + share * naive.gradient(errors[i], rows[i])
    start = float((residual * residual).sum())
    columns = np.concatenate([rows[cell].T.ravel() for cell in cells])
    chosen, moves = first.copy(), np.full(n_sweeps, -1)
    balance_sweeps(
        np.ascontiguousarray(errors.T),
        columns,
        squares,
        starts,
        shares,
        orders,
        residual,
        chosen,
        moves,
    )
    expected = naive.balance_sweeps(cells, errors, rows, squares, shares, orders, target, first)
    assert chosen.tolist() == expected
    assert (np.searchsorted(starts, chosen, side="right") - 1).tolist() == list(range(n_cells))
    exact = sum(s * naive.gradient(errors[i], rows[i]) for s, i in zip(shares, chosen, strict=True))
    np.testing.assert_allclose(residual, exact - target, atol=1e-6)
    assert float((residual * residual).sum()) <= start + 1e-6
    assert (chosen != first).any() <= (moves[0] > 0)


def test_ties_go_to_the_first() -> None:
    errors, columns = np.ones((1, 3), dtype=np.float32), np.ones(3, dtype=np.float32)
    chosen, moves = np.array([2]), np.zeros(2, dtype=np.int64)
    orders, residual = np.zeros((2, 1), dtype=np.int64), np.zeros((1, 1))
    balance_sweeps(
        errors, columns, np.ones(3), np.array([0, 3]), np.ones(1), orders, residual, chosen, moves
    )
    assert chosen.tolist() == [0]
    assert moves.tolist() == [1, 0]
