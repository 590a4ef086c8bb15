"""Sums of floats as integers, so that their order cannot matter."""

from __future__ import annotations

import numpy as np

from coresift._kernels._jit import kernel
from coresift._typing import Counts, Float32, Indices, Rows

N_LIMBS = 20  # 32 bits each: 2**-298 (the square of the smallest float32) to 2**256 and carries
BIAS = 298


@kernel
def _add(pattern: np.int64, power: int, limbs: Counts) -> None:
    """Add the float32 value of a bit pattern, or its square, to the limbs of one sum."""
    exponent = (pattern >> 23) & 0xFF
    mantissa = pattern & 0x7FFFFF
    if exponent > 0:
        mantissa |= 0x800000
    else:
        exponent = np.int64(1)
    if mantissa == 0:
        return
    mask = np.int64(0xFFFFFFFF)
    sign = np.int64(-1) if pattern < 0 and power == 1 else np.int64(1)
    shift = exponent - 150  # the value is mantissa * 2**shift
    if power == 2:
        mantissa *= mantissa
        shift *= 2
    shift += BIAS
    # At most 48 bits, moved left by at most 31: two halves of 24 bits stay in 64.
    for half in range(2):
        piece = (mantissa >> (24 * half)) & 0xFFFFFF
        place = shift + 24 * half
        piece <<= place & 31
        limb = place >> 5
        limbs[limb] += sign * (piece & mask)
        limbs[limb + 1] += sign * (piece >> 32)


@kernel
def _add_times(pattern: np.int64, power: int, factor: np.int64, limbs: Counts) -> None:
    """Add the float32 value of a bit pattern, or its square, times a factor up to 2**53."""
    exponent = (pattern >> 23) & 0xFF
    mantissa = pattern & 0x7FFFFF
    if exponent > 0:
        mantissa |= 0x800000
    else:
        exponent = np.int64(1)
    mask = np.int64(0xFFFFFFFF)
    sign = np.int64(-1) if pattern < 0 and power == 1 else np.int64(1)
    shift = exponent - 150
    if power == 2:
        mantissa *= mantissa
        shift *= 2
    shift += BIAS
    # 24 bits of the value times 27 of the factor, 51, in two pieces: 26 bits moved left by at
    # most 31 stay in 64.
    for half in range(4):
        value = (mantissa >> (24 * (half & 1))) & 0xFFFFFF
        product = value * ((factor >> (27 * (half >> 1))) & 0x7FFFFFF)
        for part in range(2):
            piece = (product >> (26 * part)) & 0x3FFFFFF
            if piece == 0:
                continue
            place = shift + 24 * (half & 1) + 27 * (half >> 1) + 26 * part
            piece <<= place & 31
            limb = place >> 5
            limbs[limb] += sign * (piece & mask)
            limbs[limb + 1] += sign * (piece >> 32)


@kernel
def add_exactly(rows: Rows, power: int, limbs: Counts) -> None:
    """Add each column's values (``power`` 1) or squares (2) to 32-bit limbs.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_columns), float32
        Finite values; at most 2**30 rows.
    power : int
        1 or 2.
    limbs : ndarray of shape (n_columns, N_LIMBS), int64
        Added to. The sum of a column is ``sum_b limbs[b] * 2**(32 * b - BIAS)``.
    """
    bits = rows.view(np.int32)
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            _add(np.int64(bits[i, j]), power, limbs[j])


@kernel
def add_groups_exactly(values: Float32, groups: Indices, power: int, limbs: Counts) -> None:
    """Add values (``power`` 1) or squares (2) to the limbs of their groups.

    Parameters
    ----------
    values : ndarray of shape (n_values,), float32
        Finite; at most 2**30 values.
    groups : ndarray of shape (n_values,), int64
    power : int
        1 or 2.
    limbs : ndarray of shape (n_groups, N_LIMBS), int64
        Added to, as in `add_exactly`.
    """
    bits = values.view(np.int32)
    for i in range(values.shape[0]):
        _add(np.int64(bits[i]), power, limbs[groups[i]])


@kernel
def add_groups_exactly_weighted(
    values: Float32, groups: Indices, factors: Counts, limbs: Counts
) -> None:
    """Add values, each times its factor, to the limbs of their groups.

    Parameters
    ----------
    values : ndarray of shape (n_values,), float32
        Finite; at most 2**27 values.
    groups : ndarray of shape (n_values,), int64
    factors : ndarray of shape (n_values,), int64
        From 0 to 2**53.
    limbs : ndarray of shape (n_groups, N_LIMBS), int64
        Added to, as in `add_exactly`.
    """
    bits = values.view(np.int32)
    for i in range(values.shape[0]):
        _add_times(np.int64(bits[i]), 1, factors[i], limbs[groups[i]])


@kernel
def add_exactly_weighted(rows: Rows, power: int, factors: Counts, limbs: Counts) -> None:
    """Add each column's values or squares, each times the factor of its row, to 32-bit limbs.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_columns), float32
        Finite values; at most 2**27 rows.
    power : int
        1 or 2.
    factors : ndarray of shape (n_rows,), int64
        From 0 to 2**53.
    limbs : ndarray of shape (n_columns, N_LIMBS), int64
        Added to, as in `add_exactly`.
    """
    bits = rows.view(np.int32)
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            _add_times(np.int64(bits[i, j]), power, factors[i], limbs[j])
