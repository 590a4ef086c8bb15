"""Hypothesis strategies: small data sets with everything that goes wrong, and what is made of them.

Rows come with duplicates, constant columns, zeros, ties, wide ranges and classes of one row.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, TypeAlias

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import naive
from coresift.core.bounds import bound_of
from coresift.core.centroids import Centroids
from coresift.core.codebook import Codebook
from coresift.core.encoder import Clusterer, Encoder
from coresift.core.hyperplanes import Hyperplanes
from coresift.core.mixture import Mixture
from coresift.core.objective import CodeObjective
from coresift.core.scaler import Moments, Scaler
from coresift.core.summary import Layout, Summary

Array: TypeAlias = np.ndarray[Any, Any]


class Draw(Protocol):
    def __call__(self, strategy: st.SearchStrategy[Any]) -> Any: ...


SEEDS = st.integers(0, 2**32 - 1)
SMALL = st.integers(0, 3).map(float)
UNIT = st.floats(-1, 1, width=32)
WIDE = st.sampled_from([-1e17, -1.0, -1e-20, 0.0, 1e-40, 1e-3, 1.0, 3e8, 1e17])
CONSTANT = st.sampled_from([0.0, 1.0, -7.5])


def matrices(
    n_rows: st.SearchStrategy[int],
    n_columns: st.SearchStrategy[int],
    elements: st.SearchStrategy[float] = SMALL | UNIT,
) -> st.SearchStrategy[Array]:
    """float32 matrices; whole numbers among the elements make ties."""
    return st.tuples(n_rows, n_columns).flatmap(
        lambda shape: arrays(np.float32, shape, elements=elements)
    )


def flagged(
    n_rows: st.SearchStrategy[int],
    n_columns: st.SearchStrategy[int],
    n_flags: st.SearchStrategy[int],
    elements: st.SearchStrategy[float] = SMALL | UNIT,
) -> st.SearchStrategy[Array]:
    """The same with columns of two values behind, equally far apart."""

    def both(rows: Array, flags: Array, low: float, high: float) -> Array:
        values = np.where(flags, np.float32(high), np.float32(low))
        return np.concatenate([rows, values], axis=1)

    return st.tuples(n_rows, n_columns, n_flags).flatmap(
        lambda shape: st.builds(
            both,
            arrays(np.float32, shape[:2], elements=elements),
            arrays(np.bool_, shape[::2]),
            st.sampled_from([0.0, -0.3]),
            st.sampled_from([1.0, 0.7]),
        )
    )


@dataclass(frozen=True)
class Dataset:
    """Rows with class numbers 0, 1, ... and distinct row ids in any order."""

    rows: Array
    class_ids: Array
    row_ids: Array

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, which: slice | Array) -> Dataset:
        return Dataset(self.rows[which], self.class_ids[which], self.row_ids[which])

    @property
    def n_classes(self) -> int:
        return int(self.class_ids.max()) + 1


@st.composite
def datasets(draw: Draw, max_rows: int = 20, max_classes: int = 3) -> Dataset:
    n_rows, n_features = draw(st.integers(1, max_rows)), draw(st.integers(1, 5))
    n_distinct = draw(st.integers(1, n_rows))
    columns = []
    for _ in range(n_features):
        if draw(st.booleans()):
            elements = draw(st.sampled_from([SMALL, UNIT, WIDE]))
            columns.append(draw(arrays(np.float32, n_distinct, elements=elements)))
        else:
            columns.append(np.full(n_distinct, draw(CONSTANT), dtype=np.float32))
    copies = draw(arrays(np.int64, n_rows, elements=st.integers(0, n_distinct - 1)))
    labels = draw(arrays(np.int64, n_rows, elements=st.integers(0, max_classes - 1)))
    row_ids = draw(st.lists(st.integers(0, 2**40), min_size=n_rows, max_size=n_rows, unique=True))
    _, class_ids = np.unique(labels, return_inverse=True)
    return Dataset(np.stack(columns, axis=1)[copies], class_ids, np.array(row_ids))


def chunkings(n_rows: int) -> st.SearchStrategy[list[slice]]:
    """Cuts of ``range(n_rows)``: some chunks are empty, some hold one row, perhaps all do."""
    cuts = st.lists(st.integers(0, n_rows), max_size=6).map(sorted) | st.just(list(range(n_rows)))
    return cuts.map(lambda inner: [slice(a, b) for a, b in pairwise([0, *inner, n_rows])])


@st.composite
def clusterers(draw: Draw, scaled: Array, rng: np.random.Generator) -> Clusterer:
    """Clusterers of each kind: fewer rows than clusters and the other way round."""
    kind = draw(st.sampled_from([Hyperplanes, Centroids, Mixture]))
    if kind is not Hyperplanes:
        clusterer: Clusterer = kind.train(scaled, draw(st.sampled_from([1, 2, 5, 40])), rng)
        return clusterer
    n_planes = draw(st.sampled_from([0, 1, 3, 8, 64]))
    center = scaled.mean(axis=0, dtype=np.float64).astype(np.float32)
    return Hyperplanes.draw(scaled.shape[1], n_planes, rng, center if draw(st.booleans()) else None)


def expected_buckets(clusterer: Clusterer, scaled: Array) -> list[int]:
    """The buckets of rows by the oracle of their kind of clusterer."""
    if isinstance(clusterer, Hyperplanes):
        return [naive.bucket(row, clusterer.planes, clusterer.offsets) for row in scaled]
    if isinstance(clusterer, Centroids):
        n, tiles = len(clusterer.ways), clusterer.tiles
        places = np.argsort(tiles.index, axis=None, kind="stable")[:n]
        centers = tiles.columns.transpose(0, 2, 1).reshape(-1, scaled.shape[1])[places]
        return [naive.way(naive.nearest(row, centers), n) for row in scaled]
    assert isinstance(clusterer, Mixture)
    n = len(clusterer.ways)
    means, halves = (
        table.transpose(0, 2, 1).reshape(-1, scaled.shape[1])[:n]
        for table in (clusterer.means, clusterer.halves)
    )
    heights = clusterer.heights.ravel()[:n]
    return [naive.way(naive.likeliest(row, means, halves, heights), n) for row in scaled]


@st.composite
def encoders(draw: Draw, data: Dataset) -> Encoder:
    """Encoders trained on the data: fewer rows than codewords and the other way round."""
    scale = draw(st.sampled_from(["minmax", "standard", None]))
    scaler = Scaler.from_moments(Moments.of(data.rows, scale), scale)
    scaled = scaler.transform(data.rows)
    rng = np.random.default_rng(draw(SEEDS))
    return Encoder(
        scaler,
        draw(clusterers(scaled, rng)),
        Codebook.train(
            scaled,
            draw(st.integers(1, 6)),
            draw(st.sampled_from([1, 2, 4, 256])),
            rng,
            draw(st.sampled_from(["blocks", "variance"])),
        ),
    )


@dataclass(frozen=True)
class Encoded:
    """Encoded rows and the layout that their summaries share."""

    class_ids: Array
    buckets: Array
    codes: Array
    row_ids: Array
    layout: Layout

    def __len__(self) -> int:
        return len(self.class_ids)

    def summary(self, part: slice | Array = slice(None)) -> Summary:
        return Summary.of(
            self.class_ids[part],
            self.buckets[part],
            self.codes[part],
            self.row_ids[part],
            self.layout,
        )


@st.composite
def encoded_rows(draw: Draw, max_rows: int = 30) -> Encoded:
    """Rows of 0 to 3 classes whose buckets share prefixes, with limits that bind or do not."""
    n_rows, n_bits = draw(st.integers(0, max_rows)), draw(st.sampled_from([0, 1, 4, 63, 64]))
    n_subspaces = draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(SEEDS))
    bits = rng.integers(0, 2, size=(8, 64)) * (np.arange(64) < n_bits)
    bits[:4, : n_bits // 2] = bits[0, : n_bits // 2]
    known = np.packbits(bits.astype(np.uint8), axis=1).view(">u8").astype(np.uint64).ravel()
    limits = st.tuples(*[st.integers(1, max_rows)] * 3)
    highest_code = draw(st.sampled_from([0, 2, 255]))
    return Encoded(
        rng.integers(0, 3, size=n_rows),
        known[rng.integers(0, len(known), size=n_rows)],
        rng.integers(0, highest_code, size=(n_rows, n_subspaces), endpoint=True, dtype=np.uint8),
        rng.choice(1000, size=n_rows, replace=False),
        Layout(n_subspaces, n_bits, draw(limits), draw(limits), draw(SEEDS)),
    )


@dataclass(frozen=True)
class World:
    """One class of encoded rows with a codebook: what the greedy sees, and what it does not."""

    encoded: Encoded
    codebook: Codebook

    @property
    def summary(self) -> Summary:
        return self.encoded.summary().of_class(0)

    def objective(self, bound: str) -> CodeObjective:
        """Return what the greedy lowers, with nothing chosen."""
        return CodeObjective.of(self.summary, self.codebook, bound_of(bound))

    def members(self, cluster: int) -> Array:
        """The codes of the rows of a cluster of the summary."""
        return self.encoded.codes[self.encoded.buckets == self.summary.cluster_bucket[cluster]]


@st.composite
def worlds(
    draw: Draw,
    *,
    whole: bool = True,
    max_rows: int = 100,
    max_subspaces: int = 3,
    max_words: int = 4,
) -> World:
    """Worlds of one class, up to several blocks of clusters.

    ``whole``: subspaces of one feature with whole codewords, so that all distances, ``sum``
    bounds and gains are whole numbers, free of rounding and full of ties.
    """
    n_rows = draw(st.integers(1, max_rows))
    n_subspaces = draw(st.integers(1, max_subspaces))
    n_buckets = draw(st.sampled_from([1, 3, 32, 33, 100]))
    rng = np.random.default_rng(draw(SEEDS))
    features, codewords, start = [], [], 0
    for _ in range(n_subspaces):
        n_words = int(rng.integers(1, max_words, endpoint=True))
        width = 1 if whole else int(rng.integers(1, 4))
        if whole:
            words = np.sort(rng.choice(12, size=n_words, replace=False))[None, :]
        else:
            words = rng.standard_normal((width, n_words)) * 10.0 ** rng.integers(-3, 4)
        features.append(np.arange(start, start + width))
        codewords.append(np.ascontiguousarray(words, dtype=np.float32))
        start += width
    codes = [rng.integers(0, words.shape[1], size=n_rows) for words in codewords]
    encoded = Encoded(
        np.zeros(n_rows, dtype=np.int64),
        rng.integers(0, n_buckets, size=n_rows).astype(np.uint64),
        np.stack(codes, axis=1).astype(np.uint8),
        rng.permutation(n_rows),
        Layout(n_subspaces, 64, (n_rows,), (n_rows,), 0),
    )
    return World(encoded, Codebook(tuple(features), tuple(codewords)))
