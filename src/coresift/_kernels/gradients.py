"""Outputs of linear models row by row, and what the outputs of a row say about its loss."""

from __future__ import annotations

import math

import numpy as np

from coresift._kernels._jit import kernel
from coresift._typing import Counts, Float64, Indices, Rows


@kernel
def linear_outputs(rows: Rows, coef: Float64, outputs: Float64) -> None:
    """Fill ``outputs`` with ``[row, 1] @ coef``, the features added in their order.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
    coef : ndarray of shape (n_features + 1, n_outputs), float64
        The last row is the intercept, which is added first.
    outputs : ndarray of shape (n_rows, n_outputs), float64
        Filled.
    """
    n_features, n_outputs = rows.shape[1], coef.shape[1]
    for i in range(rows.shape[0]):
        for c in range(n_outputs):
            outputs[i, c] = coef[n_features, c]
        for j in range(n_features):
            value = float(rows[i, j])
            if value == 0:  # one-hot columns: adds nothing, whatever the coefficient
                continue
            for c in range(n_outputs):
                outputs[i, c] += value * coef[j, c]


@kernel
def softmax_errors(class_ids: Indices, errors: Float64, values: Float64) -> None:
    """Turn outputs into probabilities less the one-hot label, in place.

    Parameters
    ----------
    class_ids : ndarray of shape (n_rows,), int64
    errors : ndarray of shape (n_rows, n_classes), float64
        Holds the outputs; overwritten.
    values : ndarray of shape (n_rows,), float64
        Filled with the cross-entropy.
    """
    n_classes = errors.shape[1]
    for i in range(errors.shape[0]):
        highest = errors[i, 0]
        for c in range(1, n_classes):
            highest = max(highest, errors[i, c])
        values[i] = highest - errors[i, class_ids[i]]
        total = 0.0
        for c in range(n_classes):
            errors[i, c] = math.exp(errors[i, c] - highest)
            total += errors[i, c]
        for c in range(n_classes):
            errors[i, c] /= total
        errors[i, class_ids[i]] -= 1.0
        values[i] += math.log(total)


@kernel
def logit_errors(class_ids: Indices, errors: Float64, values: Float64) -> None:
    """Turn one output a row into the probability of class 1 less the label, in place.

    Parameters
    ----------
    class_ids : ndarray of shape (n_rows,), int64
        0 or 1.
    errors : ndarray of shape (n_rows, 1), float64
        Holds the outputs; overwritten.
    values : ndarray of shape (n_rows,), float64
        Filled with the cross-entropy.
    """
    for i in range(errors.shape[0]):
        raised = math.exp(-abs(errors[i, 0]))
        against = -errors[i, 0] if class_ids[i] == 1 else errors[i, 0]
        values[i] = max(against, 0.0) + math.log1p(raised)
        chance = 1 / (1 + raised) if errors[i, 0] >= 0 else raised / (1 + raised)
        errors[i, 0] = chance - class_ids[i]


@kernel
def add_outer(
    left: Counts, rows: Rows, factors: Float64, block: int, high: Counts, low: Counts
) -> None:
    """Add ``left (x) [row, 1]``, rows rounded to whole steps, exactly to two words of each place.

    Parameters
    ----------
    left : ndarray of shape (n_rows, n_left), int64
    rows : ndarray of shape (n_rows, n_features), float32
    factors : ndarray of shape (n_features,), float64
        Steps of each feature in a unit, powers of two.
    block : int
        So many rows whose products add up to less than 2**62 for sure, at least 1.
    high, low : ndarray of shape (n_left, n_features + 1), int64
        Added to; a sum is ``high * 2**32 + low`` with ``0 <= low < 2**32``.
    """
    n_rows, n_left = left.shape
    n_features = rows.shape[1]
    total = np.zeros((n_left, n_features + 1), np.int64)
    right = np.ones(n_features + 1, np.int64)
    for start in range(0, n_rows, block):
        for i in range(start, min(start + block, n_rows)):
            for j in range(n_features):
                right[j] = np.int64(np.rint(np.float64(rows[i, j]) * factors[j]))
            for c in range(n_left):
                factor = left[i, c]
                for j in range(n_features + 1):
                    total[c, j] += factor * right[j]
        for c in range(n_left):
            for j in range(n_features + 1):
                together = low[c, j] + (total[c, j] & 0xFFFFFFFF)
                high[c, j] += (total[c, j] >> 32) + (together >> 32)
                low[c, j] = together & 0xFFFFFFFF
                total[c, j] = 0
