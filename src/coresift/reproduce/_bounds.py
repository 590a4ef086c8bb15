"""How far the bounds on item-cluster distances are from what they bound, on the same pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.preprocessing import minmax_scale

from coresift._rng import Purpose, stream
from coresift._typing import Codes, Float64, Indices, Rows
from coresift.core.codebook import Codebook
from coresift.methods.fastcore import draw_planes
from coresift.reproduce._settings import CODEWORDS, Setting

_ITEMS = 64  # rows that are looked at, with the clusters that they are in
_TRAINING_ROWS = 2**14  # of the codebook
_LEAST = 2  # rows of a cluster


@dataclass(frozen=True)
class PairErrors:
    """Mean relative errors over the pairs.

    Parameters
    ----------
    pairs : int
    hull, product, root, rms : float or None
        Of the sum over hulls of feature pairs; of the paper's sum over subspaces of product
        quantisation; of the root of the sum of squares; and of the root mean square, which stands
        for the mean distance, where the others stand for the largest. None without pairs.
    """

    pairs: int
    hull: float | None
    product: float | None
    root: float | None
    rms: float | None


def pair_errors(X: Rows, y: Indices, setting: Setting, seed: int) -> PairErrors:
    """Measure ``mean |u_it - s_it| / s_it`` of each bound (Table 2).

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features), float32
    y : ndarray of shape (n_rows,)
        Labels: items and clusters of one class are paired.
    setting : Setting
    seed : int

    Notes
    -----
    The items are rows drawn uniformly; the clusters are those of two rows or more that these items
    are in, since the bound of a cluster of one row is a distance. Hyperplanes go through the
    origin and subspaces are runs of columns, as in the paper.
    """
    rows = np.ascontiguousarray(minmax_scale(X), dtype=np.float32)
    rng = stream(seed, Purpose.SAMPLE)
    sample = rows[np.sort(rng.permutation(len(rows))[:_TRAINING_ROWS])]
    planes = draw_planes(sample, setting.planes, False, seed)
    codebook = Codebook.train(
        sample, setting.subspaces, CODEWORDS, stream(seed, Purpose.CODEBOOK), "blocks"
    )
    clusters = _clusters(y, planes.buckets(rows))
    items = np.sort(_crowded(clusters, rng)[:_ITEMS])
    codes = codebook.codes(rows[items])
    found = [
        _errors(rows, codes, codebook, items[y[items] == y[members[0]]], items, members)
        for members in _members(clusters, items)
    ]
    errors = np.concatenate(found) if found else np.zeros((0, 4))
    means = errors.mean(axis=0).tolist() if len(errors) else [None] * 4
    return PairErrors(len(errors), *means)


def _clusters(y: Indices, buckets: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> Indices:
    """Return the cluster of each row: rows of one class and one bucket."""
    _, class_ids = np.unique(y, return_inverse=True)
    _, bucket_ids = np.unique(buckets, return_inverse=True)
    wide = class_ids.astype(np.int64) * (int(bucket_ids.max()) + 1) + bucket_ids
    return np.asarray(np.unique(wide, return_inverse=True)[1], dtype=np.int64)


def _crowded(clusters: Indices, rng: np.random.Generator) -> Indices:
    """Return the rows that are not alone in their cluster, in random order."""
    sizes = np.bincount(clusters)
    return rng.permutation(np.flatnonzero(sizes[clusters] >= _LEAST))


def _members(clusters: Indices, items: Indices) -> Iterator[Indices]:
    """Yield the rows of each cluster that an item is in."""
    wanted = np.unique(clusters[items])
    inside = np.flatnonzero(np.isin(clusters, wanted))
    order = inside[np.argsort(clusters[inside], kind="stable")]
    edges = np.flatnonzero(np.diff(clusters[order])) + 1
    yield from np.split(order, edges) if len(order) else ()


def _errors(
    rows: Rows,
    codes: Codes,
    codebook: Codebook,
    own: Indices,
    items: Indices,
    members: Indices,
) -> Float64:
    """Return the relative errors of the four bounds, for each item of the class of a cluster."""
    some, near = rows[own].astype(np.float64), rows[members].astype(np.float64)
    distances = cdist(some, near)
    largest, average = distances.max(axis=1), distances.mean(axis=1)
    own_codes, codes_near = codes[np.searchsorted(items, own)], codebook.codes(rows[members])
    terms = [
        table[own_codes[:, part]][:, codes_near[:, part]]
        for part, table in enumerate(codebook.sdc_table().astype(np.float64))
    ]
    hull = sum(_farthest(some[:, pair], near[:, pair]) for pair in _pairs(rows.shape[1]))
    product = sum(term.max(axis=1) for term in terms)
    root = np.sqrt(sum(term.max(axis=1) ** 2 for term in terms))
    rms = np.sqrt(sum((term**2).mean(axis=1) for term in terms))
    usable = average > 0
    errors = [
        np.abs(bound - target)[usable] / target[usable]
        for bound, target in ((hull, largest), (product, largest), (root, largest), (rms, average))
    ]
    return np.column_stack(errors)


def _pairs(n_features: int) -> Iterator[slice]:
    yield from (slice(start, start + 2) for start in range(0, n_features, 2))


def _farthest(some: Float64, others: Float64) -> Float64:
    """Return the distance from each row to the farthest other: a vertex of their hull."""
    return np.asarray(cdist(some, others).max(axis=1))
