"""Randomness: generators inside a process, row hashes across chunks and machines.

A draw that depends on the order in which rows arrive would make the answer
depend on the chunks. Whatever is drawn over the rows of the data is therefore
drawn through `row_hash`, a pure function of the row id and the seed.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


class Purpose(IntEnum):
    """What random numbers are drawn for: one stream each, so that none depends on another.

    The numbers are part of every answer: a purpose keeps its number for ever, and a new one takes
    a number that was never used.
    """

    PLANE_QUERIES = 30
    SAMPLE = 100
    ROWS = 101
    TIES = 102
    PLANES = 103
    CODEBOOK = 104
    GREEDY_DRAWS = 105
    REPRESENTATIVE = 106
    CLUSTERS = 107
    CANDIDATES = 108
    BALANCE = 109
    SELECT_EPOCH = 110
    TRAIN_EPOCH = 111
    START = 112
    PROJECTION = 112
    GENERATED_DATA = 120
    DATA_SAMPLE = 121
    DRAWS = 112


def _mix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix 64 bits (the finaliser of splitmix64), a bijection of uint64."""
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))


def row_hash(row_ids: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """Hash row ids with a seed.

    Parameters
    ----------
    row_ids : ndarray of shape (n_rows,), int64
        Positions of the rows in the whole input.
    seed : int
        Any integer of 64 bits.

    Returns
    -------
    ndarray of shape (n_rows,), uint64
        As good as independent uniform draws; distinct ids give distinct hashes.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift._rng import row_hash
    >>> whole = row_hash(np.arange(4), seed=1)
    >>> bool((whole[2:] == row_hash(np.array([2, 3]), seed=1)).all())
    True
    """
    start = _mix(np.array([seed & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64) + _GOLDEN)
    return _mix(np.asarray(row_ids, dtype=np.int64).astype(np.uint64) * _GOLDEN + start)


def draw_keys(
    row_ids: NDArray[np.int64], seed: int, weights: NDArray[Any] | None = None
) -> tuple[NDArray[Any], ...]:
    """Return keys of which the smallest are a random sample.

    Parameters
    ----------
    row_ids : ndarray of shape (n_rows,), int64
    seed : int
    weights : ndarray of shape (n_rows,) or None
        Above 0. With weights, each next row of the sample is drawn from those left with a
        probability in proportion to its weight: keys ``-log(u) / w`` with u uniform in (0, 1)
        are exponential, and the smallest belongs to row i with probability ``w_i / sum(w)``.

    Returns
    -------
    tuple of ndarray of shape (n_rows,)
        The most significant first. Equal weights give the order of the hashes alone.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift._rng import draw_keys
    >>> rows = np.arange(100)
    >>> heavy = np.where(rows == 7, 1e9, 1.0)
    >>> int(draw_keys(rows, 0, heavy)[0].argmin())
    7
    """
    hashes = row_hash(row_ids, seed)
    if weights is None:
        return (hashes,)
    share = (hashes.astype(np.float64) + 0.5) * 2.0**-64  # may round to 1, where log is -inf
    with np.errstate(divide="ignore", over="ignore"):
        keys = -np.log1p(-share) / np.ascontiguousarray(weights, dtype=np.float64)
    return keys, hashes


def seed_of(random_state: int | np.random.RandomState | np.random.Generator | None) -> int:
    """Turn scikit-learn's ``random_state`` (or a Generator) into one integer seed."""
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(0, 2**63))
    if random_state is None or isinstance(random_state, np.random.RandomState):
        high, low = check_random_state(random_state).randint(0, 2**31, size=2)
        return int(high) << 31 | int(low)
    return int(random_state)


def stream(seed: int, *path: int) -> np.random.Generator:
    """Return the generator that belongs to one purpose (``path``) under one seed."""
    entropy = [seed & 0xFFFFFFFFFFFFFFFF, *path]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def derived_seed(seed: int, purpose: Purpose) -> int:
    """Return the seed of one purpose, for row hashes."""
    return int(stream(seed, purpose).integers(2**63))
