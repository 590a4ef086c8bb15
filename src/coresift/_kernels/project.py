"""Sparse rows to a few features that keep their distances."""

from __future__ import annotations

import numpy as np

from coresift._kernels._jit import kernel
from coresift._typing import Float64, Indices, Rows


@kernel
def project_sparse(
    data: Float64,
    columns: Indices,
    ends: Indices,
    slots: Indices,
    factors: Float64,
    rows: Rows,
) -> None:
    """Fill ``rows`` with the sums of the entries that fall into each slot.

    Parameters
    ----------
    data : ndarray of shape (n_entries,), float64
    columns : ndarray of shape (n_entries,), int64
    ends : ndarray of shape (n_rows + 1,), int64
        The entries of row i are ``data[ends[i]:ends[i + 1]]``.
    slots : ndarray of shape (n_columns, n_repeats), int64
        Where each column goes: so many slots.
    factors : ndarray of shape (n_columns, n_repeats), float64
        By what it is multiplied there.
    rows : ndarray of shape (n_rows, n_slots), float32
        Filled. Sums are in float64, in the order of the entries.
    """
    total = np.empty(rows.shape[1], np.float64)
    for i in range(rows.shape[0]):
        total[:] = 0.0
        for entry in range(ends[i], ends[i + 1]):
            column = columns[entry]
            for repeat in range(slots.shape[1]):
                total[slots[column, repeat]] += data[entry] * factors[column, repeat]
        for k in range(rows.shape[1]):
            rows[i, k] = total[k]
