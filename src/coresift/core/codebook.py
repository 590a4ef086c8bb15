"""Product quantisation (Section 5.2; Jegou et al. 2010)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from scipy.spatial.distance import cdist

from coresift._errors import ParameterError
from coresift._kernels.encode import quantise
from coresift._threads import run_all, run_blocks
from coresift._typing import Codes, Float32, Indices, Rows
from coresift.core.kmeans import reproducible, train_means

MAX_CODEWORDS = 256
SUBSPACES = ("blocks", "variance")


def deal_features(rows: Rows, n_subspaces: int, subspaces: str) -> list[Indices]:
    """Deal the features to subspaces.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32
        The hashed sample, scaled.
    n_subspaces : int
        At most n_features.
    subspaces : {"blocks", "variance"}
        Equal runs of columns as in the paper, or columns dealt from the largest
        variance down, each to the subspace that has least variance so far.

    Returns
    -------
    list of ndarray of int64
        Ascending columns of each subspace; each has at least one.
    """
    if subspaces == "blocks":
        return [np.asarray(part) for part in np.array_split(np.arange(rows.shape[1]), n_subspaces)]
    if subspaces != "variance":
        raise ParameterError(f"subspaces={subspaces!r}: must be 'blocks' or 'variance'")
    variance = rows.astype(np.float64).var(axis=0)
    dealt: list[list[int]] = [[] for _ in range(n_subspaces)]
    load = np.zeros(n_subspaces)
    width = np.zeros(n_subspaces, dtype=np.int64)
    for feature in np.argsort(-variance, kind="stable"):
        target = int(np.lexsort((width, load))[0])
        dealt[target].append(int(feature))
        load[target] += variance[feature]
        width[target] += 1
    return [np.array(sorted(part), dtype=np.int64) for part in dealt]


@dataclass(frozen=True, eq=False)
class Codebook:
    """Codewords of each subspace, and which features belong to it.

    Parameters
    ----------
    features : tuple of ndarray of int64
        The columns of each subspace (M of them, any widths).
    codewords : tuple of ndarray of shape (dsub, n_codewords), float32
        The codewords of each subspace, one a column; at most 256, fewer where
        the data has fewer distinct values.
    """

    features: tuple[Indices, ...]
    codewords: tuple[Float32, ...]

    @classmethod
    def train(
        cls,
        rows: Rows,
        n_subspaces: int,
        n_codewords: int,
        rng: np.random.Generator,
        subspaces: str = "variance",
    ) -> Codebook:
        """Train by k-means on a sample of scaled rows, shape (n_rows, n_features), float32."""
        features = deal_features(rows, min(n_subspaces, rows.shape[1]), subspaces)
        seeds: Sequence[int] = rng.integers(0, 2**31, size=len(features)).tolist()

        def train(subspace: int) -> Float32:
            part = np.ascontiguousarray(rows[:, features[subspace]])
            return np.ascontiguousarray(train_means(part, n_codewords, seeds[subspace]).T)

        with reproducible():
            codewords = run_all(train, range(len(features)))
        return cls(tuple(features), tuple(codewords))

    @property
    def n_subspaces(self) -> int:
        """Number of subspaces (M)."""
        return len(self.features)

    def codes(self, rows: Rows) -> Codes:
        """Return the nearest codeword per subspace, shape (n_rows, n_subspaces), uint8."""
        codes = np.empty((self.n_subspaces, len(rows)), dtype=np.uint8)

        def fill(part: slice) -> None:
            for subspace, (features, words) in enumerate(
                zip(self.features, self.codewords, strict=True)
            ):
                quantise(rows[part], features, words, codes[subspace, part])

        run_blocks(fill, len(rows))
        return np.ascontiguousarray(codes.T)

    def decode(self, codes: Codes) -> Rows:
        """Return the rows that codes stand for, shape (n_rows, n_features), float32."""
        rows = np.empty((len(codes), sum(len(part) for part in self.features)), dtype=np.float32)
        for subspace, (features, words) in enumerate(
            zip(self.features, self.codewords, strict=True)
        ):
            rows[:, features] = words[:, codes[:, subspace]].T
        return rows

    def sdc_table(self, squared: bool = False) -> Float32:
        """Return distances between the codewords of each subspace (the paper's cb).

        Computed once: there is a class for each label, and all ask for it.

        Returns
        -------
        ndarray of shape (n_subspaces, n_codewords, n_codewords), float32
            Symmetric, zero diagonal; subspaces with fewer codewords are filled with zeros.
        """
        return self._squared_distances if squared else self._distances

    def __reduce__(self) -> tuple[Any, ...]:
        return Codebook, (self.features, self.codewords)  # whoever needs the table makes it

    @cached_property
    def _distances(self) -> Float32:
        return self._sdc_table("euclidean")

    @cached_property
    def _squared_distances(self) -> Float32:
        return self._sdc_table("sqeuclidean")

    def _sdc_table(self, metric: Literal["sqeuclidean", "euclidean"]) -> Float32:
        width = max(words.shape[1] for words in self.codewords)
        table = np.zeros((self.n_subspaces, width, width), dtype=np.float32)
        for subspace, words in enumerate(self.codewords):
            points = words.T.astype(np.float64)
            table[subspace, : len(points), : len(points)] = cdist(points, points, metric)
        return table
