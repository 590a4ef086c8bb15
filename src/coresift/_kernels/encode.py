"""Rows to buckets (LSH sign bits) and codes (product quantisation)."""

from __future__ import annotations

import numpy as np

from coresift._kernels._jit import kernel
from coresift._kernels.distance import first_minimum, squared_distances
from coresift._typing import Buckets, Codes, Float32, Float64, Indices, RawRows, Rows


@kernel
def scale_rows(rows: RawRows, offset: Float64, factor: Float64, scaled: Rows) -> None:
    """Fill ``scaled`` with ``(row - offset) * factor``, computed in float64.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32 or float64
    offset, factor : ndarray of shape (n_features,), float64
    scaled : ndarray of shape (n_rows, n_features), float32
        Filled.
    """
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            scaled[i, j] = (np.float64(rows[i, j]) - offset[j]) * factor[j]


@kernel
def project_signs(rows: Rows, planes: Float32, offsets: Float32, buckets: Buckets) -> None:
    """Fill ``buckets`` with the sign bits of ``row . plane - offset`` (Section 5.1).

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    planes : ndarray of shape (n_features, n_planes), float32
        One hyperplane a column, at most 64.
    offsets : ndarray of shape (n_planes,), float32
    buckets : ndarray of shape (n_rows,), uint64
        Filled. Plane 0 is the highest bit, so that fewer planes are a prefix.

    Notes
    -----
    A zero feature adds nothing to any projection, and is skipped: the sum stays
    the same bit for bit, and one-hot columns cost next to nothing.
    """
    n_rows, n_features = rows.shape
    n_planes = planes.shape[1]
    total = np.empty(n_planes, np.float32)
    for i in range(n_rows):
        for k in range(n_planes):
            total[k] = -offsets[k]
        for j in range(n_features):
            value = rows[i, j]
            if value != 0:
                for k in range(n_planes):
                    total[k] += value * planes[j, k]
        bits = np.uint64(0)
        for k in range(n_planes):
            if total[k] > 0:
                bits |= np.uint64(1) << np.uint64(63 - k)
        buckets[i] = bits


@kernel
def quantise(rows: Rows, features: Indices, codewords: Float32, codes: Codes) -> None:
    """Fill ``codes`` with the nearest codeword of each row in one subspace.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    features : ndarray of shape (dsub,), int64
        The columns of the subspace.
    codewords : ndarray of shape (dsub, n_codewords), float32
    codes : ndarray of shape (n_rows,), uint8
        Filled. Ties go to the lowest index.
    """
    part = np.empty(features.shape[0], np.float32)
    total = np.empty(codewords.shape[1], np.float32)
    bits = total.view(np.int32)
    for i in range(rows.shape[0]):
        for j in range(features.shape[0]):
            part[j] = rows[i, features[j]]
        squared_distances(part, codewords, total)
        codes[i] = first_minimum(bits)
