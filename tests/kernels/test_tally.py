"""Codes counted by cluster without sorting them, and counts added up."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from coresift._threads import threads
from coresift.core.entries import Entries, of_both, of_rows
from naive import entries
from strategies import Array

ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 300), st.integers(1, 9)), max_size=60)


def drawn(rows: list[tuple[int, int, int]], n_subspaces: int) -> tuple[Array, Array, Array]:
    """Clusters 0, 1, ... without gaps, codes, and how often each row counts."""
    numbers = np.array([cluster for cluster, _, _ in rows], dtype=np.int64)
    clusters = np.unique(numbers, return_inverse=True)[1].reshape(-1)
    codes = [np.random.default_rng(seed).integers(0, 256, n_subspaces) for _, seed, _ in rows]
    shaped = np.array(codes, dtype=np.uint8).reshape(len(rows), n_subspaces)
    return clusters, shaped, np.array([times for _, _, times in rows], dtype=np.int64)


def counted(clusters: Array, codes: Array, steps: Array | None) -> Entries:
    order = np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.diff(clusters[order], prepend=-1))
    return of_rows(order, starts, codes, steps)


def as_dict(found: Entries) -> dict[int, int]:
    assert (np.diff(found[0]) > 0).all()
    return dict(zip(found[0].tolist(), found[1].tolist(), strict=True))


@given(rows=ROWS, n_subspaces=st.integers(0, 3))
def test_codes_are_counted_as_the_oracle_counts_them(
    rows: list[tuple[int, int, int]], n_subspaces: int
) -> None:
    clusters, codes, steps = drawn(rows, n_subspaces)
    assert as_dict(counted(clusters, codes, steps)) == entries(clusters, codes, steps)
    once = np.ones_like(steps)
    assert as_dict(counted(clusters, codes, None)) == entries(clusters, codes, once)


@settings(max_examples=20)
@given(left=ROWS, right=ROWS, n_subspaces=st.integers(0, 3), n_threads=st.sampled_from([1, 3]))
def test_entries_of_clusters_put_together_are_those_of_all_their_rows(
    left: list[tuple[int, int, int]],
    right: list[tuple[int, int, int]],
    n_subspaces: int,
    n_threads: int,
) -> None:
    sides = [drawn(rows, n_subspaces) for rows in (left, right)]
    n_left, n_right = (len(np.unique(clusters)) for clusters, _, _ in sides)
    # clusters 2i and 2i + 1 of both sides become cluster i
    target = np.concatenate([np.arange(n_left) // 2, np.arange(n_right) // 2])
    order = np.argsort(target, kind="stable")
    starts = np.flatnonzero(np.diff(target[order], prepend=-1))
    with patch("coresift.core.entries._LEAST", 4), threads(n_threads):
        parts = [counted(*side) for side in sides]
        found = of_both(order, starts, *parts, n_left, 256 * n_subspaces)
    clusters = np.concatenate([side[0] // 2 for side in sides])
    codes, steps = (np.concatenate([side[place] for side in sides]) for place in (1, 2))
    assert as_dict(found) == entries(clusters, codes, steps)


def test_clusters_of_few_and_of_many_codes() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 256, size=(3000, 2)).astype(np.uint8)
    clusters = np.minimum(np.arange(3000) // 3, 100)  # a hundred of three rows, one of the rest
    steps = rng.integers(1, 2**40, size=3000)
    assert as_dict(counted(clusters, codes, steps)) == entries(clusters, codes, steps)
